from .calibrators import calibrator, choose
from .estimators import Calibrated, ConformalRegressor

__all__ = ["Calibrated", "ConformalRegressor", "calibrator", "choose"]
