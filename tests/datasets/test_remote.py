"""The remote sets by name, from small files in the published formats on loopback."""

import gzip
import hashlib
import io
import json
import pickle
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from deepworth import InputError, load_dataset
from deepworth.datasets import (
    _published,
    california_housing,
    cifar10,
    cifar100,
    covertype,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
    twenty_newsgroups,
)

rng = np.random.default_rng(0)


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes())


def tar(**members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, body in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return stream.getvalue()


def ragged(*lists):
    array = np.empty(len(lists), dtype=object)
    array[:] = [list(numbers) for numbers in lists]
    return array


@pytest.fixture
def publish(publisher, monkeypatch):
    """Put bodies in the place of a module's published files."""

    def put(module, *bodies):
        files = []
        for file, body in zip(module.FILES, bodies, strict=True):
            path = "/" + file.name
            publisher.answers[path] = body
            checksum = "sha256:" + hashlib.sha256(body).hexdigest()
            files.append(replace(file, url=publisher.address + path, checksum=checksum))
        monkeypatch.setattr(module, "FILES", tuple(files))

    return put


def test_mnist(publish):
    images = rng.integers(0, 256, (6, 28, 28), dtype=np.uint8)
    labels = np.array([3, 1, 4, 1, 5, 9], dtype=np.uint8)
    publish(mnist, npz(x_train=images[:4], y_train=labels[:4], x_test=images[4:], y_test=labels[4:]))
    dataset = load_dataset("mnist")
    assert dataset.X.dtype == np.uint8
    np.testing.assert_array_equal(dataset.X[..., 0], images)
    assert dataset.y.tolist() == list("314159")
    assert dataset.test.tolist() == [False] * 4 + [True] * 2
    assert dataset.modality == "image"
    assert load_dataset("mnist", offline=True).fingerprint() == dataset.fingerprint()


def test_fashion_mnist(publish):
    images = rng.integers(0, 256, (5, 28, 28))
    labels = np.array([9, 0, 3, 8, 0])
    publish(fashion_mnist, idx(images[:3]), idx(labels[:3]), idx(images[3:]), idx(labels[3:]))
    dataset = load_dataset("fashion-mnist")
    np.testing.assert_array_equal(dataset.X[..., 0], images)
    assert dataset.y.tolist() == ["Ankle boot", "T-shirt/top", "Dress", "Bag", "T-shirt/top"]
    assert dataset.test.sum() == 2


def cifar_record(*labels, image):
    """Labels, then all red, all green, all blue bytes, each row by row."""
    return bytes(labels) + image.transpose(2, 0, 1).tobytes()


def test_cifar10(publish):
    images = rng.integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    batches = {
        f"cifar-10-batches-bin/data_batch_{i + 1}.bin": cifar_record(i, image=images[i]) for i in range(5)
    }
    test = {"cifar-10-batches-bin/test_batch.bin": cifar_record(9, image=images[5])}
    meta = {"cifar-10-batches-bin/batches.meta.txt": ("\n".join(names) + "\n\n").encode()}
    publish(cifar10, tar(**batches, **test, **meta))
    dataset = load_dataset("cifar10")
    np.testing.assert_array_equal(dataset.X, images)
    assert dataset.y.tolist() == [*names[:5], "truck"]
    assert dataset.test.tolist() == [False] * 5 + [True]


def test_cifar100_takes_the_fine_label(publish):
    images = rng.integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    names = [f"kind_{i}" for i in range(100)]
    records = [cifar_record(7, fine, image=image) for fine, image in zip((99, 0, 42), images, strict=True)]
    publish(
        cifar100,
        tar(
            **{
                "cifar-100-binary/train.bin": records[0] + records[1],
                "cifar-100-binary/test.bin": records[2],
                "cifar-100-binary/fine_label_names.txt": "\n".join(names).encode(),
            }
        ),
    )
    dataset = load_dataset("cifar100")
    np.testing.assert_array_equal(dataset.X, images)
    assert dataset.y.tolist() == ["kind_99", "kind_0", "kind_42"]


def test_imdb_gives_words_back(publish):
    arrays = npz(
        x_train=ragged([1, 2], [3]), y_train=np.array([1, 0]), x_test=ragged([2, 99, 1]), y_test=np.array([0])
    )
    publish(imdb, arrays, json.dumps({"good": 1, "film": 2, "café": 3}).encode())
    dataset = load_dataset("imdb")
    assert dataset.X.tolist() == ["good film", "café", "film good"]
    assert dataset.y.tolist() == ["positive", "negative", "negative"]
    assert dataset.test.tolist() == [False, False, True]
    assert (dataset.positive, dataset.modality) == ("positive", "text")


def test_reuters_has_the_test_part_of_keras(publish):
    n = 50
    arrays = npz(x=ragged(*([i + 1] for i in range(n))), y=np.arange(n) % 46)
    publish(reuters, arrays, json.dumps({f"w{i}": i for i in range(1, n + 1)}).encode())
    dataset = load_dataset("reuters")
    order = np.arange(n)
    np.random.RandomState(113).shuffle(order)  # as keras.datasets.reuters.load_data does
    assert dataset.X.tolist() == [f"w{i + 1}" for i in order]
    assert dataset.y.tolist() == [reuters.TOPICS[i % 46] for i in order]
    assert np.flatnonzero(dataset.test).tolist() == list(range(40, 50))


def test_twenty_newsgroups_without_headers(publish):
    folder = "20news-bydate-{}/{}/{}"
    publish(
        twenty_newsgroups,
        tar(
            **{
                folder.format("train", "sci.med", "2"): b"From: a\nSubject: b\n\nTake \xe9 rest.\n\nBye",
                folder.format("train", "rec.autos", "1"): b"From: c\n\nA car.",
                folder.format("test", "sci.med", "3"): b"From: d\n\nSleep.",
            }
        ),
    )
    dataset = load_dataset("20newsgroups")
    rows = dict(zip(dataset.X, zip(dataset.y, dataset.test, strict=True), strict=True))
    assert rows == {
        "Take é rest.\n\nBye": ("sci.med", False),
        "A car.": ("rec.autos", False),
        "Sleep.": ("sci.med", True),
    }


def test_california_housing_has_the_columns_of_scikit_learn(publish):
    # longitude, latitude, age, rooms, bedrooms, population, households, income, value
    lines = [
        f"-122.{i},37.{i},{41 + i}.0,{880 + i}.0,129.0,{322 + i}.0,{126 + i}.0,{8 + i}.3252,{452600 + i}.0"
        for i in range(12)
    ]
    publish(california_housing, tar(**{"CaliforniaHousing/cal_housing.data": "\n".join(lines).encode()}))
    dataset = load_dataset("california-housing")
    first = dataset.X.iloc[0]
    assert dataset.task == "regression"
    assert dataset.y[0] == pytest.approx(4.526)
    per_household = ["rooms_per_household", "bedrooms_per_household", "population_per_household"]
    assert first[per_household].tolist() == pytest.approx([880 / 126, 129 / 126, 322 / 126])
    assert first[["latitude", "longitude"]].tolist() == [37.0, -122.0]
    roles = {c.name for c in dataset.schema.columns}
    assert roles == {
        "longitude", "latitude", "house_age", "population", "median_income", "median_house_value",
        "rooms_per_household", "bedrooms_per_household", "population_per_household",
    }  # fmt: skip


def test_covertype_puts_categories_together_again(publish):
    lines = []
    for i in range(14):
        areas, soils = [0] * 4, [0] * 40
        areas[i % 4] = soils[(i * 3) % 40] = 1
        lines.append(",".join(map(str, [*range(2000 + i, 2010 + i), *areas, *soils, i % 7 + 1])))
    publish(covertype, gzip.compress("\n".join(lines).encode()))
    dataset = load_dataset("covertype")
    assert dataset.X.shape == (14, 12)
    assert dataset.X["elevation"].tolist() == [float(2000 + i) for i in range(14)]
    assert dataset.X["wilderness_area"].iloc[:5].tolist() == [
        "Rawah",
        "Neota",
        "Comanche Peak",
        "Cache la Poudre",
        "Rawah",
    ]
    assert dataset.X["soil_type"].iloc[2] == "soil 7"
    assert dataset.y[:7].tolist() == [
        "Spruce/Fir", "Lodgepole Pine", "Ponderosa Pine", "Cottonwood/Willow", "Aspen",
        "Douglas-fir", "Krummholz",
    ]  # fmt: skip


def test_a_pickle_that_wants_more_than_lists_is_refused_and_not_run(publish, tmp_path):
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            import pathlib

            return pathlib.Path.touch, (marker,)

    array = np.empty(1, dtype=object)
    array[0] = Evil()
    bodies = npz(x_train=array, y_train=np.array([1]), x_test=ragged([1]), y_test=np.array([0]))
    publish(imdb, bodies, b'{"good": 1}')
    with pytest.raises(InputError, match=r"asks for .* which arrays do not need"):
        load_dataset("imdb")
    assert not marker.exists()


@pytest.mark.parametrize("module", ["os", "builtins", "numpy", "subprocess"])
def test_only_array_parts_pass_the_reader(module):
    reader = _published._ArrayUnpickler(io.BytesIO(b""))
    with pytest.raises(pickle.UnpicklingError):
        reader.find_class(module, "system")


@pytest.mark.parametrize(
    "body", [b"no archive", gzip.compress(b"x"), tar(other=b"1")], ids=["no archive", "no tar", "no batches"]
)
def test_files_that_are_not_as_published_are_one_line(publish, body):
    publish(cifar10, body)
    with pytest.raises(InputError, match="cannot be read") as error:
        load_dataset("cifar10")
    assert "\n" not in str(error.value)


def test_idx_of_another_type_is_refused(publish):
    good = idx(np.zeros((2, 2)))
    publish(fashion_mnist, gzip.compress(b"\x00\x00\x0d\x01\x00\x00\x00\x01abcd"), good, good, good)
    with pytest.raises(InputError, match="not an idx file of unsigned bytes"):
        load_dataset("fashion-mnist")
