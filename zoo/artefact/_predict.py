"""Answers for raw rows of any number, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd

from ...datasets._errors import InputError
from ...datasets._unlabelled import picture_parts
from ._answers import answer_columns
from ._inputs import refuse_missing
from ._load import SavedModel

Note = Callable[[str], None]
Part = tuple[int, Any, dict[str, Any]]  # number of the first row, rows, columns that go with them


def predict_parts(model: SavedModel, data: Sequence[str], note: Note) -> Iterator[dict[str, Any]]:
    """Columns of answers for a few thousand rows at a time.

    Parameters
    ----------
    data : a file, a folder of images, "-" for standard input, or NAME=VALUE pairs of one row
    note : called with what a user should know, such as columns that the model does not read

    Raises
    ------
    InputError
        From the part that holds it: a row that cannot be answered, by column and row.
    """
    for start, rows, named in _ahead(_raw_rows(model.manifest, data, note)):
        yield {**named, **answer_columns(model, model.answer(rows, start))}


def _ahead(parts: Iterator[Part]) -> Iterator[Part]:
    """The next part is read while this one is answered."""
    end = object()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, parts, end)
        while (part := waiting.result()) is not end:
            waiting = pool.submit(next, parts, end)
            yield part  # type: ignore[misc]


def _raw_rows(manifest: dict[str, Any], data: Sequence[str], note: Note) -> Iterator[Part]:
    if len(data) > 1 or ("=" in data[0] and not Path(data[0]).exists()):
        row = _one_row(data)
        tell_extra(manifest, list(row.columns), note)
        return iter([(0, row, {})])
    if manifest["modality"] == "image":
        return ((start, X, {"file": files}) for start, X, files in picture_parts(data[0]))
    return _table_rows(manifest, data[0], note)


def _table_rows(manifest: dict[str, Any], source: str, note: Note) -> Iterator[Part]:
    from ...datasets._stream import open_rows

    inputs = manifest["inputs"]
    numbers = [c["name"] for c in inputs if c["kind"] == "number"]
    others = [c["name"] for c in inputs if c["kind"] != "number"]
    alone = manifest["modality"] == "text"  # a table of one column needs no name
    rows = open_rows(source, numbers, None if alone else others)
    tell_extra(manifest, rows.names, note)
    if not alone:
        refuse_missing(inputs, rows.names)
    return ((start, frame, {}) for start, frame in rows.parts)


def tell_extra(manifest: dict[str, Any], names: Sequence[str], note: Note) -> None:
    """Name the columns that the model does not read."""
    known = {c["name"] for c in manifest["inputs"]}
    extra = [str(n) for n in names if str(n) not in known]
    if extra and manifest["modality"] != "image" and not (len(names) == 1 and len(known) == 1):
        shown = ", ".join(map(repr, extra[:5])) + (f" and {len(extra) - 5} more" if len(extra) > 5 else "")
        note(f"not read by the model and ignored: column{'s' * (len(extra) > 1)} {shown}")


def _one_row(pairs: Sequence[str]) -> pd.DataFrame:
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise InputError(f"expected NAME=VALUE pairs for one row, got {wrong[0]!r}")
    return pd.DataFrame([dict(pair.split("=", 1) for pair in pairs)])
