"""Keras archive with the preprocessing inside, and the code of our layers beside it."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._formats import Arrays, Predict, Request, Written
    from ._source import Source

TOLERANCE = 1e-5
LIBRARIES = ("tensorflow", "keras")
MODEL, CODE = "model.keras", "layers.py"

_PREFIX = "deepworth>"  # of the names under which our layers are registered
_HEAD = '''"""Layers of a network that deepworth saved. Import this file, then load the network:

    import keras, layers
    model = keras.saving.load_model("model.keras")
"""

from __future__ import annotations

'''


def write(source: Source, folder: Path) -> Written:
    """The archive as it was saved, and ``layers.py``, which needs Keras only and is imported before it."""
    from ._formats import Written

    code = layer_code(source.network())
    shutil.copyfile(source.path / MODEL, folder / MODEL)
    (folder / CODE).write_text(code, encoding="utf-8")
    return Written(not_inside=source.beyond_probabilities)


def read(folder: Path, request: Request) -> Predict:
    """Keras and the file of layers."""
    import tensorflow as tf  # first, so that it takes its settings from the environment

    spec: Any = importlib.util.spec_from_file_location("layers", folder / CODE)
    layers = sys.modules["layers"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(layers)
    import keras

    model = keras.saving.load_model(folder / MODEL, compile=False, safe_mode=True)

    def predict(rows: Arrays) -> Arrays:
        tensors = {k: tf.constant(v.tolist() if v.dtype == object else v) for k, v in rows.items()}
        tensors = {k: v if len(v.shape) > 1 else v[:, None] for k, v in tensors.items()}
        predicted = model(tensors, training=False).numpy()
        return {request["output"]: predicted[:, 0] if request["output"] == "value" else predicted}

    return predict


def check(folder: Path) -> None:
    """Layers of Keras and of deepworth only."""
    from ..artefact import load_keras

    load_keras(folder / MODEL)


def trusted_copy(folder: Path, work: Path) -> Path:
    """The archive beside code of layers as this version writes it: code from the folder is never run."""
    from ..artefact import load_keras

    code = layer_code(load_keras(folder / MODEL))
    shutil.copyfile(folder / MODEL, work / MODEL)
    (work / CODE).write_text(code, encoding="utf-8")
    return work


def layer_code(model: Any) -> str:
    """Python source that defines, and registers with Keras, the layers of ours in a model.

    Classes and functions are taken with whatever else of ours they use, found by name in their syntax
    trees; nothing is executed.
    """
    import keras

    layers = [keras.saving.get_registered_object(name) for name in _registered(model.get_config())]
    definitions: dict[tuple[str, str], str] = {}
    imports: dict[str, None] = {}
    for layer in layers:
        _collect(sys.modules[layer.__module__], layer.__name__, definitions, imports)
    return _HEAD + "\n".join(sorted(imports)) + "\n\n\n" + "\n\n\n".join(definitions.values()) + "\n"


def _registered(config: Any) -> list[str]:
    """Sorted names of our layers and functions in a configuration."""
    names: set[str] = set()
    waiting = [json.loads(json.dumps(config, default=str))]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            candidates = (value.get("registered_name"), value.get("config"))
            names |= {name for name in candidates if isinstance(name, str) and name.startswith(_PREFIX)}
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return sorted(names)


def _collect(module: ModuleType, name: str, definitions: dict[Any, str], imports: dict[str, None]) -> None:
    """A top-level name of a module and everything that it uses, used names first."""
    key = (module.__name__, name)
    statement = _statement(module, name)
    if key in definitions or statement is None:
        return
    if isinstance(statement, ast.ImportFrom) and statement.level:
        origin = sys.modules[_absolute(module, statement)]
        original = next(a.name for a in statement.names if (a.asname or a.name) == name)
        if _statement(origin, original) is None:  # a package that gives names of its modules when first used
            origin = sys.modules[getattr(origin, original).__module__]
        _collect(origin, original, definitions, imports)
        return
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        alias = next(a for a in statement.names if (a.asname or a.name.partition(".")[0]) == name)
        imports[ast.unparse(ast.copy_location(_single(statement, alias), statement))] = None
        return
    for used in sorted({n.id for n in ast.walk(statement) if isinstance(n, ast.Name)} - {name}):
        _collect(module, used, definitions, imports)
    definitions[key] = ast.unparse(statement)


def _single(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    """The import of one name alone."""
    if isinstance(statement, ast.Import):
        return ast.Import(names=[alias])
    return ast.ImportFrom(module=statement.module, names=[alias], level=0)


def _absolute(module: ModuleType, statement: ast.ImportFrom) -> str:
    package = module.__name__.rsplit(".", statement.level)[0]
    return f"{package}.{statement.module}" if statement.module else package


def _statement(module: ModuleType, name: str) -> ast.stmt | None:
    """The statement that defines a name at the top of a module."""
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
