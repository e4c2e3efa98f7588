"""Saved models: save a fitted model without pickle, inspect its folder, load it and predict raw rows."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
