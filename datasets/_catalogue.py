"""Find entries by file name: a public file in a package is an entry, an underscore file is machinery."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ._errors import unknown_name


@dataclass(frozen=True)
class Entry:
    """One model, baseline or dataset: a light module whose heavy imports wait inside its function.

    ``card`` is the first line of the module docstring, ``parameters`` the keyword-only
    parameters of its function with their defaults, and other facts are module constants
    (read with :meth:`constant`).
    """

    name: str
    module: ModuleType
    function: str

    @property
    def card(self) -> str:
        return (self.module.__doc__ or "").strip().splitlines()[0]

    @property
    def description(self) -> str:
        return inspect.cleandoc(self.module.__doc__ or "")

    @property
    def call(self) -> Any:
        return getattr(self.module, self.function)

    @property
    def parameters(self) -> dict[str, Any]:
        found = inspect.signature(self.call).parameters.values()
        return {p.name: p.default for p in found if p.kind is p.KEYWORD_ONLY}

    def class_name(self, kind: str) -> str:
        """``deep-mlp`` and ``Classifier`` make ``DeepMLPClassifier``: acronyms stay capital."""
        acronyms = {"mlp", "cnn", "rnn"}
        return "".join(p.upper() if p in acronyms else p.capitalize() for p in self.name.split("-")) + kind

    def constant(self, name: str, default: Any = None) -> Any:
        return getattr(self.module, name, default)


@cache
def catalogue(package: str, function: str) -> dict[str, Entry]:
    """All entries of a package by name: ``deep_mlp.py`` is ``deep-mlp`` unless it has a ``NAME``."""
    folder = Path(str(import_module(package).__file__)).parent
    stems = sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_"))
    modules = [import_module(f"{package}.{stem}") for stem in stems]
    entries = [
        Entry(getattr(m, "NAME", stem.replace("_", "-")), m, function)
        for stem, m in zip(stems, modules, strict=True)
    ]
    return {entry.name: entry for entry in entries}


def find_entry(entries: dict[str, Entry], name: str, kind: str) -> Entry:
    """The entry of that name, or an error that offers the nearest names."""
    key = str(name).strip().lower().replace("_", "-")
    if key not in entries:
        raise unknown_name(kind, name, entries)
    return entries[key]
