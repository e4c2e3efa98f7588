"""The formats, by file name: a public file of this package is one."""

from __future__ import annotations

from importlib.util import find_spec

from ...datasets._catalogue import Entry, catalogue, find


def formats() -> dict[str, Entry]:
    """Every format by name: ``saved_model.py`` is ``saved_model``."""
    return {e.name.replace("-", "_"): e for e in catalogue(__package__, "write").values()}


def chosen(names: tuple[str, ...] | None) -> list[str]:
    """These formats, or all of them."""
    known = {name.replace("_", "-"): entry for name, entry in formats().items()}
    wanted = [find(known, name, "format").name for name in names or known]
    return [name.replace("-", "_") for name in dict.fromkeys(wanted)]


def missing_requirement(name: str) -> str | None:
    """The line that says what to install, or None where all is there."""
    entry = formats()[name]
    for needed in entry.constant("REQUIRES", ()):
        if find_spec(needed) is None:
            return f"needs {needed}: pip install 'deepworth[{entry.constant('EXTRA')}]'"
    return None
