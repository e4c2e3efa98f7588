"""Keras archive with the preprocessing inside, and the code of our layers beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TOLERANCE = 1e-5
REQUIRES: tuple[str, ...] = ()
CODE = "layers.py"


def write(source: Any, folder: Path, *, name: str = "model.keras") -> dict[str, Any]:
    """The archive as it was saved. ``layers.py`` is imported before it is loaded: it needs Keras only."""
    from ._layer_code import layer_code

    model = source.network()
    (folder / name).write_bytes((source.path / "model.keras").read_bytes())
    (folder / CODE).write_text(layer_code(model), encoding="utf-8")
    return {"not_inside": source.beyond_probabilities}
