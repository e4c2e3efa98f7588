"""Layers of our networks: once this is imported, Keras opens archives that hold them.

>>> import deepworth.zoo.layers
>>> model = keras.saving.load_model("model.keras")  # of estimator.keras_model().save("model.keras")

Keras looks for layers among those that were registered, and imports no package but its own.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from . import models, preprocessing
from .preprocessing._tensorflow import import_tensorflow


def register() -> None:
    """Import every file of ours that may define a layer, so that Keras knows them by name."""
    import_tensorflow()
    for package in (models, preprocessing):
        for found in pkgutil.iter_modules(package.__path__):
            if found.name.startswith("_"):
                import_module(f"{package.__name__}.{found.name}")
    for module in (".training._mixture", ".calibration._layers"):
        import_module(module, __package__)


register()
