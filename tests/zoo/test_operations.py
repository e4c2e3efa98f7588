"""Operations of a prediction: closed forms, TensorFlow's own profiler, and what cannot be known."""

import numpy as np
import pandas as pd
import pytest

from deepworth.datasets._base import Dataset
from deepworth.zoo import registry
from deepworth.zoo.artefact.loading import load
from deepworth.zoo.artefact.operations import NotCounted, PipelineCount, graph_operations, operations
from deepworth.zoo.artefact.saving import save
from deepworth.zoo.baselines import operation_counts
from deepworth.zoo.baselines._operations import mean_path


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(120, 3)), columns=list("abc"))
    return Dataset("made", X, np.where(X["a"] > 0, "x", "y"), "binary", "tabular")


@pytest.fixture
def saved(data, tmp_path):
    def make(name, **params):
        model = registry.create(name, "binary", "tabular", random_state=0, **params).fit(data.X, data.y)
        return model, load(save(model, tmp_path / name, dataset=data, name=name))

    return make


def concrete(model, shape):
    import tensorflow as tf

    call = tf.function(lambda x: model(x, training=False))
    return call.get_concrete_function(tf.TensorSpec(shape, tf.float32))


def test_a_dense_network_by_closed_form_and_by_the_profiler():
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    layers = [keras.Input((20,)), keras.layers.Dense(50, activation="relu"), keras.layers.Dense(3)]
    function = concrete(keras.Sequential(layers), (1, 20))
    found = graph_operations(function.graph)
    assert found == (2 * 20 * 50 + 50 + 50) + (2 * 50 * 3 + 3)
    frozen = convert_variables_to_constants_v2(function)
    options = tf.compat.v1.profiler.ProfileOptionBuilder(
        tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    ).with_empty_output()
    profiled = tf.compat.v1.profiler.profile(graph=frozen.graph, options=options.build())
    assert found == pytest.approx(profiled.total_float_ops, abs=50)  # the profiler takes ReLU for free


def test_a_convolution_by_closed_form():
    import keras

    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(5, 3, padding="same", use_bias=False)]
    assert (
        graph_operations(concrete(keras.Sequential(layers), (1, 8, 8, 3)).graph) == 2 * 8 * 8 * 5 * 3 * 3 * 3
    )


def test_a_recurrent_network_counts_every_step():
    import keras

    def network(steps):
        layers = [keras.Input((steps, 4)), keras.layers.LSTM(6, use_cudnn=False)]
        return graph_operations(concrete(keras.Sequential(layers), (1, steps, 4)).graph)

    products = 2 * (4 + 6) * 4 * 6  # four gates, from input and state
    each = network(11) - network(10)
    assert products < each < 1.5 * products
    assert network(30) - network(10) == 20 * each


def test_an_unknown_shape_is_not_guessed():
    import keras

    layers = [keras.Input((None, 4)), keras.layers.LSTM(6, use_cudnn=False)]
    with pytest.raises(NotCounted, match="unknown number of turns of the loop"):
        graph_operations(concrete(keras.Sequential(layers), (1, None, 4)).graph)


def test_a_network_from_its_file_has_twice_its_weights_and_little_more(saved, data):
    model, opened = saved("plain-mlp", epochs=1)
    found = operations(opened, data.X)
    assert found["flops_by"] == "graph"
    assert 2 * model.n_parameters() <= found["flops"] <= 2.2 * model.n_parameters() + 200


def test_classical_models_by_closed_form(saved, data):
    model, opened = saved("logistic-regression")
    assert operations(opened, data.X) == {"flops": 2 * 3 + 1, "flops_by": "estimate"}
    model, opened = saved("rbf-svm")
    machine = model.steps[-1][1].model_.model_
    least = len(machine.support_vectors_) * (3 * 3 + 1)
    assert least < operations(opened, data.X)["flops"] < least + 3 * len(machine.support_vectors_) + 20
    _, opened = saved("constant")
    assert operations(opened, data.X)["flops"] == 0


def test_paths_of_a_forest_are_those_that_training_rows_take(saved, data):
    model, opened = saved("random-forest", n_estimators=5)
    forest = model.steps[-1][1]
    encoded = model.steps[0][1].transform(data.X)
    for tree in forest.estimators_:
        passed = np.asarray(tree.decision_path(encoded).sum(axis=1)).ravel() - 1
        assert mean_path(tree.tree_) == pytest.approx(passed.mean(), rel=0.25)  # bootstrap rows are others
    mean = sum(mean_path(tree.tree_) + 2 for tree in forest.estimators_)
    assert operations(opened, data.X)["flops"] == round(mean)


def test_paths_of_xgboost_are_those_that_rows_take(data):
    xgboost = pytest.importorskip("xgboost", reason="xgboost is not installed (deepworth[boosting])")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    model = xgboost.XGBRegressor(n_estimators=8, max_depth=4).fit(X, X[:, 0] * X[:, 1])
    frame = model.get_booster().trees_to_dataframe().set_index(["Tree", "Node"])

    def depth(tree, node):
        """Steps from the root, by looking for the parent."""
        nodes = frame.loc[tree]
        above = nodes.index[(nodes["Yes"] == f"{tree}-{node}") | (nodes["No"] == f"{tree}-{node}")]
        return 0 if len(above) == 0 else 1 + depth(tree, above[0])

    taken = [
        np.mean([depth(tree, node) for node in column])
        for tree, column in enumerate(model.apply(X).T.astype(int))
    ]
    counted = operation_counts()["XGBRegressor"](model, X)
    assert counted == pytest.approx(sum(taken) + 8)  # every row has the derivative 1 here


def test_an_estimator_that_no_file_states_is_not_counted(data, tmp_path):
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

    model = QuadraticDiscriminantAnalysis(reg_param=0.1).fit(data.X, data.y)
    opened = load(save(model, tmp_path / "model", dataset=data))
    reason = "not counted: no formula for QuadraticDiscriminantAnalysis"
    assert operations(opened, data.X) == {"flops": None, "flops_by": reason}


def test_a_formula_that_fails_says_why():
    class Changed:
        """An estimator whose fitted attributes have other names in this version of its library."""

    counts = PipelineCount({"Changed": lambda model, X: model.coef_.size})
    with pytest.raises(NotCounted, match=r"Changed: AttributeError: .* 'coef_'"):
        counts.count(Changed(), np.zeros((1, 2)))


def test_every_baseline_of_the_package_is_counted():
    """A new one need not be; those that come with the package are."""
    stated = {name for name, entry in registry.entries("classical").items() if entry.constant("OPERATIONS")}
    assert set(registry.entries("classical")) - stated == {"nb-svm"}  # its own estimator counts itself
