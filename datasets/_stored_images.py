"""Images that do not fit into memory: their pixels in one file, of which each image is a view.

The file is mapped into memory, so the system reads pages when they are looked at and may forget them again.
Arrays of such images cost a few hundred bytes an image; other processes get a place in the file, no pixels.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from ._download import cache_folder

IN_MEMORY = 2**30  # bytes of pixels; from there on they are kept in a file
MOST_ON_DISK = 64 * 2**30  # of all such files; the oldest ones go
_VERSION = 1  # one more where the same file gives other pixels
_ROOM = 2**30  # that is left on a disk

Place = tuple[int, tuple[int, ...]]  # first byte and shape


class StoredImage(np.memmap):
    """A view into a file of pixels. Its pickle is the place in the file."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        whole = getattr(self, "_mmap", None)
        if whole is None or self.dtype != np.uint8 or not self.flags.c_contiguous or not self.size:
            return np.asarray(self).__reduce_ex__(protocol)
        start = _address(self) - _address(np.frombuffer(whole, np.uint8))
        return stored_image, (str(self.filename), start, self.shape)


def _address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


@lru_cache(maxsize=8)
def _mapped(path: str) -> StoredImage:
    whole: Any = np.memmap(path, np.uint8, mode="r").view(StoredImage)
    return cast(StoredImage, whole)


def stored_image(path: str, start: int, shape: tuple[int, ...]) -> StoredImage:
    """The image at a place of a file."""
    image: Any = _mapped(path)[start : start + int(np.prod(shape))].reshape(shape)
    return cast(StoredImage, image)


def forget_pages(X: Any) -> None:
    """Give memory back in which pixels of stored images are; they are read again when they are needed.

    Parameters
    ----------
    X : list or object ndarray of uint8 ndarray
        Images; nothing happens to those that are no part of a mapped file.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.datasets import forget_pages
    >>> forget_pages([np.zeros((8, 8, 3), dtype=np.uint8)])
    """
    several = isinstance(X, list) or (isinstance(X, np.ndarray) and X.dtype == object)
    base = X[0] if several and len(X) else None
    while isinstance(base, np.ndarray):
        mapping: Any = getattr(base, "_mmap", None)
        if hasattr(mapping, "madvise"):
            import mmap

            mapping.madvise(mmap.MADV_DONTNEED)
            return
        base = base.base


class ImageStore:
    """Images in the order in which they are added: in memory, or from ``IN_MEMORY`` bytes on in a file.

    Parameters
    ----------
    paths : sequence of Path
        The image files, which name the file of pixels with their sizes and times.
    side : int
        Pixels of the longest side.
    """

    def __init__(self, paths: Sequence[Path], side: int) -> None:
        self.file = _folder() / f"{_digest(paths, side)}.pixels"
        self._passing = bool(paths) and paths[0].absolute().is_relative_to(tempfile.gettempdir())
        self._arrays: list[np.ndarray] = []
        self._places: list[Place] = []
        self._bytes = 0
        self._coloured = False
        self._stream: IO[bytes] | None = None
        self._draft = ""

    def known(self) -> list[Any] | None:
        """What :meth:`finish` was told of images that are in the file already; None without one."""
        try:
            index = json.loads(self.file.with_suffix(".json").read_text(encoding="utf-8"))
            if self.file.stat().st_size != index["bytes"]:
                return None
            os.utime(self.file)
        except (OSError, ValueError, KeyError):
            return None
        self._places = [(int(start), tuple(shape)) for start, shape in index["places"]]
        return list(index["facts"])

    def add(self, image: np.ndarray) -> None:
        """The next image, uint8 (height, width, 1 or 3)."""
        self._coloured |= image.shape[2] == 3
        if self._stream is None and self._bytes + image.nbytes > IN_MEMORY:
            self._open()
        if self._stream is None:
            self._arrays.append(image)
            self._bytes += image.nbytes
        else:
            self._write(image)

    def finish(self, facts: Sequence[Any]) -> np.ndarray:
        """All images as one array; ``facts`` about the image files are kept beside the pixels."""
        if self._stream is not None:
            self._close(facts)
        if not self._places:
            return pack(self._arrays)
        images = np.empty(len(self._places), dtype=object)
        for i, (start, shape) in enumerate(self._places):
            images[i] = stored_image(str(self.file), start, shape)
        return _all_coloured(images)

    def _open(self) -> None:
        """From here on images are written; first those that were kept in memory."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        handle, self._draft = tempfile.mkstemp(dir=self.file.parent, suffix=".part")
        self._stream = os.fdopen(handle, "wb")
        self._bytes = 0
        arrays, self._arrays = self._arrays, []
        for array in arrays:
            self._write(array)

    def _write(self, image: np.ndarray) -> None:
        assert self._stream is not None
        image = np.repeat(image, 3, axis=2) if self._coloured and image.shape[2] == 1 else image
        self._stream.write(np.ascontiguousarray(image).data)
        self._places.append((self._bytes, image.shape))
        self._bytes += image.nbytes

    def _close(self, facts: Sequence[Any]) -> None:
        """The file is there completely, and its index after it."""
        assert self._stream is not None
        self._stream.close()
        os.replace(self._draft, self.file)
        index = {"bytes": self._bytes, "places": self._places, "facts": list(facts)}
        draft = self.file.with_suffix(".json.part")
        draft.write_text(json.dumps(index), encoding="utf-8")
        draft.replace(self.file.with_suffix(".json"))
        if self._passing:  # such as an archive that was unpacked: nobody will find these names again
            atexit.register(_remove, self.file)
        _make_room(self.file)

    def discard(self) -> None:
        """Leave nothing behind where reading was ended early."""
        if self._stream is not None and not self._stream.closed:
            self._stream.close()
            Path(self._draft).unlink(missing_ok=True)


def has_room(n_bytes: int) -> bool:
    """Whether the disk of the cache can hold so many bytes of pixels."""
    import shutil

    folder = _folder()
    while not folder.exists():
        folder = folder.parent
    try:
        return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > n_bytes + _ROOM
    except OSError:
        return False


def pack(arrays: list[np.ndarray]) -> np.ndarray:
    """One array (n, height, width, channels), or a 1-d object array when sizes differ."""
    if any(a.shape[2] == 3 for a in arrays):
        arrays = [a if a.shape[2] == 3 else np.repeat(a, 3, axis=2) for a in arrays]
    if len({a.shape for a in arrays}) == 1:
        return np.stack(arrays)
    packed = np.empty(len(arrays), dtype=object)
    packed[:] = arrays
    return packed


def _all_coloured(images: np.ndarray) -> np.ndarray:
    """Grey ones that were stored before the first coloured one, as colours too."""
    grey = [i for i, image in enumerate(images) if image.shape[2] == 1]
    for i in grey if len(grey) < len(images) else ():
        images[i] = np.repeat(np.asarray(images[i]), 3, axis=2)
    return images


def _folder() -> Path:
    return cache_folder() / "images"


def _digest(paths: Sequence[Path], side: int) -> str:
    """Of names, sizes and times of the image files."""
    digest = hashlib.sha256(f"{_VERSION}|{side}".encode())
    for path in paths:
        with suppress(OSError):
            facts = path.stat()
            name = os.fsencode(path.absolute())
            digest.update(name + f"|{facts.st_size}|{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:32]


def _make_room(newest: Path) -> None:
    """Remove the oldest files where all of them take too much."""
    files = sorted(newest.parent.glob("*.pixels"), key=lambda file: file.stat().st_mtime, reverse=True)
    used = 0
    for file in files:
        used += file.stat().st_size
        if used > MOST_ON_DISK and file != newest:
            _remove(file)


def _remove(file: Path) -> None:
    """A file of pixels and its index; a system that cannot remove what is in use keeps it."""
    with suppress(OSError):
        file.with_suffix(".json").unlink(missing_ok=True)
        file.unlink()
