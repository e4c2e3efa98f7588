"""A calibrator as the last layer of a network, with the same numbers as outside."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from .calibrators import LEAST, Isotonic, Platt, StructuredMatrix, Temperature, calibrator


@keras.saving.register_keras_serializable(package="deepworth")
class CalibratedProbabilities(keras.layers.Layer):
    """Probabilities (batch, n_classes) to calibrated ones.

    Parameters
    ----------
    calibration : dict
        What :meth:`Calibrator.to_dict` gave.
    n_classes : int
    """

    def __init__(self, calibration: dict[str, Any], n_classes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.calibration, self.n_classes = calibration, n_classes
        self._calibrator = calibrator(calibration, n_classes)

    def call(self, probabilities: Any) -> Any:
        logs = ops.log(ops.maximum(probabilities, LEAST))
        if isinstance(self._calibrator, Temperature):
            return ops.softmax(logs / self._calibrator.temperature)
        if isinstance(self._calibrator, StructuredMatrix):
            return _by_matrix(logs, self._calibrator)
        rest = ops.matmul(probabilities, ops.convert_to_tensor(1.0 - np.eye(self.n_classes), logs.dtype))
        odds = logs - ops.log(ops.maximum(rest, LEAST))
        odds = odds[:, 1:] if self.n_classes == 2 else odds
        if isinstance(self._calibrator, Platt):
            z = odds * _row(self._calibrator.slopes) + _row(self._calibrator.intercepts)
            if self.n_classes == 2:
                return ops.concatenate([ops.sigmoid(-z), ops.sigmoid(z)], axis=1)
            return _normalised(ops.sigmoid(z))
        if isinstance(self._calibrator, Isotonic):
            curves = [_rising(odds[:, k : k + 1], *xy) for k, xy in enumerate(self._curves(self._calibrator))]
            return _normalised(ops.concatenate(curves, axis=1))
        return probabilities

    @staticmethod
    def _curves(found: Isotonic) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
        return list(zip(found.knots, found.shares, strict=True))

    def compute_output_shape(self, shape: Any) -> tuple[Any, ...]:
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "calibration": self.calibration, "n_classes": self.n_classes}


def _by_matrix(logs: Any, found: StructuredMatrix) -> Any:
    softened = ops.softmax(logs / found.temperature) * (1.0 - found.uniform)
    logits = ops.log(softened + found.uniform / len(found.intercepts))
    weights = ops.convert_to_tensor(np.array(found.weights, dtype=np.float32).T, logs.dtype)
    return ops.softmax(ops.matmul(logits, weights) + _row(found.intercepts))


def _row(values: tuple[float, ...]) -> Any:
    return np.array([values], dtype=np.float32)


def _rising(x: Any, knots: tuple[float, ...], shares: tuple[float, ...]) -> Any:
    """Straight lines between knots, level outside, as sums that every export format knows."""
    if len(knots) == 1:
        return ops.zeros_like(x) + shares[0]
    widths, steps = np.diff(knots), np.diff(shares)
    parts = ops.clip((x - _row(knots[:-1])) / _row(tuple(widths)), 0.0, 1.0)
    return shares[0] + ops.sum(parts * _row(tuple(steps)), axis=1, keepdims=True)


def _normalised(shares: Any) -> Any:
    if shares.shape[1] == 1:
        return ops.concatenate([1.0 - shares, shares], axis=1)
    return shares / ops.sum(shares, axis=1, keepdims=True)
