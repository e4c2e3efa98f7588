"""The saved model itself and the proof that it carries: it predicts what the trained model did."""

from __future__ import annotations

import json
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ...datasets import InputError
from ..artefact import load, read_manifest, sha256
from ..results.models import FormatResult
from ._proof import ARTEFACT, compared, new_proof, prove
from ._rows import probe_rows
from ._source import TOLERANCE, open_source

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def prove_saved(estimator: BaseEstimator, artefact: str | os.PathLike[str]) -> FormatResult:
    """Prove that a saved model predicts what the trained one does, and write ``proof.json`` beside it.

    The proof holds synthetic rows (usual ones, and missing, unseen, empty and extreme cells; no row of the
    data), the predictions of the estimator in memory, and the largest difference to those of the saved
    model. :func:`verify` repeats it in a process of its own, on any machine.

    Parameters
    ----------
    estimator : fitted estimator
        The one that was saved.
    artefact : path
        The folder that it was saved to.

    Returns
    -------
    FormatResult
        ``holds`` says whether the predictions are equal within ``tolerance``.

    Raises
    ------
    InputError
        The folder is not a valid saved model, or the proof cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from deepworth import load_dataset
    >>> from deepworth.zoo import registry
    >>> from deepworth.zoo.artefact import save
    >>> from deepworth.zoo.export import prove_saved
    >>> data = load_dataset("iris")
    >>> model = registry.create("logistic-regression", data.task, data.modality).fit(data.X, data.y)
    >>> folder = save(model, tempfile.mkdtemp() + "/iris", dataset=data, name="logistic-regression")
    >>> prove_saved(model, folder).holds
    True
    """
    started, folder = time.perf_counter(), Path(artefact)
    source, saved = open_source(folder), load(folder)
    X = probe_rows(source)
    with warnings.catch_warnings():  # unseen categories belong to the rows
        warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
        proof = new_proof(source, X, source.predictions_of(estimator, saved.checked(X)))
    row = compared([source.predictions_of(saved, X)], [range(len(X))], proof["expected"], TOLERANCE)
    row |= {"status": "works" if row["holds"] else "failed"}
    row |= {"seconds": round(time.perf_counter() - started, 3)}
    proof["formats"][ARTEFACT] = row
    _write(folder / "proof.json", proof)
    return msgspec.convert(row, FormatResult)


def prove_unchanged(path: Path) -> dict[str, Any]:
    """A proof, which is not kept, that a saved model predicts in another process what it does in this one."""
    source = open_source(path)
    X = probe_rows(source)
    proof = new_proof(source, X, source.predictions(X))
    return {"status": "works", **prove(path, ARTEFACT, proof, {})}


def check_unchanged(folder: Path, proof: dict[str, Any]) -> None:
    """The model that was proved, by its hashes; its contents are checked when it is loaded."""
    read_manifest(folder)
    if sha256(folder / "manifest.json") != dict(proof["artefact"])["manifest.json"]:
        raise InputError(f"{folder / 'manifest.json'} was changed: its hash is not that of the proof")


def _write(path: Path, proof: dict[str, Any]) -> None:
    """Write a proof completely or not at all."""
    text = json.dumps(proof, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            file.write(text)
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
