"""Write zoo/__init__.pyi, which shows type checkers and editors the classes of networks.

    python benchmarks/stubs.py [--check]

The classes are made at run time from the files in zoo/models, so a new network works without this; its
parameters have types once the stub is written again.
"""

from __future__ import annotations

import argparse
import inspect
import types
from pathlib import Path
from textwrap import indent
from typing import Any, Literal, Union, get_args, get_origin

LINE = 110
ROOT = Path(__file__).resolve().parents[1]
STUB = ROOT / "zoo" / "__init__.pyi"
STATIC = {
    "calibration": ["Calibrated", "ConformalRegressor"],
    "estimators.classes": ["KerasClassifier", "KerasRegressor"],
}
HEAD = """\
# Written by benchmarks/stubs.py
# ruff: noqa: E501
import collections.abc
import typing

import numpy as np

"""


def stub() -> str:
    """The text of the stub."""
    from deepworth.zoo import registry
    from deepworth.zoo.estimators.parameters import class_name, kinds_of

    imports = "".join(f"from .{module} import {', '.join(names)}\n" for module, names in STATIC.items())
    classes = {
        class_name(network, kind): class_stub(network, kind)
        for network in {**registry.entries("deep"), **registry.entries("pretrained")}.values()
        for kind in kinds_of(network)
    }
    names = sorted([*(name for names in STATIC.values() for name in names), *classes])
    public = "__all__ = [\n" + "".join(f'    "{name}",\n' for name in names) + "]\n"
    return HEAD + imports + "\n" + "\n".join(text for _, text in sorted(classes.items())) + "\n" + public


def class_stub(network: Any, kind: Any) -> str:
    """One class with its documentation and the signature of its ``__init__``."""
    from deepworth.zoo.estimators.parameters import class_name, documentation, parameters_of

    parameters = "".join(map(parameter_stub, parameters_of(network, kind)))
    body = f'"""{documentation(network, kind)}\n"""\n\ndef __init__(\n    self,\n    *,\n'
    head = f"class {class_name(network, kind)}(Keras{kind}):\n"
    return head + indent(body, "    ") + parameters + "    ) -> None: ...\n"


def parameter_stub(parameter: Any) -> str:
    """One parameter on a line of its own, a long union on several."""
    text = f"        {parameter.name}: {source_of(parameter.annotation)} = {literal(parameter.default)},"
    return (text if len(text) <= LINE else text.replace(" | ", "\n        | ")) + "\n"


def source_of(annotation: Any) -> str:
    """A type as the stub writes it, with the module of every name."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return f"typing.Literal[{', '.join(map(literal, parts))}]"
    if origin in (Union, types.UnionType):
        return " | ".join(map(source_of, parts))
    if origin is not None:
        return f"{named(origin)}[{', '.join('...' if p is ... else source_of(p) for p in parts)}]"
    return "None" if annotation is type(None) else named(annotation)


def named(kind: type) -> str:
    """A class by its public name."""
    if kind.__module__ == "builtins":
        return kind.__name__
    module = "np.random" if kind.__module__.startswith("numpy.random") else kind.__module__
    return f"{module}.{kind.__name__}"


def literal(value: Any) -> str:
    """A value in double quotes, as the formatter wants it."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=inspect.getdoc(inspect.getmodule(main)))
    parser.add_argument("--check", action="store_true", help="fail where the stub is not current")
    if not parser.parse_args().check:
        STUB.write_text(stub(), encoding="utf-8")
    elif STUB.read_text(encoding="utf-8") != stub():
        raise SystemExit(f"{STUB.relative_to(ROOT)} is not current: run python benchmarks/stubs.py")


if __name__ == "__main__":
    main()
