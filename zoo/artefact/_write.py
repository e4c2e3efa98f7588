"""Answers to a file or to standard output, a part at a time, whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ...datasets._errors import InputError

FORMATS = ("csv", "parquet", "jsonl", "json")
_STRUCTURE = set(',"\r\n')
Columns = dict[str, Any]


@contextmanager
def answers_to(output: str | None, form: str | None) -> Iterator[Callable[[Columns], None]]:
    """A function that takes the columns of each part.

    Parameters
    ----------
    output : path or None
        A file appears under its name when all is written; None is standard output.
    form : {"csv", "parquet", "jsonl", "json"} or None
        By the ending of the file, else CSV. "json" is one list of objects.
    """
    if output is None:
        writer = _Writer(sys.stdout.buffer, form or "csv", short=True)
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
            writer = _Writer(file, form)
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
    """One format onto one open file; the first part says what the columns are."""

    def __init__(self, file: BinaryIO, form: str, short: bool = False) -> None:
        self._file, self._form, self._short = file, form, short
        self._sink: Any = None
        self._parts = 0

    def write(self, columns: Columns) -> None:
        """Append a part."""
        if self._form in ("csv", "parquet"):
            self._write_arrow(columns)
        else:
            self._write_json(columns)
        self._parts += 1

    def close(self) -> None:
        """Write what stands at the end."""
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


class _Nothing:
    def close(self) -> None:
        """Nothing to write."""


def _array(values: Any, short: bool) -> pa.Array:
    values = np.asarray(values)
    if short and values.dtype.kind == "f":
        values = _six_digits(values)
    return pa.array(values, pa.string()) if values.dtype.kind == "U" else pa.array(values)


def _six_digits(values: np.ndarray) -> np.ndarray:
    """For people: rounded to six significant digits."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        places = 5 - np.floor(np.log10(np.abs(values)))
        usual = np.isfinite(places) & (np.abs(places) <= 22)
        scale = 10.0 ** np.where(usual, np.abs(places), 0)
        rounded = np.where(places >= 0, np.rint(values * scale) / scale, np.rint(values / scale) * scale)
    return np.where(usual, rounded, values)


def _needs_quotes(values: Any) -> bool:
    values = np.asarray(values)
    if values.dtype.kind not in "UO":
        return False
    return any(_STRUCTURE & set(str(v)) for v in pd.unique(pd.Series(values, dtype=object)))
