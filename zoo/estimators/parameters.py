"""Parameters of the networks' estimators: names, types, defaults, and documentation made of them."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields
from textwrap import indent
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    import numpy as np

    from ...datasets import Entry

Kind = Literal["Classifier", "Regressor"]


@dataclass(frozen=True, kw_only=True)
class TrainingParameters:
    """Parameters that every network has beside those of its architecture.

    ``TRAINING`` in a network's entry file has the defaults that differ.

    Parameters
    ----------
    epochs
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate
        Learning rate of AdamW, before the schedule.
    patience
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing
        Share of the target that is spread evenly over the classes.
    schedule
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight
        Weights by class; "balanced" gives all classes the same total weight.
    random_state
        Seed of inner split, initial weights, batches and dropout.
    verbose
        1 prints a line an epoch on stderr.
    ensemble
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size
        Networks of an ensemble.
    """

    epochs: int | Literal["auto"] = 100
    batch_size: int | Literal["auto"] = "auto"
    learning_rate: float = 1e-3
    patience: int | None = 15
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    schedule: Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "constant"
    validation_fraction: float = 0.15
    class_weight: Mapping[str, float] | Mapping[int, float] | Literal["balanced"] | None = None
    random_state: int | np.random.RandomState | None = None
    verbose: int = 0
    ensemble: bool = False
    ensemble_size: int = 5


OF_CLASSIFIERS = ("class_weight", "label_smoothing")


@dataclass(frozen=True)
class Parameter:
    """One keyword parameter of an estimator; ``text`` documents it and may be empty."""

    name: str
    default: Any
    annotation: Any
    text: str

    @property
    def words(self) -> str:
        """The type as numpydoc writes it."""
        return words_of(self.annotation)


def kind_of(task: str) -> Kind:
    """Whether a task asks for a classifier or a regressor."""
    return "Regressor" if task == "regression" else "Classifier"


def kinds_of(entry: Entry) -> dict[Kind, str]:
    """The kinds of estimator that a network is offered as, each with a task that asks for it."""
    tasks: tuple[str, ...] = entry.constant("TASKS", ())
    return {kind_of(task): task for task in sorted(tasks)}


_ACRONYMS = {"cnn", "gru", "lstm", "mlp", "rnn"}  # kinds of networks that are written in capitals


def class_name(entry: Entry, kind: Kind) -> str:
    """``deep-mlp`` and ``Classifier`` make ``DeepMLPClassifier``."""
    parts = [part.upper() if part in _ACRONYMS else part.capitalize() for part in entry.name.split("-")]
    return "".join(parts) + kind


def defaults_of(entry: Entry, kind: Kind) -> dict[str, Any]:
    """Parameters of a network's estimator with their defaults: those of ``build`` first, then of training."""
    usual = {f.name: f.default for f in fields(TrainingParameters)}
    defaults = {**entry.parameters, **usual, **entry.constant("TRAINING", {})}
    return {n: v for n, v in defaults.items() if kind == "Classifier" or n not in OF_CLASSIFIERS}


def parameters_of(entry: Entry, kind: Kind) -> list[Parameter]:
    """The parameters of :func:`defaults_of` with their types and descriptions."""
    import numpy as np

    types_of = {**get_type_hints(TrainingParameters, {**globals(), "np": np}), **get_type_hints(entry.call)}
    docstrings = (inspect.cleandoc(TrainingParameters.__doc__ or ""), inspect.getdoc(entry.call) or "")
    texts = {name: text for each in docstrings for name, text in parameter_texts(each).items()}
    return [
        Parameter(name, default, types_of.get(name, object), texts.get(name, ""))
        for name, default in defaults_of(entry, kind).items()
    ]


def parameter_texts(docstring: str) -> dict[str, str]:
    """Descriptions by name in the Parameters section of a numpydoc docstring."""
    _, _, section = docstring.partition("Parameters\n----------\n")
    section = re.split(r"\n\n\S[^\n]*\n-{3,}\n", section)[0]
    items = re.findall(r"^(\w+)[^\n]*\n((?: {4}[^\n]*\n?|\n(?= {4}))*)", section, flags=re.MULTILINE)
    return {name: inspect.cleandoc(text) for name, text in items}


def words_of(annotation: Any) -> str:
    """A type as numpydoc writes it: ``tuple of int``, ``int or None``, ``{"lstm", "gru"}``."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "{" + ", ".join(f'"{value}"' for value in parts) + "}"
    if origin in (Union, types.UnionType):
        *first, last = dict.fromkeys(words_of(part).strip("{}") for part in parts)
        return f"{', '.join(first)} or {last}"
    if origin is tuple:
        return f"tuple of {words_of(parts[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "dict"
    return "None" if annotation is type(None) else getattr(annotation, "__name__", str(annotation))


_COLUMNS = """\
n_features_in_ : int
    Columns of the training table.
"""
_ATTRIBUTES = """\
model_ : keras.Model
    The trained network: encoded rows in, linear outputs out.
history_ : dict of list of float
    ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
best_epoch_ : int
    The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
n_iter_ : int
    Epochs trained, the most of an ensemble.
members_ : list of dict
    ``history``, ``best_epoch`` and ``seconds`` of every trained network.
fit_seconds_ : float
    Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
    the networks of this estimator, which shared the machine with others."""
_CLASSES = """\
classes_ : ndarray of shape (n_classes,)
    Class labels in the order of the columns of ``predict_proba``.
"""
_ROWS = {
    "tabular": """\
>>> import numpy as np, pandas as pd
>>> from deepworth.zoo import {name}
>>> rng = np.random.default_rng(0)
>>> X = pd.DataFrame({{"age": rng.uniform(20, 80, 60), "smoker": rng.choice(["yes", "no"], 60)}})
""",
    "image": """\
>>> import numpy as np
>>> from deepworth.zoo import {name}
>>> X = np.random.default_rng(0).integers(0, 256, (60, 12, 12, 3), dtype=np.uint8)
""",
    "text": """\
>>> import numpy as np, pandas as pd
>>> from deepworth.zoo import {name}
>>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
""",
}
_FITTED = {
    "Classifier": """\
>>> y = np.resize(["no", "yes"], 60)
>>> model = {name}(epochs=2, random_state=0).fit(X, y)
>>> model.predict_proba(X).shape
(60, 2)""",
    "Regressor": """\
>>> y = np.arange(60.0)
>>> model = {name}(epochs=2, random_state=0).fit(X, y)
>>> model.predict(X).shape
(60,)""",
}


def documentation(entry: Entry, kind: Kind) -> str:
    """The docstring of an estimator class: the entry's own, its parameters, attributes and an example."""
    modalities: tuple[str, ...] = entry.constant("MODALITIES", ())
    name, modality = class_name(entry, kind), modalities[0]
    parameters = "\n".join(_documented(parameter) for parameter in parameters_of(entry, kind))
    attributes = [_CLASSES] * (kind == "Classifier") + [_COLUMNS] * (modality == "tabular") + [_ATTRIBUTES]
    example = _ROWS[modality].format(name=name) + _FITTED[kind].format(name=name)
    sections = {
        "Parameters": parameters,
        "Attributes": "".join(attributes),
        "Notes": _notes(entry),
        "Examples": example,
    }
    written = [f"{title}\n{'-' * len(title)}\n{text}" for title, text in sections.items() if text]
    return "\n\n".join([entry.description, *written])


def _documented(parameter: Parameter) -> str:
    default = repr(parameter.default).replace("'", '"')
    head = f"{parameter.name} : {parameter.words}, default={default}"
    return head + ("\n" + indent(parameter.text, "    ") if parameter.text else "")


def _notes(entry: Entry) -> str:
    """What the network sets beside its parameters."""
    settings: dict[str, object] = entry.constant("SETTINGS", {})
    if not settings:
        return ""
    listed = "\n".join(f"- ``{name} = {value!r}``" for name, value in settings.items())
    return f"Fixed settings of the training, see :class:`deepworth.zoo.training.Settings`:\n\n{listed}"
