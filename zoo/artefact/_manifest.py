"""The manifest: what a saved model is, readable without loading it."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from pathlib import Path
from typing import Any

from ...datasets._errors import InputError
from ._manifest_fields import check_fields, quoted

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
