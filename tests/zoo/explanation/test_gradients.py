"""Integrated gradients: complete, and the same as references that share no code with them."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepworth import InputError
from deepworth.zoo import registry
from deepworth.zoo.artefact.loading import load
from deepworth.zoo.artefact.saving import save
from deepworth.zoo.explanation import integrated_gradients, open_network
from deepworth.zoo.explanation.gradients import integrate

pytestmark = pytest.mark.xdist_group("networks")

PROMISED = 1e-3


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("perceptron", "binary"),
        ("shallow-mlp", "multiclass"),
        ("plain-mlp", "regression"),
        ("deep-mlp", "binary"),
    ],
)
def test_attributions_of_tables_are_complete(networks, mixed_table, name, task):
    model = networks(name, task)
    network, rows = open_network(model), mixed_table.iloc[:12]
    found = integrated_gradients(network, rows)
    assert found.error.max() < PROMISED
    assert found.names == ("a", "b", "day", "c", "d") or set(found.names) == set(mixed_table.columns)
    # the ends are what the model itself says, of the row and of the row without anything special
    said = model.predict(rows) if task == "regression" else _score(model, rows, found.classes)
    assert np.allclose(found.output, said, rtol=1e-4, atol=1e-4)
    total = found.parts["columns"].sum(axis=1)
    allowed = PROMISED * np.maximum(np.abs(found.output - found.baseline_output), 0.01 * abs(network.scale))
    assert (np.abs(total - (found.output - found.baseline_output)) <= allowed).all()


def _score(model, rows, classes):
    shares = model.predict_proba(rows)
    own = shares[np.arange(len(rows)), [model.classes_.tolist().index(c) for c in classes]]
    return np.log(own / (1 - own)) if shares.shape[1] == 2 else np.log(own)


def test_attributions_of_an_ensemble_are_complete(networks, mixed_table):
    model = networks("shallow-mlp", "binary", ensemble=True, ensemble_size=2)
    found = integrated_gradients(open_network(model), mixed_table.iloc[:10])
    assert found.error.max() < PROMISED


def test_attributions_of_images_are_complete(digits_network):
    data, model = digits_network
    found = integrated_gradients(open_network(model), data.X[:6])
    assert found.error.max() < PROMISED
    assert found.parts["pixels"].shape == (6, 8, 8, 1)
    black = found.encoded["image"] == 0
    assert np.abs(found.parts["pixels"][black]).max() == 0.0  # the baseline is black


def test_attributions_of_texts_are_complete(notes_network):
    data, model = notes_network
    network = open_network(model)
    found = integrated_gradients(network, data.X.iloc[:3])
    assert found.error.max() < PROMISED
    tokens = found.encoded["tokens"]
    assert (
        np.abs(found.parts["words"][tokens <= 1]).max() == 0.0
    )  # padding and unknown words are the baseline
    unknown = np.where(tokens > 0, 1, tokens).astype(np.int32)
    assert np.allclose(found.baseline_output, network.outputs({"tokens": unknown})[:, 0], atol=1e-5)


def test_attributions_of_terms_that_are_added_up_are_their_closed_form(notes_network):
    """Weight times vector times output weight, of a bag without hidden layers; nothing of an empty text."""
    data, _ = notes_network
    bag = registry.create("embedding-bag", "binary", "text", random_state=0, epochs=2, embedding_dim=8)
    network = open_network(bag.fit(data.X, data.y))
    found = integrated_gradients(network, data.X.iloc[:3])
    total, output = (la for la in network.inner.layers if la.name.startswith(("term_sum", "output")))
    values = (total.embeddings.numpy() @ output.kernel.numpy())[:, 0]
    expected = found.encoded["weights"] * values[found.encoded["tokens"]]
    assert np.allclose(found.parts["words"], expected, atol=1e-5)
    assert "letters <no" in network.words
    assert found.error.max() < PROMISED


def test_attributions_of_a_linear_network_are_its_closed_form(networks, mixed_table):
    """w (x - x0), summed by column: numbers, indicators, levels and embeddings each by their own weights."""
    network = open_network(networks("perceptron"))
    found = integrated_gradients(network, mixed_table.iloc[:20])
    dense = next(la for la in network.inner.layers if isinstance(la, keras.layers.Dense))
    embedding = next(la for la in network.inner.layers if isinstance(la, keras.layers.Embedding))
    weights, table = dense.kernel.numpy()[:, 0], embedding.embeddings.numpy()
    numeric, codes = found.encoded["numeric"], found.encoded["categories"][:, 0]
    expected = np.zeros_like(found.parts["columns"])
    for place, owner in enumerate(network.numeric):
        expected[:, found.names.index(owner.column)] += numeric[:, place] * weights[place]
    moved = (table[codes] - table[0]) @ weights[len(network.numeric) :]
    expected[:, found.names.index("d")] += moved
    assert np.allclose(found.parts["columns"], expected, atol=1e-5)


def test_a_usual_row_is_the_baseline(networks, mixed_table):
    """Of a linear network w (x - mean), so that on average over the background nothing adds anything."""
    network = open_network(networks("perceptron"))
    found = integrated_gradients(network, mixed_table, background=mixed_table)
    assert np.abs(found.parts["columns"].mean(axis=0)).max() < 1e-5
    assert found.parts["columns"].std(axis=0).min() > 1e-3
    assert found.error.max() < PROMISED
    deep = open_network(networks("deep-mlp"))
    assert integrated_gradients(deep, mixed_table.iloc[:9], background=mixed_table).error.max() < PROMISED


def test_attributions_of_a_relu_network_agree_with_another_implementation(networks, mixed_table):
    """Forward and backward pass in NumPy on the same weights, 20,000 even steps (the paper's Riemann sum)."""
    network = open_network(networks("shallow-mlp"))
    rows = mixed_table.iloc[:20]
    found = integrated_gradients(network, rows)
    hidden, last = (la for la in network.inner.layers if isinstance(la, keras.layers.Dense))
    first, bias = hidden.kernel.numpy().astype(float), hidden.bias.numpy().astype(float)
    end = last.kernel.numpy().astype(float)[:, 0]
    table = next(
        la for la in network.inner.layers if isinstance(la, keras.layers.Embedding)
    ).embeddings.numpy()
    for i in range(len(rows)):
        code = found.encoded["categories"][i, 0]
        start = np.concatenate([np.zeros(len(network.numeric)), table[0]])
        point = np.concatenate([found.encoded["numeric"][i], table[code]])
        steps = (np.arange(20_000) + 0.5) / 20_000
        active = (start + steps[:, None] * (point - start)) @ first + bias > 0
        gradient = (active.mean(axis=0) * end) @ first.T
        each = gradient * (point - start)
        owners = [e.column for e in network.numeric] + ["d"] * table.shape[1]
        expected = [sum(v for v, o in zip(each, owners, strict=True) if o == name) for name in found.names]
        off = np.abs(found.parts["columns"][i] - expected)  # sums are exact to PROMISED, parts a little less
        assert off.max() < 3e-3 * np.abs(expected).sum()


def test_paths_with_kinks_are_followed():
    """|x - 1/3| along a line: pieces are halved until the kink is found."""

    def evaluate(rows, places):
        return np.abs(places - 1 / 3), {"x": np.sign(places - 1 / 3)[:, None]}

    found = integrate(evaluate, 2, 1e-4, 1e-2)
    assert np.abs(found.error).max() < 1e-4
    assert found.values["x"][:, 0] == pytest.approx([1 / 3, 1 / 3], abs=1e-4)


def test_a_saved_network_is_opened_as_the_fitted_one(networks, mixed_table, answers_of, tmp_path):
    from deepworth import load_dataset

    model = networks("shallow-mlp")
    table = mixed_table.assign(answer=answers_of["binary"])
    folder = save(model, tmp_path / "m", dataset=load_dataset(table, target="answer"), name="shallow-mlp")
    saved = load(folder)
    one = integrated_gradients(open_network(model), mixed_table.iloc[:5])
    other = integrated_gradients(open_network(saved), mixed_table.iloc[:5])
    by_name = [other.names.index(name) for name in one.names]
    assert np.allclose(one.parts["columns"], other.parts["columns"][:, by_name], atol=1e-4)


def test_a_class_can_be_chosen(networks, mixed_table):
    network = open_network(networks("shallow-mlp"))
    yes = integrated_gradients(network, mixed_table.iloc[:3], classes="yes")
    no = integrated_gradients(network, mixed_table.iloc[:3], classes="no")
    assert np.allclose(yes.parts["columns"], -no.parts["columns"], atol=1e-5)
    with pytest.raises(InputError, match="expected a class"):
        integrated_gradients(network, mixed_table.iloc[:3], classes="maybe")


def test_the_network_is_as_it_was(networks, mixed_table):
    model = networks("shallow-mlp")
    before = model.predict_proba(mixed_table)
    integrated_gradients(open_network(model), mixed_table.iloc[:3])
    assert np.array_equal(before, model.predict_proba(mixed_table))


def test_only_networks_can_be_opened():
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(InputError, match="only networks"):
        open_network(LogisticRegression())
