"""Confidence that people can use: calibrated probabilities, thresholds by costs, conformal sets."""

from importlib import import_module

_PUBLIC = {
    "Calibrated": "._estimators",
    "ConformalRegressor": "._estimators",
    "calibrator": "._calibrators",
    "choose": "._choice",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(__all__)}"
        )
    return getattr(import_module(_PUBLIC[name], __name__), name)
