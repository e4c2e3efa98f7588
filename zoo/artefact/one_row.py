"""One row as NAME=VALUE pairs, and its prediction as text: all without pandas, which takes half a second."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ...datasets import InputError
from ..results.models import Manifest
from .outputs import Columns, six_digits
from .signature import unused_columns

Note = Callable[[str], None]


def is_one_row(data: Sequence[str]) -> bool:
    """Whether arguments are the NAME=VALUE pairs of one row, and no file."""
    return len(data) > 1 or ("=" in data[0] and not Path(data[0]).exists())


def cells_of(pairs: Sequence[str], manifest: Manifest) -> dict[str, str]:
    """The cells that pairs NAME=VALUE give, by column; names of inputs may have a = of their own."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise InputError(f"expected NAME=VALUE pairs for one row, got {wrong[0]!r}")
    cells: dict[str, str] = {}
    for pair in pairs:
        known = [c["name"] for c in manifest["inputs"] if pair.startswith(f"{c['name']}=")]
        name = max(known, key=len, default=pair.partition("=")[0])
        value = pair[len(name) + 1 :]
        if name in cells:
            raise InputError(f"column {name!r} is given twice, as {cells[name]!r} and {value!r}; remove one")
        cells[name] = value
    return cells


def note_extra_columns(manifest: Manifest, names: Sequence[str], note: Note) -> None:
    """A note that names the columns that the model does not use."""
    one_for_one = len(names) == 1 and len(manifest["inputs"]) == 1
    if manifest["modality"] != "image" and not one_for_one and (text := unused_columns(manifest, names)):
        note(text)


def write_row(columns: Columns, form: str, file: BinaryIO) -> None:
    """Write the columns of one prediction as CSV (six digits, for people), JSON or JSON lines, in UTF-8."""
    row = {name: np.asarray(values)[0] for name, values in columns.items()}
    text = io.StringIO()
    if form == "csv":
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(row)
        lines.writerow([_cell(value) for value in row.values()])
    else:
        line = json.dumps({name: value.item() for name, value in row.items()}, ensure_ascii=False)
        text.write(f"[{line}]\n" if form == "json" else f"{line}\n")
    file.write(text.getvalue().encode())
    file.flush()


def _cell(value: np.generic) -> str:
    if value.dtype.kind == "f":
        return repr(float(six_digits(value))).removesuffix(".0")
    return str(value).lower() if value.dtype.kind == "b" else str(value)
