"""Tuning: search spaces as entry files state them, and a search inside the training rows of a model."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
