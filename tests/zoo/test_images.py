"""Images of any size and colour: one size for all, the same pixels inside the exported graph; features."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from deepworth.zoo.preprocessing.base import checked_images
from deepworth.zoo.preprocessing.images import ImagePreprocessor, with_channels
from deepworth.zoo.preprocessing.pixels import Flatten, Gradients, MainDirections, PatchResponses, SameSize
from deepworth.zoo.preprocessing.runtime import import_tensorflow

import_tensorflow()

import keras  # noqa: E402


def flat(height, width, *colour):
    """An image of one colour."""
    return np.full((height, width, len(colour)), colour, np.uint8)


def mixed(*images):
    found = np.empty(len(images), dtype=object)
    found[:] = images
    return found


def rows(*values):
    """A grey image from its rows."""
    return np.array(values, np.uint8)[..., None]


def fitted(*images):
    return ImagePreprocessor().fit(mixed(*images))


def exported(preprocessor, X):
    raw, encoded = preprocessor.raw_layers()
    return keras.Model(raw, encoded)(preprocessor.raw_arrays(X))["image"].numpy()


def pixels(image, size):
    """One image at another size, by both ways that classical and deep models see it."""
    network = fitted(flat(*size, *[0] * image.shape[-1]))
    pipeline = SameSize().fit(mixed(flat(*size, *[0] * image.shape[-1])))
    whole = network.transform(image[None])["image"][0]
    np.testing.assert_array_equal(network.transform(mixed(image))["image"][0], whole)
    np.testing.assert_array_equal(exported(network, image[None])[0], whole)
    return whole, pipeline.transform(image[None])[0] * 255


SIZES = [  # sizes of training images, and the one that they are brought to
    ([(28, 28)] * 3, (28, 28)),
    ([(10, 10), (20, 20), (90, 90)], (20, 20)),
    ([(10, 20), (20, 40)], (15, 30)),
    ([(200, 100)], (64, 32)),
    ([(100, 300)], (21, 64)),
    ([(65, 65)], (64, 64)),
    ([(64, 1)], (64, 1)),
    ([(1000, 1)], (64, 1)),
    ([(1, 5000)], (1, 64)),
    ([(1, 1)], (1, 1)),
    ([(3, 7)], (3, 7)),
]


@pytest.mark.parametrize(("shapes", "size"), SIZES, ids=lambda v: str(v))
def test_size_is_the_median_with_at_most_64_pixels_a_side(shapes, size):
    images = mixed(*(flat(*shape, 9) for shape in shapes))
    assert ImagePreprocessor().fit(images).size == size
    assert SameSize().fit(images).size_ == size
    assert ImagePreprocessor().fit(images).spec.arrays == (("image", (*size, 1), "uint8"),)


def test_longest_side_of_a_pipeline_may_be_chosen():
    assert SameSize(max_side=10).fit(mixed(flat(40, 20, 0))).size_ == (10, 5)


def test_an_array_of_equal_images_needs_no_list():
    X = np.zeros((2, 5, 9, 3), np.uint8)
    assert ImagePreprocessor().fit(X).size == SameSize().fit(X).size_ == (5, 9)


GREYS = [  # of a colour, by the weights 0.299, 0.587, 0.114
    ((255, 0, 0), 76),  # 76.245
    ((0, 255, 0), 150),  # 149.685
    ((0, 0, 255), 29),  # 29.07
    ((255, 255, 255), 255),
    ((0, 0, 0), 0),
    ((10, 20, 30), 18),  # 2.99 + 11.74 + 3.42 = 18.15
    ((100, 200, 7), 148),  # 29.9 + 117.4 + 0.798 = 148.098
]


@pytest.mark.parametrize(("colour", "grey"), GREYS)
def test_colour_becomes_grey_by_luminance(colour, grey):
    image = flat(2, 3, *colour)
    assert (with_channels(image, 1) == flat(2, 3, grey)).all()
    network, pipeline = fitted(flat(2, 3, 0)), SameSize().fit(mixed(flat(2, 3, 0)))
    assert network.transform(image[None])["image"].ravel().tolist() == [grey] * 6
    np.testing.assert_allclose(pipeline.transform(image[None]).ravel(), grey / 255, rtol=1e-6)


def test_grey_and_colour_mixed_are_seen_in_colour():
    X = mixed(flat(2, 2, 50), flat(2, 2, 1, 2, 3), flat(2, 2, 200))
    network, pipeline = ImagePreprocessor().fit(X), SameSize().fit(X)
    assert network.channels == pipeline.channels_ == 3
    found = network.transform(X)["image"]
    assert found[:, 0, 0].tolist() == [[50, 50, 50], [1, 2, 3], [200, 200, 200]]
    np.testing.assert_allclose(pipeline.transform(X) * 255, found, atol=1e-4)
    np.testing.assert_array_equal(exported(network, X), found)


@given(st.integers(0, 255))
def test_grey_written_as_colour_comes_back(value):
    image = flat(1, 1, value)
    assert with_channels(with_channels(image, 3), 1).ravel().tolist() == [value]


def test_two_pixels_become_their_mean():
    network, pipeline = pixels(rows([0, 100]), (1, 1))
    assert network.ravel().tolist() == [50]
    assert pipeline.ravel() == pytest.approx([50])


def test_four_blocks_become_four_pixels():
    """An image that shrinks by two is weighted 1 3 3 1, as far as it reaches."""
    image = np.kron([[0, 80], [160, 240]], np.ones((2, 2))).astype(np.uint8)[..., None]
    network, pipeline = pixels(image, (2, 2))
    # along a side: (3 * a + 3 * a + b) / 7 for neighbours a, a, b
    share = np.array([[6, 1], [1, 6]]) / 7
    expected = share @ np.array([[0, 80], [160, 240]]) @ share.T
    np.testing.assert_allclose(network[..., 0], expected, atol=1)  # rounded twice, by columns and by rows
    np.testing.assert_allclose(pipeline[..., 0], expected, atol=1)


def test_pixels_between_two_are_interpolated():
    """Centres of four pixels lie at -1/4, 1/4, 3/4 and 5/4 of two; beyond the border stands the border."""
    network, pipeline = pixels(rows([0, 100]), (1, 4))
    assert network.ravel().tolist() == [0, 25, 75, 100]
    assert pipeline.ravel() == pytest.approx([0, 25, 75, 100])


IMAGE = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9).flatmap(
    lambda shape: arrays(np.uint8, (*shape, 3))
)


@settings(deadline=None, max_examples=50)
@given(IMAGE, st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_all_ways_to_a_size_agree(image, size):
    network, pipeline = pixels(image, size)
    assert network.shape == pipeline.shape == (*size, 3)
    assert network.dtype == np.uint8
    assert (network >= image.min(axis=(0, 1))).all()
    assert (network <= image.max(axis=(0, 1))).all()
    np.testing.assert_allclose(network, pipeline, atol=2)  # Pillow rounds after each direction


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 200), st.integers(1, 200), st.tuples(*[st.integers(0, 255)] * 3), st.sampled_from(SIZES)
)
def test_an_image_of_one_colour_stays_so_at_any_size(height, width, colour, sizes):
    network, pipeline = pixels(flat(height, width, *colour), sizes[1])
    assert (network == np.array(colour)).all()
    np.testing.assert_allclose(pipeline, np.broadcast_to(colour, pipeline.shape), atol=1e-4)


def test_sizes_that_differ_are_resized_before_the_graph():
    X = mixed(flat(1, 1, 7), flat(9, 4, 1, 2, 3), flat(3, 3, 200), rows([0, 100, 200]))
    network = ImagePreprocessor().fit(X)
    assert network.size == (2, 3)  # medians of 1 1 3 9 and of 1 3 3 4
    found = network.transform(X)["image"]
    assert found.shape == (4, 2, 3, 3)
    assert found[0].ravel().tolist() == [7] * 18
    np.testing.assert_array_equal(exported(network, X), found)
    assert network.transform(X[:0])["image"].shape == (0, 2, 3, 3)


@settings(max_examples=60, deadline=None)  # the first of a size builds a graph
@given(
    st.data(),
    st.sampled_from([(1, 1), (8, 8), (13, 7), (28, 28), (40, 64)]),
    st.sampled_from([1, 3]),
    st.booleans(),
)
def test_networks_and_graphs_resize_as_pillow_does_bit_for_bit(data, size, channels, whole):
    """Whole factors, where sums are ties of rounding, as well as any others."""
    from deepworth.zoo.preprocessing.base import resized
    from deepworth.zoo.preprocessing.layers import resize

    most = st.integers(1, 6) if whole else st.integers(1, 150)
    sides = [data.draw(most) * (n if whole else 1) for n in size]
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    image = rng.integers(0, 256, (*sides, channels)).astype(np.uint8)
    wanted = resized(image, size)
    np.testing.assert_array_equal(resize(image[None], size).numpy()[0], wanted)
    if session := in_onnx(size, channels):
        np.testing.assert_array_equal(session.run(["y"], {"x": image[None]})[0][0], wanted)


@cache
def in_onnx(size, channels):
    """The same as an ONNX graph, where there is a runtime."""
    if find_spec("onnxruntime") is None or find_spec("onnx") is None:
        return None
    import onnxruntime

    from deepworth.zoo.export._onnx_graph import Graph
    from deepworth.zoo.export._onnx_images import resized

    graph = Graph()
    x = graph.input("x", "uint8", (None, None, None, channels))
    graph.output("y", resized(graph, x, size), "uint8", ["rows", *size, channels])
    return onnxruntime.InferenceSession(graph.model("resize", "", {}).SerializeToString())


def test_images_of_one_size_stay_in_order():
    X = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1).repeat(4, axis=1)
    network = fitted(flat(2, 1, 0))
    assert network.transform(X)["image"][:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]


class TestRawImages:
    def test_grey_images_get_a_channel(self):
        assert checked_images(np.zeros((2, 5, 4), np.uint8)).shape == (2, 5, 4, 1)
        found = checked_images([np.zeros((5, 4), np.uint8), flat(1, 1, 1, 2, 3)])
        assert [image.shape for image in found] == [(5, 4, 1), (1, 1, 3)]
        assert found.dtype == object

    @pytest.mark.parametrize(
        "X",
        [
            np.zeros((2, 5, 4, 3)),
            np.zeros((2, 5, 4, 4), np.uint8),
            np.zeros((2, 5, 4, 0), np.uint8),
            np.zeros((2, 0, 4, 3), np.uint8),
            np.zeros((0, 5, 4, 3), np.uint8),
            np.zeros((5, 4), np.uint8),
            np.zeros(5, np.uint8),
        ],
        ids=lambda X: f"{X.dtype}{X.shape}",
    )
    def test_an_array_of_something_else_is_refused(self, X):
        with pytest.raises(ValueError, match=r"expected uint8 images \(n, height, width, 1 or 3\), got"):
            checked_images(X)

    @pytest.mark.parametrize(
        "image",
        [
            np.zeros((5, 4, 3)),
            np.zeros((5, 4, 2), np.uint8),
            np.zeros((0, 4), np.uint8),
            np.uint8(3),
            "x.png",
        ],
    )
    def test_the_image_that_is_none_is_named(self, image):
        with pytest.raises(ValueError, match=r"image 1: expected uint8 \(height, width, 1 or 3\), got"):
            checked_images([flat(1, 1, 1), image])

    def test_no_image_is_too_few(self):
        with pytest.raises(ValueError, match=r"0 sample\(s\)"):
            checked_images([])


def test_pixels_as_numbers_in_reading_order():
    X = SameSize().fit_transform(np.array([[[[0], [51]], [[102], [255]]]], np.uint8))
    assert X.dtype == np.float32
    assert Flatten().fit_transform(X).tolist() == [pytest.approx([0, 0.2, 0.4, 1])]


def test_main_directions_of_a_line():
    """Points on a line: one direction holds everything."""
    X = np.outer([-2.0, -1.0, 0.0, 3.0], [3.0, 4.0])
    found = MainDirections(n_components=5).fit(X)
    assert found.pca_.n_components_ == 2  # no more than columns
    np.testing.assert_allclose(np.abs(found.transform(X)), [[10, 0], [5, 0], [0, 0], [15, 0]], atol=1e-9)


def features(image):
    X = SameSize().fit_transform(image[None])
    return Gradients().fit(X).transform(X)[0]


def test_an_image_without_edges_has_no_gradients():
    grey = features(flat(28, 28, 120))
    # cells of 4 x 4 pixels: 7 a side, so 6 x 6 blocks of 2 x 2 cells with 12 directions, and 14 x 14 means
    assert grey.shape == (6 * 6 * 2 * 2 * 12 + 14 * 14,)
    np.testing.assert_allclose(grey, [0] * 1728 + [120 / 255] * 196, atol=1e-6)
    colour = features(flat(28, 28, 255, 51, 0))
    np.testing.assert_allclose(colour, [0] * 1728 + [1, 0.2, 0] * 196, atol=1e-6)


@pytest.mark.parametrize(
    ("image", "direction"),
    [(lambda v: v, 0), (lambda v: v.T, 3), (lambda v: v[:, ::-1], 6), (lambda v: v.T[::-1], 9)],
)
def test_a_slope_has_the_direction_that_it_rises_in(image, direction):
    """Twelve directions of 30 degrees: right is the first, down (90) the fourth, left the seventh."""
    slope = np.tile(np.arange(28, dtype=np.uint8) * 9, (28, 1))
    found = features(image(slope)[..., None])[:1728].reshape(-1, 12)
    assert (found.argmax(axis=1) == direction).all()
    # the two beside it get what a gradient in between would share out
    beside = [(direction - 1) % 12, (direction + 1) % 12]
    assert (found[:, beside] < found[:, [direction]]).all()
    np.testing.assert_allclose(np.delete(found, [direction, *beside], axis=1), 0, atol=1e-6)


def test_a_small_shift_moves_votes_to_the_next_cells_little_by_little():
    """An edge that moves by a pixel: cells with hard borders would lose half of their votes at once."""
    images = np.zeros((9, 28, 28, 1), np.float32)
    for shift, image in enumerate(images):
        image[:, 8 + shift :] = 1.0
    gradients = Gradients().fit(images)
    cells = gradients.windows(1) @ gradients._votes(images)[:, 14, :, 0].T
    assert np.abs(np.diff(cells, axis=1)).max() < 0.3 * cells.max()
    np.testing.assert_allclose(cells.sum(axis=0), cells.sum(axis=0)[0], rtol=1e-6)


def test_every_pixel_is_in_one_mean():
    gradients = Gradients().fit(np.zeros((1, 30, 17, 3), np.float32))
    for axis, side in enumerate((30, 17)):
        means = gradients.means(axis)
        assert means.shape == (14, side)
        np.testing.assert_allclose(means.sum(axis=1), 1.0)
        assert ((means > 0).sum(axis=0) == 1).all()


@pytest.mark.parametrize(("shape", "n_features"), [((1, 1), 3), ((3, 5), 45), ((1, 64), 192)])
def test_images_too_small_for_cells_are_pixels(shape, n_features):
    image = np.arange(n_features, dtype=np.uint8).reshape(*shape, 3)
    np.testing.assert_allclose(features(image), np.arange(n_features) / 255, rtol=1e-6)


def test_colours_of_a_coarse_grid_are_means():
    image = np.zeros((8, 8, 3), np.uint8)
    image[0, 0] = 255
    found = Gradients(cells=2).fit(image[None] / 255.0).transform(image[None] / 255.0)[0]
    found = found[-48:].reshape(16, 3)
    np.testing.assert_allclose(found[0], 0.25, rtol=1e-6)  # one of the four pixels of the first cell
    assert not found[1:].any()


@pytest.mark.parametrize("shape", [(9, 12, 1), (30, 26, 3), (5, 4, 3)])
def test_responses_of_patches_are_those_of_the_papers(shape):
    """Coates, Lee and Ng (2011), sections 3.1 and 3.2, and the soft threshold of Coates and Ng (2011)."""
    X = np.random.default_rng(0).random((30, *shape)).astype(np.float32)
    step = PatchResponses(n_filters=5, grid=2).fit(X)
    size, stride, filters = step.size_, step.stride_, step.weights_.shape[1]
    places = [range(0, side - size + 1, stride) for side in shape[:2]]
    encoded = np.zeros((len(places[0]), len(places[1]), 2, filters))
    for r, top in enumerate(places[0]):
        for c, left in enumerate(places[1]):
            patch = X[3, top : top + size, left : left + size].astype(float).ravel()
            patch = (patch - patch.mean()) / np.sqrt(patch.var() + 10 / 255**2)
            response = patch @ step.weights_ - step.offsets_
            encoded[r, c] = np.maximum(np.stack([response, -response]) - 0.25, 0)
    quarters = [
        encoded[rows][:, columns, sign].mean(axis=(0, 1))
        for sign in (0, 1)
        for rows in np.array_split(np.arange(len(places[0])), 2)
        for columns in np.array_split(np.arange(len(places[1])), 2)
    ]
    np.testing.assert_allclose(step.transform(X)[3], np.concatenate(quarters), atol=1e-12)


def test_patches_are_whitened_before_they_are_filtered():
    rng = np.random.default_rng(0)
    X = np.cumsum(np.cumsum(rng.normal(size=(200, 12, 12, 1)), axis=1), axis=2).astype(np.float32)
    step = PatchResponses(n_filters=8).fit(X)
    patches = step.normalised(X).reshape(-1, step.size_**2)
    responses = patches @ step.weights_ - step.offsets_
    np.testing.assert_allclose(responses.mean(axis=0), 0.0, atol=0.1)
    assert responses.std(axis=0).max() < 1.05  # directions of unit length in whitened space


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 3), (20, 20, 1)])
def test_patches_of_images_of_one_colour(shape):
    X = np.full((4, *shape), 0.5, np.float32)
    step = PatchResponses().fit(X)
    assert step.transform(X).shape == (4, step.transform(X[:0]).shape[1])
    assert (step.transform(X) == 0).all()
