"""Images of pipelines as ONNX: the same pixels, directions and gradients from images of any size."""

from __future__ import annotations

import numpy as np
import pytest

from deepworth.datasets import Dataset, load_dataset
from deepworth.zoo import registry

SMALL = {"random-forest": {"n_estimators": 10}}


def colourful(n=60):
    """Patches of three channels; one class is bright on the left."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 200, (n, 20, 15, 3)).astype(np.uint8)
    X[::2, :, :7] += 55
    y = np.array(["left", "none"])[np.arange(n) % 2]
    return Dataset(name="patches", X=X, y=y, task="binary", modality="image", positive="left")


@pytest.mark.parametrize("name", ["hog-svm", "pca-svm", "random-forest"])
@pytest.mark.parametrize("make", [colourful, lambda: load_dataset("digits", rows=80)], ids=["colour", "grey"])
def test_a_pipeline_sees_the_same_image(name, make, gap):
    dataset = make()
    model = registry.create(name, dataset.task, "image", random_state=0, **SMALL.get(name, {}))
    assert gap(model.fit(dataset.X, dataset.y), dataset, name) < 1e-6


@pytest.mark.parametrize("name", ["hog-svm", "pca-svm"])
def test_an_approximated_kernel_sees_the_same_image(name, gap):
    dataset = colourful()
    model = registry.create(name, dataset.task, "image", random_state=0).set_params(bysize__limit=10)
    assert gap(model.fit(dataset.X, dataset.y), dataset, name) < 1e-6


def test_gradients_of_colours_that_are_equally_strong(gap):
    """3, 4 and 5, 0 are equally long: which channel is taken must not hang on the last digit."""
    dataset = colourful()
    model = registry.create("hog-svm", "binary", "image", random_state=0).fit(dataset.X, dataset.y)
    rng = np.random.default_rng(1)
    steps = np.array([[0, 3, 4, 5], [0, 5, 12, 13], [0, 8, 15, 17]])
    X = steps[rng.integers(0, 3, (30, 20, 15, 3)), rng.integers(0, 4, (30, 20, 15, 3))].astype(np.uint8)
    assert gap(model, dataset, "hog-svm", list(X)) < 1e-6


def test_a_network_sees_images_of_every_size_alike(gap):
    """Reductions by even factors above all: there whole rows of pixels lie between two grey levels."""
    dataset = load_dataset("digits", rows=80)
    model = registry.create("cnn", "multiclass", "image", random_state=0, epochs=2, width=8)
    model.fit(dataset.X, dataset.y)
    rng = np.random.default_rng(2)
    sides = [(8 * i, 8 * j) for i in (1, 2, 3, 4, 6) for j in (1, 2, 5)] + rng.integers(
        1, 100, (15, 2)
    ).tolist()
    X = [rng.integers(0, 256, (h, w, 1)).astype(np.uint8) for h, w in sides for _ in range(2)]
    assert gap(model, dataset, "cnn", X) < 1e-6
