"""What a skops archive may hold, checked before skops reads it: a schema, and arrays that have their size."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...datasets._errors import InputError
from ._zip import member_faults

SCHEMA = "schema.json"
LARGEST_SCHEMA = 512 * 2**20  # bytes; 280,000 words and their weights take some MiB
MOST_PACKED = 200  # times that a sparse matrix, the one packed thing that skops writes, may grow
_MEMBER = re.compile(r"[0-9a-f-]{1,40}\.(npy|npz|bin)")  # bin: boosted trees


def check_skops(path: Path) -> None:
    """Refuse an archive that is not what skops writes.

    Raises
    ------
    InputError
        The first thing wrong. Nothing was built.
    """
    fault = next(_faults(path), None)
    if fault is not None:
        raise InputError(f"{path} {fault}; it was not loaded")


def _faults(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            members, size = archive.infolist(), os.fstat(file.fileno()).st_size
            yield from member_faults(members, size, _is_expected, "skops")
            if SCHEMA not in archive.namelist():
                yield f"lacks {SCHEMA}"
            elif archive.getinfo(SCHEMA).file_size > LARGEST_SCHEMA:
                yield f"has a {SCHEMA} of more than {LARGEST_SCHEMA:,} bytes"
            for name in archive.namelist():
                if name.endswith(".npy"):
                    yield from _array_faults(name, archive.read(name))
                elif name.endswith(".npz"):
                    yield from _packed_faults(name, archive.read(name))
    except Exception as error:  # zipfile and numpy fail on damaged files in many ways
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        yield f"is damaged or not a skops archive: {first[:200]}"


def _is_expected(name: str) -> bool:
    return name == SCHEMA or bool(_MEMBER.fullmatch(name))


def _array_faults(name: str, data: bytes) -> Iterator[str]:
    """An array has as many bytes as its shape says."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    count = 1
    for n in shape:
        count *= n
    if dtype.hasobject or count < 0 or count * dtype.itemsize != len(data) - file.tell():
        yield f"holds an array {name} of another size than its shape"


def _packed_faults(name: str, data: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as inner:
        unpacked = sum(member.file_size for member in inner.infolist())
        if unpacked > MOST_PACKED * len(data) + 2**20:
            yield f"holds {name}, which would grow from {len(data):,} to {unpacked:,} bytes"
            return
        for member in inner.namelist():
            yield from _array_faults(f"{name}/{member}", inner.read(member))
