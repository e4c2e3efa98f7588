"""From what a user gives as a model to an entry like those of ``zoo/models`` and ``zoo/baselines``."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, get_type_hints, runtime_checkable

from ..datasets import Entry, InputError

if TYPE_CHECKING:
    from .results.rows import Family


@runtime_checkable
class Estimator(Protocol):
    """A scikit-learn classifier or regressor, or a pipeline that ends with one."""

    def fit(self, X: Any, y: Any) -> Any:
        """Learn from rows."""

    def predict(self, X: Any) -> Any:
        """A class or a value for each row."""


ModelLike = str | Estimator | Callable[..., Any]

CONSTANTS = {
    *("MODALITIES", "TASKS", "REQUIRES", "EXTRA", "REFERENCE", "LEARNING_CURVE", "OPERATIONS", "THREADS"),
    *("TRAINING", "SETTINGS", "PREPROCESSING", "LIMITS", "JIT", "FAMILY"),
}
_MODALITIES = ("tabular", "image", "text")
_CLASSES, _VALUES = ("binary", "multiclass"), ("regression",)
_DEEP = {"keras", "scikeras", "tensorflow", "tf_keras", "torch", "skorch"}
_HOW = (
    "expected a scikit-learn estimator, a function that returns one, or a function build(inputs, units) that "
    "builds a Keras network"
)


@dataclass(frozen=True)
class Loaded:
    """What a definition holds: the object, the constants beside it, how errors call it, its description."""

    value: Any
    constants: Mapping[str, Any]
    where: str
    text: str | None = None


FACTS_OF_DATA = ("task", "modality")


def entry_of(name: str, source: str, loaded: Loaded) -> Entry:
    """The entry of what was loaded: a module with the stated constants, and with defaults for all others."""
    value, where = loaded.value, loaded.where
    module = ModuleType(name)
    module.__doc__ = loaded.text or _documentation(value) or f"{name}: a model of your own, {source}."
    for constant in CONSTANTS & loaded.constants.keys():
        setattr(module, constant, loaded.constants[constant])
    if inspect.isroutine(value) and _builds_network(value, where):
        usual: dict[str, Any] = {"FAMILY": "deep", "TASKS": (*_CLASSES, *_VALUES), "NETWORK": True}
        build = _network(value, where)
    else:
        build, sample = _maker(value, where)
        usual = {"FAMILY": _family_of(sample), "TASKS": _tasks_of(sample, where), "NETWORK": False}
    for constant, default in {**usual, "MODALITIES": _MODALITIES, "build": build}.items():
        if not hasattr(module, constant):
            setattr(module, constant, default)
    _check_constants(module, where)
    return Entry(name, module, "build")


def _documentation(value: Any) -> str | None:
    """Of a function or a class; that of an estimator is about all of its kind."""
    return inspect.getdoc(value) if inspect.isroutine(value) or inspect.isclass(value) else None


def _check_constants(module: ModuleType, where: str) -> None:
    for constant, known in (("TASKS", (*_CLASSES, *_VALUES)), ("MODALITIES", _MODALITIES)):
        stated = getattr(module, constant)
        fits = isinstance(stated, (tuple, list, set)) and set(stated) <= set(known)
        if not fits or not stated:
            raise InputError(f"{where}: {constant} must be some of {', '.join(known)}, got {stated!r}")
        setattr(module, constant, tuple(stated))
    if module.FAMILY not in ("deep", "classical", "pretrained"):
        raise InputError(
            f"{where}: FAMILY must be 'deep', 'pretrained' or 'classical', got {module.FAMILY!r}"
        )
    for constant in ("TRAINING", "SETTINGS", "PREPROCESSING", "LIMITS", "OPERATIONS"):
        if not isinstance(getattr(module, constant, {}), Mapping):
            raise InputError(f"{where}: {constant} must be a dict, got {getattr(module, constant)!r}")


def _parameters(function: Any) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # written in C
        return {}


def _builds_network(function: Any, where: str) -> bool:
    """Whether a function takes inputs and units; refused where it takes what nobody can give it."""
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [
        p
        for p in _parameters(function).values()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    names = [p.name for p in needed if p.name not in (*FACTS_OF_DATA, "random_state")]
    if not names:
        return False
    if len(needed) == len(names) == 2 and all(p.kind in plain for p in needed):
        return True
    raise InputError(f"{where} needs {', '.join(names)}, which nobody gives it; {_HOW}")


def _network(function: Any, where: str) -> Callable[..., Any]:
    """The function as ``build`` of an entry file; what it builds is checked."""

    def build(inputs: Any, units: int, **params: Any) -> Any:
        return _checked_network(function(inputs, units, **params), units, where)

    own = {p.name: p.default for p in _parameters(function).values() if p.default is not p.empty}
    with contextlib.suppress(Exception):  # types that only their own file knows
        build.__annotations__ = {n: t for n, t in get_type_hints(function).items() if n in own}
    build.__doc__ = function.__doc__
    return _with_signature(build, ("inputs", "units"), own)


def _checked_network(model: Any, units: int, where: str) -> Any:
    if not (hasattr(model, "inputs") and hasattr(model, "output_shape")):
        raise InputError(f"{where} returned {_shown(model)}; expected a Keras model of inputs.layers()")
    shape = model.output_shape
    if not isinstance(shape, tuple) or len(shape) not in (2, 3) or shape[-1] != units:
        raise InputError(f"{where} has outputs of shape {shape}; expected (None, {units})")
    last = getattr(getattr(model.layers[-1], "activation", None), "__name__", "")
    if last in ("softmax", "sigmoid"):
        raise InputError(f"{where} ends with a {last}; its outputs must be linear: remove the activation")
    return model


def _maker(value: Any, where: str) -> tuple[Callable[..., Any], Any]:
    """A ``build`` as baselines have it, and an estimator as it makes them; None where that takes data."""
    if inspect.isclass(value) or not isinstance(value, Estimator):
        return _maker_of_function(value, where)
    sample = _checked_estimator(value, where, "is")

    def build(task: str, modality: str, *, random_state: int = 0, **params: Any) -> Any:
        from sklearn.base import clone

        return _seeded(clone(sample).set_params(**params), random_state)

    own = {name: v for name, v in sample.get_params(deep=True).items() if name != "random_state"}
    return _with_signature(build, FACTS_OF_DATA, {"random_state": 0, **own}), sample


def _maker_of_function(function: Any, where: str) -> tuple[Callable[..., Any], Any]:
    if not callable(function):
        raise InputError(f"{where} is {_shown(function)}; {_HOW}")
    if inspect.isclass(function):
        _builds_network(function, where)
    known = _parameters(function)
    own = {p.name: p.default for p in known.values() if p.default is not p.empty}

    def build(task: str, modality: str, *, random_state: int = 0, **params: Any) -> Any:
        from sklearn.base import clone

        data = {"task": task, "modality": modality, "random_state": random_state}
        asked = {name: v for name, v in data.items() if name in known and name not in params}
        model = _checked_estimator(function(**asked, **params), where, "returned")
        return _seeded(clone(model), random_state)

    own = {name: v for name, v in own.items() if name not in (*FACTS_OF_DATA, "random_state")}
    signed = _with_signature(build, FACTS_OF_DATA, {"random_state": 0, **own})
    depends = any(name in known for name in FACTS_OF_DATA)
    try:
        return signed, signed("binary", "tabular")
    except InputError:
        raise
    except Exception as error:
        if depends:  # perhaps it is made for other data
            return signed, None
        raise InputError(f"{where} cannot be called: {first_line(error)}") from error


def _checked_estimator(model: Any, where: str, verb: str) -> Any:
    root = type(model).__module__.partition(".")[0]
    if root in ("keras", "tensorflow") and not hasattr(model, "get_params"):
        raise InputError(
            f"{where} {verb} a Keras model; a network is built anew for every fold, by a function "
            f"build(inputs, units)"
        )
    if inspect.isclass(model) or not isinstance(model, Estimator):
        raise InputError(f"{where} {verb} {_shown(model)}; {_HOW}")
    if not hasattr(model, "get_params"):
        name = type(model).__name__
        raise InputError(f"{name} has no get_params; derive the class from sklearn.base.BaseEstimator")
    return model


def _seeded(model: Any, random_state: int) -> Any:
    """Every random state that was left open is fixed: the same seed gives the same numbers."""
    open_states = [
        name
        for name, value in model.get_params(deep=True).items()
        if name.rpartition("__")[2] == "random_state" and value is None
    ]
    return model.set_params(**dict.fromkeys(open_states, random_state))


def _with_signature(
    function: Callable[..., Any], given: Sequence[str], params: Mapping[str, Any]
) -> Callable[..., Any]:
    """The function with these parameters by name, as entries show theirs."""
    first = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in given]
    keywords = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in params.items()
        if name.isidentifier()
    ]
    function.__signature__ = inspect.Signature([*first, *keywords])  # type: ignore[attr-defined]
    return function


def _family_of(model: Any) -> Family:
    """``deep`` if it, or an estimator in it, comes from Keras or PyTorch."""
    if model is None:
        return "classical"
    inside = [model, *model.get_params(deep=True).values()]
    roots = {base.__module__.partition(".")[0] for each in inside for base in type(each).__mro__}
    return "deep" if roots & _DEEP or any(hasattr(each, "keras_model") for each in inside) else "classical"


def _tasks_of(model: Any, where: str) -> tuple[str, ...]:
    from sklearn.base import is_classifier, is_regressor

    try:
        kinds = is_classifier(model), is_regressor(model)
    except Exception:  # a class with fit and predict of its own, or nothing that could be asked
        kinds = (False, False)
    if kinds[0]:
        _check_probabilities(model, where)
        return _CLASSES
    if not kinds[1] and getattr(model, "_estimator_type", None) in ("clusterer", "outlier_detector"):
        raise InputError(f"{where} is {_shown(model)}, neither a classifier nor a regressor; {_HOW}")
    return _VALUES if kinds[1] else (*_CLASSES, *_VALUES)


def _check_probabilities(model: Any, where: str) -> None:
    if not (hasattr(model, "predict_proba") or hasattr(model, "decision_function")):
        raise InputError(
            f"{where}: {type(model).__name__} has neither predict_proba nor decision_function, and classes "
            f"are scored by probabilities; use a classifier that has one of them"
        )


def _shown(value: object) -> str:
    """A value in words that fit a line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else f"a {type(value).__name__}"


def first_line(error: BaseException, path: str = "") -> str:
    """The kind and the first line of an error, and the line of the file where it was raised."""
    first = (str(error).strip().splitlines() or [""])[0][:200]
    lines, trace = [], error.__traceback__
    while trace is not None:
        lines += [trace.tb_lineno] if trace.tb_frame.f_code.co_filename == path else []
        trace = trace.tb_next
    where = f" (line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {first}{where}"
