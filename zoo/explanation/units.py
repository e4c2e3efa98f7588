"""Inside a network: what each unit responds to, linear probes of layers, and a traced pass."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy import stats

from ...datasets import InputError, take
from .importance import _wanted
from .networks import Network, all_layers, called_instead
from .surrogate_models import readable

ROWS = 200
UNITS = 16  # of a layer, the most active
STRONGEST = 3
TOP_ROWS = 5
_HIDDEN = ("Activation", "ParametricActivation", "MeanMaxPooling")


def hidden_layers(network: Network) -> list[Any]:
    """The layers whose outputs are units: dense ones, activations, and the pooled states of texts."""
    layers = all_layers(network.inner)
    dense = [la for la in layers if isinstance(la, keras.layers.Dense) and la.name != "output"]
    return [la for la in layers if la in dense or type(la).__name__ in _HIDDEN]


def activations(network: Network, arrays: dict[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
    """Outputs of every hidden layer, means over places, words and members; float32 (n_samples, units)."""
    found: dict[str, list[np.ndarray]] = {}

    def watching(layer: Any) -> Any:
        call = layer.call

        def watched(*args: Any, **kwargs: Any) -> Any:
            result = call(*args, **kwargs)
            values = result.numpy()
            means = values.reshape(len(values), -1, values.shape[-1]).mean(axis=1)
            found.setdefault(layer.name, []).append(means)
            return result

        return watched

    with called_instead({layer: watching(layer) for layer in hidden_layers(network)}):
        network.outputs(arrays)
    return [(name, np.concatenate(parts)) for name, parts in found.items()]


def unit_roles(
    network: Network, X: Any, y: np.ndarray, *, units: int = UNITS, seed: int = 0
) -> list[dict[str, Any]]:
    """What the hidden units of a network do, on labelled rows.

    Returns
    -------
    list of dict
        One object a unit: ``layer``, ``unit`` (from 1), ``units`` (of the layer), ``mean`` activation,
        ``active`` (share of rows above zero), ``responds_to`` (the three readable features that go with it
        most: ``feature`` and ``correlation``), ``top_rows`` (positions in X of the strongest responses) and
        ``loss`` (by how much more of the target's variance is not explained when the unit is switched off,
        that is, says 0). Of wide layers the sixteen that vary most.
    """
    rows = np.arange(len(y))
    if len(rows) > ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, ROWS, replace=False))
    X = take(X, rows)
    arrays = network.encode(X)
    truth = _wanted(np.asarray(y)[rows], network.classes)
    features = readable(X, network.modality)
    switched = _Switches(network, arrays, truth)
    found = []
    for layer, values in activations(network, arrays):
        chosen = np.sort(np.argsort(-values.std(axis=0), kind="stable")[:units])
        for unit in chosen.tolist():
            own = values[:, unit].astype(float)
            found.append(
                {
                    "layer": layer,
                    "unit": unit + 1,
                    "units": values.shape[1],
                    "mean": float(own.mean()),
                    "active": float(np.mean(own > 0)),
                    "responds_to": _strongest(features, own),
                    "top_rows": rows[np.argsort(-own, kind="stable")[:TOP_ROWS]].tolist(),
                    "loss": switched.loss_without(layer, unit, values.shape[1]) - switched.before,
                }
            )
    return found


def _strongest(features: Any, own: np.ndarray) -> list[dict[str, Any]]:
    values = features.values
    if not values.shape[1] or not own.std() > 0:
        return []
    with np.errstate(all="ignore"):
        middle = np.nanmean(np.where(np.isnan(values).all(axis=0), 0.0, values), axis=0)
        centred = np.where(np.isnan(values), 0.0, values - middle)
        norms = np.linalg.norm(centred, axis=0) * np.linalg.norm(own - own.mean())
        found = np.where(norms > 0, centred.T @ (own - own.mean()) / norms, 0.0)
    best = np.argsort(-np.abs(found), kind="stable")[:STRONGEST]
    return [{"feature": features.features[i].label, "correlation": float(found[i])} for i in best]


class _Switches:
    """The network with a switch for every hidden unit."""

    def __init__(self, network: Network, arrays: dict[str, np.ndarray], truth: np.ndarray) -> None:
        self.network, self.truth = network, truth
        self.arrays = {name: tf.constant(values) for name, values in arrays.items()}
        self.layers = hidden_layers(network)
        self.spread = float(np.mean(np.sum((truth - truth.mean(axis=0)) ** 2, axis=1))) or 1.0
        self.compiled: dict[str, Any] = {}
        self.before = self._loss(network.outputs(arrays))

    def loss_without(self, layer: str, unit: int, width: int) -> float:
        """The loss with this unit at zero, as a share of the target's variance."""
        if layer not in self.compiled:
            self.compiled[layer] = tf.function(lambda mask: self._masked(layer, mask))
        mask = np.ones(width, np.float32)
        mask[unit] = 0.0
        return self._loss(self.compiled[layer](tf.constant(mask)).numpy())

    def _masked(self, name: str, mask: Any) -> Any:
        def masking(call: Any) -> Any:
            return lambda *args, **kwargs: call(*args, **kwargs) * mask

        own = {layer: masking(layer.call) for layer in self.layers if layer.name == name}
        with called_instead(own):
            return self.network.inner(self.arrays, training=False)

    def _loss(self, outputs: np.ndarray) -> float:
        said = self.network.answers(outputs).reshape(len(self.truth), -1)
        return float(np.mean(np.sum((said - self.truth) ** 2, axis=1)) / self.spread)


ROWS_PROBES = 1000
FOLDS = 5


def probes(
    network: Network, X: Any, y: np.ndarray, *, confidence_level: float = 0.95, seed: int = 0
) -> list[dict[str, Any]]:
    """What a linear model scores on each layer's outputs and on hand-made features, cross-validated.

    Use rows that the network was not trained on: on training rows its features look better than they are.

    Returns
    -------
    list of dict
        From input to output, hand-made features last: ``features`` (name of a layer, or what they are),
        ``kind`` ("input", "learned" or "made by hand"), ``width``, ``score`` (accuracy of logistic
        regression, or R squared of ridge), ``low`` and ``high`` (Nadeau and Bengio 2003).
    """
    rows = np.arange(len(y))
    if len(rows) > ROWS_PROBES:
        rows = np.sort(np.random.default_rng(seed).choice(rows, ROWS_PROBES, replace=False))
    X, y = take(X, rows), np.asarray(y)[rows]
    arrays = network.encode(X)
    found: list[tuple[str, str, Any, Any]] = []
    if network.modality != "text":  # word numbers have no order
        plain = arrays["numeric" if network.modality == "tabular" else "image"]
        found.append(("encoded input", "input", plain.reshape(len(plain), -1).astype(float), None))
    found += [(name, "learned", values, None) for name, values in activations(network, arrays)]
    found.append(_by_hand(network.modality, X))
    folds = _folds(y, network.task, seed)
    return [
        {"features": name, "kind": kind, **_scores(values, made, y, folds, network.task, confidence_level)}
        for name, kind, values, made in found
    ]


def _by_hand(modality: str, X: Any) -> tuple[str, str, Any, Any]:
    """Raw rows and the steps that turn them into features, fitted inside each fold."""
    from sklearn.pipeline import make_pipeline

    from ..preprocessing.columns import SafeText, TableEncoder
    from ..preprocessing.pixels import Gradients, SameSize

    if modality == "tabular":
        return "scaled and one-hot columns", "made by hand", X, TableEncoder("scaled")
    if modality == "image":
        return "HOG", "made by hand", X, make_pipeline(SameSize(), Gradients())
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    return "TF-IDF of words and pairs", "made by hand", X, SafeText(words)


def _folds(y: np.ndarray, task: str, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import KFold, StratifiedKFold

    kind = KFold if task == "regression" else StratifiedKFold
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return list(kind(FOLDS, shuffle=True, random_state=seed).split(y, y))


def _scores(values: Any, made: Any, y: np.ndarray, folds: Any, task: str, level: float) -> dict[str, Any]:
    from sklearn.base import clone
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if task == "regression":
        last: Any = RidgeCV(alphas=np.logspace(-2, 4, 13))
    else:
        last = LogisticRegression(max_iter=300)
    steps = [StandardScaler(with_mean=made is None), last]
    model = make_pipeline(*([clone(made)] if made is not None else []), *steps)
    scores, width = [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a probe that does not converge is one that reads little
        for train, test in folds:
            fitted = clone(model).fit(take(values, train), y[train])
            scores.append(float(fitted.score(take(values, test), y[test])))
            width = int(fitted[-1].n_features_in_)
    spread = np.std(scores, ddof=1) * np.sqrt(1 / len(scores) + 1 / (len(scores) - 1))
    half = float(stats.t.ppf(0.5 + level / 2, len(scores) - 1) * spread)
    mean = float(np.mean(scores))
    return {"width": width, "score": mean, "low": mean - half, "high": min(1.0, mean + half)}


PLAIN = ("InputLayer", "Embedding", "GetItem", "Concatenate", "Dropout", "Dense")
NEURONS = 6  # of a layer that are shown
TERMS = 8  # of a weighted sum that are shown


def dense_layers(network: Network) -> list[Any]:
    """The layers of a network that is nothing but one dense layer after the other.

    Raises
    ------
    InputError
        It has other layers, or is an ensemble.
    """
    strange = [type(layer).__name__ for layer in network.inner.layers if type(layer).__name__ not in PLAIN]
    if strange or network.modality != "tabular":
        name = network.inner.name.replace("_", "-")
        raise InputError(
            f"{name} is no plain network: its forward pass would fill pages. Plain networks of tables can be "
            "traced (perceptron, shallow-mlp, plain-mlp): deepworth train DATA -m shallow-mlp -o net, then "
            "deepworth explain net DATA --row N --trace. Without --trace, --row N says what each part adds "
            f"to an answer of {name}"
        )
    return [layer for layer in network.inner.layers if isinstance(layer, keras.layers.Dense)]


def feature_names(network: Network) -> list[str]:
    """What each input of the first dense layer is: encoded numbers, then the places of embeddings."""
    names = [e.label for e in network.numeric]
    embeddings = [layer for layer in network.inner.layers if isinstance(layer, keras.layers.Embedding)]
    for (column, _), layer in zip(network.categories, embeddings, strict=True):
        names += [f"{column} [{i + 1}]" for i in range(layer.output_dim)]
    return names


def trace(network: Network, X: Any, *, neurons: int = NEURONS, terms: int = TERMS) -> dict[str, Any]:
    """Every number of the way from one raw row to the answer.

    Parameters
    ----------
    X : DataFrame of one row
    neurons, terms : int
        Shown of a layer (the most active), and of a weighted sum (the largest products); the others are
        counted and summed up.

    Returns
    -------
    dict
        ``inputs``: ``feature``, ``raw`` (where it is one column's own number) and ``value``. ``layers``:
        ``name``, ``units``, ``activation`` (its name) and ``neurons``, each with ``unit`` (from 1),
        ``terms`` (``source``, ``input``, ``weight``, ``product``), ``rest`` and ``n_rest``, ``bias``,
        ``sum`` and ``activation``. ``outputs``: the linear outputs. ``answer``: probability by class, or the
        value.
    """
    layers = dense_layers(network)
    arrays = network.encode(X.iloc[:1])
    x = keras.Model(network.inner.input, layers[0].input)(arrays, training=False).numpy()[0].astype(float)
    names = feature_names(network)
    found: dict[str, Any] = {"inputs": _inputs(network, X, names, x), "layers": []}
    for number, layer in enumerate(layers):
        kernel, bias = (weight.numpy().astype(float) for weight in (layer.kernel, layer.bias))
        sums = x @ kernel + bias
        outputs = np.asarray(layer.activation(sums.astype(np.float32)), dtype=float)
        shown = np.sort(np.argsort(-np.abs(outputs), kind="stable")[:neurons])
        cells = [_neuron(int(j), names, x, kernel[:, j], bias[j], sums[j], outputs[j], terms) for j in shown]
        found["layers"].append(
            {
                "name": layer.name,
                "units": len(sums),
                "active": int(np.sum(outputs != 0)),
                "activation": layer.activation.__name__,
                "neurons": cells,
            }
        )
        x, names = outputs, [f"unit {j + 1} of layer {number + 1}" for j in range(len(outputs))]
    answer = network.answers(x[None, :])[0]
    found["outputs"] = x.tolist()
    if network.task == "regression":
        found["answer"] = {"value": float(answer)}
        found["last_step"] = f"value = output x {network.scale:.6g} + {network.offset:.6g}"
    else:
        found["answer"] = dict(zip(network.classes, answer.tolist(), strict=True))
        two = len(network.classes) == 2
        found["last_step"] = "sigmoid, 1 / (1 + exp(-output))" if two else "softmax, exp(output) / sum of all"
    return found


def _inputs(network: Network, X: Any, names: list[str], x: np.ndarray) -> list[dict[str, Any]]:
    by_name = {str(c): X[c].iloc[0] for c in X.columns}
    owners = [e.column for e in network.numeric] + [
        n.rpartition(" [")[0] for n in names[len(network.numeric) :]
    ]
    return [
        {"feature": name, "column": owner, "raw": _plain(by_name.get(owner)), "value": float(value)}
        for name, owner, value in zip(names, owners, x, strict=True)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, (int, float, np.number)):
        return float(value) if np.isfinite(value) else None
    return None if value is None or value != value else str(value)


def _neuron(
    unit: int,
    names: list[str],
    x: np.ndarray,
    weights: np.ndarray,
    bias: float,
    total: float,
    activation: float,
    most: int,
) -> dict[str, Any]:
    products = x * weights
    order = np.argsort(-np.abs(products), kind="stable")
    shown, rest = order[:most], order[most:]
    return {
        "unit": unit + 1,
        "terms": [
            {
                "source": names[i],
                "input": float(x[i]),
                "weight": float(weights[i]),
                "product": float(products[i]),
            }
            for i in shown
        ],
        "rest": float(products[rest].sum()),
        "n_rest": len(rest),
        "bias": float(bias),
        "sum": float(total),
        "activation": float(activation),
    }
