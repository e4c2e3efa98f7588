"""Integrated gradients against implementations that share no code with them, on the same weights.

The first is written here: a network in plain NumPy, its gradients by central differences, and the even
Riemann sum of Sundararajan et al. (2017). The second is captum's, where captum and torch are installed.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepworth.zoo.explanation import integrated_gradients, open_network

ROWS = 2
STEPS = 1000


def layers_of(network):
    """Kernels and biases of a plain network, float64."""
    dense = [layer for layer in network.inner.layers if isinstance(layer, keras.layers.Dense)]
    return [(d.kernel.numpy().astype(float), d.bias.numpy().astype(float)) for d in dense]


def features(network, arrays):
    """The numbers before the first dense layer: encoded numbers, then the embedding of each category."""
    tables = [la for la in network.inner.layers if isinstance(la, keras.layers.Embedding)]
    places = [t.embeddings.numpy()[arrays["categories"][:, i]] for i, t in enumerate(tables)]
    return np.concatenate([arrays["numeric"], *places], axis=1).astype(float)


def owners(network):
    """The column of each of these numbers."""
    tables = [la for la in network.inner.layers if isinstance(la, keras.layers.Embedding)]
    names = [e.column for e in network.numeric]
    for (column, _), table in zip(network.categories, tables, strict=True):
        names += [column] * table.output_dim
    return np.array(names)


def output(x, layers, task, target, scale, offset):
    """Log-odds, log probability of a class, or a value: rows of features -> (n_samples,)."""
    for kernel, bias in layers[:-1]:
        x = np.maximum(x @ kernel + bias, 0.0)
    kernel, bias = layers[-1]
    x = x @ kernel + bias
    if task == "multiclass":
        x = x - x.max(axis=1, keepdims=True)
        return x[:, target] - np.log(np.exp(x).sum(axis=1))
    return x[:, 0] * scale + offset


def riemann(function, start, end, steps=STEPS, width=1e-6):
    """Differences along each axis at the middle of even steps, summed up: (n_features,)."""
    line = start + (np.arange(steps)[:, None] + 0.5) / steps * (end - start)
    found = np.zeros(len(start))
    for i in range(len(start)):
        nudge = np.zeros(len(start))
        nudge[i] = width
        slope = (function(line + nudge) - function(line - nudge)) / (2 * width)
        found[i] = slope.mean() * (end[i] - start[i])
    return found


CASES = [
    ("perceptron", "binary", False),
    ("shallow-mlp", "multiclass", False),
    ("shallow-mlp", "multiclass", True),
    ("plain-mlp", "binary", False),
    ("plain-mlp", "regression", True),
]


def explained(networks, table, name, task, background):
    network = open_network(networks(name, task))
    rows = table.iloc[:ROWS]
    found = integrated_gradients(network, rows, background=table if background else None)
    ends = features(network, network.encode(rows))
    if background:
        starts = np.tile(features(network, network.encode(table)).mean(axis=0), (ROWS, 1))
    else:
        unknown = {k: np.zeros_like(v[:1]) for k, v in network.encode(rows).items()}
        starts = np.tile(features(network, unknown), (ROWS, 1))
    return network, found, starts, ends


def function_of(network, task, row_class):
    layers = layers_of(network)
    target = network.classes.index(row_class) if task == "multiclass" else 0
    scale, offset = (network.scale, network.offset) if task == "regression" else (1.0, 0.0)
    return lambda x: output(x, layers, task, target, scale, offset)


@pytest.mark.parametrize(("name", "task", "background"), CASES)
def test_attributions_agree_with_numpy(networks, mixed_table, name, task, background):
    network, found, starts, ends = explained(networks, mixed_table, name, task, background)
    for i in range(ROWS):
        said = function_of(network, task, found.classes[i] if found.classes else None)
        assert said(ends[i : i + 1])[0] == pytest.approx(found.output[i], rel=1e-4, abs=1e-4), "same weights"
        assert said(starts[i : i + 1])[0] == pytest.approx(found.baseline_output[i], rel=1e-4, abs=1e-4)
        each = riemann(said, starts[i], ends[i])
        expected = [each[owners(network) == column].sum() for column in found.names]
        size = max(abs(found.output[i] - found.baseline_output[i]), 0.1 * abs(network.scale))
        assert np.allclose(found.parts["columns"][i], expected, atol=3e-3 * size)


def test_attributions_agree_with_captum(networks, mixed_table):
    torch = pytest.importorskip("torch", reason="torch is not installed: not compared with captum")
    captum = pytest.importorskip("captum.attr", reason="captum is not installed: not compared with it")
    network, found, starts, ends = explained(networks, mixed_table, "plain-mlp", "binary", True)
    steps = []
    for kernel, bias in layers_of(network):
        layer = torch.nn.Linear(*kernel.shape).double()
        layer.weight.data, layer.bias.data = torch.tensor(kernel.T), torch.tensor(bias)
        steps += [layer, torch.nn.ReLU()]
    other = captum.IntegratedGradients(torch.nn.Sequential(*steps[:-1]))
    ways = torch.tensor(ends), torch.tensor(starts)
    each = other.attribute(*ways, target=0, n_steps=2000, method="riemann_middle")
    each = each.detach().numpy()
    expected = np.stack([each[:, owners(network) == c].sum(axis=1) for c in found.names], axis=1)
    assert np.allclose(found.parts["columns"], expected, atol=3e-3 * max(1.0, np.abs(found.output).max()))
