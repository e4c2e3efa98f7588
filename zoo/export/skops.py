"""Scikit-learn's own objects, as skops keeps them: the saved model itself, for Python with deepworth."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._formats import Predict, Request, Written
    from ._source import Source

TOLERANCE = 1e-5
LIBRARIES = ("sklearn", "skops")
NEEDS_DEEPWORTH = True


def write(source: Source, folder: Path) -> Written:
    """The saved model's files: tables, images and texts are encoded by classes of deepworth."""
    from ._formats import CannotHold, Written

    if source.sklearn is None:
        raise CannotHold("a network is no scikit-learn model; its format is keras")
    for file in ("manifest.json", *source.manifest["files"]):
        shutil.copyfile(source.path / file, folder / file)
    return Written("works with deepworth installed")


def read(folder: Path, request: Request) -> Predict:
    """deepworth, which opens the saved model."""
    from ._source import read as read_saved

    return read_saved(folder, request)
