"""The code of a user's own models: Python files that the user names, and objects of this process.

A file is run because the user names it, and travels to workers as source text. An object travels within a run
as bytes that this very process wrote. Neither is kept anywhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from ..datasets import InputError
from .own_entries import CONSTANTS, FACTS_OF_DATA, Loaded, first_line

_FILE = re.compile(r"(?P<file>.+\.py)(?::(?P<attribute>\w+))?")


@dataclass(frozen=True)
class CodeFile:
    """A Python file by its text, and the name of what is used of it."""

    path: str
    text: str
    attribute: str | None

    def load(self) -> Loaded:
        """Run the file, once a process."""
        module, name = _module(self.path, self.text), self.attribute or "build"
        short = Path(self.path).name
        if not hasattr(module, name):
            raise InputError(_no_such(short, name, module))
        text = module.__doc__ if self.attribute is None else None
        return Loaded(getattr(module, name), vars(module), f"{short}:{name}", text)


class InMemory:
    """An object of this process; for another one it becomes bytes, which only a worker of this run reads."""

    def __init__(self, value: Any) -> None:
        beside = getattr(value, "__globals__", {})
        self._held: Any = value, {name: beside[name] for name in CONSTANTS & beside.keys()}
        self._content: bytes | None = None

    def load(self) -> Loaded:
        """The object, made again from the bytes in another process."""
        if self._held is None:
            import pickle

            self._held = pickle.loads(cast(bytes, self._content))
        value, constants = self._held
        return Loaded(value, constants, expression_of(value))

    def content(self) -> bytes:
        """The object as bytes; functions of a notebook or a script with all that they use."""
        if self._content is None:
            try:
                self._content = _as_bytes(self._held)
            except Exception as error:
                shown = expression_of(self._held[0])
                raise InputError(
                    f"{shown} cannot be sent to worker processes ({first_line(error)}); use jobs=0, or "
                    f"name a file such as 'my.py:make_model'"
                ) from error
        return self._content

    def __getstate__(self) -> dict[str, Any]:
        return {"_held": None, "_content": self.content()}


def _as_bytes(held: Any) -> bytes:
    """An object and its constants; with its code, where a fresh interpreter would not find its module."""
    cloudpickle, value = _cloudpickle(), held[0]
    module = sys.modules.get(getattr(value, "__module__", None) or type(value).__module__)
    by_value = module is not None and not _is_found(module)
    if by_value:
        cloudpickle.register_pickle_by_value(module)
    try:
        content: bytes = cloudpickle.dumps(held, protocol=5)
        return content
    finally:
        if by_value:
            cloudpickle.unregister_pickle_by_value(module)


def _is_found(module: ModuleType) -> bool:
    """Whether this very module is on the path, which worker processes have too, or needs no file."""
    if getattr(module, "__file__", None) is None or module.__name__ == "__main__":  # by value in any case
        return True
    found, path = None, None
    parts = module.__name__.split(".")
    for number in range(1, len(parts) + 1):
        found = PathFinder.find_spec(".".join(parts[:number]), path)
        if found is None:
            return False
        path = found.submodule_search_locations
    return found is not None and found.origin == module.__file__


def _cloudpickle() -> Any:
    """The library by which joblib, and so scikit-learn, sends functions to processes; it brings it along."""
    from importlib import import_module

    try:
        return import_module("cloudpickle")
    except ImportError:  # joblib before 1.6 holds a copy
        return import_module("joblib.externals.cloudpickle")


def is_file(name: object) -> bool:
    """Whether a name is that of a Python file, with or without what is used of it."""
    return isinstance(name, str) and _FILE.fullmatch(name) is not None


def absolute(name: str, folder: Path | None = None) -> str:
    """A Python file as it is known from any folder; one that lies in ``folder`` comes first."""
    found = _FILE.fullmatch(name)
    if found is None:
        return name
    file = Path(found["file"]).expanduser()
    beside = file if folder is None else folder / file
    path = str((beside if beside.exists() else file).resolve())
    return f"{path}:{found['attribute']}" if found["attribute"] else path


def read_file(source: str) -> CodeFile:
    found = _FILE.fullmatch(source)
    assert found is not None
    try:
        text = Path(found["file"]).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{found['file']} is not a Python file in UTF-8") from error
    except OSError as error:
        raise InputError(f"cannot read {found['file']}: {error.strerror or error}") from error
    return CodeFile(found["file"], text, found["attribute"])


_modules: dict[tuple[str, str], ModuleType] = {}
_folders: set[Path] = set()  # that this process looks in for modules, because a model file stands there


def _module(path: str, text: str) -> ModuleType:
    """The file as a module. What it prints goes to stderr: stdout is for results."""
    if (path, text) not in _modules:
        file = Path(path)
        module = ModuleType(f"{file.stem}_{sha256(path, text)[:8]}")
        module.__file__ = path
        # so that a file which was written for the zoo finds its machinery, `from ._pipelines import ...`
        module.__spec__ = ModuleSpec(f"{_package(file, text)}.{file.stem}", None)
        module.__package__ = module.__spec__.parent
        if str(file.parent) not in sys.path:
            sys.path.append(str(file.parent))  # last, so that no file beside it hides a library
            _folders.add(file.parent)
        sys.modules[module.__name__] = module
        try:
            with contextlib.redirect_stdout(sys.stderr):
                exec(compile(text, path, "exec"), vars(module))
        except (Exception, SystemExit) as error:
            del sys.modules[module.__name__]
            raise InputError(f"{file.name} cannot be run: {first_line(error, path)}") from error
        _modules[path, text] = module
    return _modules[path, text]


def is_installed(library: str) -> bool:
    """Whether a library can be imported; a file ``catboost.py`` beside a model file is not CatBoost."""
    found = find_spec(library)
    return found is not None and Path(found.origin or "").parent not in _folders


def _package(file: Path, text: str) -> str:
    """The folder of the zoo in which the file would be an entry: a network has ``build(inputs, units)``."""
    import ast

    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError) as error:
        where = f" line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise InputError(f"{file.name}{where} is not Python: {first_line(error)}") from error
    builds = [node for node in body if isinstance(node, ast.FunctionDef) and node.name == "build"]
    first = [argument.arg for node in builds for argument in node.args.args[:1]]
    return f"{__package__}.models" if first and first[0] not in FACTS_OF_DATA else f"{__package__}.baselines"


def _no_such(short: str, name: str, module: ModuleType) -> str:
    own = [
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]
    offered = f"; it has {', '.join(f'{short}:{key}' for key in own[:5])}" if own else ""
    return f"{short} has no {name}{offered}"


def name_of(model: Any) -> str:
    """Of a function or a class its own, of an estimator its class's; of a pipeline that of its last step."""
    if inspect.isroutine(model) or inspect.isclass(model):
        name = str(model.__name__)
        return "model" if name == "<lambda>" else name.lstrip("_")
    steps = getattr(model, "steps", None)
    last = steps[-1][1] if isinstance(steps, list) and steps else model
    return type(last).__name__.lstrip("_")


def expression_of(model: Any) -> str:
    """How Python would say it, in one line."""
    if inspect.isroutine(model) or inspect.isclass(model):
        return str(model.__name__)
    return " ".join(_without_addresses(repr(model)).split())


def digest_of(model: Any, constants: Mapping[str, Any]) -> str:
    """Of a function its source, of an estimator its class and its parameters; and of the constants beside."""
    beside = sorted(f"{name}={_without_addresses(repr(value))}" for name, value in constants.items())
    return sha256(_digest_of(model), *beside)


def _digest_of(model: Any) -> str:
    if inspect.isroutine(model) or inspect.isclass(model):
        try:
            return sha256(inspect.getsource(model))
        except (OSError, TypeError):
            code = getattr(model, "__code__", None)
            known = "" if code is None else f"{code.co_code.hex()}{_without_addresses(repr(code.co_consts))}"
            return sha256(getattr(model, "__qualname__", ""), known)
    params = model.get_params(deep=True) if hasattr(model, "get_params") else {}
    shown = [f"{name}={_without_addresses(repr(value))}" for name, value in sorted(params.items())]
    return sha256(f"{type(model).__module__}.{type(model).__qualname__}", *shown)


def _without_addresses(text: str) -> str:
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def sha256(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
