from .formats import count_parameters, load_keras, load_skops, model_bytes
from .inspecting import inspect, versions
from .loading import SavedModel, load
from .manifest import read_manifest, sha256
from .predicting import answers_to, predict_parts, raw_rows
from .saving import check_writable, save
from .signature import RawRows

__all__ = [
    "RawRows",
    "SavedModel",
    "answers_to",
    "check_writable",
    "count_parameters",
    "inspect",
    "load",
    "load_keras",
    "load_skops",
    "model_bytes",
    "predict_parts",
    "raw_rows",
    "read_manifest",
    "save",
    "sha256",
    "versions",
]
