"""The inside of networks: every number of a forward pass, single units, what can be read from each layer."""

from __future__ import annotations

import numpy as np
import pytest

from deepworth import InputError
from deepworth.zoo.explanation import open_network, probes, trace, unit_roles
from deepworth.zoo.explanation.units import activations

pytestmark = pytest.mark.xdist_group("networks")


@pytest.mark.parametrize(
    ("name", "task"), [("perceptron", "binary"), ("shallow-mlp", "multiclass"), ("plain-mlp", "regression")]
)
def test_the_numbers_of_a_trace_add_up_to_the_answer(networks, mixed_table, name, task):
    model = networks(name, task)
    row = mixed_table.iloc[3:4]
    found = trace(open_network(model), row)
    for layer in found.layers:
        for neuron in layer.neurons:
            total = sum(t.product for t in neuron.terms) + neuron.rest + neuron.bias
            assert total == pytest.approx(neuron.sum, abs=1e-9)
            for term in neuron.terms:
                assert term.product == pytest.approx(term.input * term.weight)
            expected = max(0.0, neuron.sum) if layer.activation == "relu" else neuron.sum
            assert neuron.activation == pytest.approx(expected, abs=1e-5)
    if task == "regression":
        assert found.answer["value"] == pytest.approx(model.predict(row)[0], rel=1e-4)
    else:
        assert list(found.answer.values()) == pytest.approx(model.predict_proba(row)[0].tolist(), abs=1e-5)
    assert len(found.layers) == {"perceptron": 1, "shallow-mlp": 2, "plain-mlp": 4}[name]


def test_inputs_of_a_trace_say_where_they_come_from(networks, mixed_table):
    found = trace(open_network(networks("shallow-mlp")), mixed_table.iloc[:1])
    by_name = {i.feature: i for i in found.inputs}
    assert by_name["a"].raw == pytest.approx(mixed_table["a"].iloc[0])
    level = mixed_table["c"].iloc[0]
    assert by_name[f"c = {level}"].value == 1.0
    assert sum(name.startswith("d [") for name in by_name) == 8
    assert {i.column for i in found.inputs} == set(mixed_table.columns)


def test_other_networks_cannot_be_traced(networks, mixed_table, digits_network):
    with pytest.raises(InputError, match=r"other layers than dense.*perceptron, shallow-mlp and plain-mlp"):
        trace(open_network(networks("deep-mlp")), mixed_table.iloc[:1])
    data, model = digits_network
    with pytest.raises(InputError, match=r"other layers than dense.*perceptron, shallow-mlp and plain-mlp"):
        trace(open_network(model), data.X[:1])


def test_the_loss_without_a_unit_agrees_with_numpy(networks, mixed_table, answers_of):
    model = networks("shallow-mlp", "regression")
    network, y = open_network(model), answers_of["regression"]
    rows = mixed_table.iloc[:150]
    found = unit_roles(network, rows, y[:150], units=4)
    assert len(found) == 4
    values = activations(network, network.encode(rows))[0][1].astype(float)
    last = next(la for la in network.inner.layers if la.name == "output")
    kernel, bias = last.kernel.numpy().astype(float)[:, 0], float(last.bias.numpy()[0])
    spread = np.mean((y[:150] - y[:150].mean()) ** 2)

    def loss(hidden):
        said = (hidden @ kernel + bias) * network.scale + network.offset
        return np.mean((said - y[:150]) ** 2) / spread

    for unit in found:
        off = values.copy()
        off[:, unit.unit - 1] = 0.0
        assert unit.loss == pytest.approx(loss(off) - loss(values), abs=1e-4)
        assert unit.top_rows[0] == int(np.argmax(values[:, unit.unit - 1]))
        assert 0 <= unit.active <= 1
        assert len(unit.responds_to) == 3


def test_units_of_images_texts_and_members(digits_network, notes_network, networks, mixed_table, answers_of):
    data, cnn = digits_network
    found = unit_roles(open_network(cnn), data.X[:60], data.y[:60], units=2)
    assert len({u.layer for u in found}) == 3
    notes, rnn = notes_network
    pooled = unit_roles(open_network(rnn), notes.X.iloc[:60], notes.y[:60], units=2)
    assert pooled[0].units == 32  # mean and maximum of two directions of eight
    deep = unit_roles(
        open_network(networks("deep-mlp")), mixed_table.iloc[:60], answers_of["binary"][:60], units=2
    )
    assert len(deep) == 6


def test_probes_score_high_only_where_there_is_something_to_learn(networks, mixed_table, answers_of):
    """The answer depends on a and c; of shuffled answers nothing can be read."""
    network = open_network(networks("shallow-mlp"))
    found = {p.features: p for p in probes(network, mixed_table, answers_of["binary"])}
    kinds = [p.kind for p in found.values()]
    assert kinds == ["input", "learned", "made by hand"]
    assert min(p.score for p in found.values()) > 0.9
    assert all(p.low <= p.score <= p.high for p in found.values())
    shuffled = np.random.default_rng(0).permutation(answers_of["binary"])
    most = np.mean(shuffled == "yes")
    none = probes(network, mixed_table, shuffled)
    assert max(p.score for p in none) < max(most, 1 - most) + 0.12


def test_probes_of_images_and_texts_are_compared_with_engineered_features(digits_network, notes_network):
    data, cnn = digits_network
    found = probes(open_network(cnn), data.X[:150], data.y[:150])
    assert found[-1].features == "HOG"
    assert found[-1].score > 0.7
    notes, rnn = notes_network
    texts = probes(open_network(rnn), notes.X.iloc[:100], notes.y[:100])
    assert [p.kind for p in texts] == ["learned", "made by hand"]


def test_probes_of_values(networks, mixed_table, answers_of):
    found = probes(open_network(networks("shallow-mlp", "regression")), mixed_table, answers_of["regression"])
    assert found[0].score > 0.9
