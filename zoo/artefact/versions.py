"""What a result was made with, and whether what was saved then can be opened now."""

from __future__ import annotations

import os
import platform
import re
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ...datasets import InputError

_LIBRARIES = ("deepworth", "keras", "tensorflow", "scikit-learn", "skops", "pandas", "numpy")
# What must understand the file of a model. Fitted attributes of scikit-learn may change with any minor
# version, in both directions; Keras reads what older versions of the same major one wrote.
_READERS = {"model.keras": ("keras",), "model.skops": ("scikit-learn",)}
_CHANGES_WITH_MINOR = ("scikit-learn",)


def versions() -> dict[str, str | int | None]:
    """Versions of the libraries and of Python, and the machine's kind, without importing anything."""
    found: dict[str, str | int | None] = {name: _version(name) for name in _LIBRARIES}
    machine = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    return {**found, **machine, "cores": os.cpu_count()}


def check_libraries(manifest: dict[str, Any]) -> None:
    """Warn where a library may read the model wrongly, refuse where it will.

    An older major version than the model's cannot know its format; a newer major, or an older minor one,
    may. Patch versions make no difference.

    Raises
    ------
    InputError
        The installed library is older by a major version.
    """
    for message in library_notes(manifest):
        warnings.warn(message, stacklevel=4)


def library_notes(manifest: dict[str, Any]) -> list[str]:
    """What there is to say of the libraries that read the model; see :func:`check_libraries`."""
    names = [n for file, readers in _READERS.items() if file in manifest["files"] for n in readers]
    notes = [_note(name, str(manifest["versions"].get(name)), _version(name)) for name in names]
    return [note for note in notes if note]


def _note(name: str, made: str, here: str | None) -> str | None:
    then, now = _numbers(made), _numbers(here or "")
    if then is None or now is None:
        return None
    if now[0] < then[0]:
        raise InputError(
            f"the model was saved with {name} {made}, which {name} {here} cannot read; "
            f"pip install -U '{name}>={then[0]}'"
        )
    if now > then and (now[0] > then[0] or name in _CHANGES_WITH_MINOR):
        return f"the model was saved with {name} {made} and is read by {here}; train it again to be sure"
    if now < then:
        return f"the model was saved with the newer {name} {made}; this is {here}: pip install -U {name}"
    return None


def _numbers(text: str) -> tuple[int, int] | None:
    found = re.match(r"(\d{1,6})\.(\d{1,6})", text, re.ASCII)
    return (int(found[1]), int(found[2])) if found else None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
