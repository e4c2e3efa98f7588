"""What is in the folder of a saved model, without opening the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...datasets import InputError
from .manifest import file_fault, parse_manifest
from .versions import library_notes

LARGEST_CARD = 4 * 2**20  # bytes
_COMPANIONS = {
    "proof.json": "not covered by the manifest; deepworth verify checks it",
    "manifest.json": "",
}


def inspect(path: str) -> dict[str, Any]:
    """Manifest, card and files of a saved model. Nothing heavy is imported, nothing executed.

    Returns
    -------
    dict
        ``path``, ``sound`` (every file that the manifest lists is the one that was saved), ``manifest``,
        ``card`` (text or None), ``files`` (name, bytes, sha256 as listed, ``state``) and ``notes``.

    Raises
    ------
    InputError
        There is no manifest, or it is none of a saved model.
    """
    folder = Path(path)
    manifest = parse_manifest(folder)
    files = [*_listed(folder, manifest["files"]), *_unlisted(folder, manifest["files"])]
    sound = all(file["state"] == "ok" for file in files if file["sha256"])
    return {
        "path": str(folder),
        "sound": sound,
        "manifest": manifest,
        "card": _card(folder, manifest["files"]),
        "files": files,
        "notes": _notes(manifest),
    }


def _listed(folder: Path, files: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    for name, expected in files.items():
        fault = file_fault(folder / name, expected)
        size = (folder / name).lstat().st_size if (folder / name).exists() else None
        found.append({"name": name, "bytes": size, "sha256": expected, "state": fault or "ok"})
    return found


def _unlisted(folder: Path, files: dict[str, str]) -> list[dict[str, Any]]:
    """Other things in the folder; loading the model never opens them."""
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name not in files:
            state = _COMPANIONS.get(entry.name, "not covered by the manifest; never opened")
            size = entry.lstat().st_size if entry.is_file() else None
            found.append({"name": entry.name, "bytes": size, "sha256": None, "state": state})
    return found


def _card(folder: Path, files: dict[str, str]) -> str | None:
    path = folder / "card.md"
    if "card.md" not in files or path.is_symlink() or not path.is_file():
        return None
    if path.stat().st_size > LARGEST_CARD:
        return None
    return path.read_text(encoding="utf-8", errors="replace")


def _notes(manifest: dict[str, Any]) -> list[str]:
    try:
        return library_notes(manifest)
    except InputError as error:
        return [str(error)]
