"""Explanations of any model: importance, dependence, surrogates, gradients, units, probes."""

from importlib import import_module

_PUBLIC = {
    "surrogates": "._surrogates",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(__all__)}"
        )
    return getattr(import_module(_PUBLIC[name], __name__), name)
