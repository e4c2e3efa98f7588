"""The command that makes a run again, from what the run says of itself."""

from __future__ import annotations

import ast
import shlex
from pathlib import Path
from typing import Any

_USUAL = {"preset": "quick", "confidence_level": 0.95, "seed": 0, "costs": True}
_LAST = ("metric", "margin", "confidence_level", "seed")  # as --help has them


def command_of(configuration: dict[str, Any] | None, limits: dict[str, Any] | None = None) -> str | None:
    """A line for a shell in the folder of the data, or a call in Python for data that were in memory.

    Files are named without their folders: the line is for somebody else's machine too. Names of columns
    that hold a comma cannot be said on the command line, so such a run is a call as well.

    Parameters
    ----------
    configuration
        As the run keeps it; None where its parameters could not be kept.
    limits
        Of its plan: threads, seconds and bytes that were asked for.
    """
    if configuration is None:
        return None
    options = {**configuration["load_options"], **_chosen(configuration), **_limits(limits or {})}
    given = {name: value for name, value in options.items() if not _usual(name, value)}
    if "test" in given:
        given["test"] = _name(given["test"])
    if configuration["data"] is None or _has_comma(given):
        data = "data" if configuration["data"] is None else repr(_name(configuration["data"]))
        return f"deepworth.compare({', '.join([data, *_keywords(given)])})"
    words = [_name(configuration["data"])]
    for name, value in given.items():
        words += _words(name, value)
    return " ".join(["deepworth compare", *map(shlex.quote, words)])


def _chosen(configuration: dict[str, Any]) -> dict[str, Any]:
    """What is no option of the data, in the order in which people read it."""
    rest = [n for n in configuration if n not in ("data", "load_options", *_LAST)]
    return {name: configuration[name] for name in (*rest, *_LAST) if name in configuration}


def _limits(limits: dict[str, Any]) -> dict[str, Any]:
    names = {"threads": "threads", "seconds": "time_limit", "bytes": "memory_limit"}
    names["deterministic"] = "deterministic"
    return {name: limits.get(key) for key, name in names.items()}


def _usual(name: str, value: Any) -> bool:
    if name in _USUAL:
        return _USUAL[name] == value
    return value in (None, False, [], {})


def _name(path: str) -> str:
    """The last part of a path; names of datasets and addresses stay."""
    return Path(path).name if Path(path).is_absolute() else path


def _has_comma(given: dict[str, Any]) -> bool:
    """Comma lists and repeated options are the same, so a comma in a name would part it."""
    return any("," in str(item) for value in given.values() if isinstance(value, list) for item in value)


def _words(name: str, value: Any) -> list[str]:
    if name == "params":
        pairs = [f"{model}.{k}={_literal(v)}" for model, given in value.items() for k, v in given.items()]
        return [word for pair in pairs for word in ("--set", pair)]
    flag = "--model" if name == "models" else f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag if value else f"--no-{name}"]
    if isinstance(value, list):
        return [flag, ",".join(map(str, value))]
    return [flag, str(value)]


def _literal(value: Any) -> str:
    """As ``--set`` reads it: text stays bare unless it would be taken for something else."""
    if not isinstance(value, str):
        return repr(value)
    try:
        ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    return repr(value)


def _keywords(given: dict[str, Any]) -> list[str]:
    return [f"{name}={value!r}" for name, value in given.items()]
