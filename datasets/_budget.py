"""How much a file may unfold to, counted before or while it is decoded: none may fill the memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from ._errors import InputError

LARGEST_RATIO = 200  # by which a packed file may grow; tables grow five to thirty times
FREE_BYTES = 64 * 2**20  # however small it was packed
LONGEST_LINE = 64 * 2**20  # bytes of one row
_AT_ONCE = 2**20
_KINDS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}


def most_bytes() -> int:
    """Bytes that one file may have when it is decoded: an eighth of the machine's memory, at most 8 GiB.

    A table takes several times its text, as cells are objects.
    """
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not on Windows
        memory = 32 * 2**30
    return min(8 * 2**30, memory // 8)


def refuse_larger(size: int, name: str, what: str = "") -> None:
    """Refuse what would take more bytes than there may be."""
    if size > most_bytes():
        raise InputError(
            f"{name} {what or 'has'} {size / 2**30:,.1f} GiB, more than the {most_bytes() / 2**30:,.1f} GiB "
            f"that one file may take on this machine; use fewer rows or columns"
        )


def refuse_unfolding(members: Sequence[zipfile.ZipInfo], name: str) -> None:
    """Refuse files of an archive that state more bytes than there may be; none has more than it states."""
    size = sum(member.file_size for member in members)
    refuse_larger(size, name, "unfolds to")
    if size > max(FREE_BYTES, LARGEST_RATIO * sum(member.compress_size for member in members)):
        raise _unfolds(name, size)


def _unfolds(name: str, size: int) -> InputError:
    return InputError(
        f"{name} unfolds to more than {size / 2**20:,.0f} MiB; unpack it yourself if you trust it, or use "
        f"fewer rows"
    )


def unpacked_bytes(data: bytes, name: str) -> bytes:
    """Bytes that were packed by gzip, bzip2 or xz; others as they are. The first bytes tell, not the name."""
    opened = next((open_ for start, open_ in _KINDS.items() if data.startswith(start)), None)
    if opened is None:
        return data
    most = min(most_bytes(), max(FREE_BYTES, LARGEST_RATIO * len(data)))
    with opened(io.BytesIO(data)) as file:
        return read_at_most(file, most, name)


def read_at_most(file: Any, most: int, name: str) -> bytes:
    """All bytes of a stream, refused as soon as there are more."""
    parts, size = [], 0
    while part := file.read(_AT_ONCE):
        size += len(part)
        if size > most:
            raise _unfolds(name, most)
        parts.append(part)
    return b"".join(parts)


def refuse_long_lines(data: bytes, name: str) -> None:
    """Refuse a text with a line that is longer than any row: what reads it would copy it again and again."""
    start = 0
    while len(data) - start > LONGEST_LINE:
        end = data.rfind(b"\n", start, start + LONGEST_LINE)
        if end < 0:
            line = data.count(b"\n", 0, start) + 1
            raise InputError(
                f"{name}: line {line} has more than {LONGEST_LINE // 2**20} MiB; is it a table, with a line "
                f"for each row?"
            )
        start = end + 1
