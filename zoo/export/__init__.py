"""Saved models in other formats, each proved in a process of its own; _formats.py says what a format is."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
