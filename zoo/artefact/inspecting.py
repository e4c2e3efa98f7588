"""What is in the folder of a saved model, and whether the installed libraries can read it."""

from __future__ import annotations

import os
import platform
import re
import warnings
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ...datasets import InputError
from ..results.models import FileState, Inspection, Manifest
from .manifest import file_fault, parse_manifest

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


_LIBRARIES = ("deepworth", "keras", "tensorflow", "scikit-learn", "skops", "pandas", "numpy")
# The library that reads each model file. Fitted attributes of scikit-learn may change with any minor version,
# in both directions; Keras reads what older versions of the same major version wrote.
_READERS = {"model.keras": ("keras",), "model.skops": ("scikit-learn",)}
_CHANGES_WITH_MINOR = ("scikit-learn",)


def versions() -> dict[str, str | int | None]:
    """Versions of libraries and Python, system and number of cores, without importing the libraries.

    Returns
    -------
    dict of str, int or None
        By name: libraries (None where one is missing), ``python``, ``system`` and ``cores``.

    Examples
    --------
    >>> from deepworth.zoo.artefact import versions
    >>> {"python", "numpy", "keras"} <= set(versions())
    True
    """
    libraries: dict[str, str | int | None] = {name: _version(name) for name in _LIBRARIES}
    machine = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    return {**libraries, **machine, "cores": os.cpu_count()}


def check_libraries(manifest: Mapping[str, Any]) -> None:
    """Warn where the installed library may read the model wrongly, and refuse where it cannot read it.

    An older major version than the model's cannot know its format; a newer major version or an older minor
    one may read it wrongly. Patch versions make no difference.

    Raises
    ------
    InputError
        The installed library is older by a major version.
    """
    for message in library_notes(manifest):
        warnings.warn(message, stacklevel=4)


def library_notes(manifest: Mapping[str, Any]) -> list[str]:
    """The warnings of :func:`check_libraries`."""
    names = [n for file, readers in _READERS.items() if file in manifest["files"] for n in readers]
    notes = [_note(name, str(manifest["versions"].get(name)), _version(name)) for name in names]
    return [note for note in notes if note]


def _note(name: str, saved_with: str, installed: str | None) -> str | None:
    then, now = _major_minor(saved_with), _major_minor(installed or "")
    if then is None or now is None:
        return None
    if now[0] < then[0]:
        raise InputError(
            f"the model was saved with {name} {saved_with}, which {name} {installed} cannot read; "
            f"pip install -U '{name}>={then[0]}'"
        )
    if now > then and (now[0] > then[0] or name in _CHANGES_WITH_MINOR):
        return (
            f"the model was saved with {name} {saved_with} and is read by {installed}; "
            "train it again to be safe"
        )
    if now < then:
        return (
            f"the model was saved with the newer {name} {saved_with}; {installed} is installed: "
            f"pip install -U {name}"
        )
    return None


def _major_minor(text: str) -> tuple[int, int] | None:
    match = re.match(r"(\d{1,6})\.(\d{1,6})", text, re.ASCII)
    return (int(match[1]), int(match[2])) if match else None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
