"""What is in the folder of a saved model, without loading the model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ...datasets import InputError
from ..results.models import FileState, Inspection, Manifest
from .manifest import file_fault, parse_manifest
from .versions import library_notes

LARGEST_CARD = 4 * 2**20  # bytes
_COMPANIONS = {
    "proof.json": "not covered by the manifest; deepworth verify checks it",
    "manifest.json": "",
}


def inspect(path: str | os.PathLike[str]) -> Inspection:
    """Show what a saved model is, without loading it.

    Nothing is executed and no heavy library is imported, so this is safe for models from any source.

    Parameters
    ----------
    path : path
        Folder of a saved model.

    Returns
    -------
    Inspection
        Manifest, model card and files with their hashes; ``sound`` says whether every file that the
        manifest lists is the one that was saved.

    Raises
    ------
    InputError
        The folder has no valid manifest.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from deepworth.zoo.artefact import inspect, save
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> folder = save(GaussianNB().fit(X, y), tempfile.mkdtemp() + "/iris", X=X, y=y)
    >>> found = inspect(folder)
    >>> found.sound, [file.name for file in found.files]
    (True, ['card.md', 'model.skops', 'manifest.json'])
    """
    folder = Path(path)
    manifest = parse_manifest(folder)
    files = (*_listed_files(folder, manifest["files"]), *_other_files(folder, manifest["files"]))
    return Inspection(
        path=str(folder),
        sound=all(file.state == "ok" for file in files if file.sha256),
        manifest=manifest,
        card=_card(folder, manifest["files"]),
        files=files,
        notes=tuple(_notes(manifest)),
    )


def _listed_files(folder: Path, files: dict[str, str]) -> Iterator[FileState]:
    for name, expected in files.items():
        fault = file_fault(folder / name, expected)
        size = (folder / name).lstat().st_size if (folder / name).exists() else None
        yield FileState(name, size, expected, fault or "ok")


def _other_files(folder: Path, files: dict[str, str]) -> Iterator[FileState]:
    """Files that the manifest does not list; loading the model never opens them."""
    for entry in sorted(folder.iterdir()):
        if entry.name not in files:
            state = _COMPANIONS.get(entry.name, "not covered by the manifest; never opened")
            size = entry.lstat().st_size if entry.is_file() else None
            yield FileState(entry.name, size, None, state)


def _card(folder: Path, files: dict[str, str]) -> str | None:
    path = folder / "card.md"
    if "card.md" not in files or path.is_symlink() or not path.is_file():
        return None
    if path.stat().st_size > LARGEST_CARD:
        return None
    return path.read_text(encoding="utf-8", errors="replace")


def _notes(manifest: Manifest) -> list[str]:
    try:
        return library_notes(manifest)
    except InputError as error:
        return [str(error)]
