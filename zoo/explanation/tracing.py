"""A whole forward pass of a plain network in numbers, neuron by neuron."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from ...datasets import InputError
from .networks import Network

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
