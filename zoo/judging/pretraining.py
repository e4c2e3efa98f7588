"""What pretraining gains: the best model on pretrained weights against the best of all others."""

from __future__ import annotations

import numpy as np

from ..results.answer import PretrainingGain
from .inference import Inference, NoContest
from .scores import Support
from .verdict import positions_of


def pretraining_gain(
    inference: Inference, margin: float, support: Support | None = None
) -> PretrainingGain | None:
    """The gain with its interval, both sides corrected for model selection as in the verdict.

    None where one side has no complete model, or nothing can be said of the uncertainty.
    """
    models, metric = inference.models, inference.metric
    positions = positions_of(models, metric)
    own = positions["pretrained"]
    others = np.concatenate([positions["deep"], positions["classical"]])
    if not len(own) or not len(others) or (support is not None and not support.enough):
        return None
    found = inference.contest({"deep": own, "classical": others}, margin)
    if isinstance(found, NoContest):
        return None

    def best(rows: np.ndarray) -> str:
        return models[int(max(rows, key=lambda i: _mean(models[i].folds[metric.name], metric.sign)))].model

    p = found.gain
    return PretrainingGain(
        best(own), best(others), p.mean, p.low, p.high, p.p_above, p.p_inside, p.p_below, inference.level
    )


def _mean(scores: np.ndarray, sign: float) -> float:
    return float(np.nanmean(sign * scores))
