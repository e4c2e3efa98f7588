"""How a network is trained: settings, schedules of the learning rate, and what parameters may be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from ...datasets import InputError

Schedule = Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"]


@dataclass(frozen=True)
class Settings:
    """How a network is trained.

    Parameters
    ----------
    epochs : int, default=100
        Passes over the training rows at most.
    batch_size : int, default=32
        Rows a step, rounded down to a power of two that the rows can fill. The last partial batch of an
        epoch is left out; its rows come first in another.
    learning_rate : float, default=0.001
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=15
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices.
    label_smoothing : float, default=0.0
        Share of the target spread evenly over the classes.
    schedule, decay_schedule : str, default="constant"
        "constant", "cosine", "flat-cosine", "coslog4" or "triangular": learning rate and weight decay over
        the training, see :data:`SCHEDULES`.
    beta_2 : float, default=0.999
        Decay of AdamW's second moment.
    clip_norm : float or None, default=1.0
        Largest norm of the gradient of a step.
    jit : bool, default=True
        Compile by XLA.
    averaging : float, default=0.0
        Above 0 the running mean of the weights, with this decay a step, is watched and kept (Polyak and
        Juditsky 1992).
    bias_rate : float, default=1.0
        Factor of the learning rate for biases and the weights of normalisations, all that has one axis.
    workers : int or None, default=None
        Threads of a fleet; None takes as many as keep all cores busy.
    lanes : int, default=1
        Networks that a thread trains in one vectorised step.

    Examples
    --------
    >>> from deepworth.zoo.training import Settings
    >>> Settings(epochs=10, schedule="cosine").batch_size
    32
    """

    epochs: int = 100
    batch_size: int = 32
    learning_rate: float = 1e-3
    patience: int | None = 15
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    schedule: Schedule = "constant"
    decay_schedule: Schedule = "constant"
    beta_2: float = 0.999
    clip_norm: float | None = 1.0
    jit: bool = True
    averaging: float = 0.0
    bias_rate: float = 1.0
    workers: int | None = None
    lanes: int = 1


def usable_batch(batch_size: int, n_rows: int) -> int:
    """The largest power of two up to ``batch_size`` that ``n_rows`` can fill.

    Parameters
    ----------
    batch_size : int
        Rows of a step as they were asked for.
    n_rows : int
        Training rows.

    Returns
    -------
    int

    Examples
    --------
    >>> from deepworth.zoo.training import usable_batch
    >>> usable_batch(100, n_rows=1000), usable_batch(100, n_rows=40)
    (64, 32)
    """
    return 2 ** int(math.log2(max(1, min(batch_size, n_rows))))


# Factors of the start value over a training; ``progress`` goes from 0 to below 1 over all planned steps.


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


def triangular(progress: np.ndarray) -> np.ndarray:
    """Straight up to 1 over the first quarter, then straight down to 0.

    A short form of the one-cycle policy of Smith and Topin (2018), as Jordan (2024) uses it.
    """
    return np.interp(progress, (0.0, 0.25, 1.0), (0.1, 1.0, 0.0))


SCHEDULES: dict[Schedule, Callable[[np.ndarray], np.ndarray]] = {
    "constant": constant,
    "cosine": cosine,
    "flat-cosine": flat_cosine,
    "coslog4": coslog4,
    "triangular": triangular,
}


def _is_int(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    real = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return real and bool(np.isfinite(value))


def _is_count(value: Any) -> bool:
    return _is_int(value) and value >= 1


Limits = tuple[float, float | None]  # the least value, and what every value is below


@dataclass(frozen=True)
class Rule:
    """What a parameter may be, as a test and in words."""

    allows: Callable[[Any], bool]
    words: str

    @classmethod
    def within(cls, limits: Limits, *, whole: bool = False) -> Rule:
        """Numbers from the least to below the other limit, or whole numbers."""
        least, below = limits
        kind, words = (_is_int, "an integer") if whole else (_is_number, "a number")
        words += f" of at least {least:g}" if below is None else f" from {least:g} to below {below:g}"
        return cls(lambda v: kind(v) and least <= v and (below is None or v < below), words)

    def or_auto(self) -> Rule:
        """The same, or "auto"."""
        return Rule(lambda v: v == "auto" or self.allows(v), f'{self.words} or "auto"')


COUNT = Rule.within((1, None), whole=True)
SHARE = Rule.within((0, 1))
SIZES = Rule(
    lambda v: isinstance(v, (list, tuple, np.ndarray)) and all(map(_is_count, v)),
    "the sizes of the layers, integers of at least 1, such as (64, 64)",
)
TRAINING_RULES: dict[str, Rule] = {
    "epochs": COUNT,
    "batch_size": Rule(lambda v: v == "auto" or _is_count(v), f'{COUNT.words} or "auto"'),
    "learning_rate": Rule(lambda v: _is_number(v) and v > 0, "a number above 0"),
    "patience": Rule(lambda v: v is None or _is_count(v), f"{COUNT.words} or None"),
    "weight_decay": Rule.within((0, None)),
    "label_smoothing": SHARE,
    "validation_fraction": SHARE,
    "schedule": Rule(SCHEDULES.__contains__, " or ".join(f'"{name}"' for name in get_args(Schedule))),
    "ensemble": Rule(lambda v: isinstance(v, (bool, np.bool_)), "True or False"),
    "ensemble_size": Rule.within((2, None), whole=True),
    "verbose": Rule(lambda v: isinstance(v, (int, np.integer, np.bool_)), "0 or 1"),
}


def rule_of(name: str, default: object, limits: Mapping[str, Limits]) -> Rule | None:
    """The rule of a parameter: of training, or of a network by its limits and the type of its default.

    Where the default is "auto", that is allowed beside whole numbers within the limits.
    """
    if name in TRAINING_RULES:
        rule = TRAINING_RULES[name]
    elif name in limits:
        rule = Rule.within(limits[name], whole=_is_int(default) or default == "auto")
    else:
        return next((rule for rule in (COUNT, SIZES) if rule.allows(default)), None)
    return rule.or_auto() if default == "auto" and not rule.allows("auto") else rule


def check_parameters(
    values: Mapping[str, Any], defaults: Mapping[str, Any], limits: Mapping[str, Limits]
) -> None:
    """Refuse a value that training or the network cannot use, before anything heavy begins.

    Parameters
    ----------
    values, defaults : mapping
        Parameters of training and of the network by name.
    limits : mapping of (least, below)
        The ``LIMITS`` of the network's entry file. Without them a parameter whose default is an integer of at
        least 1, or a tuple of such, must be like it, and nothing else is checked.

    Raises
    ------
    InputError
        With the parameter, what it must be, and what came.
    """
    for name, value in values.items():
        rule = rule_of(name, defaults[name], limits)
        if rule is not None and not rule.allows(value):
            raise InputError(f"{name} must be {rule.words}, got {value!r}")


def check_callbacks(callbacks: Sequence[Any], n_networks: int) -> None:
    """Refuse callbacks that this training cannot call.

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
