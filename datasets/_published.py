"""Readers of published formats: idx, CIFAR records, npz with ragged lists, archives of messages."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ._errors import InputError

_BROKEN = (OSError, EOFError, ValueError, KeyError, zlib.error, tarfile.TarError, zipfile.BadZipFile)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn errors of a damaged file into an InputError."""
    try:
        yield
    except InputError:
        raise
    except (*_BROKEN, pickle.UnpicklingError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} cannot be read ({reason}); delete it to download it again") from None


def read_idx(path: Path) -> np.ndarray:
    """A gzipped idx file of unsigned bytes: two zeros, type 8, number of axes, their sizes, values.

    Format: "The IDX file format", Yann LeCun's MNIST page.
    """
    with reading(path), gzip.open(path, "rb") as stream:
        data = stream.read()
        if data[:3] != b"\x00\x00\x08":
            raise ValueError("not an idx file of unsigned bytes")
        axes = data[3]
        shape = tuple(np.frombuffer(data, ">u4", axes, offset=4).astype(int))
        return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def read_cifar(path: Path, members: tuple[str, ...], label_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    """CIFAR's binary version: records of `label_bytes` labels (the last is used) and 3 x 32 x 32 pixels.

    Returns
    -------
    images : uint8 ndarray of shape (n, 32, 32, 3)
    labels : uint8 ndarray of shape (n,)
    """
    with reading(path), tarfile.open(path) as archive:
        records = np.concatenate(
            [np.frombuffer(_member(archive, m), np.uint8).reshape(-1, label_bytes + 3072) for m in members]
        )
    pixels = records[:, label_bytes:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pixels), records[:, label_bytes - 1]


def read_words(path: Path, member: str) -> list[str]:
    """The words of a text file in an archive, such as the names of classes."""
    with reading(path), tarfile.open(path) as archive:
        return _member(archive, member).decode("utf-8").split()


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    stream = archive.extractfile(name)
    if stream is None:
        raise ValueError(f"{name} is not a file")
    return stream.read()


def read_messages(path: Path) -> Iterator[tuple[str, str]]:
    """Name and text (Latin-1) of the files of an archive, sorted by name."""
    with reading(path), tarfile.open(path) as archive:
        members = [m for m in archive.getmembers() if m.isfile()]
        texts = {m.name: _member(archive, m.name).decode("latin1") for m in members}
    yield from sorted(texts.items())


def read_ragged(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an npz file whose ragged lists are stored as a pickle.

    NumPy would run any code in it. Here only the names that rebuild arrays of lists and numbers are allowed:
    any other name in the pickle stream is refused before it is resolved.
    """
    with reading(path), zipfile.ZipFile(path) as archive:
        return {n.removesuffix(".npy"): _array(archive.read(n)) for n in archive.namelist()}


def _array(data: bytes) -> np.ndarray:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    if header(stream)[2].hasobject:
        return _ArrayUnpickler(stream).load()
    return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)


class _ArrayUnpickler(pickle.Unpickler):
    """An unpickler that rebuilds NumPy arrays and nothing else."""

    _ALLOWED = frozenset(
        {
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("numpy.core.multiarray", "_reconstruct"),  # NumPy 1
            ("numpy._core.multiarray", "_reconstruct"),  # NumPy 2
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"the file asks for {module}.{name}, which arrays do not need")
        # The function that rebuilds an array is in different modules of NumPy 1 and 2.
        return np.empty(0).__reduce__()[0] if name == "_reconstruct" else getattr(np, name)


def words_by_rank(path: Path) -> dict[int, str]:
    """Keras's word index inverted: {rank: word}."""
    with reading(path):
        index = json.loads(path.read_text("utf-8"))
        return {int(rank): str(word) for word, rank in index.items()}


def texts_of(sequences: Any, words: dict[int, str]) -> list[str]:
    """Texts from word numbers; numbers without a word are left out."""
    return [" ".join(words[i] for i in sequence if i in words) for sequence in sequences]
