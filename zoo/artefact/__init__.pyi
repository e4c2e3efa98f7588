from .formats import count_parameters, model_bytes
from .inspecting import inspect
from .loading import SavedModel, load
from .manifest import read_manifest
from .saving import save

__all__ = ["SavedModel", "count_parameters", "inspect", "load", "model_bytes", "read_manifest", "save"]
