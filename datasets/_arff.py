"""ARFF, Weka's table format: declared columns and dense rows, read tolerantly.

Format: https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ._delimited import decode
from ._errors import InputError
from ._reader import MISSING_MARKS

_NAME = r"(?:'(?P<single>(?:[^'\\]|\\.)*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^\s{]+))"
_ATTRIBUTE = re.compile(rf"@attribute\s+{_NAME}\s*(?P<type>.+)", re.IGNORECASE)
# One cell: quoted (backslash escapes) or bare, with the spaces around it.
_CELL = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([^,]*?))\s*(?:,|$)", re.DOTALL)


def read_arff(data: bytes, name: str) -> pd.DataFrame:
    """The rows of an ARFF file: numbers as float64, nominal columns as ``category``, others as str.

    Raises
    ------
    InputError
        There are no declarations or no data, a row is sparse, or a row has the wrong length.
    """
    lines = decode(data, name).splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip().lower() == "@data"), None)
    if start is None:
        raise InputError(f"{name}: no @data line; expected an ARFF file")
    attributes = [_attribute(line, i, name) for i, line in enumerate(lines[:start], 1) if _declares(line)]
    if not attributes:
        raise InputError(f"{name}: no @attribute line before @data; expected an ARFF file")
    rows = _rows(lines, start + 1, len(attributes), name)
    if not rows:
        raise InputError(
            f"{name} has columns ({', '.join(a for a, _ in attributes[:5])}) but no rows; add some"
        )
    columns = [
        _column(cells, kind) for cells, (_, kind) in zip(zip(*rows, strict=True), attributes, strict=True)
    ]
    frame = pd.concat(columns, axis=1)
    frame.columns = pd.Index([column for column, _ in attributes], dtype=object)
    return frame


def _declares(line: str) -> bool:
    return line.lstrip().lower().startswith("@attribute")


def _attribute(line: str, number: int, name: str) -> tuple[str, str]:
    match = _ATTRIBUTE.match(line.strip())
    if not match:
        raise InputError(
            f"{name}: line {number} is not a valid @attribute declaration: {line.strip()[:60]!r}"
        )
    label = next(match[kind] for kind in ("single", "double", "bare") if match[kind] is not None)
    return _unescape(label), match["type"].strip()


def _rows(lines: list[str], start: int, width: int, name: str) -> list[list[str]]:
    rows = []
    for number, line in enumerate(lines[start:], start + 1):
        if not line.strip() or line.lstrip().startswith("%"):
            continue
        if line.lstrip().startswith("{"):
            raise InputError(
                f"{name}: line {number} is a sparse ARFF row; convert the file to dense rows or to CSV"
            )
        cells = _cells(line)
        if len(cells) != width:
            raise InputError(
                f"{name}: line {number} has {len(cells)} cells, but {width} columns are declared; correct it"
            )
        rows.append(cells)
    return rows


def _cells(line: str) -> list[str]:
    if "'" not in line and '"' not in line:
        return [cell.strip() for cell in line.split("\t" if "," not in line and "\t" in line else ",")]
    cells, at = [], 0
    while at <= len(line):
        match = _CELL.match(line, at)
        if not match:
            return []
        single, double, bare = match.groups()
        cells.append(bare if bare is not None else _unescape(single if single is not None else double))
        at = match.end()
        if not line[match.start() : at].endswith(","):
            break
    return cells


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text)


def _column(cells: tuple[str, ...], kind: str) -> pd.Series:
    values = pd.Series(cells, dtype=object).where(~pd.Series(cells, dtype=object).isin(["?", ""]), None)
    if kind.split("(")[0].split("[")[0].strip().lower() in ("numeric", "real", "integer"):
        numbers = pd.to_numeric(values, errors="coerce")
        # Words in a column declared numeric are left for the schema to report.
        return numbers.astype(np.float64) if numbers.notna().eq(values.notna()).all() else values
    if kind.startswith("{"):
        return pd.Series(pd.Categorical(values.where(~values.isin(MISSING_MARKS - {"None"}), None)))
    return values
