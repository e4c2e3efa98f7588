"""Confidence that people can use: calibrated probabilities, thresholds by costs, conformal sets."""

from ...datasets._lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "Calibrated": "._estimators",
        "ConformalRegressor": "._estimators",
        "calibrator": "._calibrators",
        "choose": "._choice",
    },
)
