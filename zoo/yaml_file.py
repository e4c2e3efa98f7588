"""YAML files whose values know their line, so that errors can name it.

Files are read with PyYAML's safe loader as a tree of nodes: nothing in a file can create an object. Scalars
follow the core schema of YAML 1.2, so that `no` and `12:30` are strings. Aliases are refused: a
configuration needs none, and a few lines of them can expand to gigabytes.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..datasets import InputError

_LARGEST = 1_000_000  # bytes
_PLAIN = "plain"  # tag of a scalar without quotes and without an explicit tag
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


@dataclass(frozen=True)
class Value:
    """A value in a file, with its line."""

    file: str
    node: Any

    @property
    def where(self) -> str:
        """File and line, for errors."""
        return f"{self.file} line {self.node.start_mark.line + 1}"

    def items(self) -> dict[str, Value]:
        """The entries of a mapping."""
        if not isinstance(self.node, yaml.MappingNode):
            raise InputError(f"{self.where}: expected lines such as `name: value`")
        entries: dict[str, Value] = {}
        for key, node in self.node.value:
            name = Value(self.file, key)
            if not isinstance(key, yaml.ScalarNode):
                raise InputError(f"{name.where}: expected a name before the colon")
            if key.value in entries:
                raise InputError(f"{name.where}: {key.value} is given twice; remove one")
            entries[key.value] = Value(self.file, node)
        return entries

    def parts(self) -> list[Value]:
        """The elements of a list; a single value is a list of one, null an empty list."""
        if isinstance(self.node, yaml.SequenceNode):
            return [Value(self.file, node) for node in self.node.value]
        return [] if self.is_null() else [self]

    def is_null(self) -> bool:
        """Whether the value is null or empty."""
        return isinstance(self.node, yaml.ScalarNode) and self.plain() is None

    def text(self) -> str:
        """A scalar as it is written."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise InputError(f"{self.where}: expected a single value")
        return self.node.value

    def plain(self) -> Any:
        """The value as a Python object: dict, list, str, int, float, bool or None."""
        if isinstance(self.node, yaml.MappingNode):
            return {name: value.plain() for name, value in self.items().items()}
        if isinstance(self.node, yaml.SequenceNode):
            return [value.plain() for value in self.parts()]
        return _scalar(self.node)


def _scalar(node: Any) -> Any:
    text = node.value
    if node.tag != _PLAIN:  # in quotes, or tagged as a string
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    return float(text.replace(".", "", 1) if text[-1] in "fFnN" else text) if _FLOAT.fullmatch(text) else text


class _Loader(yaml.SafeLoader):
    """A loader that keeps plain scalars as strings, for :func:`_scalar` to read."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML reads it from the class)

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="aliases are not allowed; repeat the value", problem_mark=mark)
        plain = self.check_event(yaml.ScalarEvent) and self.peek_event().implicit[0]
        node = super().compose_node(parent, index)
        if node.tag.rpartition(":")[2] not in ("str", "map", "seq"):
            problem = f"the tag {node.tag} is not allowed; remove it"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        if plain:
            node.tag = _PLAIN
        return node


def read_yaml(path: str | Path) -> dict[str, Value]:
    """The entries of a YAML file.

    Raises
    ------
    InputError
        The file cannot be read, is not YAML, or is not a mapping. The message names the line if it can.
    """
    name = str(path)
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror or error}") from error
    if len(content) > _LARGEST:
        raise InputError(
            f"cannot read {name}: it is larger than {_LARGEST // 1000:,} kB; is it an options file?"
        )
    try:
        node = yaml.compose(content.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError:
        raise InputError(f"cannot read {name}: expected YAML in UTF-8") from None
    except RecursionError:
        raise InputError(f"cannot read {name}: it is nested too deeply") from None
    except yaml.YAMLError as error:
        raise InputError(f"cannot read {name}{_problem(error)}") from None
    return {} if node is None or Value(name, node).is_null() else Value(name, node).items()


def _problem(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    line = f" line {mark.line + 1}" if mark is not None else ""
    return f"{line}: {problem or ' '.join(str(error).split())}"


class _Dumper(yaml.SafeDumper):
    """A dumper that quotes strings which YAML 1.1 or 1.2 would read as another type."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)  # lists are indented below their name

    def represent_str(self, data: str) -> Any:
        """Escape what is not printable: readers turn Unicode line breaks into spaces."""
        style = None if data.isprintable() else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)

for _pattern, _tag in ((_BOOL, "bool"), (_INT, "int"), (_FLOAT, "float")):
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern.pattern})$"), None)


def to_yaml(values: dict[str, Any]) -> str:
    """A mapping as YAML that :func:`read_yaml` reads back."""
    if not _writable(values):
        raise InputError(
            "a value cannot be written as YAML: expected strings, numbers and lists or mappings of them"
        )
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _writable(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _writable(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_writable, value))
    return (
        value is None
        or isinstance(value, (str, bool, int))
        or (isinstance(value, float) and not math.isnan(value))
    )
