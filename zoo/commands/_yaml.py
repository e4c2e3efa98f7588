"""YAML files with the place of every value, so that a mistake can be named by its line.

PyYAML's safe loader, read as a tree of nodes: nothing in a file can create an object. Scalars follow the
core schema of YAML 1.2, so that `no` and `12:30` are the texts that they look like. Aliases are refused: a
configuration needs none, and a few lines of them grow into gigabytes.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ...datasets import InputError

_LARGEST = 1_000_000  # bytes
_PLAIN = "plain"  # tag of a scalar without quotes and without a tag of its own
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


@dataclass(frozen=True)
class Value:
    """A value of a file and where it stands."""

    file: str
    node: Any

    @property
    def where(self) -> str:
        """The file and the line, as errors name them."""
        return f"{self.file} line {self.node.start_mark.line + 1}"

    def items(self) -> dict[str, Value]:
        """The entries of a mapping."""
        if not isinstance(self.node, yaml.MappingNode):
            raise InputError(f"{self.where}: expected lines such as `name: value`")
        found: dict[str, Value] = {}
        for key, value in self.node.value:
            name, own = Value(self.file, key), Value(self.file, value)
            if not isinstance(key, yaml.ScalarNode):
                raise InputError(f"{name.where}: expected a name before the colon")
            if key.value in found:
                raise InputError(f"{name.where}: {key.value} stands there twice")
            found[key.value] = own
        return found

    def parts(self) -> list[Value]:
        """The elements of a list; a single value is a list of one, nothing a list of none."""
        if isinstance(self.node, yaml.SequenceNode):
            return [Value(self.file, node) for node in self.node.value]
        return [] if self.is_null() else [self]

    def is_null(self) -> bool:
        """Whether nothing is written there."""
        return isinstance(self.node, yaml.ScalarNode) and self.plain() is None

    def text(self) -> str:
        """A single value as it is written."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise InputError(f"{self.where}: expected a single value")
        return self.node.value

    def plain(self) -> Any:
        """The value as Python has it: dict, list, str, int, float, bool or None."""
        if isinstance(self.node, yaml.MappingNode):
            return {name: value.plain() for name, value in self.items().items()}
        if isinstance(self.node, yaml.SequenceNode):
            return [value.plain() for value in self.parts()]
        return _scalar(self.node)


def _scalar(node: Any) -> Any:
    text = node.value
    if node.tag != _PLAIN:  # in quotes, or tagged as a text
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    return float(text.replace(".", "", 1) if text[-1] in "fFnN" else text) if _FLOAT.fullmatch(text) else text


class _Loader(yaml.SafeLoader):
    """Every plain scalar is a text until :func:`_scalar` reads it."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML reads it from the class)

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="aliases are not read", problem_mark=mark)
        plain = self.check_event(yaml.ScalarEvent) and self.peek_event().implicit[0]
        node = super().compose_node(parent, index)
        if node.tag.rpartition(":")[2] not in ("str", "map", "seq"):
            problem = f"the tag {node.tag} is not read"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        if plain:
            node.tag = _PLAIN
        return node


def read_yaml(path: str | Path) -> dict[str, Value]:
    """The entries of a YAML file.

    Raises
    ------
    InputError
        It cannot be read, is no YAML, or is no mapping; with the line where one is at fault.
    """
    name = str(path)
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror or error}") from error
    if len(content) > _LARGEST:
        raise InputError(f"cannot read {name}: it is larger than {_LARGEST // 1000:,} kB")
    try:
        node = yaml.compose(content.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError:
        raise InputError(f"cannot read {name}: expected YAML in UTF-8") from None
    except RecursionError:
        raise InputError(f"cannot read {name}: it is nested too deeply") from None
    except yaml.YAMLError as error:
        raise InputError(f"cannot read {name}{_place(error)}") from None
    return {} if node is None or Value(name, node).is_null() else Value(name, node).items()


def _place(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    line = f" line {mark.line + 1}" if mark is not None else ""
    return f"{line}: {problem or ' '.join(str(error).split())}"


class _Dumper(yaml.SafeDumper):
    """Puts into quotes what either version of YAML would take for something else than a text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)  # lists stand below their name

    def represent_str(self, data: str) -> Any:
        """Line breaks of Unicode would be read as a space, unless escaped."""
        style = None if data.isprintable() else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)

for _pattern, _tag in ((_BOOL, "bool"), (_INT, "int"), (_FLOAT, "float")):
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern.pattern})$"), None)


def to_yaml(values: dict[str, Any]) -> str:
    """A mapping as text that :func:`read_yaml` gives back."""
    if not _writable(values):
        raise InputError("a value cannot be written as YAML: expected texts, numbers and lists of them")
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _writable(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _writable(own) for key, own in value.items())
    if isinstance(value, list):
        return all(map(_writable, value))
    return (
        value is None
        or isinstance(value, (str, bool, int))
        or (isinstance(value, float) and not math.isnan(value))
    )
