"""What confidence turned out to be worth on rows that were left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._calibrators import Calibrator
from ._choice import cross_fitted, log_losses
from ._conformal import refer, sets_out_of_fold, widths_out_of_fold
from ._reliability import bin_numbers, estimated_error, statements, summarise


def of_classes(
    method: type[Calibrator],
    raw: np.ndarray,
    codes: np.ndarray,
    parts: np.ndarray,
    place: int,
    level: float | None,
) -> dict[str, Any]:
    """Calibration before and after, and the sets, by row that was left out; each fold by the others.

    Parameters
    ----------
    raw : ndarray of shape (n_samples, n_classes)
        Probabilities of the model.
    place : int
        The positive class of two.
    """
    measured: dict[str, Any] = {"rows": len(codes), "folds": len(np.unique(parts))}
    after = cross_fitted(method, raw, codes, parts)
    for name, shares in (("before", raw), ("after", after)):
        measured[name] = {
            "log_loss": float(log_losses(shares, codes).mean()),
            "calibration_error": error_of(shares, codes, place),
        }
    if level is not None and measured["folds"] > 1:
        measured |= of_sets(sets_out_of_fold(method, raw, codes, parts, level), codes)
    return measured


def of_sets(sets: np.ndarray, codes: np.ndarray) -> dict[str, float]:
    """How often sets hold the truth, how large they are, and how many rows go to a human."""
    return {
        "coverage": float(sets[np.arange(len(codes)), codes].mean()),
        "mean_set_size": float(sets.sum(axis=1).mean()),
        "referred": float(refer(sets).mean()),
    }


def of_values(residuals: np.ndarray, parts: np.ndarray, level: float) -> dict[str, Any]:
    """How often intervals hold the truth."""
    measured: dict[str, Any] = {"rows": len(residuals), "folds": len(np.unique(parts))}
    if measured["folds"] > 1:
        widths = widths_out_of_fold(residuals, parts, level)
        measured["coverage"] = float(np.mean(np.abs(residuals) <= widths))
    return measured


def error_of(probabilities: np.ndarray, codes: np.ndarray, place: int = 1) -> float:
    """The calibration error of these rows, without the part of chance."""
    stated, hits = statements(probabilities, codes, place)
    return estimated_error(summarise(stated, hits, bin_numbers(stated))).value
