"""An ONNX graph that is kept beside a saved model, so that one row is answered without loading the model.

TensorFlow takes four seconds and 800 MB to start, scikit-learn with pandas one second; ONNX Runtime a tenth
of a second. The graph is written with the model's proof, and only if it predicts the same within a tolerance
that is stricter than that of exports. Whoever opens a model checks the graph as they would an export: its
hash, and its operators.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...datasets import InputError
from ..artefact.manifest import file_fault, read_manifest, sha256
from ..artefact.one_row import Note, cells_of, note_extra_columns, write_row
from ..artefact.outputs import prediction_columns
from ..artefact.signature import CellTally, column_reader, confidence_of, read_row
from ..results.models import Manifest
from . import onnx

if TYPE_CHECKING:
    from ._source import Source

GRAPH = "onnx"  # the folder, and the name of the format
TOLERANCE = 1e-6  # a row is answered alike in every form: by the graph as NAME=VALUE, by the model in a file
LARGEST = 100 * 2**20  # bytes; larger graphs take longer to open than they save


def keep_graph(source: Source, X: Any, expected: Mapping[str, Any]) -> dict[str, Any] | None:
    """Write the graph of a saved model, if it predicts what is expected of the rows X.

    The manifest gets its hash.

    Returns
    -------
    dict or None
        Its row of the proof; None where no graph can be kept.
    """
    from ._formats import missing_requirement

    if missing_requirement(GRAPH) is not None or source.modality == "image":
        return None
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix=".graph-", dir=source.path) as name:
        draft = Path(name) / GRAPH
        draft.mkdir()
        try:
            row = _written(source, draft, X, expected)
        except Exception:  # no form in ONNX, or a converter fails in its own way: the model has no graph then
            return None
        if not row["holds"]:
            return None
        shutil.rmtree(source.path / GRAPH, ignore_errors=True)
        draft.rename(source.path / GRAPH)
    _name_in_manifest(source, row["largest_difference"])
    return {**row, "seconds": round(time.perf_counter() - started, 3)}


def _written(source: Source, folder: Path, X: Any, expected: Mapping[str, Any]) -> dict[str, Any]:
    """The graph written to a folder, and its row of the proof."""
    from ._proof import as_rows, batch_numbers, compared, hashes

    onnx.write(source, folder)
    if (folder / onnx.MODEL).stat().st_size > LARGEST:
        raise InputError(f"the graph has more than {LARGEST:,} bytes")
    rows = as_rows(source.raw(X))
    numbers = batch_numbers(rows)
    output = "value" if "value" in expected else "probabilities"
    predict = onnx.read(folder, {"output": output, "columns": {}})
    batches = [
        predict({f.input: _array([rows[i][f.input] for i in batch], f.dtype) for f in source.fields})
        for batch in numbers
    ]
    row = compared(batches, numbers, expected, TOLERANCE)
    return {"status": "works", **row, "files": hashes(folder)}


def _array(values: list[Any], dtype: str) -> np.ndarray:
    return np.array(values, dtype=object if dtype == "string" else dtype)


def _name_in_manifest(source: Source, difference: float) -> None:
    graph = source.path / GRAPH / onnx.MODEL
    source.manifest["graph"] = {"sha256": sha256(graph), "largest_difference": difference}
    text = json.dumps(source.manifest, indent=2, allow_nan=False) + "\n"
    draft = source.path / ".manifest.json"
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, source.path / "manifest.json")


class KeptGraph:
    """The graph beside a saved model: one row of text in, its probabilities or value out.

    Attributes
    ----------
    manifest : Manifest
    confidence : Confidence
    classes_ : ndarray of str, shape (n_classes,)
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest, self.confidence = manifest, confidence_of(manifest)
        self.classes_ = np.array(manifest["classes"], dtype=str)
        fault = file_fault(folder / onnx.MODEL, manifest["graph"]["sha256"])
        if fault:
            raise InputError(f"{folder / onnx.MODEL} {fault}")
        onnx.check(folder)
        self._session = onnx.session(folder, threads=1)

    def raw(self, X: Any) -> dict[str, np.ndarray]:
        """Raw rows as the inputs of the graph by name, each (n_samples,)."""
        from ...datasets import as_texts
        from ..preprocessing.tables import raw_column

        if self.manifest["modality"] == "text":
            return {"text": as_texts(X).to_numpy(dtype=object)}
        readers = {c["name"]: column_reader(c) for c in self.manifest["inputs"]}
        columns = self._columns()
        return {name: raw_column(X[c], readers[c]) for name, c in columns.items()}

    def run(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """Probabilities (n_samples, n_classes) or values (n_samples,) of inputs by name."""
        output = "probabilities" if len(self.classes_) else "value"
        return np.asarray(self._session.run([output], dict(arrays))[0])

    def _columns(self) -> dict[str, str]:
        """The column of each input."""
        known = json.loads(self._session.get_modelmeta().custom_metadata_map["columns"])
        return {x.name: str(known[x.name]) for x in self._session.get_inputs()}

    def predict_row(self, cells: Mapping[str, str], tally: CellTally) -> np.ndarray | None:
        """Probabilities (1, n_classes) or values (1,), float64; None where the graph is not the model's."""
        row = read_row(cells, self.manifest["inputs"], tally)
        arrays = {name: np.array([row[column]]) for name, column in self._columns().items()}
        arrays = {name: x.astype(object) if x.dtype.kind == "U" else x for name, x in arrays.items()}
        predicted = self.run(arrays).astype(np.float64)
        shape = (1, len(self.classes_)) if len(self.classes_) else (1,)
        return predicted if predicted.shape == shape and np.isfinite(predicted).all() else None


def open_graph(path: str | os.PathLike[str]) -> KeptGraph | None:
    """Open the graph beside a saved model.

    Parameters
    ----------
    path : path
        Folder of a saved model.

    Returns
    -------
    KeptGraph or None
        None where there is no graph, or ONNX Runtime is not installed.

    Raises
    ------
    InputError
        The folder is not a saved model, or the graph was changed or does more than compute.

    Examples
    --------
    >>> import deepworth, tempfile
    >>> from deepworth.zoo.export import open_graph
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> trained = deepworth.train("iris", model="logistic-regression", output=folder)
    >>> graph = open_graph(folder)
    >>> graph is None or len(graph.classes_)
    3
    """
    from importlib.util import find_spec

    folder = Path(path)
    if not (folder / GRAPH).is_dir() or any(find_spec(library) is None for library in onnx.REQUIRES):
        return None
    manifest = read_manifest(folder)
    return KeptGraph(folder / GRAPH, manifest) if "graph" in manifest else None


def predict_one(artefact: str, pairs: Sequence[str], form: str, note: Note) -> bool:
    """Write the prediction of one row to standard output, by the graph beside a saved model.

    Parameters
    ----------
    artefact : path
        A saved model.
    pairs : sequence of str
        NAME=VALUE of each column.
    form : {"csv", "json", "jsonl"}
    note : callable
        Called with messages, such as names of columns that the model does not use.

    Returns
    -------
    bool
        False where there is no graph, or it gives no answer: the model has to be loaded.

    Raises
    ------
    InputError
        The row lacks a column, or the saved model was changed.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from deepworth.zoo.artefact import save
    >>> from deepworth.zoo.export import predict_one
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> folder = save(GaussianNB().fit(X, y), tempfile.mkdtemp() + "/iris", X=X, y=y)
    >>> predict_one(str(folder), ["petal length (cm)=1.4"], "csv", print)  # no graph
    False
    """
    graph = open_graph(artefact)
    if graph is None:
        return False
    cells, tally = cells_of(pairs, graph.manifest), CellTally()
    row = _named_cell(cells, graph.manifest) if graph.manifest["modality"] == "text" else cells
    predicted = graph.predict_row(row, tally)
    if predicted is None:
        return False
    note_extra_columns(graph.manifest, list(cells), note)
    write_row(prediction_columns(graph, predicted), form, sys.stdout.buffer)
    for message in tally.messages():
        note(message)
    return True


def _named_cell(cells: dict[str, str], manifest: Manifest) -> dict[str, str]:
    """The text of a single column, whatever it is called."""
    return {manifest["inputs"][0]["name"]: next(iter(cells.values()))} if len(cells) == 1 else cells
