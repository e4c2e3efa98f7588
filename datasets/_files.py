"""Files of any known format as tables or arrays."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from pathlib import Path

import pandas as pd

from ._archives import is_zip, only_table
from ._delimited import column_names, read_delimited
from ._errors import InputError
from ._layout import refuse_layout
from ._suffixes import RECORDS, suffix_of
from ._text import mended


def read_table(path: Path) -> pd.DataFrame:
    """The table in a file; the cells of text formats are strings.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    inner, data = _named_bytes(path)
    suffix = suffix_of(Path(inner))
    if suffix in (".parquet", ".pq", ".feather", ".arrow"):
        return checked(_read_columnar(data, suffix, path.name), path.name)
    if suffix in RECORDS:
        return checked(_read_records(data, path.name), path.name)
    if suffix == ".arff":
        from ._arff import read_arff

        return checked(read_arff(data, path.name), path.name)
    if suffix in (".xlsx", ".xls", ".ods"):
        raise InputError(f"{path.name}: spreadsheets are not supported; save the sheet as CSV (UTF-8)")
    frame = read_delimited(data, path.name)
    refuse_layout(frame, path.name)
    return frame


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, decompressed if needed."""
    return _named_bytes(path)[1]


def _named_bytes(path: Path) -> tuple[str, bytes]:
    """The bytes of a file, and its name; of the only table in a zip archive, whose name tells its format."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; expected a file")
    if not path.exists():
        raise InputError(f"no file {str(path)!r}; check the path")
    name, data = only_table(path) if is_zip(path) else (path.name, path.read_bytes())
    if not data:
        raise InputError(f"{path.name} is empty; expected a header line and rows")
    try:
        return name, _unpack(data)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise InputError(f"{path.name} cannot be decompressed ({error}); is the file complete?") from None


def _unpack(data: bytes) -> bytes:
    """By the first bytes and not by the name, which may be wrong."""
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:3] == b"BZh":
        return bz2.decompress(data)
    if data[:6] == b"\xfd7zXZ\x00":
        return lzma.decompress(data)
    return data


def _read_columnar(data: bytes, suffix: str, name: str) -> pd.DataFrame:
    import pyarrow

    read = pd.read_parquet if suffix in (".parquet", ".pq") else pd.read_feather
    try:
        return read(io.BytesIO(data))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{name} cannot be read as {suffix[1:]} ({reason}); is the file complete?") from None


def _read_records(data: bytes, name: str) -> pd.DataFrame:
    """JSON lines, or one JSON list of objects."""
    import json

    from ._delimited import decode

    text = decode(data, name).strip()
    if text.startswith("["):
        try:
            records = json.loads(text, object_pairs_hook=_mended_record)
        except json.JSONDecodeError as error:
            raise InputError(
                f"{name}: line {error.lineno} is not valid JSON ({error.msg}); correct the file"
            ) from None
    else:
        records = [_record(line, i, name) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    wrong = next((i for i, record in enumerate(records, 1) if not isinstance(record, dict)), None)
    if wrong is not None:
        raise InputError(
            f"{name}: record {wrong} is not an object with named values; expected one {{...}} per row"
        )
    return pd.DataFrame(records)


def _mended_record(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return {mended(k): mended(v) if isinstance(v, str) else v for k, v in pairs}


def _record(line: str, number: int, name: str) -> object:
    import json

    try:
        return json.loads(line, object_pairs_hook=_mended_record)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name}: line {number} is not valid JSON ({error.msg}); expected one object per line"
        ) from None


def checked(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Refuse a table of any format without columns or rows, or with repeated names."""
    if not len(frame.columns):
        raise InputError(f"{name} has no columns; is it the right file?")
    frame.columns = pd.Index(column_names([mended(str(c)) for c in frame.columns], name), dtype=object)
    if not len(frame):
        raise InputError(f"{name} has columns ({', '.join(frame.columns[:5])}) but no rows; add some")
    return frame.reset_index(drop=True)
