"""The compiled training loop."""

from importlib import import_module

_PUBLIC = {
    "Architecture": "._architecture",
    "Part": "._architecture",
    "Replica": "._architecture",
    "Settings": "._settings",
    "StreamedPart": "._architecture",
    "Trained": "._lanes",
    "combined": "._mixture",
    "outputs": "._program",
    "train": "._fleet",
    "usable_batch": "._settings",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(__all__)}"
        )
    return getattr(import_module(_PUBLIC[name], __name__), name)
