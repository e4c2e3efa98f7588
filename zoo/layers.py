"""Layers of our networks: once this is imported, Keras opens archives that contain them.

Keras looks for layers among those that were registered, and imports no package but its own.

>>> import tempfile
>>> import keras
>>> import deepworth.zoo.layers
>>> from deepworth.zoo import PerceptronClassifier
>>> path = tempfile.mkdtemp() + "/model.keras"
>>> PerceptronClassifier(epochs=2).fit([[0.0], [1.0]], ["no", "yes"]).keras_model().save(path)
>>> keras.saving.load_model(path).output_shape
(None, 2)
"""

from __future__ import annotations

from importlib import import_module

from .models import register_layers
from .preprocessing.runtime import import_tensorflow


def register() -> None:
    """Import every file that defines a layer, so that Keras knows the layers by name."""
    import_tensorflow()
    register_layers()
    ours = (".preprocessing.layers", ".training.architecture", ".calibration.layers")
    for module in (*ours, ".pretrained.text_layers", ".pretrained.text_encoders"):
        import_module(module, __package__)


register()
