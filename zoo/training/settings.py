"""How a network is trained.

Training parameters, checked before anything heavy begins.

Learning rate and weight decay over the course of a training, as factors of their start values.

``progress`` runs from 0 to below 1 over all planned steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...datasets import InputError


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


def constant(progress: np.ndarray) -> np.ndarray:
    """Always 1."""
    return np.ones_like(progress)


def cosine(progress: np.ndarray) -> np.ndarray:
    """Half a cosine from 1 down to 0 (Loshchilov and Hutter 2017, without restarts)."""
    return 0.5 * (1.0 + np.cos(np.pi * progress))


def flat_cosine(progress: np.ndarray) -> np.ndarray:
    """1 for the first half, then half a cosine down to 0."""
    return cosine(np.maximum(2.0 * progress - 1.0, 0.0))


def coslog4(progress: np.ndarray) -> np.ndarray:
    """Four cycles from 0 up to 1 and back, each twice as long as the one before.

    Holzmueller, Grinsztajn and Steinwart (2024), "Better by Default", section 3.
    """
    return 0.5 * (1.0 - np.cos(2.0 * np.pi * np.log2(1.0 + 15.0 * progress)))


SCHEDULES = {"constant": constant, "cosine": cosine, "flat-cosine": flat_cosine, "coslog4": coslog4}


def _is_int(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (int, float, np.number))
        and not isinstance(value, bool)
        and bool(np.isfinite(value))
    )


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value < 1


def _is_count(value: Any) -> bool:
    return _is_int(value) and value >= 1


_SHARE = "a number from 0 to below 1"
Rule = tuple[Callable[[Any], bool], str]
_ALLOWED: dict[str, Rule] = {
    "epochs": (lambda v: _is_int(v) and v >= 1, "an integer of at least 1"),
    "batch_size": (lambda v: v == "auto" or (_is_int(v) and v >= 1), 'an integer of at least 1 or "auto"'),
    "learning_rate": (lambda v: _is_number(v) and v > 0, "a number above 0"),
    "patience": (lambda v: v is None or (_is_int(v) and v >= 1), "an integer of at least 1 or None"),
    "weight_decay": (lambda v: _is_number(v) and v >= 0, "a number of at least 0"),
    "label_smoothing": (_is_share, _SHARE),
    "validation_fraction": (_is_share, _SHARE),
    "schedule": (lambda v: v in SCHEDULES, " or ".join(f'"{name}"' for name in SCHEDULES)),
    "ensemble": (lambda v: isinstance(v, (bool, np.bool_)), "True or False"),
    "ensemble_size": (lambda v: _is_int(v) and v >= 2, "an integer of at least 2"),
    "dropout": (_is_share, _SHARE),
    "frequencies": (lambda v: _is_int(v) and v >= 0, "an integer of at least 0"),
    **dict.fromkeys(
        ["members", "embedding_dim", "kernel_size", "dense_units", "recurrent_units"],
        (_is_count, "an integer of at least 1"),
    ),
}
_ONE_LAYER: Rule = (_is_count, "an integer of at least 1")
_LAYERS: Rule = (
    lambda v: isinstance(v, (list, tuple, np.ndarray)) and all(_is_count(size) for size in v),
    "the sizes of the layers, integers of at least 1, such as (64, 64)",
)


def check_training(params: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> None:
    """Refuse a value that training, or a network, cannot use; the default of ``hidden_units`` says its kind.

    Raises
    ------
    InputError
        With the parameter, what it must be, and what came.
    """
    for name, value in params.items():
        if name in ("hidden_units", "filters"):
            one = isinstance((defaults or params)[name], int)
            allowed, words = _ONE_LAYER if one else _LAYERS
        elif name in _ALLOWED:
            allowed, words = _ALLOWED[name]
        else:
            continue
        if not allowed(value):
            raise InputError(f"{name} must be {words}, got {value!r}")


def check_callbacks(callbacks: Sequence[Any], n_networks: int) -> None:
    """Refuse what cannot watch this training, before it begins.

    Raises
    ------
    ValueError
        Not callbacks of Keras, one that sets the learning rate, or several networks to watch.
    """
    import keras

    if callbacks and n_networks > 1:
        raise ValueError(f"callbacks watch one training, not {n_networks} at once")
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise ValueError(f"callbacks must be of keras.callbacks.Callback, got {callback!r}")
        if isinstance(callback, (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)):
            kind = type(callback).__name__
            raise ValueError(f"{kind} cannot set the rate of a compiled training; use schedule= instead")
