"""Saved models: save, inspect, load, predict."""

from importlib import import_module

_PUBLIC = {
    "SavedModel": "._load",
    "count_parameters": "._size",
    "inspect": "._inspect",
    "load": "._load",
    "model_bytes": "._size",
    "read_manifest": "._manifest",
    "save": "._save",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(__all__)}"
        )
    return getattr(import_module(_PUBLIC[name], __name__), name)
