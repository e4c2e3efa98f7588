"""Saved models: save, inspect, load, predict."""

from ...datasets._lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "SavedModel": "._load",
        "count_parameters": "._size",
        "inspect": "._inspect",
        "load": "._load",
        "model_bytes": "._size",
        "read_manifest": "._manifest",
        "save": "._save",
    },
)
