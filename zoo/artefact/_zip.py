"""Zip archives of plain files, each once, stored as they are: none is larger than the archive."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from typing import Any


def member_faults(
    members: list[zipfile.ZipInfo], size: int, is_expected: Callable[[str], bool], writer: str
) -> Iterator[str]:
    """What is wrong with the members of an archive of ``size`` bytes that ``writer`` should have written."""
    seen: set[str] = set()
    used = 0
    for member in members:
        name = member.filename
        if not is_expected(name):
            yield f"holds an unexpected file {quoted(name)}"
        if name in seen:
            yield f"holds {name} more than once"
        seen.add(name)
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            yield f"holds {name} compressed, which {writer} never writes"
        used += member.file_size
        if member.header_offset + member.compress_size > size or used > size:
            yield f"declares more bytes for {name} than it has"


def quoted(text: Any) -> str:
    """In quotes, on one line, not too long."""
    text = str(text)
    return repr(text if len(text) <= 80 else text[:77] + "...")
