"""Models of the user's own: an estimator, a function or a Python file becomes an entry like any other.

========================  ===============================================================================
given                     becomes
========================  ===============================================================================
an estimator              clones of it, with its parameters
a class of estimators     what it makes without arguments, with its parameters
``make()``                the estimator that it returns; ``task``, ``modality`` and ``random_state`` are
                          given to a function that asks for them, and parameters with a default can be set
``build(inputs, units)``  a network that is trained like those of ``zoo/models``
``"my.py"``               ``build`` of that file, which may be an entry file as it is
``"my.py:name"``          any of these by its name in that file
========================  ===============================================================================

A file states facts as constants, as entry files do, and may state its ``FAMILY``. It is run because the user
names it, and travels to workers as source text. An object travels within a run as bytes that this very
process wrote. Neither is kept anywhere: a run keeps names, sources and hashes of its models, and no code.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from ..datasets import Entry, InputError
from .own_entries import CONSTANTS, FACTS_OF_DATA, Estimator, Loaded, ModelLike, entry_of, first_line

if TYPE_CHECKING:
    from .results.rows import Family


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")


@dataclass(frozen=True)
class OwnModel:
    """A model of the user's own.

    Attributes
    ----------
    name : str
        Unique among all models, whatever the case.
    source : str
        ``/path/my.py:make``, or the expression in Python of an object in memory.
    digest : str
        SHA-256 of what defines it.
    family : {"deep", "classical"}
    definition : object
        What makes it; None where only its facts were kept.
    """

    name: str
    source: str
    digest: str
    family: Family
    definition: CodeFile | InMemory | None = field(default=None, compare=False, repr=False)

    @property
    def in_file(self) -> bool:
        """Whether it is made by a Python file."""
        return is_file(self.source)

    @cached_property
    def entry(self) -> Entry:
        """Its entry, for which its code is run."""
        if self.definition is None:
            raise InputError(f"{self.name} is made by code of your own, which must be named again")
        return entry_of(self.name, self.source, self.definition.load())

    def facts(self) -> dict[str, str]:
        """What is kept of it."""
        return {name: getattr(self, name) for name in ("name", "source", "digest", "family")}

    def check_travels(self) -> None:
        """Refuse what cannot be sent to another process."""
        if isinstance(self.definition, InMemory):
            self.definition.content()

    def __getstate__(self) -> dict[str, Any]:
        """Without the entry, which the other process makes itself."""
        return {name: value for name, value in vars(self).items() if name != "entry"}


_joined: ContextVar[dict[str, OwnModel]] = ContextVar("own models of a comparison")


@contextlib.contextmanager
def joined(models: Sequence[OwnModel]) -> Iterator[None]:
    """These models stand beside those of the catalogue meanwhile, for this thread only."""
    token = _joined.set({model.name: model for model in models})
    try:
        yield
    finally:
        _joined.reset(token)


def own_models() -> dict[str, OwnModel]:
    """The models that were joined, by name."""
    return _joined.get({})


def is_one_model(value: object) -> bool:
    """Whether this is a model and no list of them."""
    return isinstance(value, (str, Estimator)) or callable(value)


def as_models(models: Any) -> Sequence[Any]:
    """A list of models as it is, one model as a list, and None as none."""
    if models is None:
        return ()
    return (models,) if is_one_model(models) else models


def key_of(name: str) -> str:
    """Names with the same key are the same for whoever types them."""
    return name.strip().lower().replace("_", "-")


def name_models(models: Sequence[ModelLike]) -> tuple[tuple[str, ...], tuple[OwnModel, ...]]:
    """Names of all models in their order, and those that are the user's own.

    Parameters
    ----------
    models : sequence of str, estimator or function
        Names of the catalogue stay as they are.

    Returns
    -------
    names : tuple of str
    own : tuple of OwnModel
        Each once.

    Raises
    ------
    InputError
        A file is absent or cannot be run, or holds nothing that makes a model.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> names, own = name_models(["constant", LogisticRegression(C=2.0)])
    >>> names, own[0].family
    (('constant', 'LogisticRegression'), 'classical')
    """
    taken = {*_catalogue(), *(key_of(name) for name in models if isinstance(name, str) and not is_file(name))}
    names: list[str] = []
    own: dict[tuple[str, str], OwnModel] = {}
    for model in models:
        if isinstance(model, str) and not is_file(model):
            names.append(model)
            continue
        made = _own_model(model)
        known = own.setdefault((made.source, made.digest), made)
        if known is made:
            known = _renamed(made, _unique(made.name, taken))
            own[made.source, made.digest] = known
            taken.add(key_of(known.name))
        names.append(known.name)
    return tuple(names), tuple(own.values())


def given_again(
    kept: Sequence[OwnModel], models: Sequence[ModelLike | OwnModel], run: str
) -> tuple[OwnModel, ...]:
    """The models of a run, made by what was named again; refused where one is missing or has changed."""
    own = [model for model in models if not isinstance(model, str) or is_file(model)]
    named = [model if isinstance(model, OwnModel) else _own_model(model) for model in own]
    by_digest = {model.digest: model for model in named}
    same = {key_of(model.name): model for model in named}
    for model in kept:
        if model.digest not in by_digest and key_of(model.name) in same:
            raise InputError(f"{model.name} has changed since run {run} began; start a new run")
        if model.digest not in by_digest:
            raise InputError(
                f"run {run} has a model of your own, {model.name}; name it again: {in_words(kept)}"
            )
    others = [name for name in models if isinstance(name, str) and not is_file(name)]
    others += [model.name for model in named if model.digest not in {one.digest for one in kept}]
    if others:
        raise InputError(f"run {run} has no model {others[0]} of your own; name only those that it has")
    return tuple(_renamed(by_digest[model.digest], model.name) for model in kept)


def in_words(models: Sequence[OwnModel]) -> str:
    """How models of the user's own are named on the command line, or in Python where it cannot name them."""
    if all(model.in_file for model in models):
        return f"-m {','.join(model.source for model in models)}"
    shown = [repr(model.source) if model.in_file else model.source for model in models]
    return f"models=[{', '.join(shown)}] in Python"


def _renamed(model: OwnModel, name: str) -> OwnModel:
    return OwnModel(name, model.source, model.digest, model.family, model.definition)


def _unique(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken."""
    number, found = 1, name
    while key_of(found) in taken:
        number += 1
        found = f"{name}-{number}"
    return found


def _catalogue() -> set[str]:
    """Names of all entry files; this floor knows of the files only."""
    zoo = Path(__file__).parent
    return {key_of(f.stem) for folder in ("models", "baselines") for f in (zoo / folder).glob("[!_]*.py")}


def _own_model(model: ModelLike) -> OwnModel:
    definition: CodeFile | InMemory
    if isinstance(model, str):
        source = absolute(model)
        definition = read_file(source)
        loaded = definition.load()
        stated = loaded.constants.get("NAME") if definition.attribute is None else None
        stem = Path(definition.path).stem.replace("_", "-")
        name = str(stated or definition.attribute or stem)
        digest = sha256(definition.text, definition.attribute or "build")
    else:
        definition, source = InMemory(model), expression_of(model)
        loaded = definition.load()
        name, digest = name_of(model), digest_of(model, loaded.constants)
    if not _NAME.fullmatch(name):
        raise InputError(f"{loaded.where}: NAME must be a name such as 'my-model', got {name!r}")
    entry = entry_of(name, source, loaded)
    return OwnModel(name, source, digest, entry.constant("FAMILY", "classical"), definition)


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
