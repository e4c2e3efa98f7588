"""Arguments of the Python API are checked by type: an error in one line says what is expected.

What an argument may be is read from the annotations of a function and of its ``**options``, so that type
checkers and this check never differ. Ranges and names are checked where they are used.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, wraps
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from ..datasets import InputError, ReadOptions, unknown_name

P = ParamSpec("P")
R = TypeVar("R")

# Names in annotations that exist for type checkers only. What can be read as data, the reader knows.
_NAMES = {"Sequence": Sequence, "Mapping": Mapping, "TableLike": object, "DataLike": object}

# Names of columns, cells and classes of a DataFrame can be numbers; the reader takes them as strings.
_CELLS = Sequence[str | float] | None
_WIDER = {"positive": str | float | bool | None, **dict.fromkeys(("drop", "categorical", "numeric"), _CELLS)}
_WIDER["missing"] = _CELLS

_EXPECTED = {
    "models": "names of models, estimators or functions that make one, such as ['deep-mlp', Ridge()]",
    "model": "the name of a model, an estimator or a function that makes one, such as Ridge()",
    "params": "parameters by model, such as {'deep-mlp': {'epochs': 50}}",
    "metric": "the name of a metric, such as 'roc_auc'",
    **dict.fromkeys(("target", "text", "split_column", "groups", "time"), "the name of a column"),
    **dict.fromkeys(("drop", "categorical", "numeric"), "names of columns"),
    "budget": "limits of cost, such as ['latency=5ms', 'size=1MB']",
    "time_limit": "a number of seconds, or a time such as '5m'",
    "memory_limit": "a number of bytes, or a size such as '2GB'",
    "suite": "a YAML file, or setups by name, such as {'iris': Setup.of('iris')}",
}
_KINDS = {str: "a string", int: "a whole number", float: "a number", bool: "True or False"}
_ELEMENTS = {str: "strings", int: "whole numbers", float: "numbers"}
_SHOWN = 60  # characters of a value in an error


def checked_types(function: Callable[P, R]) -> Callable[P, R]:
    """Refuse arguments of another type than the annotations of a function say, and unknown options."""
    signature = inspect.signature(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:  # the function says it better
            return function(*args, **kwargs)
        hints, named, options = _hints(function)
        for name, value in given.items():
            if name in hints:
                _check(name, value, hints[name])
        for name, value in given.get(named, {}).items():
            if name not in options:
                raise unknown_name("option", name, [*hints, *options])
            if value is None and name != "seed":  # an option that is not given
                kwargs.pop(name)
            else:
                _check(name, value, options[name])
        return function(*args, **kwargs)

    return call


def with_options_signature(options: type) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Show the options of a ``TypedDict`` one by one in the signature of ``**options``, None by default."""

    def shown(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        given = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        own = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
            for name, hint in option_types(options).items()
        ]
        function.__signature__ = signature.replace(parameters=[*given, *own])  # type: ignore[attr-defined]
        return function

    return shown


@cache
def _hints(function: Callable[..., Any]) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """Types of the parameters of a function, and the name of its ``**options`` with their types."""
    hints: dict[str, Any] = {}
    named, options = "", {}
    for name, parameter in inspect.signature(function, eval_str=True, locals=_NAMES).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            named, options = name, option_types(get_args(parameter.annotation)[0])
        elif parameter.annotation is not parameter.empty:
            hints[name] = parameter.annotation
    return hints, named, options


def option_types(options: type) -> dict[str, Any]:
    """Types of the options of a ``TypedDict``, by name."""
    hints = get_type_hints(options, localns=_NAMES)
    reading = ReadOptions.__annotations__
    return {name: _WIDER.get(name, hint) if name in reading else hint for name, hint in hints.items()}


def _check(name: str, value: object, hint: Any) -> None:
    if not fits(value, hint):
        raise InputError(f"{name} must be {expected(name, hint)}, got {_shown(value)}")


def fits(value: object, hint: Any) -> bool:
    """Whether a value has the type of a hint; numbers of NumPy are numbers, one string is a list of one."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in (object, Any):
        return True
    if origin in (Union, UnionType):
        return any(fits(value, each) for each in inner)
    if origin is Literal:
        return isinstance(value, str) if isinstance(inner[0], str) else any(value is each for each in inner)
    if origin in (Sequence, Mapping):
        return _fits_inside(value, origin, inner)
    if origin is Callable:
        return callable(value)
    if hint is bool:
        return isinstance(value, (bool, np.bool_))
    if hint in (int, float):
        number = Integral if hint is int else Real
        return isinstance(value, number) and not isinstance(value, bool)
    return isinstance(value, origin or hint)


def _fits_inside(value: object, origin: Any, inner: tuple[Any, ...]) -> bool:
    """Whether every element of a list, or every key and value of a mapping, has its type."""
    if origin is Mapping:
        pairs = value.items() if isinstance(value, Mapping) else ()
        return isinstance(value, Mapping) and all(
            fits(key, inner[0]) and fits(own, inner[1]) for key, own in pairs
        )
    if isinstance(value, str):
        return fits(value, inner[0])
    if not isinstance(value, (Collection, np.ndarray)) or isinstance(value, (bytes, Mapping)):
        return False
    if getattr(value, "ndim", 1) != 1:  # a table, or a matrix
        return False
    return all(fits(each, inner[0]) for each in value)


def expected(name: str, hint: Any) -> str:
    """What an option may be, in words."""
    return _EXPECTED.get(name) or " or ".join(dict.fromkeys(_words(hint)))


def _words(hint: Any) -> list[str]:
    """Words for each kind of value that a hint allows."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        kinds = [kind for kind in inner if kind is not NoneType]
        return [word for kind in kinds for word in _words(kind)] + ["None"] * (len(kinds) < len(inner))
    if origin is Literal:
        choices = ", ".join(map(repr, inner))
        return [f"one of {choices}" if len(inner) > 1 else choices]
    if origin is Sequence:
        return [f"a list of {_ELEMENTS.get(inner[0], 'strings')}"]
    if origin is Callable:
        return ["a function"]
    if (origin or hint) is os.PathLike:
        return ["a path"]
    return [_KINDS.get(hint, getattr(origin or hint, "__name__", str(hint)))]


def _shown(value: object) -> str:
    """A value in one short line; the name of its type where it is long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _SHOWN else f"{type(value).__name__} {text[: _SHOWN - 20]}..."
