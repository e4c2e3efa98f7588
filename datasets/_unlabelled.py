"""Rows without answers, for a model to predict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ._base import Finding
from ._errors import InputError

PICTURES = 256  # read at once


def picture_parts(source: str) -> Iterator[tuple[int, np.ndarray, list[str]]]:
    """One image, or all images below a folder, a few at a time: first number, images and file names.

    Raises
    ------
    InputError
        There is no image, or one cannot be read: a broken image is an error here.
    """
    from ._folders import IMAGES

    path = Path(source)
    if not path.exists():
        raise InputError(f"no such file or folder: {source}")
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.suffix.lower() in IMAGES)
    if not files:
        raise InputError(f"{path} holds no images; expected one of {', '.join(sorted(IMAGES))}")
    return _parts(files, path.parent if path.is_file() else path)


def _parts(files: list[Path], root: Path) -> Iterator[tuple[int, np.ndarray, list[str]]]:
    from ._images import read_images

    for start in range(0, len(files), PICTURES):
        some = files[start : start + PICTURES]
        findings: list[Finding] = []
        images, good = read_images(some, root, findings)
        if not good.all():
            raise InputError(f"{some[int(np.argmin(good))]} cannot be read as an image; take it out")
        yield start, images, [str(f) for f in some]
