"""What a result was made with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

_LIBRARIES = ("deepworth", "keras", "tensorflow", "scikit-learn", "pandas", "numpy")


def versions() -> dict[str, str | int | None]:
    """Versions of the libraries and of Python, and the machine's kind, without importing anything."""
    found: dict[str, str | int | None] = {name: _version(name) for name in _LIBRARIES}
    machine = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    return {**found, **machine, "cores": os.cpu_count()}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
