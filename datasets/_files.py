"""Files of any known format as tables or arrays."""

from __future__ import annotations

import io
import lzma
import zlib
from pathlib import Path
from typing import Any

import pandas as pd

from ._archives import is_zip, only_table
from ._budget import most_bytes, refuse_larger, refuse_long_lines, unpacked_bytes
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
    refuse_long_lines(data, path.name)
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
    refuse_larger(path.stat().st_size, path.name)
    name, data = only_table(path) if is_zip(path) else (path.name, path.read_bytes())
    if not data:
        raise InputError(f"{path.name} is empty; expected a header line and rows")
    try:
        return name, unpacked_bytes(data, path.name)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise InputError(f"{path.name} cannot be decompressed ({error}); is the file complete?") from None


def _read_columnar(data: bytes, suffix: str, name: str) -> pd.DataFrame:
    import pyarrow

    read = pd.read_parquet if suffix in (".parquet", ".pq") else pd.read_feather
    try:
        refuse_larger(_columnar_bytes(data, suffix), name, "unfolds to")
        return read(io.BytesIO(data))
    except InputError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError, MemoryError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{name} cannot be read as {suffix[1:]} ({reason}); is the file complete?") from None


def _columnar_bytes(data: bytes, suffix: str) -> int:
    """Bytes that a file states for its cells; a number takes eight, whatever it was packed to.

    Raises
    ------
    ArrowInvalid
        Offsets in it lead outside of its memory.
    """
    import pyarrow.ipc
    import pyarrow.parquet

    if suffix not in (".parquet", ".pq"):
        with pyarrow.ipc.open_file(io.BytesIO(data)) as file:
            most, size = most_bytes(), 0
            for i in range(file.num_record_batches):
                batch = file.get_batch(i)
                batch.validate(full=True)  # what is in memory as it was in the file, pyarrow takes as it is
                size += batch.nbytes
                if size > most:
                    break
            return size
    facts = pyarrow.parquet.ParquetFile(io.BytesIO(data)).metadata
    groups = (facts.row_group(i) for i in range(facts.num_row_groups))
    return max(8 * facts.num_rows * facts.num_columns, sum(group.total_byte_size for group in groups))


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
        except (ValueError, RecursionError) as error:  # numbers of 5,000 digits, lists within lists
            raise InputError(f"{name} holds what no table has ({_short(error)}); correct the file") from None
    else:
        refuse_long_lines(data, name)
        records = [_record(line, i, name) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    wrong = next((i for i, record in enumerate(records, 1) if not isinstance(record, dict)), None)
    if wrong is not None:
        raise InputError(
            f"{name}: record {wrong} is not an object with named values; expected one {{...}} per row"
        )
    return table_of_records(records, name)


def table_of_records(records: list[Any], name: str) -> pd.DataFrame:
    """A column for each name, unless that would be more cells than a file may take."""
    names = {key for record in records for key in record}
    refuse_larger(8 * len(names) * len(records), name, f"needs {len(names):,} columns for its records:")
    return pd.DataFrame(records)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:100]


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
    except (ValueError, RecursionError) as error:  # numbers of 5,000 digits, lists within lists
        raise InputError(
            f"{name}: line {number} holds what no table has ({_short(error)}); correct the file"
        ) from None


def checked(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Refuse a table of any format without columns or rows, or with repeated names."""
    if not len(frame.columns):
        raise InputError(f"{name} has no columns; is it the right file?")
    frame.columns = pd.Index(column_names([mended(str(c)) for c in frame.columns], name), dtype=object)
    if not len(frame):
        raise InputError(f"{name} has columns ({', '.join(frame.columns[:5])}) but no rows; add some")
    return frame.reset_index(drop=True)
