"""Versions of libraries, and whether the installed ones can read a model that others saved."""

from __future__ import annotations

import os
import platform
import re
import warnings
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ...datasets import InputError

_LIBRARIES = ("deepworth", "keras", "tensorflow", "scikit-learn", "skops", "pandas", "numpy")
# The library that reads each model file. Fitted attributes of scikit-learn may change with any minor version,
# in both directions; Keras reads what older versions of the same major version wrote.
_READERS = {"model.keras": ("keras",), "model.skops": ("scikit-learn",)}
_CHANGES_WITH_MINOR = ("scikit-learn",)


def versions() -> dict[str, str | int | None]:
    """Versions of libraries and Python, system and number of cores, without importing the libraries."""
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
