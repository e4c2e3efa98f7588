"""What the facts of a column reader may be; imports nothing, so that manifests are checked at once."""

from __future__ import annotations

from typing import Literal, get_args

# What stands first where a date is three numbers of which none has four digits at the start.
Order = Literal["day", "month", "year"]
ORDERS: tuple[Order, ...] = get_args(Order)
Role = Literal[
    "numeric",
    "categorical",
    "text",
    "datetime",
    "identifier",
    "constant",
    "target",
    "group",
    "time",
    "split",
    "dropped",
]
READ_ROLES = ("numeric", "categorical", "text", "datetime", "identifier")
DECIMALS = (".", ",")
THOUSANDS = (",", ".", " ", "'")

_CHOICES: dict[str, tuple[str, ...]] = {
    "role": READ_ROLES,
    "order": ORDERS,
    "decimal": DECIMALS,
    "thousands": THOUSANDS,
}
_LISTS = ("units", "missing")
_MOST, _LONGEST = 1000, 1000  # texts of a list, characters of a text


def check_reader(facts: object) -> None:
    """Check a reader as JSON holds it, which may come from an untrusted source.

    Parameters
    ----------
    facts : dict
        As ``ColumnReader.to_dict`` returns it.

    Raises
    ------
    ValueError
        A field is unknown or has a wrong value.

    Examples
    --------
    >>> from deepworth.datasets import check_reader
    >>> check_reader({"role": "datetime", "order": "day"})
    """
    if not isinstance(facts, dict) or "role" not in facts:
        raise ValueError("a reader must have a role")
    for name, value in facts.items():
        if not _is_valid(name, value):
            raise ValueError(f"{name!r} is unknown or has a wrong value")
    if facts.get("decimal", ".") == facts.get("thousands"):
        raise ValueError("the decimal mark cannot be the thousands mark")


def _is_valid(name: object, value: object) -> bool:
    if isinstance(name, str) and name in _CHOICES:
        return isinstance(value, str) and value in _CHOICES[name]
    if name in _LISTS:
        return isinstance(value, list) and len(value) <= _MOST and all(map(_is_text, value))
    return value is True if name == "booleans" else name == "example" and _is_text(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST
