"""Zip archives of one table, or of a folder of images or texts; nothing in them is trusted."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from ._budget import refuse_unfolding
from ._errors import InputError
from ._images import IMAGES
from ._suffixes import KNOWN, suffix_of

TEXTS = (".txt",)
# Sizes are those that the archive states; Python's zipfile reads no byte more than that of any file.
MOST_FILES = 200_000
MOST_BYTES = 8 * 2**30
# What zipfile and zlib raise for damaged, cut or unsupported archives; each becomes one InputError.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError)
_SEPARATORS = re.compile(r"[/\\]+")


def is_zip(path: Path) -> bool:
    """Whether a file is a zip archive by its name and first bytes."""
    if path.suffix.lower() != ".zip" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def holds_folder(path: Path) -> bool:
    """Whether a zip archive holds a folder of images or texts, and not one table."""
    with _opened(path) as archive:
        files = _files(archive, path.name)
        kinds = IMAGES + TEXTS
        return _only_table(files) is None and any(_parts(f)[-1].lower().endswith(kinds) for f in files)


def only_table(path: Path) -> tuple[str, bytes]:
    """Name and bytes of the only table in a zip archive.

    Raises
    ------
    InputError
        There is none or more than one, or the archive is broken or too large.
    """
    with _opened(path) as archive:
        files = _files(archive, path.name)
        table = _only_table(files)
        if table is None:
            named = ", ".join(_parts(f)[-1] for f in files[:3]) + (", ..." if len(files) > 3 else "")
            raise InputError(
                f"{path.name} holds {len(files)} files ({named}), expected one table; unpack it and name one"
            )
        refuse_unfolding([table], path.name)
        return _parts(table)[-1], archive.read(table)


@contextmanager
def unpacked(path: Path, *, enter: bool = False) -> Iterator[Path]:
    """The folder in a zip archive, unpacked for as long as it is needed.

    With ``enter`` and where all is in one folder inside, that one. In messages the archive stands for the
    temporary folder.

    Raises
    ------
    InputError
        The archive is broken or too large, or names files outside of it.
    """
    with tempfile.TemporaryDirectory(prefix="deepworth-") as temporary:
        root = Path(temporary).resolve() / path.stem
        root.mkdir()
        with _opened(path) as archive:
            for file in _files(archive, path.name):
                _unpack(archive, file, root.joinpath(*_parts(file)))
        try:
            yield _inner_folder(root) if enter else root
        except InputError as error:
            raise InputError(str(error).replace(str(root), str(path))) from None


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError(f"{path.name} cannot be decompressed ({error}); is the file complete?") from None


def _files(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The files of an archive, without hidden ones and those of macOS, checked before any is read."""
    everything = [info for info in archive.infolist() if not info.is_dir()]
    for info in everything:
        parts = _parts(info)
        if info.filename.startswith(("/", "\\")) or ".." in parts or any(":" in part for part in parts[:1]):
            raise InputError(
                f"{name} names a file outside of it, {info.filename[:60]!r}; unpack it yourself if you "
                f"trust it"
            )
    files = [f for f in everything if not any(p.startswith((".", "__MACOSX")) for p in _parts(f))]
    if any(f.flag_bits & 1 for f in files):
        raise InputError(f"{name} is encrypted; unpack it with its password and name the folder or table")
    size = sum(f.file_size for f in files)
    if len(files) > MOST_FILES or size > MOST_BYTES:
        raise InputError(
            f"{name} holds {len(files):,} files of {size / 2**30:,.1f} GiB together, more than "
            f"{MOST_FILES:,} files or {MOST_BYTES / 2**30:g} GiB; unpack it and name the folder or table"
        )
    return files


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """The path of a file in the archive; some programs write it with backslashes."""
    return tuple(part for part in _SEPARATORS.split(info.filename) if part not in ("", "."))


def _only_table(files: list[zipfile.ZipInfo]) -> zipfile.ZipInfo | None:
    """The only file, or the only one with the name of a table beside others, such as a README.txt."""
    if len(files) == 1 and not _parts(files[0])[-1].lower().endswith(IMAGES):
        return files[0]
    suffixes = [suffix_of(Path(PurePosixPath(*_parts(f)))) for f in files]
    tables = [f for f, suffix in zip(files, suffixes, strict=True) if suffix in KNOWN and suffix not in TEXTS]
    return tables[0] if len(tables) == 1 and not set(suffixes) & set(IMAGES) else None


def _unpack(archive: zipfile.ZipFile, file: zipfile.ZipInfo, target: Path) -> None:
    """One file; those of other kinds stay empty, as only their names are looked at."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix.lower() not in IMAGES + TEXTS:
        target.touch()
        return
    with archive.open(file) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)


def _inner_folder(root: Path) -> Path:
    """The folder with the class folders: the only one inside, if it has folders itself."""
    inside = list(root.iterdir())
    while len(inside) == 1 and inside[0].is_dir() and any(p.is_dir() for p in inside[0].iterdir()):
        root = inside[0]
        inside = list(root.iterdir())
    return root
