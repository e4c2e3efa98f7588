"""The code of deepworth's layers in one file that needs Keras, and not deepworth."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from types import ModuleType
from typing import Any

OWN = "deepworth"
_HEAD = '''"""Layers of a network that deepworth saved. Import this file, then load the network:

    import keras, layers
    model = keras.saving.load_model("model.keras")
"""

from __future__ import annotations

'''


def layer_code(model: Any) -> str:
    """Python source that defines, and registers with Keras, what the model's archive names.

    Classes and functions are taken with whatever else of ours they use, found by name in their syntax
    trees; nothing is run.
    """
    import keras

    waiting = [keras.saving.get_registered_object(name) for name in _registered(model.get_config())]
    modules = [(sys.modules[found.__module__], found.__name__) for found in waiting]
    definitions: dict[tuple[str, str], str] = {}
    imports: dict[str, None] = {}
    for module, name in modules:
        _collect(module, name, definitions, imports)
    return _HEAD + "\n".join(sorted(imports)) + "\n\n\n" + "\n\n\n".join(definitions.values()) + "\n"


def _registered(config: Any) -> list[str]:
    """Names of ours in a configuration, in order, each once."""
    found: dict[str, None] = {}
    waiting = [json.loads(json.dumps(config, default=str))]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for key in ("registered_name", "config"):
                name = value.get(key)
                if isinstance(name, str) and name.startswith(f"{OWN}>"):
                    found[name] = None
        if isinstance(value, (dict, list)):
            waiting.extend(value.values() if isinstance(value, dict) else value)
    return sorted(found)


def _collect(module: ModuleType, name: str, definitions: dict[Any, str], imports: dict[str, None]) -> None:
    """A top-level name of a module and all that it uses, what is used first."""
    key = (module.__name__, name)
    statement = _statement(module, name)
    if key in definitions or statement is None:
        return
    if isinstance(statement, ast.ImportFrom) and statement.level:
        home = sys.modules[_absolute(module, statement)]
        original = next(a.name for a in statement.names if (a.asname or a.name) == name)
        _collect(home, original, definitions, imports)
        return
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        alias = next(a for a in statement.names if (a.asname or a.name.partition(".")[0]) == name)
        single = ast.copy_location(_only(statement, alias), statement)
        imports[ast.unparse(single)] = None
        return
    for used in sorted({n.id for n in ast.walk(statement) if isinstance(n, ast.Name)} - {name}):
        _collect(module, used, definitions, imports)
    definitions[key] = ast.unparse(statement)


def _only(statement: Any, alias: ast.alias) -> Any:
    if isinstance(statement, ast.Import):
        return ast.Import(names=[alias])
    return ast.ImportFrom(module=statement.module, names=[alias], level=0)


def _absolute(module: ModuleType, statement: ast.ImportFrom) -> str:
    package = module.__name__.rsplit(".", statement.level)[0]
    return f"{package}.{statement.module}" if statement.module else package


def _statement(module: ModuleType, name: str) -> ast.stmt | None:
    """What binds the name at the top of the module."""
    for statement in ast.parse(inspect.getsource(module)).body:
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef)) and statement.name == name:
            return statement
        if isinstance(statement, (ast.Import, ast.ImportFrom)) and any(
            (a.asname or a.name.partition(".")[0]) == name for a in statement.names
        ):
            return statement
        if isinstance(statement, ast.Assign) and any(_binds(t, name) for t in statement.targets):
            return statement
        if isinstance(statement, ast.AnnAssign) and _binds(statement.target, name):
            return statement
    return None


def _binds(target: ast.expr, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(target))
