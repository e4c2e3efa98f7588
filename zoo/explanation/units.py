"""Inside a network: roles of single units, linear probes of layers, and a forward pass in numbers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy import stats

from ...datasets import Features, InputError, take
from ..inner_splits import Split, SplitFacts, class_folds, value_folds
from ..results.network import (
    Correlated,
    Probe,
    Trace,
    TracedInput,
    TracedLayer,
    TracedNeuron,
    TracedTerm,
    Unit,
)
from .importance import as_targets
from .networks import Network, all_layers, replaced_calls
from .surrogate_models import Readable, readable

if TYPE_CHECKING:
    import pandas as pd

ROWS = 200
UNITS = 16  # of a layer, those that vary most
STRONGEST = 3
TOP_ROWS = 5
PROBED_ROWS = 1000
FOLDS = 5
PLAIN = ("InputLayer", "Embedding", "GetItem", "Concatenate", "Dropout", "Dense")
NEURONS = 6  # of a layer that are shown
TERMS = 8  # of a weighted sum that are shown
_HIDDEN = ("Activation", "ParametricActivation", "MeanMaxPooling", "GlobalMaxPooling1D", "TermSum")


def hidden_layers(network: Network) -> list[Any]:
    """The layers whose outputs are units: dense layers, activations, and pooled states of texts."""
    layers = all_layers(network.inner)
    dense = [la for la in layers if isinstance(la, keras.layers.Dense) and la.name != "output"]
    return [la for la in layers if la in dense or type(la).__name__ in _HIDDEN]


def activations(network: Network, arrays: dict[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
    """Outputs of every hidden layer, means over positions, words and members; float32 (n_samples, units)."""
    recorded: dict[str, list[np.ndarray]] = {}

    def recording(layer: Any) -> Any:
        call = layer.call

        def call_and_record(*args: Any, **kwargs: Any) -> Any:
            result = call(*args, **kwargs)
            values = result.numpy()
            means = values.reshape(len(values), -1, values.shape[-1]).mean(axis=1)
            recorded.setdefault(layer.name, []).append(means)
            return result

        return call_and_record

    with replaced_calls({layer: recording(layer) for layer in hidden_layers(network)}):
        network.outputs(arrays)
    n_rows = len(next(iter(arrays.values())))
    return [(name, _of_rows(parts, n_rows)) for name, parts in recorded.items()]


def _of_rows(parts: list[np.ndarray], n_rows: int) -> np.ndarray:
    """Values of rows, means where a network sees each row several times, as an image and its mirror image."""
    copies = sum(map(len, parts)) // max(1, n_rows)
    return np.concatenate([part.reshape(copies, -1, part.shape[-1]).mean(axis=0) for part in parts])


def unit_roles(
    network: Network, X: Features, y: np.ndarray, *, units: int = UNITS, seed: int = 0
) -> list[Unit]:
    """What the hidden units of a network respond to, and how much the network needs them.

    Parameters
    ----------
    network : Network
        As :func:`open_network` gives it.
    X : DataFrame, Series of str, or uint8 images
        n_samples raw rows, of which 200 are used.
    y : ndarray of shape (n_samples,)
        Their true classes or values.
    units : int, default=16
        Most units of a layer, those that vary most.
    seed : int, default=0
        Of the choice of rows.

    Returns
    -------
    list of Unit
        ``unit`` counts from 1; ``active`` is the share of rows with an activation above zero;
        ``responds_to`` has the three readable features with the largest correlations; ``top_rows`` are
        positions in X of the largest activations; ``loss`` is the share of the target's variance that is no
        longer explained when the unit is set to 0.

    Examples
    --------
    >>> import deepworth
    >>> from deepworth.zoo.explanation import open_network, unit_roles
    >>> data = deepworth.load_dataset("iris")
    >>> model = deepworth.zoo.ShallowMLPClassifier(hidden_units=4, epochs=2).fit(data.X, data.y)
    >>> len(unit_roles(open_network(model), data.X, data.y))
    4
    """
    rows = np.arange(len(y))
    if len(rows) > ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, ROWS, replace=False))
    X = take(X, rows)
    arrays = network.encode(X)
    features = readable(X, network.modality)
    ablation = _Ablation(network, arrays, as_targets(np.asarray(y)[rows], network.classes))
    roles = []
    for layer, values in activations(network, arrays):
        chosen = np.sort(np.argsort(-values.std(axis=0), kind="stable")[:units])
        for unit in chosen.tolist():
            activation = values[:, unit].astype(float)
            roles.append(
                Unit(
                    layer=layer,
                    unit=unit + 1,
                    units=values.shape[1],
                    mean=float(activation.mean()),
                    active=float(np.mean(activation > 0)),
                    responds_to=_strongest(features, activation),
                    top_rows=tuple(rows[np.argsort(-activation, kind="stable")[:TOP_ROWS]].tolist()),
                    loss=ablation.loss_without(layer, unit, values.shape[1]) - ablation.loss,
                )
            )
    return roles


def _strongest(features: Readable, activation: np.ndarray) -> tuple[Correlated, ...]:
    """The features with the largest correlations."""
    values = features.values
    if not values.shape[1] or not activation.std() > 0:
        return ()
    with np.errstate(all="ignore"):
        mean = np.nanmean(np.where(np.isnan(values).all(axis=0), 0.0, values), axis=0)
        centred, activation = np.where(np.isnan(values), 0.0, values - mean), activation - activation.mean()
        norms = np.linalg.norm(centred, axis=0) * np.linalg.norm(activation)
        correlations = np.where(norms > 0, centred.T @ activation / norms, 0.0)
    best = np.argsort(-np.abs(correlations), kind="stable")[:STRONGEST]
    return tuple(Correlated(features.features[i].label, float(correlations[i])) for i in best)


class _Ablation:
    """The loss of a network without single hidden units."""

    def __init__(self, network: Network, arrays: dict[str, np.ndarray], truth: np.ndarray) -> None:
        self.network, self.truth = network, truth
        self.arrays = {name: tf.constant(values) for name, values in arrays.items()}
        self.layers = hidden_layers(network)
        self.spread = float(np.mean(np.sum((truth - truth.mean(axis=0)) ** 2, axis=1))) or 1.0
        self.compiled: dict[str, Any] = {}
        self.loss = self._loss(network.outputs(arrays))

    def loss_without(self, layer: str, unit: int, width: int) -> float:
        """The loss with a unit set to 0, as a share of the target's variance."""
        if layer not in self.compiled:
            self.compiled[layer] = tf.function(lambda mask: self._masked(layer, mask))
        mask = np.ones(width, np.float32)
        mask[unit] = 0.0
        return self._loss(self.compiled[layer](tf.constant(mask)).numpy())

    def _masked(self, name: str, mask: Any) -> Any:
        def masking(call: Any) -> Any:
            return lambda *args, **kwargs: call(*args, **kwargs) * mask

        calls = {layer: masking(layer.call) for layer in self.layers if layer.name == name}
        with replaced_calls(calls):
            return self.network.inner(self.arrays, training=False)

    def _loss(self, outputs: np.ndarray) -> float:
        predicted = self.network.predictions(outputs).reshape(len(self.truth), -1)
        return float(np.mean(np.sum((predicted - self.truth) ** 2, axis=1)) / self.spread)


def probes(
    network: Network,
    X: Features,
    y: np.ndarray,
    *,
    confidence_level: float = 0.95,
    seed: int = 0,
    groups: npt.ArrayLike | None = None,
    time: npt.ArrayLike | None = None,
) -> list[Probe]:
    """Cross-validated scores of a linear model on the outputs of each layer, and on engineered features.

    The engineered features are HOG of images, TF-IDF of texts, and scaled and one-hot columns of tables.

    Parameters
    ----------
    network : Network
        As :func:`open_network` gives it.
    X : DataFrame, Series of str, or uint8 images
        n_samples raw rows that the network was not trained on (on training rows, learned features look
        better than they are). At most 1,000 are used.
    y : ndarray of shape (n_samples,)
        Their true classes or values.
    confidence_level : float, default=0.95
        Of the intervals.
    seed : int, default=0
        Of the choice of rows and of the five folds.
    groups, time : array-like of shape (n_samples,), optional
        Folds keep groups together, and predict later rows from earlier ones.

    Returns
    -------
    list of Probe
        From input to output, engineered features last; none if the rows allow no two folds. ``score`` is the
        accuracy of logistic regression or R² of ridge regression, with an interval after Nadeau and Bengio
        (2003).

    References
    ----------
    Alain and Bengio (2016), "Understanding intermediate layers using linear classifier probes".

    Examples
    --------
    >>> import deepworth
    >>> from deepworth.zoo.explanation import open_network, probes
    >>> data = deepworth.load_dataset("iris")
    >>> model = deepworth.zoo.ShallowMLPClassifier(hidden_units=4, epochs=2).fit(data.X, data.y)
    >>> found = probes(open_network(model), data.X, data.y)
    >>> found[0].features, found[-1].features
    ('encoded input', 'scaled and one-hot columns')
    """
    rows = np.arange(len(y))
    if len(rows) > PROBED_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, PROBED_ROWS, replace=False))
    facts = SplitFacts.of(len(y), groups, time).take(rows)
    X, y = take(X, rows), np.asarray(y)[rows]
    folds = _folds(y, network.task, seed, facts)
    if not folds:
        return []
    arrays = network.encode(X)
    candidates: list[tuple[str, str, Any, Any]] = []
    if network.modality != "text":  # numbers of words have no order
        plain = arrays["numeric" if network.modality == "tabular" else "image"]
        candidates.append(("encoded input", "input", plain.reshape(len(plain), -1).astype(float), None))
    candidates += [(name, "learned", values, None) for name, values in activations(network, arrays)]
    candidates.append(_engineered(network.modality, X))
    return [
        Probe(name, kind, *_score(values, encoder, y, folds, facts, network.task, confidence_level))
        for name, kind, values, encoder in candidates
    ]


def _engineered(modality: str, X: Any) -> tuple[str, str, Any, Any]:
    """Raw rows and the encoder that turns them into features, which is fitted inside each fold."""
    from sklearn.pipeline import make_pipeline

    from ..preprocessing.columns import SafeText, TableEncoder
    from ..preprocessing.pixels import Gradients, SameSize

    if modality == "tabular":
        return "scaled and one-hot columns", "made by hand", X, TableEncoder("scaled")
    if modality == "image":
        return "HOG", "made by hand", X, make_pipeline(SameSize(), Gradients())
    from sklearn.feature_extraction.text import TfidfVectorizer

    from ..preprocessing.texts import SPACED

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=SPACED, lowercase=False)
    return "TF-IDF of words and pairs", "made by hand", X, SafeText(words)


def _folds(y: np.ndarray, task: str, seed: int, facts: SplitFacts) -> list[Split]:
    """At least two folds, which keep groups together and time in order; none where that is not possible."""
    if task == "regression":
        folds = value_folds(len(y), FOLDS, seed, facts)
    else:
        folds = class_folds(y, FOLDS, seed, facts)
    return folds if len(folds) > 1 else []


def _score(
    values: Any, encoder: Any, y: np.ndarray, folds: list[Split], facts: SplitFacts, task: str, level: float
) -> tuple[int, float, float, float]:
    """Number of features, mean score and its interval."""
    from sklearn.base import clone
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if task == "regression":
        last: Any = RidgeCV(alphas=np.logspace(-2, 4, 13))
    else:
        last = LogisticRegression(max_iter=300)
    steps = [StandardScaler(with_mean=encoder is None), last]
    model = make_pipeline(*([clone(encoder)] if encoder is not None else []), *steps)
    scores, width = [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a probe that does not converge scores low
        for train, test in folds:
            if task == "regression" and facts:  # the strength, too, is chosen on other groups
                last.set_params(cv=value_folds(len(train), FOLDS, 0, facts.take(train)) or None)
            fitted = clone(model).fit(take(values, train), y[train])
            scores.append(float(fitted.score(take(values, test), y[test])))
            width = int(fitted[-1].n_features_in_)
    spread = np.std(scores, ddof=1) * np.sqrt(1 / len(scores) + 1 / (len(scores) - 1))
    half = float(stats.t.ppf(0.5 + level / 2, len(scores) - 1) * spread)
    mean = float(np.mean(scores))
    return width, mean, mean - half, min(1.0, mean + half)


def dense_layers(network: Network) -> list[Any]:
    """The dense layers of a network of a table that consists of them only; InputError for another network."""
    kinds = {type(layer).__name__ for layer in network.inner.layers}
    if kinds - set(PLAIN) or network.modality != "tabular":
        name = network.inner.name.replace("_", "-")
        raise InputError(
            f"{name} cannot be traced: it has other layers than dense ones. Networks of tables that can be "
            "traced are perceptron, shallow-mlp and plain-mlp: deepworth train DATA -m shallow-mlp -o net, "
            "then deepworth explain net DATA --row N --trace. Without --trace, --row N shows attributions"
        )
    return [layer for layer in network.inner.layers if isinstance(layer, keras.layers.Dense)]


def feature_names(network: Network) -> list[str]:
    """Labels of the inputs of the first dense layer: encoded numbers, then numbers of embeddings."""
    names = [e.label for e in network.numeric]
    embeddings = [layer for layer in network.inner.layers if isinstance(layer, keras.layers.Embedding)]
    for (column, _), layer in zip(network.categories, embeddings, strict=True):
        names += [f"{column} [{i + 1}]" for i in range(layer.output_dim)]
    return names


def trace(network: Network, X: pd.DataFrame, *, neurons: int = NEURONS, terms: int = TERMS) -> Trace:
    """Trace the forward pass of a plain network for one row, number by number.

    Parameters
    ----------
    network : Network
        As :func:`open_network` gives it: a perceptron, or dense layers one after the other.
    X : DataFrame
        The first row is traced.
    neurons : int, default=6
        Most neurons of a layer that are shown, those with the largest activations.
    terms : int, default=8
        Most terms of a weighted sum that are shown, the largest ones; the others are summed.

    Returns
    -------
    Trace
        Inputs, layers with their neurons, linear outputs, and the probabilities or the value.

    Raises
    ------
    InputError
        The network has other layers than dense ones.

    Examples
    --------
    >>> import deepworth
    >>> from deepworth.zoo.explanation import open_network, trace
    >>> data = deepworth.load_dataset("iris")
    >>> model = deepworth.zoo.PerceptronClassifier(epochs=1).fit(data.X, data.y)
    >>> found = trace(open_network(model), data.X)
    >>> [layer.units for layer in found.layers], found.last_step
    ([3], 'softmax, exp(output) / sum of all')
    """
    layers = dense_layers(network)
    arrays = network.encode(X.iloc[:1])
    x = keras.Model(network.inner.input, layers[0].input)(arrays, training=False).numpy()[0].astype(float)
    names = feature_names(network)
    inputs, traced = _traced_inputs(network, X, names, x), []
    for number, layer in enumerate(layers, 1):
        outputs, one = _traced_layer(layer, names, x, neurons, terms)
        traced.append(one)
        x, names = outputs, [f"unit {j + 1} of layer {number}" for j in range(len(outputs))]
    answer, last_step = _last_step(network, x)
    return Trace(
        inputs=inputs, layers=tuple(traced), outputs=tuple(x.tolist()), answer=answer, last_step=last_step
    )


def _traced_inputs(
    network: Network, X: pd.DataFrame, names: list[str], x: np.ndarray
) -> tuple[TracedInput, ...]:
    cells = {str(c): X[c].iloc[0] for c in X.columns}
    columns = [e.column for e in network.numeric]
    columns += [name.rpartition(" [")[0] for name in names[len(columns) :]]
    return tuple(
        TracedInput(name, column, _plain(cells.get(column)), float(value))
        for name, column, value in zip(names, columns, x, strict=True)
    )


def _plain(cell: Any) -> float | str | None:
    if isinstance(cell, (int, float, np.number)):
        return float(cell) if np.isfinite(cell) else None
    return None if cell is None or cell != cell else str(cell)


def _traced_layer(
    layer: Any, names: list[str], x: np.ndarray, neurons: int, terms: int
) -> tuple[np.ndarray, TracedLayer]:
    """Activations of a dense layer, and what is shown of it."""
    kernel, bias = (weight.numpy().astype(float) for weight in (layer.kernel, layer.bias))
    sums = x @ kernel + bias
    outputs = np.asarray(layer.activation(sums.astype(np.float32)), dtype=float)
    shown = np.sort(np.argsort(-np.abs(outputs), kind="stable")[:neurons])
    traced = []
    for j in shown.tolist():
        products = x * kernel[:, j]
        order = np.argsort(-np.abs(products), kind="stable")
        numbers = {"bias": float(bias[j]), "sum": float(sums[j]), "activation": float(outputs[j])}
        rest = order[terms:]
        traced.append(
            TracedNeuron(
                unit=j + 1,
                terms=tuple(
                    TracedTerm(names[i], float(x[i]), float(kernel[i, j]), float(products[i]))
                    for i in order[:terms]
                ),
                rest=float(products[rest].sum()),
                n_rest=len(rest),
                **numbers,
            )
        )
    active, name = int(np.sum(outputs != 0)), layer.activation.__name__
    return outputs, TracedLayer(layer.name, len(sums), active, name, tuple(traced))


def _last_step(network: Network, outputs: np.ndarray) -> tuple[dict[str, float], str]:
    """The answer, and how it follows from the linear outputs."""
    answer = network.predictions(outputs[None, :])[0]
    if network.task == "regression":
        step = f"value = output x {network.scale:.6g} + {network.offset:.6g}"
        return {"value": float(answer)}, step
    binary = len(network.classes) == 2
    step = "sigmoid, 1 / (1 + exp(-output))" if binary else "softmax, exp(output) / sum of all"
    return dict(zip(network.classes, answer.tolist(), strict=True)), step
