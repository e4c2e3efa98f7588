"""The manifest: what a saved model is, readable without loading it."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from pathlib import Path
from typing import Any

from ...datasets._errors import InputError

FORMAT = "1.1"  # 1.1: confidence
FILES = ("model.keras", "model.skops", "card.md")
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "format": str,
    "created": str,
    "model": str,
    "family": str,
    "params": dict,
    "task": str,
    "modality": str,
    "inputs": list,
    "target": str,
    "classes": list,
    "scores": dict,
    "dataset": dict,
    "seed": (int, type(None)),
    "versions": dict,
    "files": dict,
}
_OPTIONAL: dict[str, type] = {"confidence": dict}  # since 1.1


def read_manifest(path: str | Path) -> dict[str, Any]:
    """The checked manifest of a saved model; nothing heavy is imported, nothing executed."""
    folder = Path(path)
    file = folder / "manifest.json"
    if not folder.exists():
        raise InputError(f"no saved model at {folder}; deepworth train DATA -m MODEL -o {folder} makes one")
    if not file.is_file():
        raise InputError(f"{folder} is not a saved model: it has no manifest.json")
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    _check_fields(file, manifest)
    newer = _check_format(file, manifest["format"])
    _check_unknown(file, manifest, newer)
    _check_files(folder, manifest["files"])
    return manifest


def _check_fields(file: Path, manifest: Any) -> None:
    if not isinstance(manifest, dict):
        raise InputError(f"{file}: expected an object, got {type(manifest).__name__}")
    wrong = [k for k, kind in _FIELDS.items() if not isinstance(manifest.get(k), kind)]
    if wrong:
        raise InputError(f"{file}: field {wrong[0]!r} is missing or has the wrong type")


def _check_unknown(file: Path, manifest: dict[str, Any], newer: bool) -> None:
    """Fields that may be there have their type; others are for newer versions only."""
    wrong = [k for k, kind in _OPTIONAL.items() if not isinstance(manifest.get(k, kind()), kind)]
    if wrong:
        raise InputError(f"{file}: field {wrong[0]!r} has the wrong type")
    unknown = sorted(set(manifest) - set(_FIELDS) - set(_OPTIONAL))
    if unknown and not newer:
        raise InputError(f"{file}: unknown field {unknown[0]!r}")


def _check_format(file: Path, found: str) -> bool:
    """Whether the format is newer than ours, which is told."""
    if not re.fullmatch(r"\d{1,4}\.\d{1,4}", found):
        raise InputError(f"{file}: format {found!r} is not a version")
    major, minor = (int(part) for part in found.split("."))
    own_major, own_minor = (int(part) for part in FORMAT.split("."))
    if major != own_major:
        raise InputError(
            f"{file}: format {found} cannot be read by this version ({FORMAT}); update deepworth"
        )
    if minor > own_minor:
        warnings.warn(
            f"{file}: format {found} is newer than {FORMAT}; some of it may be ignored", stacklevel=3
        )
    return minor > own_minor


def _check_files(folder: Path, files: dict[str, Any]) -> None:
    """Each file is one we know, a plain file inside the folder, and has the hash of the manifest."""
    if sum(name.startswith("model.") for name in files) != 1:
        raise InputError(f"{folder}: expected one model file in the manifest, got {sorted(files)}")
    for name, expected in files.items():
        path = folder / name
        if name not in FILES:
            raise InputError(f"{folder}: unexpected file name {name!r} in the manifest")
        if path.is_symlink() or not path.is_file():
            raise InputError(f"{folder}: {name} is missing or not a plain file")
        if sha256(path) != expected:
            raise InputError(f"{path} was changed or damaged: its hash is not that of the manifest")


def sha256(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
