"""Images without labels, to predict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ._archives import is_zip, unpacked
from ._base import Finding
from ._errors import InputError
from ._images import IMAGES, read_images

PICTURES = 256  # images read at once


def picture_parts(source: str) -> Iterator[tuple[int, np.ndarray, list[str]]]:
    """Read one image, or all images below a folder or in a zip archive, a few at a time.

    Parameters
    ----------
    source : str
        Path of an image file, of a folder, or of a zip archive of a folder.

    Returns
    -------
    iterator of (int, ndarray, list of str)
        Number of the first image, images as in :class:`Dataset`, and file names.

    Raises
    ------
    InputError
        There is no image, or one cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from deepworth.datasets import picture_parts
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (8, 6)).save(Path(folder) / "black.png")
    ...     [(first, images.shape) for first, images, names in picture_parts(folder)]
    [(0, (1, 6, 8, 1))]
    """
    path = Path(source)
    if not path.exists():
        raise InputError(f"no file or folder {source!r}; check the path")
    return _of_archive(path) if is_zip(path) else _below(path)


def _of_archive(path: Path) -> Iterator[tuple[int, np.ndarray, list[str]]]:
    """The images of a zip archive, which stands for the temporary folder in their names."""
    with unpacked(path) as folder:
        for start, images, names in _below(folder):
            yield start, images, [f"{path}/{Path(name).relative_to(folder).as_posix()}" for name in names]


def _below(path: Path) -> Iterator[tuple[int, np.ndarray, list[str]]]:
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.suffix.lower() in IMAGES)
    if not files:
        raise InputError(f"{path} has no images; expected files ending in one of {', '.join(sorted(IMAGES))}")
    return _parts(files, path.parent if path.is_file() else path)


def _parts(files: list[Path], root: Path) -> Iterator[tuple[int, np.ndarray, list[str]]]:
    for start in range(0, len(files), PICTURES):
        some = files[start : start + PICTURES]
        findings: list[Finding] = []
        images, good = read_images(some, root, findings)
        if not good.all():
            raise InputError(f"{some[int(np.argmin(good))]} cannot be read as an image; remove it")
        yield start, images, [str(f) for f in some]
