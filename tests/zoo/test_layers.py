"""Layers of tabular networks: against their formulas in NumPy, and through their configurations."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from sklearn.preprocessing import QuantileTransformer

from deepworth.zoo.models._layers import Dropout
from deepworth.zoo.models._tabular import (
    EqualRows,
    FeatureScale,
    MemberDense,
    MemberHeads,
    Members,
    NTKDense,
    NTKMemberDense,
    NTKMemberHeads,
    NumericEmbedding,
    ParametricActivation,
    RandomSigns,
)
from deepworth.zoo.preprocessing.layers import (
    MissingIndicator,
    QuantileScale,
    RobustScale,
    TargetUnits,
    quantile_scale,
)
from deepworth.zoo.preprocessing.tables import quantile_knots
from deepworth.zoo.training.architecture import Mixture

ROWS = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
MEMBERS = np.random.default_rng(1).normal(size=(6, 3, 4)).astype(np.float32)

LAYERS = [
    (Dropout(0.4), ROWS),
    (NumericEmbedding(5, 2, 0.3, 0.5), ROWS),
    (FeatureScale(3.0), ROWS),
    (NTKDense(7), ROWS),
    (NTKDense(7, start="zeros"), ROWS),
    (ParametricActivation("mish"), ROWS),
    (Members(3), ROWS),
    (Members(3, start="signs"), ROWS),
    (MemberDense(5), MEMBERS),
    (MemberHeads(2), MEMBERS),
    (NTKMemberDense(5), MEMBERS),
    (NTKMemberHeads(2), MEMBERS),
    (Mixture("multiclass"), MEMBERS),
    (RobustScale(1.0, 2.0), ROWS[:, :1].astype(float)),
    (QuantileScale(0.0, [-1.0, 0.0, 2.0], [0.1, 0.5, 0.9]), ROWS[:, :1].astype(float)),
    (MissingIndicator(), ROWS[:, :1].astype(float)),
    (TargetUnits(0.5, 1e9), ROWS[:, :1]),
]


@pytest.mark.parametrize(("layer", "inputs"), LAYERS, ids=lambda x: getattr(x, "name", ""))
def test_a_layer_is_made_again_from_its_configuration(layer, inputs):
    expected = layer(inputs)
    found = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(found) is type(layer)
    assert found.get_config() == layer.get_config()
    if not found.built:
        found.build(inputs.shape)
    found.set_weights(layer.get_weights())
    np.testing.assert_array_equal(found(inputs), expected)
    symbolic = layer(keras.Input(inputs.shape[1:], dtype=str(inputs.dtype)))
    assert symbolic.shape[1:] == expected.shape[1:]
    assert symbolic.dtype == keras.backend.standardize_dtype(expected.dtype)


def test_a_periodic_embedding_is_the_number_and_its_waves():
    layer = NumericEmbedding(frequencies=5, units=2, sigma=0.3, rate=0.5)
    found = layer(ROWS).numpy().reshape(6, 4, 3)
    w, b, linear, bias = (0.5 * np.asarray(v) for v in layer.get_weights())
    waves = np.cos(2 * np.pi * ROWS[:, :, None] * w + b)
    np.testing.assert_allclose(found[:, :, 0], ROWS)
    np.testing.assert_allclose(found[:, :, 1:], np.einsum("bnk,nku->bnu", waves, linear) + bias, rtol=1e-4)


def test_the_start_of_a_periodic_embedding_is_the_published_one():
    """w ~ N(0, sigma), b ~ U(-pi, pi), A ~ U(-1/4, 1/4) for 16 frequencies, whatever the rate."""
    layer = NumericEmbedding(16, 3, 0.1, rate=0.1)
    layer.build((None, 400))
    w, b, linear, bias = (0.1 * np.asarray(v) for v in layer.get_weights())
    assert w.std() == pytest.approx(0.1, rel=0.05)
    assert b.min() == pytest.approx(-np.pi, rel=0.01)
    assert b.max() == pytest.approx(np.pi, rel=0.01)
    assert linear.max() == pytest.approx(0.25, rel=0.01)
    assert not bias.any()


def test_neural_tangent_parametrisation_keeps_the_size_of_its_inputs():
    layer = NTKDense(2000, bias_rate=0.1)
    wide = np.random.default_rng(0).normal(size=(50, 3000)).astype(np.float32)
    found = layer(wide).numpy()
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(found, wide @ kernel / np.sqrt(3000) + 0.1 * bias, atol=1e-3)
    assert found.std() == pytest.approx(np.sqrt(2), rel=0.05)  # one of inputs, one of the biases
    assert not NTKDense(3, start="zeros")(ROWS).numpy().any()


def test_a_parametric_activation_begins_as_its_function():
    layer = ParametricActivation("selu")
    np.testing.assert_allclose(layer(ROWS), keras.activations.selu(ROWS), atol=1e-6)
    layer.slope.assign(np.zeros(4))
    np.testing.assert_array_equal(layer(ROWS), ROWS)


@pytest.mark.parametrize("rate", [0.1, 6.0])
def test_a_rate_makes_a_weight_move_that_much_further(rate):
    """The promise of the stored w / c under Adam, seen at one step."""
    layer = FeatureScale(rate)
    model = keras.Sequential([keras.Input((4,)), layer])
    optimizer = keras.optimizers.Adam(0.01, epsilon=1e-12)
    model.compile(optimizer, "mse")
    before = rate * layer.scale.numpy()
    model.fit(ROWS, ROWS + 1, batch_size=6, verbose=0)
    np.testing.assert_allclose(np.abs(rate * layer.scale.numpy() - before), 0.01 * rate, rtol=1e-3)


def test_members_share_a_matrix_and_have_factors_of_their_own():
    layer = MemberDense(5)
    layer.build(MEMBERS.shape)
    rng = np.random.default_rng(2)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    kernel, inward, outward, bias = layer.get_weights()
    found = layer(MEMBERS).numpy()
    for i in range(3):
        expected = ((MEMBERS[:, i] * inward[i]) @ kernel) * outward[i] + bias[i]
        np.testing.assert_allclose(found[:, i], expected, rtol=1e-4, atol=1e-5)


def test_members_begin_alike_but_for_their_first_factors():
    layer = MemberDense(5)
    same = layer(np.repeat(ROWS[:, None, :], 3, axis=1)).numpy()
    np.testing.assert_allclose(same[:, 0], same[:, 1], atol=1e-6)
    assert set(np.unique(RandomSigns()((30, 4)))) == {-1.0, 1.0}
    seen = Members(3)(ROWS).numpy()
    assert not np.allclose(seen[:, 0], seen[:, 1])
    bias = np.asarray(EqualRows(0.5)((4, 100)))
    assert (bias == bias[0]).all()
    assert 0.4 < np.abs(bias).max() <= 0.5


def test_members_in_the_tangent_parametrisation_are_single_layers_with_scales():
    layer = NTKMemberDense(5, rate=0.2)
    layer.build(MEMBERS.shape)
    rng = np.random.default_rng(3)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    kernel, outward, bias = layer.get_weights()
    found = layer(MEMBERS).numpy()
    for i in range(3):
        product = MEMBERS[:, i] @ kernel / np.sqrt(MEMBERS.shape[-1])
        expected = product * (0.2 * outward[i]) + 0.2 * bias[i]
        np.testing.assert_allclose(found[:, i], expected, rtol=1e-4, atol=1e-5)


def test_heads_in_the_tangent_parametrisation_start_at_zero():
    layer = NTKMemberHeads(2, bias_rate=0.5)
    assert (layer(MEMBERS).numpy() == 0).all()
    rng = np.random.default_rng(4)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    kernel, bias = layer.get_weights()
    found = layer(MEMBERS).numpy()
    for i in range(3):
        expected = MEMBERS[:, i] @ kernel[i] / np.sqrt(MEMBERS.shape[-1]) + 0.5 * bias[i]
        np.testing.assert_allclose(found[:, i], expected, rtol=1e-4, atol=1e-5)


def test_every_member_has_a_head():
    layer = MemberHeads(2)
    found = layer(MEMBERS).numpy()
    kernel, bias = layer.get_weights()
    for i in range(3):
        np.testing.assert_allclose(found[:, i], MEMBERS[:, i] @ kernel[i] + bias[i], rtol=1e-4, atol=1e-5)


def test_quantile_scaling_is_that_of_scikit_learn_where_there_are_no_ties():
    x = np.random.default_rng(0).lognormal(size=20_000)
    knots, ranks = quantile_knots(x)
    known = QuantileTransformer(n_quantiles=len(knots), output_distribution="normal", subsample=None)
    expected = np.clip(known.fit_transform(x[:, None])[:, 0], -3, 3)
    found = quantile_scale(x, knots, ranks)
    inside = np.abs(expected) < 2
    np.testing.assert_allclose(found[inside], expected[inside], atol=0.02)
    assert found.std() == pytest.approx(1, abs=0.03)


def test_ties_get_the_normal_score_of_their_mean_rank():
    knots, ranks = quantile_knots(np.array([0.0] * 6 + [1.0] * 4))
    assert knots == (0.0, 1.0)
    np.testing.assert_allclose(quantile_scale(np.array([0.0, 1.0]), knots, ranks), ndtri([0.3, 0.8]))


finite = st.floats(allow_nan=False, allow_infinity=False, width=64, min_value=-1e140, max_value=1e140)


@settings(max_examples=60, deadline=None)
@given(st.lists(finite, min_size=2, max_size=60, unique=True), st.lists(finite, min_size=1, max_size=20))
def test_quantile_scaling_never_falls_never_leaves_three_and_is_the_same_in_keras(values, asked):
    knots, ranks = quantile_knots(np.array(values))
    if len(knots) < 2:
        return
    x = np.sort(np.array(asked + values))
    found = quantile_scale(x, knots, ranks)
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 3.0001
    assert (np.diff(found) >= -1e-12).all()
    layer = QuantileScale(float(np.median(values)), knots, ranks)
    np.testing.assert_allclose(layer(x[:, None]).numpy()[:, 0], found, atol=1e-6)


def test_what_is_missing_stands_at_the_centre():
    layer = QuantileScale(0.0, [-1.0, 0.0, 2.0], [0.1, 0.5, 0.9])
    found = layer(np.array([[np.nan], [np.inf], [-np.inf], [0.0]])).numpy()
    np.testing.assert_array_equal(found, np.repeat(found[3:], 4, axis=0))
    np.testing.assert_allclose(found[3], 0, atol=1e-7)
