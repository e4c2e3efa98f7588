"""How a network is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How a network is trained.

    ``batch_size`` is rounded down to a power of two that the rows can fill, and the last partial
    batch of an epoch is left out (its rows come first in another). ``patience`` counts epochs without
    a better validation loss; None never stops early. The best epoch's weights are kept in any case.
    ``schedule`` and ``decay_schedule`` name functions of ``_schedules``; ``clip_norm`` bounds the norm of
    the gradient of a step. With ``averaging`` above 0 it is the running mean of the weights, with this
    decay a step, that is watched and kept (Polyak and Juditsky 1992). A fleet runs ``workers`` threads
    (None: one a core), each of which trains ``lanes`` networks in one vectorised step.
    """

    epochs: int = 100
    batch_size: int = 32
    learning_rate: float = 1e-3
    patience: int | None = 15
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    schedule: str = "constant"
    decay_schedule: str = "constant"
    beta_2: float = 0.999
    clip_norm: float | None = 1.0
    jit: bool = True
    averaging: float = 0.0
    workers: int | None = None
    lanes: int = 1


def usable_batch(batch_size: int, n_rows: int) -> int:
    """The largest power of two up to ``batch_size`` that ``n_rows`` can fill."""
    return 2 ** int(math.log2(max(1, min(batch_size, n_rows))))
