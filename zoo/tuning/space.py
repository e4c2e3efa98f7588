"""Search spaces: plain data that an entry file states as ``SPACE``, and random draws from them.

A space has for each parameter either the choices as a list, or a tuple of the scale and the two ends:

========================  ==================================================================
``("log", 1e-3, 1e-1)``   a number, uniform in its logarithm
``("uniform", 0.0, 0.5)`` a number
``("logint", 4, 256)``    a whole number, uniform in its logarithm
``("int", 1, 6)``         a whole number, both ends included
``[64, 128, 256]``        one of these
========================  ==================================================================
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...datasets import InputError

Space = Mapping[str, Any]
SCALES = ("log", "uniform", "logint", "int")


def check_space(space: Space, known: Mapping[str, Any]) -> None:
    """Refuse a space that names unknown parameters or cannot be drawn from.

    Parameters
    ----------
    space : mapping
        As in the description of this file.
    known : mapping
        Parameters of the model with their defaults.

    Raises
    ------
    InputError
        With the parameter and what is wrong.

    Examples
    --------
    >>> from deepworth.zoo.tuning import check_space
    >>> check_space({"C": ("log", 0.01, 100.0)}, {"C": 1.0})
    """
    for name, values in space.items():
        if name not in known:
            raise InputError(f"space: there is no parameter {name!r}; known are {', '.join(known)}")
        fault = _fault(values)
        if fault:
            raise InputError(f"space: {name} {fault}")


def _fault(values: Any) -> str:
    if isinstance(values, list):
        return "" if values else "has no choices"
    if not isinstance(values, tuple) or len(values) != 3 or values[0] not in SCALES:
        return f"must be a list of choices, or a scale ({', '.join(SCALES)}) and two ends"
    scale, low, high = values
    if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in (low, high)):
        return f"must have numbers as ends, got {low!r} and {high!r}"
    above = scale.startswith("log")
    if not low < high or (above and low <= 0):
        return f"must have ends that rise{', above 0' if above else ''}, got {low} to {high}"
    return ""


def changed_space(space: Space, changes: Mapping[str, Any] | None) -> dict[str, Any]:
    """A space with other ranges of some parameters, as Python, JSON or YAML has them; None takes one out.

    Parameters
    ----------
    space : mapping
        As in the description of this file.
    changes : mapping or None
        A list of a scale and two ends is a range, any other list the choices.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        ``changes`` is no mapping.

    Examples
    --------
    >>> from deepworth.zoo.tuning import changed_space
    >>> changed_space({"C": [1, 10], "gamma": [0.1]}, {"C": ["log", 0.1, 10], "gamma": None})
    {'C': ('log', 0.1, 10)}
    """
    if changes is None:
        return dict(space)
    if not isinstance(changes, Mapping):
        raise InputError(f"space must hold a range or choices for each parameter, got {changes!r}")
    merged = {**space, **{name: _as_range(values) for name, values in changes.items()}}
    return {name: values for name, values in merged.items() if values is not None}


def _as_range(values: Any) -> Any:
    is_range = isinstance(values, (list, tuple)) and len(values) == 3 and values[0] in SCALES
    return tuple(values) if is_range else list(values) if isinstance(values, tuple) else values


def draw(space: Space, n: int, seed: int) -> list[dict[str, Any]]:
    """Random parameters: the first are the defaults (none), the others differ from each other.

    Fewer than ``n`` come back where the space has no more. The first ``k`` of them are the same for any
    ``n``, so that more trials only add to fewer.

    Parameters
    ----------
    space : mapping
        As in the description of this file.
    n : int
        How many, the defaults included.
    seed : int
        The same seed gives the same draws.

    Returns
    -------
    list of dict
        Parameters by name.

    Examples
    --------
    >>> from deepworth.zoo.tuning import draw
    >>> drawn = draw({"C": ("log", 0.01, 100.0), "kernel": ["linear", "rbf"]}, 3, seed=0)
    >>> drawn[0], len(drawn), 0.01 <= drawn[1]["C"] <= 100.0
    ({}, 3, True)
    """
    rng = np.random.default_rng([seed, 0x5EA])
    drawn: list[dict[str, Any]] = [{}]
    misses = 0
    while space and len(drawn) < n and misses < 50:
        candidate = {name: _value(values, rng) for name, values in space.items()}
        misses = misses + 1 if candidate in drawn else 0
        if not misses:
            drawn.append(candidate)
    return drawn[:n]


def _value(values: Any, rng: np.random.Generator) -> Any:
    if isinstance(values, list):
        return values[int(rng.integers(len(values)))]
    scale, low, high = values
    if scale == "uniform":
        return float(rng.uniform(low, high))
    if scale == "int":
        return int(rng.integers(low, high + 1))
    number = math.exp(rng.uniform(math.log(low), math.log(high)))
    return round(number) if scale == "logint" else float(f"{number:.4g}")


def in_words(space: Space) -> dict[str, str]:
    """A space for people: "0.001 to 0.1 (log)", "64, 128 or 256"."""
    return {name: _words(values) for name, values in space.items()}


def _words(values: Any) -> str:
    if isinstance(values, Sequence) and not isinstance(values, tuple):
        shown = [str(value) for value in values]
        return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
    scale, low, high = values
    return f"{low:g} to {high:g}{' (log)' if scale.startswith('log') else ''}"
