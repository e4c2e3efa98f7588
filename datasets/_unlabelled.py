"""Rows without answers, for a model to predict."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from ._base import Finding
from ._errors import InputError


def read_rows(source: str) -> pd.DataFrame:
    """A table from a file, or from standard input as delimited text (``-``)."""
    if source == "-":
        from ._delimited import read_delimited

        return read_delimited(sys.stdin.buffer.read(), "standard input")
    from ._files import read_table

    return read_table(_existing(source))


def read_pictures(source: str) -> tuple[np.ndarray, list[str]]:
    """One image, or all images below a folder, and their names; a broken one is an error here."""
    from ._folders import IMAGES
    from ._images import read_images

    path = _existing(source)
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.suffix.lower() in IMAGES)
    if not files:
        raise InputError(f"{path} holds no images; expected one of {', '.join(sorted(IMAGES))}")
    findings: list[Finding] = []
    images, good = read_images(files, path.parent if path.is_file() else path, findings)
    if not good.all():
        raise InputError(f"{files[int(np.argmin(good))]} cannot be read as an image; take it out")
    return images, [str(f) for f in files]


def _existing(source: str) -> Path:
    path = Path(source)
    if not path.exists():
        raise InputError(f"no such file or folder: {source}")
    return path
