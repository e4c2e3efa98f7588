"""Frozen features that were computed once and are used again.

A frozen encoder sees one row at a time and no label: its features do not depend on the fold, so all folds
of a comparison share them. They are known by a hash of the weights and one of the row's content, kept in
memory, and during a comparison also on disk, so that worker processes share them. Where costs are measured
nothing is used again: a fit pays for its rows, and an answer for its own.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .found import cache_of

_MOST_BYTES = 2**30  # in memory
_MOST_ON_DISK = 4 * 2**30

Compute = Callable[[np.ndarray], dict[str, np.ndarray]]


class KeptFeatures:
    """Arrays of rows by encoder and content of the row; with a folder also in files that others read."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[str, dict[bytes, tuple[np.ndarray, ...]]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._bytes = 0
        self._read: set[Path] = set()
        self._lock = threading.RLock()  # networks of a fleet are trained, and asked, side by side

    def of(self, encoder: str, keys: Sequence[bytes], compute: Compute) -> dict[str, np.ndarray]:
        """Arrays of the rows with these keys; ``compute`` is called with the places of those not known.

        ``compute`` returns arrays by name, first axis as the places.
        """
        with self._lock:
            return self._of(encoder, keys, compute)

    def _of(self, encoder: str, keys: Sequence[bytes], compute: Compute) -> dict[str, np.ndarray]:
        known = self._known.setdefault(encoder, {})
        if any(key not in known for key in keys):
            self._read_files(encoder)
        first = {key: place for place, key in reversed(list(enumerate(keys))) if key not in known}
        fresh: dict[bytes, tuple[np.ndarray, ...]] = {}
        if first:
            places = np.array(sorted(first.values()))
            arrays = compute(places)
            rows = zip(*arrays.values(), strict=True)
            fresh = {keys[place]: row for place, row in zip(places.tolist(), rows, strict=True)}
            self._names[encoder] = tuple(arrays)
            self._keep(encoder, fresh, arrays, [keys[place] for place in places.tolist()])
        names = self._names[encoder]
        each = [fresh[key] if key in fresh else known[key] for key in keys]
        return {name: np.stack([row[i] for row in each]) for i, name in enumerate(names)}

    def _keep(self, encoder: str, fresh: dict[bytes, Any], arrays: dict[str, np.ndarray], keys: Any) -> None:
        size = sum(array.nbytes for array in arrays.values())
        if self._bytes + size > _MOST_BYTES:
            self._known, self._bytes, self._read = {encoder: {}}, 0, set()
        if size <= _MOST_BYTES:
            self._known.setdefault(encoder, {}).update(fresh)
            self._bytes += size
        if self._folder is not None:
            self._write_file(self._folder / encoder, arrays, keys)

    def _write_file(self, folder: Path, arrays: dict[str, np.ndarray], keys: Sequence[bytes]) -> None:
        """A file of its own, there completely or not at all; on a full disk none, and nothing is lost."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _make_room(folder.parent)
            with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
                named: dict[str, Any] = {**arrays, "keys": np.stack([np.frombuffer(k, "u1") for k in keys])}
                np.savez(file, **named)
            os.replace(file.name, Path(file.name).with_suffix(".npz"))
            self._read.add(Path(file.name).with_suffix(".npz"))
        except OSError:
            return

    def _read_files(self, encoder: str) -> None:
        """What other processes have computed since."""
        if self._folder is None or not (self._folder / encoder).is_dir():
            return
        for path in sorted((self._folder / encoder).glob("*.npz")):
            if path in self._read:
                continue
            self._read.add(path)
            try:
                with np.load(path, allow_pickle=False) as file:
                    arrays = {name: file[name] for name in file.files}
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                continue
            keys = [row.tobytes() for row in arrays.pop("keys")]
            self._names[encoder] = tuple(arrays)
            self._bytes += sum(array.nbytes for array in arrays.values())
            if self._bytes > _MOST_BYTES:
                return
            rows = zip(*arrays.values(), strict=True)
            self._known.setdefault(encoder, {}).update(zip(keys, rows, strict=True))


def _make_room(folder: Path) -> None:
    """The oldest files go where there are too many."""
    files = sorted(((f.stat().st_mtime, f.stat().st_size, f) for f in folder.rglob("*.npz")), reverse=True)
    used = 0
    for _, size, file in files:
        used += size
        if used > _MOST_ON_DISK:
            file.unlink(missing_ok=True)


def features_folder() -> Path:
    """Where comparisons keep features for each other; it may be removed at any time."""
    return cache_of("features")


_current: list[KeptFeatures | None] = [KeptFeatures()]


def kept() -> KeptFeatures | None:
    """The features that may be used again now; None where nothing may."""
    return _current[-1]


@contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Features are shared with other processes by files in the folder."""
    with _used(KeptFeatures(folder)):
        yield


@contextmanager
def afresh() -> Iterator[None]:
    """What was computed before does not count: a fit pays for every row once."""
    with _used(KeptFeatures()):
        yield


@contextmanager
def unkept() -> Iterator[None]:
    """Every row is computed whenever it is asked for, as a user of the model would pay for it."""
    with _used(None):
        yield


@contextmanager
def _used(features: KeptFeatures | None) -> Iterator[None]:
    _current.append(features)
    try:
        yield
    finally:
        _current.remove(features)


def key_of_text(text: str) -> bytes:
    """A hash of a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def key_of_image(image: np.ndarray) -> bytes:
    """A hash of an image's shape and pixels."""
    facts = np.array(image.shape, np.int64).tobytes()
    return hashlib.blake2b(facts + np.ascontiguousarray(image).tobytes(), digest_size=16).digest()
