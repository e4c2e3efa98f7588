"""The catalogue of models: networks and baselines by file name, and the facts that their files state.

Models of the user's own that were joined, see :mod:`.own_models`, stand beside them.

Facts are constants of an entry file. ``MODALITIES`` and ``TASKS`` must be stated, all others have a default:

===============  ==================================================================================
NAME             the model's name; the file's name with hyphens
REQUIRES, EXTRA  an import name, and the extra of deepworth that installs it; none
REFERENCE        True for a model that shows what knowing nothing scores; False
LEARNING_CURVE   True for a strong and quick model, which ``learning-curve`` fits by default; False
SPACE            what ``--tune`` searches, see ``zoo/tuning/space.py``; nothing
===============  ==================================================================================

Baselines may state

===============  ==================================================================================
OPERATIONS       functions that count the operations of a prediction, by the name of an estimator
                 class, see ``zoo/baselines/_operations.py``; they are not counted
TRUSTED          types of other libraries that a saved model holds; those that skops trusts
THREADS          False where the model's number of threads has no effect; True
===============  ==================================================================================

Networks may state

===============  ==================================================================================
TRAINING         defaults of training parameters, see ``zoo/estimators/parameters.py``
SETTINGS         settings of the training that are no parameters, see ``zoo/training/settings.py``
PREPROCESSING    arguments of the preprocessor; none
LIMITS           (least, below) of parameters whose default says too little; none
JIT              False where XLA does not pay, or the number of steps from which it does; True
AUTO             a function ``(inputs, n_rows, values)`` of the specification of the inputs, about how
                 many rows are trained on, and all parameters: values of those that are "auto"; none
START            a function ``(model, arrays)`` that sets weights of a new network from training rows as
                 it takes them, at most 2,000, by name of the input; none
===============  ==================================================================================

Networks on frozen features of an encoder that was trained before state

===============  ==================================================================================
FAMILY           "pretrained"
ENCODER          the kind of pretrained weights, see ``zoo/pretrained/found.py``
===============  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..datasets import Entry, InputError, catalogue, find_entry
from .own_models import is_installed, key_of, own_models

if TYPE_CHECKING:  # they are defined in modules that import NumPy
    from ..datasets import Modality, Task
    from .results.rows import Family

FACTS = {"MODALITIES", "TASKS", "NAME", "REQUIRES", "EXTRA", "REFERENCE", "LEARNING_CURVE", "SPACE"}
FACTS_OF = {
    "classical": {*FACTS, "OPERATIONS", "TRUSTED", "THREADS"},
    "deep": {*FACTS, "TRAINING", "SETTINGS", "PREPROCESSING", "LIMITS", "JIT", "AUTO", "START"},
}
FACTS_OF["pretrained"] = {*FACTS_OF["deep"], "FAMILY", "ENCODER"}
_NETWORKS, _BASELINES = "deepworth.zoo.models", "deepworth.zoo.baselines"


def entries(family: Family | None = None) -> dict[str, Entry]:
    """Every model of a family (or of all, networks first) by name."""
    own = {name: model.entry for name, model in own_models().items() if family in (None, model.family)}
    return {**_catalogue(family), **own}


def _catalogue(family: Family | None = None) -> dict[str, Entry]:
    """Entries that are files of the zoo."""
    found = {**catalogue(_NETWORKS, "build"), **catalogue(_BASELINES, "build")}
    return {name: e for name, e in found.items() if family in (None, _family_of(e))}


TUNED = "-tuned"  # at the end of a name: the model with parameters that a search chooses


def untuned(name: str) -> str:
    """The model that a tuned one searches the parameters of; the name itself of others."""
    return name.removesuffix(TUNED)


def is_tuned(name: str) -> bool:
    """Whether a name is that of a model with searched parameters."""
    return key_of(name).endswith(TUNED)


def space(name: str) -> dict[str, Any]:
    """The search space of a model, see ``zoo/tuning/space.py``; empty where its file states none."""
    return dict(entry(untuned(name)).constant("SPACE", {}))


def is_known(name: str) -> bool:
    """Whether there is a model of exactly this name."""
    return untuned(name) in entries()


def entry(name: str) -> Entry:
    """The entry of that name, or an error that offers the nearest names."""
    if is_tuned(str(name)):
        base = entry(untuned(key_of(str(name))))
        if not base.constant("SPACE", {}):
            raise InputError(f"{base.name} has nothing to tune; remove {name}")
        return replace(base, name=base.name + TUNED)
    own = {key_of(known): model for known, model in own_models().items()}.get(key_of(str(name)))
    return find_entry(entries(), name, "model") if own is None else own.entry


def family(name: str) -> Family:
    """``deep``, ``pretrained`` or ``classical``: what its file says, or where it lives."""
    return _family_of(entry(name))


def rank(family: str) -> int:
    """The place of a family in the order in which models run: those that start quickest come first."""
    return ("classical", "deep", "pretrained").index(family) if family != "unknown" else 0


def _family_of(found: Entry) -> Family:
    return found.constant("FAMILY", "deep" if _in_networks(found) else "classical")


def _in_networks(found: Entry) -> bool:
    return found.module.__name__.startswith(_NETWORKS)


def is_own(name: str) -> bool:
    """Whether it is a model of the user's own."""
    return name in own_models()


def suited(task: str, modality: str) -> list[str]:
    """Names of all models for this task and modality, whether installed or not."""
    return [
        name
        for name, e in entries().items()
        if task in e.constant("TASKS", ()) and modality in e.constant("MODALITIES", ())
    ]


def for_learning_curves(task: str, modality: str) -> list[str]:
    """Names of the models for this task and modality that a learning curve has by default."""
    return [name for name in suited(task, modality) if entry(name).constant("LEARNING_CURVE", False)]


def is_reference(name: str) -> bool:
    """Whether a model only shows what knowing nothing scores; False for an unknown name."""
    known = entries().get(name)
    return known is not None and bool(known.constant("REFERENCE", False))


def takes_threads(name: str) -> bool:
    """Whether the number of threads of a model's estimator has an effect."""
    return bool(entry(name).constant("THREADS", True))


def hidden_layers_parameter(name: str) -> str | None:
    """The parameter that lists the sizes of a network's hidden layers, or None if it has no such list."""
    listed = isinstance(entry(name).parameters.get("hidden_units"), tuple)
    return "hidden_units" if listed else None


def models_of_weights(path: str) -> list[str]:
    """Models on pretrained weights that can use those at a path.

    Raises
    ------
    InputError
        There is no such path.
    """
    from .pretrained.found import holds

    kinds = {name: e.constant("ENCODER", None) for name, e in entries().items()}
    return [name for name, kind in kinds.items() if kind is not None and holds(path, kind)]


def missing_requirement(name: str, params: Mapping[str, Any] | None = None) -> str | None:
    """Why a model cannot run here: how to get its library or weights, or None when it can."""
    encoder = entry(name).constant("ENCODER", None)
    if encoder is not None:
        from .pretrained.found import missing

        return missing(encoder, (params or {}).get("weights"))
    needed: str | None = entry(name).constant("REQUIRES", None)
    if needed is None or is_installed(needed):
        return None
    extra = entry(name).constant("EXTRA", needed)
    return f"needs {needed}: pip install 'deepworth[{extra}]'"


def create(name: str, task: Task, modality: Modality, **params: Any) -> Any:
    """A new unfitted scikit-learn estimator over raw rows.

    Parameters
    ----------
    name : str
        A model of the catalogue.
    task : {"binary", "multiclass", "regression"}
    modality : {"tabular", "image", "text"}
    **params
        The model's parameters, see :func:`parameters`. Every model takes ``random_state``.

    Returns
    -------
    estimator
        With ``fit``, ``predict`` and, for classification, ``predict_proba``.

    Examples
    --------
    >>> from deepworth.zoo import registry
    >>> registry.create("random-forest", "binary", "tabular", n_estimators=50).steps[-1][1].n_estimators
    50
    """
    found = entry(name)
    if is_tuned(found.name):
        return _tuned(found.name, task, modality, params)
    if _is_network(found):
        return _estimator_class(_for_modality(found, modality), task)(**params)
    model = found.call(task, modality, **params)
    if is_own(found.name):
        from .baselines import over_raw_rows

        return over_raw_rows(model, task, modality)
    learns = task == "regression" and not is_reference(name)
    return _with_scaled_target(model) if learns else model


def _tuned(name: str, task: Task, modality: Modality, params: Mapping[str, Any]) -> Any:
    """A search over the space of a model; parameters of the model itself are the same in every candidate."""
    from .tuning import Tuned, changed_space, check_space

    given = dict(params)
    searched = changed_space(space(name), given.pop("space", None))
    check_space(searched, parameters(untuned(name)))
    own = {key: value for key, value in given.items() if key in (*_SEARCH, "random_state", "positive")}
    fixed = {key: value for key, value in given.items() if key not in own}
    make = partial(create, untuned(name), task, modality)
    return Tuned(make, searched, task, fixed=fixed, **own)


_SEARCH: dict[str, Any] = {"trials": 25, "seconds": None, "metric": None, "space": None}


def _is_network(found: Entry) -> bool:
    """Whether ``build`` takes inputs and units, and makes a Keras model."""
    return found.constant("NETWORK", _in_networks(found))


@cache
def _for_modality(network: Entry, modality: str) -> Entry:
    """A network that is for several kinds of rows, as one for these: preprocessing goes by the first."""
    modalities: tuple[str, ...] = network.constant("MODALITIES", ())
    if len(modalities) < 2 or modality not in modalities:
        return network
    module = ModuleType(network.module.__name__, network.module.__doc__)
    vars(module).update({**vars(network.module), "MODALITIES": (modality,)})
    return Entry(network.name, module, network.function)


def _with_scaled_target(model: Any) -> Any:
    """Every classical regressor learns a target of the size of its own spread, whatever its unit."""
    from .preprocessing.scales import with_scaled_target

    return with_scaled_target(model)


def offers_fleets(name: str, task: str) -> bool:
    """Whether estimators of a model are of a class that can be fitted together; none is made."""
    found = entry(name)
    if is_tuned(found.name):
        return False
    return _is_network(found) and hasattr(_estimator_class(found, task), "fit_many")


def estimator_classes() -> dict[str, Callable[[], type]]:
    """Public class names of all networks (``DeepMLPClassifier``) to functions that make the class."""
    from .estimators.parameters import class_name, kinds_of

    return {
        class_name(network, kind): partial(_estimator_class, network, task)
        for network in _catalogue().values()
        if _is_network(network)
        for kind, task in kinds_of(network).items()
    }


def _estimator_class(network: Entry, task: str) -> type:
    from .estimators.classes import estimator_class

    return estimator_class(network, task)


def parameters(name: str) -> dict[str, Any]:
    """Parameters of a model with their defaults, those of training included for networks."""
    model = entry(name)
    if is_tuned(model.name):
        return {**_SEARCH, "positive": None, **parameters(untuned(model.name))}
    if not _is_network(model):
        return model.parameters
    from .estimators.parameters import defaults_of, kinds_of

    return defaults_of(model, next(iter(kinds_of(model))))


def describe(name: str) -> dict[str, Any]:
    """What is known about a model, with its description and parameters."""
    from .tuning.space import in_words

    model = entry(name)
    return {
        **_facts(model.name),
        "description": model.description,
        "parameters": parameters(name),
        "space": in_words(space(name)),
    }


def describe_all() -> list[dict[str, Any]]:
    """Facts about every model, without importing anything heavy."""
    return [_facts(name) for name in entries()]


def _facts(name: str) -> dict[str, Any]:
    model = entry(name)
    return {
        "model": name,
        "family": family(name),
        "modalities": list(model.constant("MODALITIES", ())),
        "tasks": list(model.constant("TASKS", ())),
        "card": model.card,
        "missing": missing_requirement(name),
    }
