"""The command that makes a run again, from its setup."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Mapping
from pathlib import Path

from ..setup import Setup, is_local, option_defaults, option_flag


def command_of(setup: Setup) -> str:
    """A line for a shell in the folder of the data, or a call in Python where a shell cannot say it.

    Files are named without their folders, and what only fits this machine is left out: the line is for
    other people's machines. Data in memory, and names in a list that hold a comma, need a call in Python.
    """
    options = _given(setup)
    data = None if setup.data is None else _name(setup.data)
    if data is None or not all(map(_fits_command_line, options.values())):
        keywords = [f"{name}={value!r}" for name, value in options.items()]
        return f"deepworth.compare({', '.join(['data' if data is None else repr(data), *keywords])})"
    words = [word for name, value in options.items() for word in _words(name, value)]
    return shlex.join(["deepworth", "compare", f"./{data}" if data.startswith("-") else data, *words])


def _given(setup: Setup) -> dict[str, object]:
    """Options that differ from their defaults, those about the data first."""
    defaults = option_defaults()
    options = {name: value for name, value in setup.options().items() if not is_local(name)}
    given = {name: value for name, value in options.items() if value != defaults[name]}
    if isinstance(given.get("test"), str):
        given["test"] = _name(str(given["test"]))
    return given


def _name(path: str) -> str:
    """The last part of a path; names of datasets and addresses stay."""
    return Path(path).name if Path(path).is_absolute() else path


def _fits_command_line(value: object) -> bool:
    """Lists are separated by commas, and spaces around their items are dropped."""
    if not isinstance(value, (list, tuple)):
        return True
    return all(str(item).strip() == str(item) and "," not in str(item) for item in value)


def _words(name: str, value: object) -> list[str]:
    flag = option_flag(name)
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag.removeprefix('--')}"]
    if isinstance(value, (list, tuple)):
        return [flag, ",".join(map(str, value))]
    if isinstance(value, Mapping):
        pairs = [f"{model}.{key}={_literal(v)}" for model, own in value.items() for key, v in own.items()]
        return [word for pair in pairs for word in (flag, pair)]
    return [flag, str(value)]


def _literal(value: object) -> str:
    """As ``--set`` reads it: text stays bare unless it would be taken for something else."""
    if not isinstance(value, str):
        return repr(value)
    try:
        ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    return repr(value)
