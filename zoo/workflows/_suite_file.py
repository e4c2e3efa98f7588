"""A suite of datasets in a YAML file: each with options as :func:`deepworth.compare` has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...datasets import InputError, unknown_name
from ..setup import Setup, option_names
from ..yaml_file import Value, read_yaml

_TOP = ("name", "defaults", "datasets")
_SPELLINGS = {"model": "models", "set": "params"}  # of options whose names differ on the command line


@dataclass(frozen=True)
class Item:
    """A dataset of a suite: a name for the table, and the comparison that is made on it."""

    name: str
    setup: Setup

    @property
    def data(self) -> str:
        """What is loaded."""
        return self.setup.data or ""


def read_suite(file: str | Path) -> tuple[str, list[Item]]:
    """Name and datasets of a suite file.

    Raises
    ------
    InputError
        The file cannot be read, or a line of it cannot be used; the message names the line.
    """
    top = read_yaml(file)
    for key, value in top.items():
        if key not in _TOP:
            raise _unknown("key of a suite", key, _TOP, value)
    defaults = _options(top["defaults"].items()) if "defaults" in top else {}
    listed = top["datasets"].parts() if "datasets" in top else []
    if not listed:
        raise InputError(f"{file}: expected datasets, a list of names or of `data: NAME` with options")
    items = [_item(value, defaults, Path(file).absolute().parent) for value in listed]
    seen: set[str] = set()
    for value, item in zip(listed, items, strict=True):
        if item.name in seen:
            raise InputError(f"{value.where}: {item.name} appears twice; give one of them a name")
        seen.add(item.name)
    return (top["name"].text() if "name" in top else Path(file).stem), items


def _item(value: Value, defaults: Mapping[str, Any], folder: Path) -> Item:
    if isinstance(value.plain(), str):
        own, data, name = {}, value.text(), value.text()
    else:
        entries = value.items()
        if "data" not in entries:
            raise InputError(f"{value.where}: expected `data: NAME` or a path")
        data = entries["data"].text()
        name = entries["name"].text() if "name" in entries else Path(data).stem
        own = _options({key: part for key, part in entries.items() if key not in ("data", "name")})
    options = {**defaults, **own}
    if options.get("test"):
        options["test"] = str(_beside(folder, options["test"]))
    return Item(name, Setup.of(str(_beside(folder, data)), **options))


def _beside(folder: Path, name: str) -> Path | str:
    """A file beside the suite; else the name as it is."""
    return folder / name if (folder / name).exists() else name


def _options(entries: Mapping[str, Value]) -> dict[str, Any]:
    """Options by their names in Python, with values of their types."""
    known = {_SPELLINGS_BACK.get(name, name).replace("_", "-"): name for name in option_names()}
    options: dict[str, Any] = {}
    for key, value in entries.items():
        name = known.get(key.replace("_", "-"))
        if name is None:
            raise _unknown("option", key, list(known), value)
        if not value.is_null():
            options[name] = _checked(key, name, value)
    return options


_SPELLINGS_BACK = {name: spelling for spelling, name in _SPELLINGS.items()}


def _checked(key: str, name: str, value: Value) -> Any:
    """The value of an option, refused with its line where the setup cannot hold it."""
    given = value.plain()
    if name in ("models", "budget", "drop", "categorical"):
        parts = [part.text() for part in value.parts()]
        given = tuple(name.strip() for part in parts for name in part.split(",") if name.strip())
    try:
        made = Setup.of("data", **{name: given}).to_json()
        if made is None:
            raise InputError("expected a text, a number or a list of them")
        Setup.from_json(made)
    except InputError as error:
        why = str(error).removeprefix("the setup of the run cannot be read: ").partition(" - at ")[0]
        raise InputError(f"{value.where}: {key}: {why}") from error
    return given


def _unknown(kind: str, name: str, known: Any, value: Value) -> InputError:
    return InputError(f"{value.where}: {unknown_name(kind, name, list(known))}")
