"""The compiled training loop."""

from importlib import import_module

_PUBLIC = {
    "Architecture": "._program",
    "Part": "._train",
    "Replica": "._train",
    "Settings": "._train",
    "Trained": "._train",
    "outputs": "._program",
    "train": "._train",
    "usable_batch": "._train",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(__all__)}"
        )
    return getattr(import_module(_PUBLIC[name], __name__), name)
