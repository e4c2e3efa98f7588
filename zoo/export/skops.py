"""Scikit-learn's own objects, as skops keeps them: the saved model itself, for Python with deepworth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TOLERANCE = 1e-5
REQUIRES = ("skops",)
STATUS = "works with deepworth installed"


def write(source: Any, folder: Path, *, name: str = "manifest.json") -> dict[str, Any]:
    """The saved model's files: tables, images and texts are encoded by classes of deepworth."""
    from ._source import CannotHold

    if source.sklearn is None:
        raise CannotHold("a network is no scikit-learn model; its format is keras")
    for file in (name, *source.manifest["files"]):
        (folder / file).write_bytes((source.path / file).read_bytes())
    return {"status": STATUS}
