"""Layers of our networks: once this is imported, Keras opens archives that hold them.

>>> import deepworth.zoo.layers
>>> model = keras.saving.load_model("model.keras")  # of estimator.keras_model().save("model.keras")

Keras looks for layers among those that were registered, and imports no package but its own.
"""

from __future__ import annotations

from importlib import import_module

from .models import register_layers
from .preprocessing.runtime import import_tensorflow


def register() -> None:
    """Import every file of ours that may define a layer, so that Keras knows them by name."""
    import_tensorflow()
    register_layers()
    for module in (".preprocessing.layers", ".training.mixture", ".calibration.layers"):
        import_module(module, __package__)


register()
