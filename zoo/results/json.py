"""Dataclasses to JSON and back, by msgspec: the one place where a typed answer becomes a plain object."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Only what JSON has: no dataclass, no NumPy, no tuple, no NaN (which becomes null)."""
    return _finite(msgspec.to_builtins(value, enc_hook=_number))


def from_json(kind: type[T], value: Any) -> T:
    """The dataclass of a plain object; unknown keys are ignored.

    Raises
    ------
    ValueError
        A key is missing or has a value of another type; the message names its place.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:  # older versions do not derive it from ValueError
        raise ValueError(str(error)) from error


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of what :func:`to_json` makes of a type, each key described as its class does."""
    schema: dict[str, Any] = msgspec.json.schema(kind, schema_hook=lambda _: {"description": "any value"})
    for part in (schema, *schema.get("$defs", {}).values()):
        text = inspect.cleandoc(part.get("description", "")).partition("\n\nExamples\n")[0]
        summary, _, attributes = text.partition("\n\nAttributes\n----------\n")
        if attributes:
            part["description"] = summary
            _describe(part["properties"], attributes)
    return schema


def _describe(properties: dict[str, Any], attributes: str) -> None:
    """Give each key the text under its name in a section of numpydoc."""
    for names, text in re.findall(r"^(\w.*) : .*\n((?:    .*\n?)+)", attributes, re.MULTILINE):
        for name in names.split(", "):
            properties[name]["description"] = " ".join(text.split())


def _number(value: Any) -> Any:
    """NumPy's scalars and arrays."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(own) for key, own in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(own) for own in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
