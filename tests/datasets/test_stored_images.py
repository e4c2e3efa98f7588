"""Images in a file: the same pixels as in memory, few bytes in memory, and no pixels in a pickle."""

import pickle

import numpy as np
import pytest
from PIL import Image

from deepworth.datasets import _images, _stored_images, forget_pages, load_dataset, take
from deepworth.datasets._stored_images import StoredImage


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Photographs of two classes and of several sizes, a grey one first and one that is broken."""
    monkeypatch.setenv("DEEPWORTH_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(8):
            shape = (20 + i, 30, 3) if (label, i) != ("cat", 0) else (20, 30)
            pixels = rng.integers(0, 256, shape).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / label / f"{i}.png")
    (tmp_path / "photos" / "dog" / "9.png").write_bytes(b"no image")
    return tmp_path / "photos"


@pytest.fixture
def stored(monkeypatch):
    """From a few images on their pixels are written."""
    monkeypatch.setattr(_stored_images, "IN_MEMORY", 5000)


def pixels(dataset):
    return [np.asarray(image).tolist() for image in dataset.X]


def test_images_in_a_file_are_those_in_memory(folder, monkeypatch):
    usual = load_dataset(folder)
    assert not any(isinstance(image, StoredImage) for image in usual.X)
    monkeypatch.setattr(_stored_images, "IN_MEMORY", 500)
    found = load_dataset(folder)
    assert sum(isinstance(image, StoredImage) for image in found.X) == 15  # the grey one was first
    assert pixels(found) == pixels(usual)
    assert found.fingerprint() == usual.fingerprint()
    assert found.y.tolist() == usual.y.tolist()
    codes = [finding.code for finding in found.findings]
    assert codes == [*[finding.code for finding in usual.findings], "DW026"]
    assert "the pixels are kept in" in found.findings[-1].message


def test_they_are_read_once_as_long_as_they_do_not_change(folder, stored, monkeypatch):
    first = load_dataset(folder)
    read, files = _images._read, []

    def noting(path, side):
        files.append(path)
        return read(path, side)

    monkeypatch.setattr(_images, "_read", noting)
    again = load_dataset(folder)
    assert not files
    assert pixels(again) == pixels(first)
    assert [f.message for f in again.findings] == [f.message for f in first.findings]
    Image.new("RGB", (9, 9), "red").save(folder / "cat" / "3.png")
    assert (9, 9, 3) in {image.shape for image in load_dataset(folder).X}
    assert files


def test_a_pickle_holds_places_and_no_pixels(folder, stored):
    X = load_dataset(folder).X[1:]
    size = len(pickle.dumps(X, protocol=5))
    assert size < sum(image.nbytes for image in X) / 4
    other = pickle.loads(pickle.dumps(X, protocol=5))
    assert [image.tolist() for image in other] == [image.tolist() for image in X]
    assert all(isinstance(image, StoredImage) for image in other)
    part = pickle.loads(pickle.dumps(X[0][2:5], protocol=5))
    assert part.tolist() == X[0][2:5].tolist()
    changed = pickle.loads(pickle.dumps(X[0][:, ::2] + 1, protocol=5))
    assert changed.tolist() == (X[0][:, ::2] + 1).tolist()


def test_rows_are_taken_without_their_pixels(folder, stored):
    X = load_dataset(folder).X
    some = take(X, [3, 5])
    assert np.shares_memory(some[0], X[3])
    before = some[0].tolist()
    forget_pages(X)
    forget_pages([np.asarray(image) for image in X[1:]])
    forget_pages(np.zeros((3, 2, 2, 1), np.uint8))
    assert some[0].tolist() == before


def test_old_files_go_where_there_are_too_many(folder, stored, monkeypatch):
    cache = folder.parent / "cache" / "images"
    load_dataset(folder)
    monkeypatch.setattr(_stored_images, "MOST_ON_DISK", 1000)
    Image.new("RGB", (9, 9), "red").save(folder / "cat" / "3.png")
    load_dataset(folder)
    assert len(list(cache.glob("*.pixels"))) == len(list(cache.glob("*.json"))) == 1
    assert len(list(cache.iterdir())) == 2


def test_pixels_of_files_that_pass_are_removed_at_the_end(folder, stored, monkeypatch, tmp_path):
    """An archive is unpacked under another name each time."""
    at_exit = []
    monkeypatch.setattr(_stored_images.atexit, "register", lambda *call: at_exit.append(call))
    monkeypatch.setattr(_stored_images.tempfile, "gettempdir", lambda: str(tmp_path / "elsewhere"))
    load_dataset(folder)
    assert not at_exit
    monkeypatch.setattr(_stored_images.tempfile, "gettempdir", lambda: str(tmp_path))
    Image.new("RGB", (9, 9), "red").save(folder / "cat" / "3.png")
    load_dataset(folder)
    ((remove, file),) = at_exit
    assert file.exists()
    remove(file)
    assert not file.exists()
    assert not file.with_suffix(".json").exists()


def test_what_is_interrupted_leaves_nothing(folder, stored, monkeypatch):
    monkeypatch.setattr(_images, "_AT_ONCE", 4)
    read = _images._read

    def failing(path, side):
        if path.parent.name == "dog":
            raise KeyboardInterrupt
        return read(path, side)

    monkeypatch.setattr(_images, "_read", failing)
    with pytest.raises(KeyboardInterrupt):
        load_dataset(folder)
    assert not list((folder.parent / "cache" / "images").iterdir())


def test_without_a_disk_images_are_smaller(folder, stored, monkeypatch):
    monkeypatch.setattr(_images, "has_room", lambda size: False)
    monkeypatch.setattr(_images, "MAX_BYTES", 17 * 3 * 10**2)
    assert max(max(image.shape) for image in load_dataset(folder).X) == 10


def test_a_network_trains_on_them_as_on_others(folder, monkeypatch):
    from deepworth.zoo import registry
    from deepworth.zoo.estimators import fitting

    usual = load_dataset(folder)
    options = {"random_state": 0, "epochs": 2, "width": 8, "validation_fraction": 0.0}
    model = registry.create("cnn", "binary", "image", **options).fit(usual.X, usual.y)
    monkeypatch.setattr(_stored_images, "IN_MEMORY", 5000)
    found = load_dataset(folder)
    same = registry.create("cnn", "binary", "image", **options).fit(found.X, found.y)
    np.testing.assert_allclose(same.predict_proba(found.X), model.predict_proba(usual.X), atol=1e-6)
    monkeypatch.setattr("deepworth.zoo.estimators.base._PREDICTED_IMAGES", 5)
    np.testing.assert_allclose(same.predict_proba(found.X), model.predict_proba(usual.X), atol=1e-6)
    monkeypatch.setattr(fitting, "_STREAMED_IMAGES", 1)
    streamed = registry.create("cnn", "binary", "image", **options).fit(found.X, found.y)
    assert streamed.predict_proba(found.X).shape == (16, 2)
    assert np.isfinite(streamed.history_["loss"]).all()
