"""What the network of images is made of: whitening, augmentation, the mirror, and sizes that rows decide."""

from __future__ import annotations

import numpy as np
import pytest

from deepworth.datasets import Dataset
from deepworth.zoo import registry
from deepworth.zoo.artefact import save
from deepworth.zoo.models import cnn
from deepworth.zoo.preprocessing.base import InputSpec
from deepworth.zoo.preprocessing.runtime import import_tensorflow

import_tensorflow()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from deepworth.zoo.models._images import Augment, BothWays, MeanOfBoth, whiten  # noqa: E402
from deepworth.zoo.training.packing import Packing  # noqa: E402


def spec(*shape):
    return InputSpec("image", (("image", shape, "uint8"),))


def smooth_images(n, height, width, channels, seed=0):
    """Neighbouring pixels and channels are alike, as in real images."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (n, height // 4 + 1, width // 4 + 1, channels))
    fine = np.kron(coarse, np.ones((1, 4, 4, 1)))[:, :height, :width] + rng.normal(
        0, 8, (n, height, width, 1)
    )
    return np.clip(fine, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", [(20, 24, 1), (16, 16, 3), (70, 50, 3)])
def test_the_first_layer_whitens_patches(shape):
    images = smooth_images(60, *shape)
    model = cnn.build(spec(*shape), 2, width=8)
    whiten(model, {"image": images})
    layer = model.get_layer("whitening")
    assert not layer.trainable_variables
    values = layer(images.astype("float32") / 127.5 - 1.0).numpy()
    cut = 1 if layer.padding == "same" else 0  # borders see pixels that are not there
    values = values[:, cut : values.shape[1] - cut, cut : values.shape[2] - cut].reshape(-1, values.shape[-1])
    half = values.shape[1] // 2
    np.testing.assert_allclose(values[:, :half], -values[:, half:], atol=1e-4)
    np.testing.assert_allclose(values.mean(axis=0), 0.0, atol=0.02)
    covariance = np.cov(values[:, :half].T)
    np.testing.assert_allclose(covariance - np.diag(np.diag(covariance)), 0.0, atol=0.02)
    assert np.diag(covariance).min() > 0.05
    assert np.diag(covariance).max() < 1.02


def test_whitening_does_not_depend_on_the_order_of_the_images():
    images = smooth_images(50, 14, 14, 3)
    kernels = []
    for order in (slice(None), slice(None, None, -1)):
        model = cnn.build(spec(14, 14, 3), 2, width=8)
        whiten(model, {"image": images[order]})
        kernels.append(model.get_layer("whitening").get_weights())
    for first, second in zip(*kernels, strict=True):
        np.testing.assert_array_equal(first, second)


def test_images_of_one_colour_can_be_whitened():
    model = cnn.build(spec(12, 12, 1), 2, width=8)
    whiten(model, {"image": np.full((5, 12, 12, 1), 7, np.uint8)})
    assert np.isfinite(model.get_layer("whitening").get_weights()[0]).all()


def test_every_fold_and_member_starts_from_its_own_rows():
    dark, light = smooth_images(40, 12, 12, 1), smooth_images(40, 12, 12, 1, seed=1) // 4
    X, y = np.concatenate([dark, light]), np.resize(["a", "b"], 80)
    models = [registry.create("cnn", "binary", "image", random_state=0, epochs=1, width=8) for _ in range(2)]
    models[0].fit_many(models, X, y, [np.arange(40), np.arange(40, 80)])
    kernels = [model.model_.get_layer("whitening").get_weights()[0] for model in models]
    assert np.abs(kernels[0] - kernels[1]).max() > 0.1


def moved_by(image, down, right):
    """The image moved, its border reflected."""
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), mode="reflect")
    return padded[2 + down : 2 + down + image.shape[0], 2 + right : 2 + right + image.shape[1]]


def test_training_images_are_moved_and_mirrored_and_nothing_else():
    images = np.random.default_rng(0).normal(size=(300, 6, 7, 3)).astype("float32")
    keras.utils.set_random_seed(0)
    layer = Augment(shift=2, flip=True)
    np.testing.assert_array_equal(layer(images, training=False), images)
    seen = set()
    for before, after in zip(images, np.asarray(layer(images, training=True)), strict=True):
        found = [
            (down, right, flip)
            for down in range(-2, 3)
            for right in range(-2, 3)
            for flip in (False, True)
            if np.array_equal(moved_by(before[:, ::-1] if flip else before, down, right), after)
        ]
        assert len(found) == 1
        seen.add(found[0])
    assert len(seen) == 50


def test_training_images_lose_a_square():
    images = np.ones((200, 12, 12, 1), "float32")
    lost = (np.asarray(Augment(hole=4)(images, training=True)) == 0).sum(axis=(1, 2, 3))
    assert lost.max() == 16
    assert lost.min() >= 4  # a centre at the border leaves a quarter of the square inside


def test_augmentation_differs_from_step_to_step_and_repeats_with_the_seed():
    images = np.random.default_rng(0).normal(size=(20, 8, 8, 1)).astype("float32")
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        layer = Augment(shift=2)
        runs.append([np.asarray(layer(images, training=True)) for _ in range(2)])
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(*runs[0])


def test_the_mirror_is_asked_at_prediction_only():
    images = np.random.default_rng(0).normal(size=(3, 4, 5, 2)).astype("float32")
    both = BothWays()(images, training=False)
    np.testing.assert_array_equal(both, np.concatenate([images, images[:, :, ::-1]]))
    np.testing.assert_array_equal(BothWays()(images, training=True), images)
    outputs = np.arange(12, dtype="float32").reshape(6, 2)
    np.testing.assert_array_equal(MeanOfBoth()(outputs, training=False), (outputs[:3] + outputs[3:]) / 2)
    np.testing.assert_array_equal(MeanOfBoth()(outputs, training=True), outputs)


@pytest.fixture(scope="module")
def photographs():
    X = smooth_images(40, 40, 36, 3)
    X[::2, :20] //= 3
    y = np.resize(["dark", "light"], 40)
    model = registry.create("cnn", "binary", "image", random_state=0, epochs=2, width=4)
    return X, y, model.fit(X, y)


def test_a_photograph_and_its_mirror_image_get_the_same_answer(photographs):
    X, _, model = photographs
    np.testing.assert_allclose(model.predict_proba(X), model.predict_proba(X[:, :, ::-1]), atol=1e-6)
    kinds = {type(layer).__name__: layer for layer in model.model_.layers}
    assert kinds["Augment"].get_config()["flip"]
    assert kinds["Augment"].get_config()["shift"] == 2
    drawing = cnn.build(spec(40, 36, 1), 1)
    assert "BothWays" not in {type(layer).__name__ for layer in drawing.layers}


def test_photographs_are_exported_without_augmentation(photographs, tmp_path):
    pytest.importorskip("onnxruntime")
    from deepworth.zoo.export import export

    X, y, model = photographs
    dataset = Dataset(name="photographs", X=X, y=y, task="binary", modality="image", positive="light")
    save(model, tmp_path / "model", dataset=dataset, name="cnn", family="deep", seed=0)
    wanted = ["onnx", "litert"]
    formats = export(tmp_path / "model", tmp_path / "x", only=wanted).formats
    for name in wanted:
        assert formats[name].status.startswith("works"), formats[name]
    import onnx

    graph = onnx.load(tmp_path / "x" / "onnx" / "model.onnx").graph
    assert not {node.op_type for node in graph.node} & {"RandomUniform", "RandomUniformLike", "RandomNormal"}


def test_units_of_a_network_that_sees_each_image_twice(photographs):
    from deepworth.zoo.explanation import integrated_gradients, open_network, unit_roles

    X, y, model = photographs
    network = open_network(model)
    assert unit_roles(network, X[:12], y[:12], units=1)
    assert integrated_gradients(network, X[:3]).parts["pixels"].shape == (3, 40, 36, 3)


def chosen(n_rows, shape=(28, 28, 1), **values):
    return cnn.AUTO(
        spec(*shape),
        n_rows,
        {"width": "auto", "epochs": "auto", "batch_size": "auto", "minutes": 10.0, "hole": "auto", **values},
    )


def seconds(n_rows, shape, found):
    """Of a training on the core that minutes are reckoned for."""
    return 6.0 * n_rows * found["epochs"] * cnn._products(shape, found["width"]) / cnn._RATE


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (64, 48, 3), (128, 128, 3)])
@pytest.mark.parametrize("minutes", [1.0, 10.0, 60.0])
def test_width_and_epochs_follow_from_the_images_and_the_minutes(shape, minutes):
    sizes = (60, 200, 2_000, 20_000, 60_000)
    found = [chosen(n, shape, minutes=minutes) for n in sizes]
    for n, each in zip(sizes, found, strict=True):
        assert seconds(n, shape, each) <= 60 * minutes or (each["width"], each["epochs"]) == (
            cnn._WIDTHS[0],
            1,
        )
    epochs = [each["epochs"] for each in found]
    assert epochs == sorted(epochs, reverse=True)


def test_more_minutes_make_a_larger_training():
    less, more = chosen(60_000), chosen(60_000, minutes=60.0)
    assert seconds(60_000, (28, 28, 1), more) > 3 * seconds(60_000, (28, 28, 1), less)
    assert more["width"] > less["width"]


def test_what_is_set_is_not_chosen():
    own = {"width": 7, "epochs": 3, "batch_size": 9, "hole": 5}
    assert chosen(500, **own) == own


def test_few_photographs_are_seen_whole_and_many_are_covered():
    assert chosen(500, (64, 64, 3))["hole"] == 0
    assert chosen(5000, (64, 64, 3))["hole"] == "auto"
    layers = cnn.build(spec(64, 64, 3), 2, width=8).layers
    assert [la.hole for la in layers if isinstance(la, Augment)] == [16]


def test_products_are_those_of_the_network():
    for shape in [(8, 8, 1), (28, 28, 1), (33, 47, 3), (128, 100, 3)]:
        model = cnn.build(spec(*shape), 2, width=8)
        total = 0.0
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv2D):
                size = int(np.prod(layer.kernel.shape)) * int(np.prod(layer.output.shape[1:3]))
                total += size / 3 if layer.name == "whitening" else size
        assert cnn._products(shape, 8) == pytest.approx(total)


def test_biases_and_normalisations_learn_faster():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.BatchNormalization()])
    for apart in (False, True):
        packing = Packing.of(model.trainable_variables, apart)
        rates = packing.rates(5.0)
        factors = np.concatenate(
            [
                np.broadcast_to(rate, int(np.prod(block.shape)))
                for rate, block in zip(rates, packing.blocks(tf.zeros(packing.n_weights)), strict=True)
            ]
        )
        assert factors.tolist() == [1.0] * 12 + [5.0] * 9
    assert all(np.ndim(rate) == 0 for rate in Packing.of(model.trainable_variables).rates(1.0))
