"""The manifest: what a saved model is, readable without loading it.

Which fields a manifest has, and of what kind each is. A manifest may come from anybody.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ...datasets import InputError

FORMAT = "1.2"  # 1.1: confidence; 1.2: evaluation, findings, verdict, costs, run
FILES = ("model.keras", "model.skops", "card.md")
LARGEST = 32 * 2**20  # bytes; a table of 10,000 columns takes two MiB


def read_manifest(path: str | Path) -> dict[str, Any]:
    """The checked manifest of a saved model; nothing heavy is imported, nothing executed.

    Raises
    ------
    InputError
        The first thing wrong: a format of another major version, a field that is missing, unknown or of the
        wrong kind, a file that is missing, no plain file, or not the one that was saved.
    """
    folder = Path(path)
    manifest = parse_manifest(folder)
    for name, expected in manifest["files"].items():
        fault = file_fault(folder / name, expected)
        if fault:
            raise InputError(f"{folder / name} {fault}")
    return manifest


def parse_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, its fields checked; the files that it lists are not looked at."""
    file = folder / "manifest.json"
    if not folder.exists():
        raise InputError(f"no saved model at {folder}; deepworth train DATA -m MODEL -o {folder} makes one")
    if not file.is_file() or file.is_symlink():
        raise InputError(f"{folder} is not a saved model: it has no manifest.json")
    manifest = _parsed(file)
    if not isinstance(manifest, dict):
        raise InputError(f"{file}: expected an object, got {type(manifest).__name__}")
    newer = _check_format(file, manifest.get("format"))
    check_fields(file, manifest, newer)
    _check_names(folder, manifest["files"])
    return manifest


def _parsed(file: Path) -> Any:
    try:
        if file.stat().st_size > LARGEST:
            raise InputError(f"{file} has {file.stat().st_size:,} bytes; at most {LARGEST:,} are read")
        text = file.read_text(encoding="utf-8")
        return json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number)
    except (OSError, ValueError, RecursionError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{file} cannot be read: {first[:200]}") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ in which of two equal fields they believe."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"field {quoted(next(n for n in names if names.count(n) > 1))} stands twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _check_format(file: Path, found: Any) -> bool:
    """Whether the format is newer than ours, which is told."""
    if not isinstance(found, str):
        raise InputError(f"{file}: field 'format' is missing or has the wrong type")
    if not re.fullmatch(r"\d{1,4}\.\d{1,4}(\.\d{1,4})?", found, re.ASCII):
        raise InputError(f"{file}: format {quoted(found)} is not a version")
    major, minor = (int(part) for part in found.split(".")[:2])
    own_major, own_minor = (int(part) for part in FORMAT.split("."))
    if major != own_major:
        raise InputError(
            f"{file}: format {found} cannot be read by this version ({FORMAT}); update deepworth"
        )
    if minor > own_minor:
        warnings.warn(
            f"{file}: format {found} is newer than {FORMAT}; some of it may be ignored", stacklevel=4
        )
    return minor > own_minor


def _check_names(folder: Path, files: dict[str, Any]) -> None:
    """Each name is one we know: so none leads out of the folder."""
    for name, expected in files.items():
        if name not in FILES:
            raise InputError(f"{folder}: unexpected file name {quoted(name)} in the manifest")
        if not isinstance(expected, str):
            raise InputError(f"{folder}: the hash of {name} in the manifest is no text")
    if sum(name.startswith("model.") for name in files) != 1:
        raise InputError(f"{folder}: expected one model file in the manifest, got {sorted(files)}")


def file_fault(path: Path, expected: str) -> str | None:
    """Why a file is not the one that was saved, or None."""
    if path.is_symlink() or not path.is_file():
        return "is missing or not a plain file"
    if sha256(path) != expected:
        return "was changed or damaged: its hash is not that of the manifest"
    return None


def sha256(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
