"""Which fields a manifest has, and of what kind each is. A manifest may come from anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ...datasets._errors import InputError

# As in datasets._base, which imports NumPy; a test holds the two together.
TASKS = ("binary", "multiclass", "regression")
MODALITIES = ("tabular", "image", "text")
KINDS = ("number", "category", "text", "date", "image")
MOST_CLASSES = 100_000
LONGEST_NAME = 1_000  # characters of a column's or a class's name

Fault = str | None
Check = Callable[[Any], Fault]


def check_fields(file: Path, manifest: dict[str, Any], newer: bool) -> None:
    """Refuse a field that is missing, of the wrong kind, or (if the format is not newer) unknown.

    Raises
    ------
    InputError
        The first of them, by name.
    """
    fault = next(_faults(manifest, newer), None)
    if fault is not None:
        raise InputError(f"{file}: {fault}")


def _faults(manifest: dict[str, Any], newer: bool) -> Iterator[str]:
    for name, check in _FIELDS.items():
        if name not in manifest:
            yield f"field {name!r} is missing or has the wrong type"
            return
        yield from _named(name, check(manifest[name]))
    for name, check in _OPTIONAL.items():
        if name in manifest:
            yield from _named(name, check(manifest[name]))
    unknown = sorted(set(manifest) - set(_FIELDS) - set(_OPTIONAL))
    if unknown and not newer:
        yield f"unknown field {quoted(unknown[0])}"
    yield from _contradictions(manifest)


def _named(name: str, fault: Fault) -> Iterator[str]:
    if fault is not None:
        yield f"field {name!r} {fault}"


def _contradictions(manifest: dict[str, Any]) -> Iterator[str]:
    """Fields that are right alone and wrong together."""
    task, classes, inputs = manifest["task"], manifest["classes"], manifest["inputs"]
    if (task == "binary") != (len(classes) == 2) or (task == "regression") != (not classes):
        yield f"a {task} task cannot have {len(classes)} classes"
    kinds = {column["kind"] for column in inputs}
    modality = manifest["modality"]
    if modality != "tabular" and (len(inputs) != 1 or kinds != {modality}):
        yield f"a model of {modality} data has one input of that kind, got {len(inputs)}"
    if modality == "tabular" and "image" in kinds:
        yield "a table has no images"


def of(*kinds: type) -> Check:
    """A check for one of these types; true and false are no numbers."""

    def check(value: Any) -> Fault:
        wrong = not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)
        return "has the wrong type" if wrong else None

    return check


def one_of(*values: str) -> Check:
    """A check for one of these words."""
    return lambda value: None if value in values else f"must be one of {', '.join(values)}"


def _classes(value: Any) -> Fault:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return "must be a list of names"
    if len(set(value)) < len(value):
        return "names a class twice"
    if len(value) > MOST_CLASSES or any(len(name) > LONGEST_NAME for name in value):
        return f"is too large: at most {MOST_CLASSES:,} names of {LONGEST_NAME:,} characters"
    return None


def _inputs(value: Any) -> Fault:
    if not isinstance(value, list) or not value:
        return "must be a list of at least one column"
    for place, column in enumerate(value, 1):
        fault = _column(column)
        if fault:
            return f"column {place}: {fault}"
    names = [column["name"] for column in value]
    return "names a column twice" if len(set(names)) < len(names) else None


def _column(column: Any) -> Fault:
    if not isinstance(column, dict):
        return "expected an object"
    unknown = set(column) - {"name", "kind", "input", "channels"}
    if unknown:
        return f"unknown field {quoted(sorted(unknown)[0])}"
    name, kind = column.get("name"), column.get("kind")
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        return "its name must be a text"
    if kind not in KINDS:
        return f"its kind must be one of {', '.join(KINDS)}"
    if not isinstance(column.get("input"), (str, type(None))):
        return "its input must be a name or null"
    channels = column.get("channels", None if kind == "image" else 1)
    return None if type(channels) is int and channels in (1, 3) else "its channels must be 1 or 3"


def _scores(value: Any) -> Fault:
    if not isinstance(value, dict):
        return "has the wrong type"
    numbers = all(type(v) in (int, float, type(None)) for v in value.values())
    return None if numbers else "must hold numbers"


def _dataset(value: Any) -> Fault:
    if not isinstance(value, dict):
        return "has the wrong type"
    kinds = {"name": str, "rows": (int, type(None)), "fingerprint": (str, type(None))}
    kinds |= {"positive": (str, type(None)), "licence": str}
    wrong = [k for k, kind in kinds.items() if not isinstance(value.get(k), kind)]  # type: ignore[arg-type]
    return f"has no sound {wrong[0]!r}" if wrong else None


def _versions(value: Any) -> Fault:
    plain = isinstance(value, dict) and all(isinstance(v, (str, int, type(None))) for v in value.values())
    return None if plain and isinstance(value.get("deepworth"), str) else "must hold versions as texts"


def _findings(value: Any) -> Fault:
    """As :class:`deepworth.datasets._base.Finding` has them."""
    if not isinstance(value, list):
        return "must be a list"
    names = ("code", "severity", "message")
    sound = all(isinstance(f, dict) and all(isinstance(f.get(n), str) for n in names) for f in value)
    return None if sound else "must hold objects with code, severity and message"


def quoted(text: Any) -> str:
    """In quotes, on one line, not too long, without signs that steer a terminal."""
    text = str(text)
    return repr(text if len(text) <= 80 else text[:77] + "...")


_TEXT, _OBJECT = of(str), of(dict)
_FIELDS: dict[str, Check] = {
    "format": _TEXT,
    "created": _TEXT,
    "model": _TEXT,
    "family": _TEXT,
    "params": _OBJECT,
    "task": one_of(*TASKS),
    "modality": one_of(*MODALITIES),
    "inputs": _inputs,
    "target": _TEXT,
    "classes": _classes,
    "scores": _scores,
    "dataset": _dataset,
    "seed": of(int, type(None)),
    "versions": _versions,
    "files": _OBJECT,
}
_OPTIONAL: dict[str, Check] = {
    "confidence": _OBJECT,  # since 1.1
    "costs": _OBJECT,  # since 1.2, as all below
    "evaluation": _OBJECT,
    "findings": _findings,
    "run": _TEXT,
    "verdict": _OBJECT,
}
