"""Predictions for any number of raw rows in constant memory, and their output as CSV, Parquet or JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ...datasets import InputError, picture_parts
from ..results.models import Manifest
from .loading import SavedModel
from .one_row import Note, cells_of, is_one_row, note_extra_columns
from .outputs import Columns, prediction_columns, six_digits
from .signature import CellTally, column_reader, refuse_missing

FORMATS = ("csv", "parquet", "jsonl", "json")

Part = tuple[int, Any, Columns]  # number of the first row, rows, columns that go with them
_NEED_QUOTES = set(',"\r\n')


def predict_parts(model: SavedModel, data: Sequence[str], note: Note) -> Iterator[Columns]:
    """Predict raw rows, a few thousand at a time.

    Parameters
    ----------
    model : SavedModel
        As :func:`load` returns it.
    data : sequence of str
        A file, a folder of images, "-" for standard input, or NAME=VALUE pairs of one row.
    note : callable
        Called with messages, such as names of columns that the model does not use.

    Yields
    ------
    dict
        Named columns of a part: predictions, probabilities, and names of files.

    Raises
    ------
    InputError
        A row cannot be read; the message names column and row.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from deepworth.zoo.artefact import load, predict_parts, save
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> folder = tempfile.mkdtemp()
    >>> model = load(save(GaussianNB().fit(X, y), folder + "/model", X=X, y=y))
    >>> X.to_csv(folder + "/rows.csv", index=False)
    >>> [len(part["prediction"]) for part in predict_parts(model, [folder + "/rows.csv"], print)]
    [150]
    """
    tally = CellTally()
    for start, rows, columns in _read_ahead(raw_rows(model.manifest, data, note)):
        yield {**columns, **prediction_columns(model, model.predict_rows(rows, start, tally))}
    for message in tally.messages():
        note(message)


def _read_ahead(parts: Iterator[Part]) -> Iterator[Part]:
    """Parts, the next of which is read while one is used."""
    end = object()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, parts, end)
        while (part := waiting.result()) is not end:
            waiting = pool.submit(next, parts, end)
            yield part  # type: ignore[misc]


def raw_rows(manifest: Manifest, data: Sequence[str], note: Note) -> Iterator[Part]:
    """Read raw rows in parts, as a saved model needs them.

    Parameters
    ----------
    manifest : Manifest
        The fields of ``manifest.json``.
    data : sequence of str
        A file, a folder of images, "-" for standard input, or NAME=VALUE pairs of one row.
    note : callable
        Called with messages, such as names of columns that the model does not use.

    Returns
    -------
    iterator of (int, rows, dict)
        Position of the first row of a part, its rows, and columns that are shown beside the predictions.

    Examples
    --------
    >>> from deepworth.zoo.artefact import raw_rows
    >>> columns = [{"name": "age", "kind": "number"}, {"name": "sex", "kind": "category"}]
    >>> manifest = {"modality": "tabular", "inputs": columns, "target": "sick"}
    >>> [(start, X, _)] = raw_rows(manifest, ["age=40", "sex=male"], print)
    >>> X.shape
    (1, 2)
    """
    if is_one_row(data):
        cells = cells_of(data, manifest)
        note_extra_columns(manifest, list(cells), note)
        return iter([(0, pd.DataFrame([cells]), {})])
    if manifest["modality"] == "image":
        return ((start, X, {"file": files}) for start, X, files in picture_parts(data[0]))
    return _table_rows(manifest, data[0], note)


def _table_rows(manifest: Manifest, source: str, note: Note) -> Iterator[Part]:
    from ...datasets import open_rows

    inputs = manifest["inputs"]
    numbers = [c["name"] for c in inputs if column_reader(c).reads_plain_numbers]
    others = [c["name"] for c in inputs if c["name"] not in numbers]
    is_text = manifest["modality"] == "text"  # a table of one column needs no name
    rows = open_rows(source, numbers, None if is_text else others)
    note_extra_columns(manifest, rows.names, note)
    if not is_text:
        refuse_missing(inputs, rows.names)
    return ((start, frame, {}) for start, frame in rows.parts)


@contextmanager
def answers_to(
    output: str | None, form: str | None, *, no_formulas: bool = False
) -> Iterator[Callable[[Columns], None]]:
    """Open a file, or standard output, for predictions that come in parts.

    Parameters
    ----------
    output : path or None
        A file, which appears under its name when everything is written; None is standard output.
    form : {"csv", "parquet", "jsonl", "json"} or None
        None takes the extension of the file, or CSV. "json" is one list of objects.
    no_formulas : bool, default=False
        In CSV, put an apostrophe before texts that spreadsheets would take for formulas.

    Yields
    ------
    callable
        Writes the columns of one part after the other.

    Raises
    ------
    InputError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from deepworth.zoo.artefact import answers_to
    >>> file = Path(tempfile.mkdtemp()) / "answers.csv"
    >>> with answers_to(str(file), None) as write:
    ...     write({"prediction": ["no", "yes"]})
    >>> file.read_text().split()
    ['prediction', 'no', 'yes']
    """
    if output is None:
        writer = _Writer(sys.stdout.buffer, form or "csv", short=True, no_formulas=no_formulas)
        try:
            yield writer.write
            writer.close()
        finally:
            with suppress(BrokenPipeError):
                sys.stdout.buffer.flush()
        return
    path = Path(output)
    form = form or {".parquet": "parquet", ".csv": "csv", ".json": "json"}.get(path.suffix.lower(), "jsonl")
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            writer = _Writer(file, form, no_formulas=no_formulas)
            yield writer.write
            writer.close()
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


class _Writer:
    """Writes parts to an open file; the first part defines the columns."""

    def __init__(self, file: BinaryIO, form: str, short: bool = False, no_formulas: bool = False) -> None:
        self._file, self._form, self._short = file, form, short
        self._no_formulas = no_formulas and form == "csv"
        self._sink: Any = None
        self._parts = 0

    def write(self, columns: Columns) -> None:
        """Append a part."""
        if self._no_formulas:
            columns = {as_text(name): _as_texts(values) for name, values in columns.items()}
        if self._form in ("csv", "parquet"):
            self._write_arrow(columns)
        else:
            self._write_json(columns)
        self._parts += 1

    def close(self) -> None:
        """Finish the file."""
        if self._sink is not None:
            self._sink.close()
        if self._form == "json":
            self._file.write(b"]\n" if self._parts else b"[]\n")

    def _write_arrow(self, columns: Columns) -> None:
        short = self._short and self._form == "csv"
        table = pa.table({name: _array(values, short) for name, values in columns.items()})
        if self._form == "parquet":
            self._sink = self._sink or pyarrow.parquet.ParquetWriter(self._file, table.schema)
            self._sink.write_table(table)
            return
        if self._sink is None:
            self._write_header(list(columns))
        options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
        if any(_needs_quotes(values) for values in columns.values()):
            options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
        pyarrow.csv.write_csv(table, pa.PythonFile(self._file, "w"), options)

    def _write_header(self, names: list[str]) -> None:
        import csv
        import io

        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(names)
        self._file.write(line.getvalue().encode())
        self._sink = _Nothing()

    def _write_json(self, columns: Columns) -> None:
        lines = self._form == "jsonl"
        text = pd.DataFrame(columns).to_json(
            orient="records", lines=lines, force_ascii=False, double_precision=15
        )
        if lines:
            self._file.write(text.encode() if text.endswith("\n") else text.encode() + b"\n")
        else:
            self._file.write((b",\n" if self._parts else b"[") + text[1:-1].encode())


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_text(cell: str) -> str:
    """A text that spreadsheets take for one; Excel and others compute what begins with these signs."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _as_texts(values: Any) -> Any:
    values = np.asarray(values)
    return values if values.dtype.kind not in "UO" else np.array([as_text(str(cell)) for cell in values])


class _Nothing:
    def close(self) -> None:
        """CSV has no end."""


def _array(values: Any, short: bool) -> pa.Array:
    values = np.asarray(values)
    if short and values.dtype.kind == "f":
        values = six_digits(values)
    return pa.array(values, pa.string()) if values.dtype.kind == "U" else pa.array(values)


def _needs_quotes(values: Any) -> bool:
    values = np.asarray(values)
    if values.dtype.kind not in "UO":
        return False
    return any(_NEED_QUOTES & set(str(v)) for v in pd.unique(pd.Series(values, dtype=object)))
