"""SavedModel for TensorFlow Serving, TensorFlow and its other runtimes: named raw columns in, names out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TOLERANCE = 1e-5
REQUIRES: tuple[str, ...] = ()


def write(source: Any, folder: Path, *, signature: str = "serving_default") -> dict[str, Any]:
    """A module with one signature: each column (batch,), images (batch, height, width, channels)."""
    import tensorflow as tf

    from ._serving import serving_function

    module = tf.Module()
    module.model = source.network()
    function = serving_function(source, module.model)
    module.serve = function
    tf.saved_model.save(module, str(folder), signatures={signature: function.get_concrete_function()})
    return {}
