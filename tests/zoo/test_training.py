"""The compiled loop: against Keras's own optimiser, by its promises, and at its edges."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from deepworth.zoo.models import perceptron, shallow_mlp
from deepworth.zoo.preprocessing._base import InputSpec, coarse
from deepworth.zoo.training import Architecture, Part, Replica, Settings, outputs, train, usable_batch
from deepworth.zoo.training._program import program, split_weights
from deepworth.zoo.training._train import _batches, _padded, learning_rate

SPEC = InputSpec("tabular", (("numeric", (3,), "float32"),))
BINARY = Architecture(perceptron.build, (), SPEC, 1, "binary")
SHALLOW = Architecture(shallow_mlp.build, (("hidden_units", 8),), SPEC, 1, "binary")


def part(n, seed=0, task="binary"):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)).astype(np.float32)
    target = {"binary": x[:, 0] > 0, "multiclass": np.digitize(x[:, 0], [-0.5, 0.5]), "regression": x[:, 0]}
    kind = np.int32 if task == "multiclass" else np.float32
    return Part({"numeric": x}, target[task].astype(kind), np.ones(n, np.float32))


def weights(trained):
    return [v.numpy() for v in trained.model.weights]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_one_epoch_is_what_keras_adamw_does(task):
    """The same batches through Keras's optimiser and losses give the same weights."""
    architecture = Architecture(perceptron.build, (), SPEC, 3 if task == "multiclass" else 1, task)
    rows, settings = part(64, task=task), Settings(1, 16, 0.01, None, 0.05, schedule="constant")
    found = train(architecture, [Replica(rows, None, 5)], settings)[0]
    model = architecture.new(5)
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.05, epsilon=1e-7, global_clipnorm=1.0)
    optimizer.build(model.trainable_variables)
    optimizer.exclude_from_weight_decay(var_list=[v for v in model.trainable_variables if v.ndim < 2])
    loss = {
        "binary": keras.losses.BinaryCrossentropy(from_logits=True),
        "multiclass": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "regression": keras.losses.MeanSquaredError(),
    }[task]
    for batch in _batches(np.random.default_rng(5), 64, 16):
        with tf.GradientTape() as tape:
            target = rows.target[batch]
            value = loss(
                target if task == "multiclass" else target[:, None],
                model({"numeric": rows.arrays["numeric"][batch]}),
            )
        optimizer.apply_gradients(
            zip(tape.gradient(value, model.trainable_variables), model.trainable_variables, strict=True)
        )
    for ours, keras_own in zip(weights(found), model.weights, strict=True):
        np.testing.assert_allclose(ours, keras_own.numpy(), atol=2e-5)


def test_folds_of_other_sizes_and_other_trainings_share_one_traced_program():
    settings = Settings(epochs=2, batch_size=16)
    train(SHALLOW, [Replica(part(100), part(20, 1), 0)], settings)
    compiled = program(SHALLOW, 16, True)
    before = (compiled.epoch, compiled.losses)
    train(SHALLOW, [Replica(part(n), part(n // 5, 1), n) for n in (90, 101, 130)], settings)
    assert program(SHALLOW, 16, True) is compiled
    assert (compiled.epoch, compiled.losses) == before


def test_a_replica_is_trained_as_if_alone():
    replicas = [Replica(part(70, s), part(20, s + 9), s) for s in range(3)]
    settings = Settings(epochs=3, batch_size=16)
    together = train(SHALLOW, replicas, settings)
    for replica, one in zip(replicas, together, strict=True):
        alone = train(SHALLOW, [replica], settings)[0]
        assert alone.history == one.history
        for a, b in zip(weights(alone), weights(one), strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_kept_weights_are_those_of_the_best_epoch():
    watching = part(40, 3)
    settings = Settings(epochs=30, batch_size=8, learning_rate=0.3, patience=None)
    trained = train(SHALLOW, [Replica(part(40), watching, 1)], settings)[0]
    logits = outputs(SHALLOW, trained.model, watching.arrays)[:, 0].astype(np.float64)
    loss = np.mean(np.log1p(np.exp(-logits * (2 * watching.target - 1))))
    assert trained.best_epoch < 29, "the case must have a best epoch before the last"
    assert loss == pytest.approx(min(trained.history["val_loss"]), rel=1e-4)


def test_patience_ends_training_that_many_epochs_after_the_best():
    rng = np.random.default_rng(0)
    noise = part(40, 3)
    noise.target = rng.integers(0, 2, 40).astype(np.float32)
    settings = Settings(epochs=200, batch_size=8, learning_rate=0.1, patience=4)
    trained = train(SHALLOW, [Replica(noise, part(40, 8), 1)], settings)[0]
    assert len(trained.history["loss"]) == trained.best_epoch + 1 + 4 < 200


def test_without_a_watching_part_the_last_epoch_is_kept():
    trained = train(BINARY, [Replica(part(40), None, 0)], Settings(epochs=5))[0]
    assert trained.best_epoch == 4
    assert set(trained.history) == {"loss"}


def test_rows_of_weight_zero_change_nothing():
    rows, other = part(64), part(64)
    rows.weight[10:] = other.weight[10:] = 0.0
    other.arrays["numeric"][10:] = 77.0
    settings = Settings(epochs=3, batch_size=64)
    for a, b in zip(
        *(weights(train(BINARY, [Replica(p, None, 0)], settings)[0]) for p in (rows, other)), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_progress_hears_every_epoch_and_may_interrupt():
    heard = []
    train(BINARY, [Replica(part(40), part(9, 1), 0)], Settings(epochs=3), lambda *said: heard.append(said))
    assert [(epoch, epochs) for epoch, epochs, _ in heard] == [(1, 3), (2, 3), (3, 3)]
    assert set(heard[0][2]) == {"loss", "val_loss"}

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(BINARY, [Replica(part(40), None, 0)], Settings(epochs=3), interrupt)
    again = train(BINARY, [Replica(part(40), part(9, 1), 0)], Settings(epochs=3))[0]
    assert again.history["loss"] == [logs["loss"] for _, _, logs in heard]


def test_divergence_is_said_in_one_line():
    wild = part(40, task="regression")
    wild.target[0] = np.inf
    architecture = Architecture(perceptron.build, (), SPEC, 1, "regression")
    with pytest.raises(ValueError, match=r"training diverged in epoch 1.*learning_rate"):
        train(architecture, [Replica(wild, None, 0)], Settings(epochs=3))


def test_training_leaves_the_random_state_of_the_user_alone():
    import random

    random.seed(1), np.random.seed(1), tf.random.set_seed(1)
    before = random.getstate(), np.random.get_state()[1].copy()
    train(SHALLOW, [Replica(part(40), None, 0)], Settings(epochs=1))
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])


def test_label_smoothing_raises_the_least_loss():
    """With smoothing e the best a binary model can do is the entropy of (e/2, 1 - e/2)."""
    settings = Settings(epochs=200, batch_size=32, learning_rate=0.1, label_smoothing=0.2)
    trained = train(BINARY, [Replica(part(64), None, 0)], settings)[0]
    entropy = -(0.1 * np.log(0.1) + 0.9 * np.log(0.9))
    assert entropy <= trained.history["loss"][-1] < entropy + 0.2


def test_the_cosine_goes_from_the_rate_to_nearly_nothing():
    settings = Settings(epochs=10, learning_rate=0.4, schedule="cosine")
    rates = [learning_rate(settings, epoch) for epoch in range(10)]
    assert rates[0] == 0.4
    assert rates[5] == pytest.approx(0.2)
    assert rates == sorted(rates, reverse=True)
    assert 0 < rates[-1] < 0.02
    assert learning_rate(Settings(learning_rate=0.4), 7) == 0.4


@given(st.integers(1, 5000), st.integers(1, 1000))
def test_a_usable_batch_is_the_largest_power_of_two_that_fits(batch_size, n_rows):
    found, limit = usable_batch(batch_size, n_rows), min(batch_size, n_rows)
    assert found & (found - 1) == 0
    assert found <= limit < 2 * found


@given(st.integers(1, 400), st.sampled_from([1, 2, 8, 32]), st.integers(0, 9))
def test_batches_hold_different_rows_and_leave_out_less_than_a_batch(n_rows, batch_size, seed):
    if batch_size > n_rows:
        batch_size = 1
    drawn = _batches(np.random.default_rng(seed), n_rows, batch_size)
    assert drawn.shape[1] == batch_size
    assert n_rows - batch_size < drawn.size <= n_rows
    assert len(np.unique(drawn)) == drawn.size
    assert drawn.min() >= 0
    assert drawn.max() < n_rows


@given(st.integers(1, 10**6))
def test_coarse_adds_at_most_an_eighth(n):
    assert n <= coarse(n) <= n + max(1, n / 8)
    assert coarse(coarse(n)) == coarse(n)


def test_padding_keeps_the_real_rows_in_front():
    rows = part(101)
    padded = _padded(rows)
    assert len(padded) == coarse(101) > 101
    np.testing.assert_array_equal(padded.arrays["numeric"][:101], rows.arrays["numeric"])
    assert not padded.weight[101:].any()


def test_outputs_in_chunks_are_outputs_at_once():
    model = SHALLOW.new(3)
    arrays = part(50).arrays
    np.testing.assert_allclose(
        outputs(SHALLOW, model, arrays, chunk=7), outputs(SHALLOW, model, arrays), atol=1e-6
    )
    none = outputs(SHALLOW, model, {"numeric": np.zeros((0, 3), np.float32)})
    assert none.shape == (0, 1)
    assert len(split_weights(model)[0]) == len(model.trainable_variables)


def test_the_same_architecture_has_the_same_start_for_a_seed_and_hashes_alike():
    twin = Architecture(
        shallow_mlp.build,
        (("hidden_units", 8),),
        InputSpec("tabular", (("numeric", (3,), "float32"),)),
        1,
        "binary",
    )
    assert twin == SHALLOW
    assert hash(twin) == hash(SHALLOW)
    for a, b in zip(twin.new(4).weights, SHALLOW.new(4).weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert not np.array_equal(SHALLOW.new(4).weights[0].numpy(), SHALLOW.new(5).weights[0].numpy())
