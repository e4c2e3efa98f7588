"""The compiled loop: against Keras's own optimiser, by its promises, and at its edges."""

import dataclasses
import random
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, softmax

from deepworth.zoo.models import perceptron, shallow_mlp
from deepworth.zoo.models._layers import Dropout
from deepworth.zoo.preprocessing.base import InputSpec, aligned_zeros, coarse
from deepworth.zoo.preprocessing.runtime import available_bytes
from deepworth.zoo.training import fleet as fleet_module
from deepworth.zoo.training import lanes as lanes_module
from deepworth.zoo.training.architecture import (
    Architecture,
    Mixture,
    Part,
    Replica,
    StreamedPart,
    bytes_of_training,
    combined,
)
from deepworth.zoo.training.fleet import train
from deepworth.zoo.training.lanes import as_tensor, stacked, watched
from deepworth.zoo.training.program import Recipe, outputs, program
from deepworth.zoo.training.settings import SCHEDULES, Settings, usable_batch

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


def losses(trained, name="loss"):
    return trained.history.history[name]


def batches(seed, n_rows, batch_size):
    """Row numbers of the first epoch of a replica with this seed."""
    return lanes_module.Lane(0, Replica(part(n_rows), None, seed), batch_size, BINARY.new(0)).batches()


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_one_epoch_is_what_keras_adamw_does(task):
    """The same batches through Keras's optimiser and losses give the same weights."""
    architecture = Architecture(perceptron.build, (), SPEC, 3 if task == "multiclass" else 1, task)
    rows, settings = (
        part(64, task=task),
        Settings(1, 16, 0.01, None, 0.05, schedule="constant", clip_norm=1.0),
    )
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
    for batch in batches(5, 64, 16):
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
    recipe = Recipe(16, decays=False)
    train(SHALLOW, [Replica(part(100), part(20, 1), 0)], settings)
    compiled = program(SHALLOW, recipe)
    before = dict(compiled._functions)
    assert set(before) >= {"epoch"}
    train(SHALLOW, [Replica(part(n), part(n // 5, 1), n) for n in (90, 101, 130)], settings)
    assert program(SHALLOW, recipe) is compiled
    assert all(compiled._functions[name] is function for name, function in before.items())


def fleet_of(sizes):
    return [Replica(part(n, s), part(20 + s, s + 9), s) for s, n in enumerate(sizes)]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_replica_in_a_fleet_is_bit_for_bit_the_one_trained_alone(workers):
    replicas = fleet_of([70, 75, 90, 70])
    settings = Settings(epochs=5, batch_size=16, workers=workers, schedule="cosine")
    together = train(SHALLOW, replicas, settings)
    for replica, one in zip(replicas, together, strict=True):
        alone = train(SHALLOW, [replica], settings)[0]
        assert alone.history.history == one.history.history
        for a, b in zip(weights(alone), weights(one), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("lanes", [2, 3, 5])
def test_vectorised_lanes_give_what_training_alone_gives_but_for_rounding(lanes):
    """Lanes have other numbers of steps, other validation rows, and stop at other epochs."""
    replicas = fleet_of([70, 90, 70, 81, 130])
    settings = Settings(epochs=40, batch_size=16, learning_rate=0.05, patience=3, weight_decay=0.01)
    together = train(SHALLOW, replicas, dataclasses.replace(settings, lanes=lanes))
    alone = train(SHALLOW, replicas, settings)
    ends = {len(one.history.epoch) for one in alone}
    assert len(ends) > 1, "the case must have replicas that stop at different epochs"
    for a, b in zip(alone, together, strict=True):
        assert a.best_epoch == b.best_epoch
        np.testing.assert_allclose(losses(a), losses(b), rtol=1e-4)
        for x, y in zip(weights(a), weights(b), strict=True):
            np.testing.assert_allclose(x, y, atol=1e-4)


def test_lanes_drop_out_each_by_its_own_stream():
    architecture = Architecture(shallow_mlp.build, (("hidden_units", 8), ("dropout", 0.5)), SPEC, 1, "binary")
    same_rows = [Replica(part(64), None, seed) for seed in (1, 2)]
    first, second = train(architecture, same_rows, Settings(epochs=2, lanes=2))
    assert losses(first) != losses(second)
    alone = train(architecture, same_rows[1:], Settings(epochs=2))[0]
    np.testing.assert_allclose(losses(second), losses(alone), rtol=1e-5)


def test_the_same_seed_gives_the_same_bits():
    settings = Settings(epochs=4, batch_size=16)
    first, second = (train(SHALLOW, fleet_of([70, 90, 80]), settings) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        for x, y in zip(weights(a), weights(b), strict=True):
            np.testing.assert_array_equal(x, y)


def test_rows_are_made_when_their_turn_comes():
    alive, most = [0], [0]

    def maker(seed):
        def make():
            alive[0] += 1
            most[0] = max(most[0], alive[0])
            return Replica(part(40, seed), None, seed)

        return make

    def ended(number, end):
        alive[0] -= 1

    train(BINARY, [maker(s) for s in range(6)], Settings(epochs=2, workers=2), on_end=ended)
    assert alive == [0]
    assert most[0] <= 2


def streamed(rows):
    """The same rows, made a piece at a time."""

    def piece(places):
        return Part({"numeric": rows.arrays["numeric"][places]}, rows.target[places], rows.weight[places])

    return StreamedPart(len(rows), piece)


@pytest.mark.parametrize("watching", [None, part(30, seed=1)])
def test_streamed_rows_are_the_same_batches_in_pieces(watching, monkeypatch):
    """320 rows in pieces of at most 64 and 20 steps: nothing is left out, so nothing changes."""
    monkeypatch.setattr(lanes_module, "PIECE", 64)
    rows, settings = part(320), Settings(3, 16, 0.01, 2, averaging=0.9)
    whole = train(BINARY, [Replica(rows, watching, 5)], settings)[0]
    pieces = train(BINARY, [Replica(streamed(rows), watching, 5)], settings)[0]
    np.testing.assert_allclose(losses(pieces), losses(whole), rtol=1e-5)
    if watching is not None:
        np.testing.assert_allclose(losses(pieces, "val_loss"), losses(whole, "val_loss"), rtol=1e-5)
    assert pieces.best_epoch == whole.best_epoch
    for a, b in zip(weights(pieces), weights(whole), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_pieces_are_of_equal_size_and_small(monkeypatch):
    """1,000 rows at batch 16 are 62 steps: of 16 pieces each has 3 of them, 48 rows."""
    monkeypatch.setattr(lanes_module, "PIECE", 64)
    sizes, rows = [], part(1000)
    source = streamed(rows)
    seen = StreamedPart(1000, lambda places: sizes.append(len(set(places))) or source.piece(places))
    found = train(BINARY, [Replica(seen, None, 5)], Settings(2, 16, 0.01, None, jit=False))[0]
    assert sizes == [48] * 32
    assert len(losses(found)) == 2


def test_several_lanes_hold_streamed_rows_together():
    rows, settings = part(96), Settings(2, 16, 0.01, None, lanes=2)
    together = train(BINARY, [Replica(streamed(rows), None, seed) for seed in (1, 2)], settings)
    alone = train(BINARY, [Replica(rows, None, seed) for seed in (1, 2)], settings)
    assert [losses(found) for found in together] == [losses(found) for found in alone]


def test_a_failing_replica_costs_its_own_place_where_somebody_listens():
    wild = part(40)
    wild.arrays["numeric"][0] = np.nan
    replicas = [Replica(part(40, 1), None, 0), Replica(wild, None, 1), Replica(part(40, 2), None, 2)]
    heard = {}
    found = train(BINARY, replicas, Settings(epochs=3), on_end=heard.__setitem__)
    assert isinstance(found[1], ValueError)
    assert heard == dict(enumerate(found))
    assert losses(found[0]) == losses(train(BINARY, replicas[:1], Settings(epochs=3))[0])
    with pytest.raises(ValueError, match="diverged"):
        train(BINARY, replicas, Settings(epochs=3))


def test_the_first_may_be_trained_alone():
    heard = []
    settings = Settings(epochs=4, workers=3)
    train(
        BINARY,
        [Replica(part(40, s), None, s) for s in range(4)],
        settings,
        lambda *e: heard.append(e[:2]),
        first_alone=True,
    )
    assert heard[:4] == [(0, 1), (0, 2), (0, 3), (0, 4)]
    assert len(heard) == 16


def test_a_fleet_takes_fewer_threads_where_memory_is_short(monkeypatch):
    needed = bytes_of_training(SHALLOW, 32)
    parameters = sum(int(np.prod(v.shape)) for v in SHALLOW.new(0).variables)
    assert needed > 4 * 4 * parameters, "weights, two moments and the best weights at least"
    assert available_bytes() > 2**20
    settings = Settings(workers=4)
    assert fleet_module._workers(SHALLOW, settings, 1, 8) == 4
    assert [fleet_module._busy(n, 4) for n in (1, 3, 4, 5, 8, 10, 50)] == [1, 3, 4, 5, 4, 5, 5]
    assert [fleet_module._busy(n, 1) for n in (1, 3, 10)] == [1, 1, 1]
    monkeypatch.setattr(fleet_module, "available_bytes", lambda: 5 * needed)
    assert fleet_module._workers(SHALLOW, settings, 1, 8) == 2
    monkeypatch.setattr(fleet_module, "available_bytes", lambda: 0)
    assert fleet_module._workers(SHALLOW, settings, 1, 8) == 1


def test_callbacks_see_the_weights_of_each_epoch_and_may_stop():
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((epoch, dict(logs), self.model.get_weights()[0].copy()))
            self.model.stop_training = epoch == 2

    trained = train(BINARY, [Replica(part(40), part(9, 1), 0)], Settings(epochs=9), callbacks=[Watch()])[0]
    assert [epoch for epoch, _, _ in seen] == [0, 1, 2] == trained.history.epoch
    assert [logs["val_loss"] for _, logs, _ in seen] == losses(trained, "val_loss")
    assert not np.array_equal(seen[0][2], seen[1][2])
    assert isinstance(trained.history, keras.callbacks.History)
    assert trained.history.params["epochs"] == 9
    with pytest.raises(ValueError, match="one training, not 2"):
        train(BINARY, [Replica(part(40), None, 0)] * 2, Settings(epochs=1), callbacks=[Watch()])


def test_the_kept_weights_are_those_of_the_best_epoch():
    watching = part(40, 3)
    settings = Settings(epochs=30, batch_size=8, learning_rate=0.3, patience=None)
    trained = train(SHALLOW, [Replica(part(40), watching, 1)], settings)[0]
    logits = outputs(SHALLOW, [trained.model], watching.arrays)[:, 0].astype(np.float64)
    loss = np.mean(np.log1p(np.exp(-logits * (2 * watching.target - 1))))
    assert trained.best_epoch < 29, "the case must have a best epoch before the last"
    assert loss == pytest.approx(min(losses(trained, "val_loss")), rel=1e-4)


def test_patience_ends_training_that_many_epochs_after_the_best():
    rng = np.random.default_rng(0)
    noise = part(40, 3)
    noise.target = rng.integers(0, 2, 40).astype(np.float32)
    settings = Settings(epochs=200, batch_size=8, learning_rate=0.1, patience=4)
    trained = train(SHALLOW, [Replica(noise, part(40, 8), 1)], settings)[0]
    assert len(trained.history.epoch) == trained.best_epoch + 1 + 4 < 200


def test_without_a_watching_part_the_last_epoch_is_kept():
    trained = train(BINARY, [Replica(part(40), None, 0)], Settings(epochs=5))[0]
    assert trained.best_epoch == 4
    assert set(trained.history.history) == {"loss"}


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
    assert [said[:3] for said in heard] == [(0, 1, 3), (0, 2, 3), (0, 3, 3)]
    assert set(heard[0][3]) == {"loss", "val_loss"}

    def interrupt(*_):
        raise KeyboardInterrupt

    for n_replicas in (1, 5):
        with pytest.raises(KeyboardInterrupt):
            train(BINARY, [Replica(part(40), None, 0)] * n_replicas, Settings(epochs=3), interrupt)
    again = train(BINARY, [Replica(part(40), part(9, 1), 0)], Settings(epochs=3))[0]
    assert losses(again) == [said[3]["loss"] for said in heard]
    assert not [t for t in threading.enumerate() if t.name.startswith("fleet")]


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
    assert entropy <= losses(trained)[-1] < entropy + 0.2


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_a_factor_between_nothing_and_one(name):
    factors = SCHEDULES[name](np.linspace(0, 1, 200, endpoint=False))
    assert (factors >= 0).all()
    assert (factors <= 1).all()
    assert factors.max() > 0.999


def test_the_schedules_are_the_published_ones():
    """coslog4 has its borders at 1/15, 3/15 and 7/15 (Holzmueller et al. 2024)."""
    np.testing.assert_allclose(SCHEDULES["cosine"](np.array([0.0, 0.5])), [1, 0.5])
    np.testing.assert_allclose(SCHEDULES["flat-cosine"](np.array([0.0, 0.5, 0.75])), [1, 1, 0.5])
    borders = np.array([0, 1, 3, 7]) / 15
    np.testing.assert_allclose(SCHEDULES["coslog4"](borders), 0, atol=1e-12)
    peaks = (2 ** (np.arange(4) + 0.5) - 1) / 15
    np.testing.assert_allclose(SCHEDULES["coslog4"](peaks), 1)
    np.testing.assert_allclose(SCHEDULES["triangular"](np.array([0.0, 0.25, 0.625])), [0.1, 1, 0.5])


def test_the_rate_of_every_step_follows_the_schedule():
    lane = lanes_module.Lane(0, Replica(part(40), None, 0), 8, BINARY.new(0))
    settings = Settings(
        epochs=2, learning_rate=0.4, schedule="cosine", weight_decay=0.1, decay_schedule="flat-cosine"
    )
    steps = [lanes_module._steps([lane], settings, epoch, 1) for epoch in (0, 1)]
    progress = np.arange(10) / 10
    found = np.concatenate([s.rate[:, 0] for s in steps])
    np.testing.assert_allclose(found, 0.4 * SCHEDULES["cosine"](progress), rtol=1e-6)
    found = np.concatenate([s.decay[:, 0] for s in steps])
    np.testing.assert_allclose(found, 0.1 * SCHEDULES["flat-cosine"](progress), rtol=1e-6)


@given(st.integers(1, 5000), st.integers(1, 1000))
def test_a_usable_batch_is_the_largest_power_of_two_that_fits(batch_size, n_rows):
    found, limit = usable_batch(batch_size, n_rows), min(batch_size, n_rows)
    assert found & (found - 1) == 0
    assert found <= limit < 2 * found


@given(st.integers(1, 400), st.sampled_from([1, 2, 8, 32]), st.integers(0, 9))
def test_batches_hold_different_rows_and_leave_out_less_than_a_batch(n_rows, batch_size, seed):
    if batch_size > n_rows:
        batch_size = 1
    drawn = batches(seed, n_rows, batch_size)
    assert drawn.shape[1] == batch_size
    assert n_rows - batch_size < drawn.size <= n_rows
    assert len(np.unique(drawn)) == drawn.size
    assert drawn.min() >= 0
    assert drawn.max() < n_rows


@given(st.integers(1, 10**6))
def test_coarse_adds_at_most_an_eighth(n):
    assert n <= coarse(n) <= n + max(1, n / 8)
    assert coarse(coarse(n)) == coarse(n)


def test_rows_are_stacked_with_spare_ones_behind_and_validation_padded_by_weight():
    parts = [part(50), part(57, 1)]
    rows, offsets = stacked(parts)
    assert offsets == [0, 50]
    assert rows.target.shape[0] == coarse(107) > 107
    np.testing.assert_array_equal(rows.inputs["numeric"][50:107], parts[1].arrays["numeric"])
    (watching,) = watched(parts)
    weights_of = watching.weight.numpy().reshape(2, -1)
    assert weights_of.sum(axis=1).tolist() == [50, 57]
    assert watched([None, None]) == ()


@pytest.mark.parametrize("n", [10, 300_000])
def test_a_tensor_of_an_array_is_equal_and_large_ones_share_memory(n):
    array = aligned_zeros((n, 2), np.float32)
    array[:] = np.arange(2 * n).reshape(n, 2)
    tensor = as_tensor(array)
    np.testing.assert_array_equal(tensor.numpy(), array)
    array[0, 0] = -7
    assert (tensor.numpy()[0, 0] == -7) == (n > 10)
    odd = np.zeros(n * 2 + 1, np.float32)[1:]
    np.testing.assert_array_equal(as_tensor(odd).numpy(), odd)


def test_outputs_in_chunks_are_outputs_at_once():
    model = SHALLOW.new(3)
    arrays = part(50).arrays
    np.testing.assert_allclose(
        outputs(SHALLOW, [model], arrays, chunk=7), outputs(SHALLOW, [model], arrays), atol=1e-6
    )
    none = outputs(SHALLOW, [model], {"numeric": np.zeros((0, 3), np.float32)})
    assert none.shape == (0, 1)


@pytest.mark.parametrize(("task", "units"), [("binary", 1), ("multiclass", 3), ("regression", 1)])
def test_a_mixture_is_the_mean_of_the_predictions(task, units):
    members = np.random.default_rng(0).normal(scale=4, size=(20, 5, units))
    mixed = Mixture(task)(members.astype(np.float32)).numpy()
    if task == "binary":
        np.testing.assert_allclose(expit(mixed), expit(members).mean(axis=1), atol=1e-5)
    elif task == "multiclass":
        np.testing.assert_allclose(softmax(mixed, axis=-1), softmax(members, axis=-1).mean(axis=1), atol=1e-5)
    else:
        np.testing.assert_allclose(mixed, members.mean(axis=1), atol=1e-5)
    certain = Mixture(task)(np.full((1, 2, units), 900.0, np.float32)).numpy()
    assert np.isfinite(certain).all()


@pytest.mark.parametrize(("task", "units"), [("binary", 1), ("multiclass", 3), ("regression", 1)])
def test_the_combined_model_answers_as_the_members_together(task, units, tmp_path):
    architecture = Architecture(shallow_mlp.build, (("hidden_units", 4),), SPEC, units, task)
    members = [architecture.new(seed) for seed in range(3)]
    together = combined(architecture, members)
    arrays = part(30).arrays
    expected = outputs(architecture, members, arrays)
    np.testing.assert_allclose(together(arrays).numpy(), expected, atol=1e-5)
    together.save(tmp_path / "ensemble.keras")
    again = keras.saving.load_model(tmp_path / "ensemble.keras")
    np.testing.assert_allclose(again(arrays).numpy(), expected, atol=1e-5)


def two_members(inputs, units):
    layers = inputs.layers()
    members = [keras.layers.Dense(units)(layers["numeric"]) for _ in range(2)]
    return keras.Model(layers, keras.layers.Reshape((2, units))(keras.layers.Concatenate()(members)))


@pytest.mark.parametrize(("task", "units"), [("binary", 1), ("multiclass", 3), ("regression", 1)])
def test_members_of_a_network_are_trained_each_for_itself(task, units):
    """The loss is the mean over the members of what Keras says of each one."""
    architecture = Architecture(two_members, (), SPEC, units, task)
    rows = part(64, task=task)
    settings = Settings(epochs=1, batch_size=64, learning_rate=1e-9)
    found = train(architecture, [Replica(rows, part(30, 1, task), 3)], settings)[0]
    loss = {
        "binary": keras.losses.BinaryCrossentropy(from_logits=True),
        "multiclass": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "regression": keras.losses.MeanSquaredError(),
    }[task]
    members = architecture.new(3)(rows.arrays).numpy()
    target = rows.target if task == "multiclass" else rows.target[:, None]
    expected = np.mean([float(loss(target, members[:, i])) for i in range(2)])
    assert losses(found)[0] == pytest.approx(expected, rel=1e-5)
    watching = part(30, 1, task)
    target = watching.target if task == "multiclass" else watching.target[:, None]
    mean = outputs(architecture, [found.model], watching.arrays)
    assert losses(found, "val_loss")[0] == pytest.approx(float(loss(target, mean)), rel=1e-4)


def test_dropout_keeps_its_share_and_draws_anew():
    layer = Dropout(0.3, seed=1)
    first, second = (layer(np.ones((400, 50), np.float32), training=True).numpy() for _ in range(2))
    assert np.mean(first == 0) == pytest.approx(0.3, abs=0.01)
    assert np.unique(first).tolist() == pytest.approx([0, 1 / 0.7])
    assert first.mean() == pytest.approx(1, abs=0.02)
    dropped = [(x == 0).astype(float) for x in (first, second)]
    assert abs(np.corrcoef(dropped[0].ravel(), dropped[1].ravel())[0, 1]) < 0.03
    between = np.corrcoef(dropped[0].T)
    assert np.abs(between - np.eye(50)).max() < 0.25  # 400 rows: standard error 0.05
    other = Dropout(0.3, seed=2)(np.ones((400, 50), np.float32), training=True).numpy()
    assert not np.array_equal(first, other)
    again = Dropout(0.3, seed=1)(np.ones((400, 50), np.float32), training=True).numpy()
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(layer(np.ones((3, 2))), np.ones((3, 2)))


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (7, 3, 9), (32, 8, 128)])
@pytest.mark.parametrize("rate", [0.1, 0.15, 0.5, 0.9])
def test_dropout_of_any_shape_and_rate_is_drawn_as_by_independent_coins(shape, rate):
    """Means and correlations, with lags of all kinds, against their standard errors: 5 of them at most."""
    layer = Dropout(rate, seed=3)
    calls = 300
    ones = np.ones(shape, np.float32)
    layer(ones)  # outside the function, where its variables may be made
    draw = tf.function(lambda: layer(ones, training=True), autograph=False)
    drops = np.stack([draw().numpy().ravel() == 0 for _ in range(calls)])
    deviation = np.sqrt(rate * (1 - rate))
    n = drops.size
    assert abs(drops.mean() - rate) < 5 * deviation / np.sqrt(n)
    z = (drops - rate) / deviation
    by_place, by_call = z.mean(axis=0) * np.sqrt(calls), z.mean(axis=1) * np.sqrt(z.shape[1])
    most = 3.5 + np.sqrt(2 * np.log(n))  # of so many normal draws, and coins that are not quite normal
    assert np.abs(by_place).max() < most
    assert np.abs(by_call).max() < most
    within = [lag for lag in (1, 2, 3, 8, 128, 1024) if lag < z.shape[1]]
    pairs = [z[:, lag:] * z[:, :-lag] for lag in within] + [z[lag:] * z[:-lag] for lag in (1, 2, 7)]
    for products in pairs:
        assert abs(products.mean()) < 5 * products.std() / np.sqrt(products.size)


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


@pytest.mark.parametrize("lanes", [1, 2])
def test_several_epochs_in_one_call_are_the_same_epochs(lanes, monkeypatch):
    settings = Settings(
        epochs=10, batch_size=16, patience=None, weight_decay=0.01, averaging=0.9, lanes=lanes
    )
    replicas = [Replica(part(100), part(30, 1), 0), Replica(part(90, 2), part(30, 3), 1)]
    heard = []
    together = train(SHALLOW, replicas, settings, progress=lambda *e: heard.append(e[:2]))
    assert {n for n, epoch in heard if epoch == 10} == {0, 1}
    assert lanes_module._epochs_at_once(settings, 6) == 5
    monkeypatch.setattr(lanes_module, "MOST_AT_ONCE", 1)
    single = train(SHALLOW, replicas, settings)
    for a, b in zip(together, single, strict=True):
        assert a.best_epoch == b.best_epoch
        for name, values in a.history.history.items():
            np.testing.assert_allclose(values, b.history.history[name], rtol=1e-5)
        for one, other in zip(weights(a), weights(b), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_one_epoch_at_a_time_where_training_may_end_early_or_epochs_are_long():
    _epochs_at_once = lanes_module._epochs_at_once
    assert _epochs_at_once(Settings(epochs=10, patience=3), 6) == 1
    assert _epochs_at_once(Settings(epochs=10, patience=None, jit=False), 6) == 1
    assert _epochs_at_once(Settings(epochs=10, patience=None), 65) == 1
    assert [_epochs_at_once(Settings(epochs=n, patience=None), 6) for n in (7, 8, 9, 50)] == [1, 4, 3, 5]


def test_the_runtime_starts_by_a_training_that_leaves_no_trace():
    state = random.getstate()
    fleet_module.start_runtime()
    assert random.getstate() == state
