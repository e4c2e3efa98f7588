"""The manifest of a saved model, readable without loading the model: its fields, and how each is checked.

A manifest may come from an untrusted source, so every field is checked before it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast, get_args

from ...datasets import InputError, check_reader
from ..results.models import InputKind, Manifest, Modality, Task

FORMAT = "1.1"  # 1.1 added graph
FILES = ("model.keras", "model.skops", "card.md")
GRAPH_FILE = "onnx/model.onnx"  # of a model whose manifest has "graph"
LARGEST = 32 * 2**20  # bytes; a table of 10,000 columns takes two MiB


def read_manifest(path: str | os.PathLike[str]) -> Manifest:
    """Read and check the manifest of a saved model, without loading the model.

    Nothing is executed and no heavy library is imported, so this is safe for models from any source.

    Parameters
    ----------
    path : path
        Folder of a saved model.

    Returns
    -------
    Manifest
        The fields of ``manifest.json``, as a dict.

    Raises
    ------
    InputError
        The first fault: a format of another major version, a field that is missing, unknown or of the wrong
        type, or a file that is missing, no plain file, or not the one that was saved.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from deepworth.zoo.artefact import read_manifest, save
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> folder = save(GaussianNB().fit(X, y), tempfile.mkdtemp() + "/iris", X=X, y=y)
    >>> manifest = read_manifest(folder)
    >>> manifest["model"], manifest["task"], manifest["classes"]
    ('GaussianNB', 'multiclass', ['0', '1', '2'])
    """
    folder = Path(path)
    manifest = parse_manifest(folder)
    for name, expected in manifest["files"].items():
        fault = file_fault(folder / name, expected)
        if fault:
            raise InputError(f"{folder / name} {fault}")
    return manifest


def parse_manifest(folder: Path) -> Manifest:
    """The manifest with its fields checked, but not the files that it lists."""
    file = folder / "manifest.json"
    if not folder.exists():
        raise InputError(f"no saved model at {folder}; deepworth train DATA -m MODEL -o {folder} makes one")
    if not file.is_file() or file.is_symlink():
        raise InputError(f"{folder} is not a saved model: it has no manifest.json")
    manifest = _parsed(file)
    if not isinstance(manifest, dict):
        raise InputError(f"{file}: expected an object, got {type(manifest).__name__}")
    check_fields(file, manifest, is_newer=_is_newer(file, manifest.get("format")))
    _check_names(folder, manifest["files"])
    return cast("Manifest", manifest)


def _parsed(file: Path) -> Any:
    try:
        if file.stat().st_size > LARGEST:
            raise InputError(f"{file} has {file.stat().st_size:,} bytes; at most {LARGEST:,} are read")
        text = file.read_text(encoding="utf-8")
        return json.loads(text, object_pairs_hook=_unique_fields, parse_constant=_refuse_constant)
    except (OSError, ValueError, RecursionError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{file} cannot be read: {first[:200]}") from error


def _unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without duplicate fields: JSON readers differ in which of two they take."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"duplicate field {quoted(next(n for n in names if names.count(n) > 1))}")
    return fields


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not valid JSON")


def _is_newer(file: Path, version: Any) -> bool:
    """Whether the format is a newer minor version than ours, with a warning; other major ones are refused."""
    if not isinstance(version, str):
        raise InputError(f"{file}: field 'format' is missing or has the wrong type")
    if not re.fullmatch(r"\d{1,4}\.\d{1,4}(\.\d{1,4})?", version, re.ASCII):
        raise InputError(f"{file}: format {quoted(version)} is not a version")
    major, minor = (int(part) for part in version.split(".")[:2])
    known_major, known_minor = (int(part) for part in FORMAT.split("."))
    if major != known_major:
        raise InputError(
            f"{file}: format {version} cannot be read by this version ({FORMAT}); update deepworth"
        )
    if minor > known_minor:
        warnings.warn(
            f"{file}: format {version} is newer than {FORMAT}; unknown fields are ignored", stacklevel=4
        )
    return minor > known_minor


def _check_names(folder: Path, files: dict[str, Any]) -> None:
    """Refuse unknown file names, so that none can lead out of the folder."""
    for name, expected in files.items():
        if name not in FILES:
            raise InputError(f"{folder}: unexpected file name {quoted(name)} in the manifest")
        if not isinstance(expected, str):
            raise InputError(f"{folder}: the hash of {name} in the manifest must be a string")
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
    """Hash the content of a file.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    str
        SHA-256 as hexadecimal digits.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from deepworth.zoo.artefact import sha256
    >>> file = Path(tempfile.mkdtemp()) / "empty"
    >>> file.touch()
    >>> sha256(file)[:8]
    'e3b0c442'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


TASKS: tuple[str, ...] = get_args(Task)
MODALITIES: tuple[str, ...] = get_args(Modality)
KINDS: tuple[str, ...] = get_args(InputKind)
MOST_CLASSES = 100_000
MOST_LEVELS = 1_000  # of a category; those of one with more are not kept
LONGEST_NAME = 1_000  # characters of a column's or a class's name

Fault = str | None
Check = Callable[[Any], Fault]


def check_fields(file: Path, manifest: dict[str, Any], *, is_newer: bool) -> None:
    """Raise InputError for the first field that is missing, wrong, or unknown in a format not newer."""
    fault = next(_faults(manifest, is_newer), None)
    if fault is not None:
        raise InputError(f"{file}: {fault}")


def _faults(manifest: dict[str, Any], is_newer: bool) -> Iterator[str]:
    for name, check in _FIELDS.items():
        if name not in manifest:
            yield f"field {name!r} is missing or has the wrong type"
            return
        yield from _named(name, check(manifest[name]))
    for name, check in _OPTIONAL.items():
        if name in manifest:
            yield from _named(name, check(manifest[name]))
    unknown = sorted(set(manifest) - set(_FIELDS) - set(_OPTIONAL))
    if unknown and not is_newer:
        yield f"unknown field {quoted(unknown[0])}"
    yield from _contradictions(manifest)


def _named(name: str, fault: Fault) -> Iterator[str]:
    if fault is not None:
        yield f"field {name!r} {fault}"


def _contradictions(manifest: dict[str, Any]) -> Iterator[str]:
    """Fields that are valid on their own and contradict each other."""
    task, classes, inputs = manifest["task"], manifest["classes"], manifest["inputs"]
    if (task == "binary") != (len(classes) == 2) or (task == "regression") != (not classes):
        yield f"a {task} task cannot have {len(classes)} classes"
    kinds = {column["kind"] for column in inputs}
    modality = manifest["modality"]
    if modality != "tabular" and (len(inputs) != 1 or kinds != {modality}):
        yield f"a model of {modality} data has exactly one input of that kind, got {len(inputs)}"
    if modality == "tabular" and "image" in kinds:
        yield "tabular data cannot have image columns"


def of(*kinds: type) -> Check:
    """A check for one of these types; bool does not count as int."""

    def check(value: Any) -> Fault:
        wrong = not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)
        return "has the wrong type" if wrong else None

    return check


def one_of(*values: str) -> Check:
    """A check for one of these strings."""
    return lambda value: None if value in values else f"must be one of {', '.join(values)}"


def _classes(value: Any) -> Fault:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return "must be a list of names"
    if len(set(value)) < len(value):
        return "has a duplicate class"
    if len(value) > MOST_CLASSES or any(len(name) > LONGEST_NAME for name in value):
        return f"is too large: at most {MOST_CLASSES:,} names of {LONGEST_NAME:,} characters"
    return None


def _inputs(value: Any) -> Fault:
    if not isinstance(value, list) or not value:
        return "must be a list of at least one column"
    for number, column in enumerate(value, 1):
        fault = _column(column)
        if fault:
            return f"column {number}: {fault}"
    names = [column["name"] for column in value]
    return "has a duplicate column" if len(set(names)) < len(names) else None


def _column(column: Any) -> Fault:
    if not isinstance(column, dict):
        return "expected an object"
    unknown = set(column) - {"name", "kind", "input", "channels", "reader", "levels"}
    if unknown:
        return f"unknown field {quoted(sorted(unknown)[0])}"
    name, kind = column.get("name"), column.get("kind")
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        return "its name must be a string of at most 1,000 characters"
    if kind not in KINDS:
        return f"its kind must be one of {', '.join(KINDS)}"
    if not isinstance(column.get("input"), (str, type(None))):
        return "its input must be a name or null"
    fault = _reader(column["reader"]) if "reader" in column else None
    fault = fault or (_levels(column["levels"]) if "levels" in column else None)
    if fault:
        return fault
    channels = column.get("channels", None if kind == "image" else 1)
    return None if type(channels) is int and channels in (1, 3) else "its channels must be 1 or 3"


def _reader(value: Any) -> Fault:
    try:
        check_reader(value)
    except ValueError as error:
        return f"its reader is broken: {quoted(error)}"
    return None


def _levels(value: Any) -> Fault:
    valid = isinstance(value, list) and len(value) <= MOST_LEVELS and all(isinstance(v, str) for v in value)
    return None if valid else f"its levels must be at most {MOST_LEVELS:,} texts"


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
    return f"has no valid {wrong[0]!r}" if wrong else None


def _versions(value: Any) -> Fault:
    valid = isinstance(value, dict) and all(isinstance(v, (str, int, type(None))) for v in value.values())
    return None if valid and isinstance(value.get("deepworth"), str) else "must hold versions as strings"


def _findings(value: Any) -> Fault:
    """Findings of :class:`deepworth.datasets.Finding`."""
    if not isinstance(value, list):
        return "must be a list"
    names = ("code", "severity", "message")
    valid = all(isinstance(f, dict) and all(isinstance(f.get(n), str) for n in names) for f in value)
    return None if valid else "must hold objects with code, severity and message"


def _graph(value: Any) -> Fault:
    """The hash of a graph beside the model, and how far its predictions are from the model's."""
    if not isinstance(value, dict) or set(value) != {"sha256", "largest_difference"}:
        return "must have sha256 and largest_difference"
    numbers = type(value["largest_difference"]) in (int, float) and isinstance(value["sha256"], str)
    return None if numbers else "must hold a hash and a number"


def quoted(text: Any) -> str:
    """Untrusted text for a message: quoted, on one line, shortened, without control characters."""
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
    "confidence": _OBJECT,
    "costs": _OBJECT,
    "evaluation": _OBJECT,
    "findings": _findings,
    "graph": _graph,
    "run": _TEXT,
    "target_reader": _reader,
    "verdict": _OBJECT,
}
