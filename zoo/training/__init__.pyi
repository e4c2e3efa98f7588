from .architecture import Architecture, Part, Replica, StreamedPart, combined
from .fleet import train
from .lanes import Trained
from .program import outputs
from .settings import Settings, usable_batch

__all__ = [
    "Architecture",
    "Part",
    "Replica",
    "Settings",
    "StreamedPart",
    "Trained",
    "combined",
    "outputs",
    "train",
    "usable_batch",
]
