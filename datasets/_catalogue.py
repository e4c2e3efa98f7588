"""Entries by file name: a public file of a package is an entry, an underscore file is not."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar, overload

from ._errors import unknown_name

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """A model, baseline, metric, export format or dataset: a light module with one function.

    Attributes
    ----------
    name : str
    module : module
    function : str
        Name of the function, which imports heavy libraries when it is called.

    Examples
    --------
    >>> from deepworth.datasets import catalogue
    >>> entry = catalogue("deepworth.datasets", "load")["iris"]
    >>> entry.constant("ROWS"), entry.parameters
    (150, {'seed': 0})
    """

    name: str
    module: ModuleType
    function: str

    @property
    def card(self) -> str:
        """The first line of the module's docstring."""
        return (self.module.__doc__ or "").strip().splitlines()[0]

    @property
    def description(self) -> str:
        """The module's docstring."""
        return inspect.cleandoc(self.module.__doc__ or "")

    @property
    def call(self) -> Callable[..., object]:
        """The function of the entry."""
        function: Callable[..., object] = getattr(self.module, self.function)
        return function

    @property
    def parameters(self) -> dict[str, object]:
        """The keyword-only parameters of the function, with their defaults."""
        parameters = inspect.signature(self.call).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}

    @overload
    def constant(self, name: str) -> object: ...
    @overload
    def constant(self, name: str, default: T) -> T: ...
    def constant(self, name: str, default: object = None) -> object:
        """A constant of the module, or `default`, which tells its type, if it has none of that name."""
        return getattr(self.module, name, default)


@cache
def catalogue(package: str, function: str) -> dict[str, Entry]:
    """All entries of a package by name: ``deep_mlp.py`` is ``deep-mlp``, unless it has a ``NAME``.

    Parameters
    ----------
    package : str
        Dotted name of the package.
    function : str
        Name of the entries' function.

    Returns
    -------
    dict of str to Entry

    Examples
    --------
    >>> from deepworth.datasets import catalogue
    >>> "sick-healthy" in catalogue("deepworth.datasets", "load")
    True
    """
    folder = Path(str(import_module(package).__file__)).parent
    stems = sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_"))
    modules = [import_module(f"{package}.{stem}") for stem in stems]
    entries = [
        Entry(getattr(m, "NAME", stem.replace("_", "-")), m, function)
        for stem, m in zip(stems, modules, strict=True)
    ]
    return {entry.name: entry for entry in entries}


def find_entry(entries: dict[str, Entry], name: str, kind: str) -> Entry:
    """The entry of a name.

    Parameters
    ----------
    entries : dict of str to Entry
        As :func:`catalogue` returns them.
    name : str
        Case does not matter, and underscores are the same as dashes.
    kind : str
        What the entries are, for the error.

    Returns
    -------
    Entry

    Raises
    ------
    InputError
        There is no such entry; similar names are suggested.

    Examples
    --------
    >>> from deepworth.datasets import catalogue, find_entry
    >>> find_entry(catalogue("deepworth.datasets", "load"), "Breast_Cancer", "dataset").name
    'breast-cancer'
    """
    key = str(name).strip().lower().replace("_", "-")
    if key not in entries:
        raise unknown_name(kind, name, entries)
    return entries[key]
