"""Docstrings of the public API: complete by numpydoc, true to the signatures, with examples that run.

Public are the names of the stubs, and the types of :mod:`deepworth.zoo.results`, which functions return.
The examples of the networks' classes, made at run time, are run in tests/zoo/estimators/test_parameters.py.
"""

import ast
import dataclasses
import doctest
import importlib
import inspect
import pkgutil
import re
import textwrap
import typing
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import deepworth

pytestmark = pytest.mark.xdist_group("docstrings")  # tensorflow is imported once

ROOT = Path(deepworth.__file__).parent
PUBLIC = [
    "deepworth",
    "deepworth.datasets",
    "deepworth.zoo",
    "deepworth.zoo.artefact",
    "deepworth.zoo.calibration",
    "deepworth.zoo.explanation",
    "deepworth.zoo.export",
    "deepworth.zoo.metrics",
    "deepworth.zoo.training",
]

# Checks of numpydoc that hold. Parameters are checked here: an option of ``**options: Unpack[...]`` may be
# documented by reference, and the parameters of a dataclass are its attributes.
CHECKS = {
    "GL05": "tabs",
    "GL06": "unknown section",
    "GL07": "order of sections",
    "GL08": "no docstring",
    "GL10": "directive without two colons",
    "SS01": "no summary",
    "SS02": "summary not capitalised",
    "SS03": "summary without a period",
    "SS04": "white space before the summary",
    "PR04": "parameter without type",
    "PR05": "type ends with a period",
    "PR07": "parameter without description",
    "PR10": "no space before the colon of a type",
    "RT01": "no Returns section",
    "YD01": "no Yields section",
}


# Classes whose parameters are no business of users.
NOT_CONSTRUCTED = {
    "ArrowTable": "a protocol",
    "KerasClassifier": "a base class",
    "KerasRegressor": "a base class",
    "SavedModel": "made by load",
    "InputError": "an exception",
}


@cache
def public_names(module: str) -> dict[str, typing.Any]:
    """Classes and functions of a stub by their names; constants and aliases of types have no docstring."""
    stub = ROOT.joinpath(*module.split(".")[1:]) / "__init__.pyi"
    values = {name: getattr(importlib.import_module(module), name) for name in listed(stub)}
    return {name: value for name, value in values.items() if inspect.isclass(value) or is_function(value)}


def listed(stub: Path) -> list[str]:
    """The names in ``__all__``."""
    for node in ast.parse(stub.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    raise AssertionError(f"{stub} has no __all__")


def is_function(value: object) -> bool:
    return inspect.isroutine(inspect.unwrap(value)) if callable(value) else False


def has_fields(value: object) -> bool:
    """Dataclasses, and dicts whose keys are declared."""
    return dataclasses.is_dataclass(value) or typing.is_typeddict(value)


def sections(value: object) -> NumpyDocString:
    return NumpyDocString(inspect.getdoc(value) or "")


def names_in(section: list) -> list[str]:
    """Names that a section explains; several may share an explanation."""
    return [name.strip() for entry in section for name in entry.name.split(",")]


def signature_names(value: object) -> list[str]:
    """Parameters as ``help`` shows them."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [stars.get(p.kind, "") + name for name, p in inspect.signature(value).parameters.items()]


def written_names(function: typing.Any) -> list[str]:
    """Parameters as the source has them, where ``help`` shows those of ``**options`` one by one."""
    code = inspect.unwrap(function).__code__
    keywords = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return [*keywords, "**options"] if "options" in code.co_varnames[len(keywords) :] else list(keywords)


@pytest.mark.parametrize("module", PUBLIC)
def test_docstrings_are_complete(module):
    wrong = []
    for name in public_names(module):
        errors = [(code, text) for code, text in validate(f"{module}.{name}")["errors"] if code in CHECKS]
        wrong += [f"{name}: {code} {text}" for code, text in errors]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", PUBLIC)
def test_parameters_are_those_of_the_signature(module):
    wrong = []
    for name, value in public_names(module).items():
        if has_fields(value) or name in NOT_CONSTRUCTED:
            continue
        documented, shown = names_in(sections(value)["Parameters"]), signature_names(value)
        if documented != shown and (inspect.isclass(value) or documented != written_names(value)):
            wrong.append(f"{name}: documents {documented}, has {shown}")
    assert not wrong, "\n".join(wrong)


def test_all_options_of_compare_are_explained():
    documented = names_in(sections(deepworth.compare)["Parameters"])
    assert documented == signature_names(deepworth.compare)
    assert {"target", "metric", "memory_limit", "seed", "progress"} <= set(documented)


@pytest.mark.parametrize("module", PUBLIC)
def test_defaults_are_written(module):
    wrong = []
    for name, value in public_names(module).items():
        types = {n: e.type for e in sections(value)["Parameters"] for n in names_in([e])}
        no_parameters = name in NOT_CONSTRUCTED or typing.is_typeddict(value)
        for parameter in () if no_parameters else inspect.signature(value).parameters.values():
            written = types.get(parameter.name)
            if written is not None and not any(words in written for words in words_for(parameter.default)):
                wrong.append(f"{name}({parameter.name}={parameter.default!r}): {written}")
    assert not wrong, "\n".join(wrong)


def words_for(default: object) -> list[str]:
    """How the type of a parameter may say its default."""
    if default is inspect.Parameter.empty:
        return [""]
    text = f'"{default}"' if isinstance(default, str) else repr(default)
    return [f"default={text}", *(["optional"] if default in (None, {}) else [])]


@pytest.mark.parametrize("module", PUBLIC)
def test_raised_errors_are_documented(module):
    wrong = []
    for name, value in public_names(module).items():
        if is_function(value) and "InputError" not in [e.type for e in sections(value)["Raises"]]:
            tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(value))))
            raised = {
                ast.unparse(node.exc) for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc
            }
            wrong += [name for text in raised if text.startswith(("InputError(", "unknown_name("))]
    assert not wrong


@pytest.mark.parametrize("module", PUBLIC)
def test_every_name_has_an_example(module):
    """One that runs: none is skipped."""
    parse = doctest.DocTestParser().get_examples
    examples = {name: parse(value.__doc__ or "") for name, value in public_names(module).items()}
    wrong = [n for n, lines in examples.items() if not lines or any(line.options for line in lines)]
    assert not wrong


@pytest.mark.parametrize("module", PUBLIC)
def test_methods_have_docstrings(module):
    wrong = []
    for name, value in public_names(module).items():
        own = vars(value) if inspect.isclass(value) and value.__module__.startswith("deepworth") else {}
        members = {k: v for k, v in own.items() if not k.startswith("_")}
        parts = {
            k: getattr(v, "fget", v) for k, v in members.items() if isinstance(v, property) or callable(v)
        }
        wrong += [f"{name}.{k}" for k in parts if not inspect.getdoc(getattr(value, k))]
    assert not wrong


def types_with_fields() -> dict[str, typing.Any]:
    """Public dataclasses and typed dicts, and all of results."""
    import deepworth.zoo.results as results
    from deepworth.zoo import setup

    parts = {kind.__name__: kind for kind in (setup.Design, setup.Criteria, setup.Resources)}
    found = {name: v for module in PUBLIC for name, v in public_names(module).items() if has_fields(v)}
    found |= parts
    for info in pkgutil.iter_modules(results.__path__):
        module = importlib.import_module(f"deepworth.zoo.results.{info.name}")
        own = {k: v for k, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__}
        found |= {f"results.{info.name}.{k}": v for k, v in own.items() if has_fields(v) and k[0] != "_"}
    return found


def test_every_field_is_explained():
    wrong = []
    for name, value in types_with_fields().items():
        fields = [f.name for f in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
        fields = [f for f in (fields or value.__annotations__) if not f.startswith("_")]
        explained = {*names_in(sections(value)["Attributes"]), *re.findall(r"``(\w+)``", value.__doc__ or "")}
        source = deepworth.load_dataset if value is deepworth.datasets.ReadOptions else value
        explained |= set(names_in(sections(source)["Parameters"]))
        if unexplained := [f for f in fields if f not in explained]:
            wrong.append(f"{name}: {', '.join(unexplained)}")
    assert not wrong, "\n".join(wrong)


def test_fields_of_the_answer_are_attributes():
    from deepworth.zoo.results.answer import Answer, LeaderboardRow, Verdict

    for kind in (deepworth.Comparison, deepworth.Setup, Answer, LeaderboardRow, Verdict):
        fields = [f.name for f in dataclasses.fields(kind) if not f.name.startswith("_")]
        assert names_in(sections(kind)["Attributes"]) == fields, kind


def modules_with_examples() -> list[str]:
    """By module name: a file that is imported by its path would be a second copy of the module."""
    files = [f for folder in ("datasets", "zoo") for f in sorted((ROOT / folder).rglob("*.py"))]
    shown = [f.relative_to(ROOT) for f in files if has_example(f.read_text(encoding="utf-8"))]
    return [".".join(["deepworth", *f.with_suffix("").parts]) for f in shown]


def has_example(source: str) -> bool:
    """Whether a docstring has one; other texts that look like one do not count."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = ast.walk(ast.parse(source)) if ">>> " in source else ()
    return any(">>> " in (ast.get_docstring(node) or "") for node in nodes if isinstance(node, documented))


@pytest.mark.parametrize("module", modules_with_examples())
def test_examples_run(module, capsys):
    printed = {"precision": 8, "threshold": 1000, "edgeitems": 3, "linewidth": 75, "suppress": False}
    with np.printoptions(**printed):
        result = doctest.testmod(importlib.import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted
    assert not result.failed, capsys.readouterr().out
