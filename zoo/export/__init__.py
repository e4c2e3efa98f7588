"""Saved models in other formats, each proved in a process of its own."""

from importlib import import_module

_PUBLIC = {
    "export": "._export",
    "formats": "._catalogue",
    "verify": "._proof",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(__all__)}"
        )
    return getattr(import_module(_PUBLIC[name], __name__), name)
