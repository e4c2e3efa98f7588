"""Answers as files: refused before the work begins where they cannot be written, then whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...datasets import InputError
from ..results.json import to_json

ANSWER = (".json", ".csv")  # everything as one object, or its main table
ROWS = (".json", ".jsonl", ".csv", ".parquet")


def check_output(output: str | None, endings: Sequence[str] = ANSWER) -> None:
    """Refuse an output file that cannot be written."""
    if output is not None:
        _ending(output, endings)
        check_place(output)


def check_place(output: str | os.PathLike[str]) -> None:
    """Refuse a file whose folder does not exist or is read-only, and a folder."""
    path = Path(output)
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(f"cannot write {output}: its folder does not exist or is read-only")


def _ending(output: str, endings: Sequence[str]) -> str:
    ending = Path(output).suffix.lower()
    if ending not in endings:
        known = f"{', '.join(endings[:-1])} or {endings[-1]}"
        raise InputError(f"cannot write {output}: expected a name ending in {known}")
    return ending


def write_answer(answer: Any, rows: Sequence[Mapping[str, Any]], output: str | None) -> None:
    """The whole answer to .json, these rows of it to .csv; nothing without an output."""
    if output is not None:
        write_whole(as_json(answer) if _ending(output, ANSWER) == ".json" else as_csv(rows), output)


def as_json(value: Any) -> str:
    """A dataclass or a plain value as JSON, laid out for reading."""
    return json.dumps(to_json(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A header and a line a row; a row leaves empty what only others have."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_whole(text: str, output: str | os.PathLike[str]) -> None:
    """Whole or not at all."""
    path = Path(output)
    draft = path.with_name(f".{path.name}.part")
    try:
        # a file name that was no text can stand in an answer only as an escape
        draft.write_text(text, encoding="utf-8", errors="backslashreplace")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
