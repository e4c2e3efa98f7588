"""Training parameters, checked before anything heavy begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...datasets._errors import InputError
from ._schedules import SCHEDULES


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


_SHARE = "a number from 0 to below 1"
_ALLOWED: dict[str, tuple[Callable[[Any], bool], str]] = {
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
}


def check_training(params: Mapping[str, Any]) -> None:
    """Refuse a value that training cannot use; names without a rule belong to the architecture.

    Raises
    ------
    InputError
        With the parameter, what it must be, and what came.
    """
    for name, value in params.items():
        if name in _ALLOWED and not _ALLOWED[name][0](value):
            raise InputError(f"{name} must be {_ALLOWED[name][1]}, got {value!r}")
