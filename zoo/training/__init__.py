"""The compiled training loop."""

from ...datasets._lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
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
    },
)
