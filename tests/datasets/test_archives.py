"""Zip archives: read as what they hold, and never trusted."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from deepworth import InputError, load_dataset
from deepworth.datasets import _archives, open_rows, picture_parts
from deepworth.datasets._images import IMAGES

N = 30
TABLE = pd.DataFrame(
    {"age": np.arange(N) % 9 + 0.5, "sex": ["f", "m"] * (N // 2), "y": ["a", "b", "b"] * (N // 3)}
)
CSV = TABLE.to_csv(index=False).encode()


def archive(path, files, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data, **options)
    return path


def picture(seed, form="PNG", mode="RGB"):
    pixels = np.random.default_rng(seed).integers(0, 255, (9, 7, 3)).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(out, form)
    return out.getvalue()


def pictures(prefix=""):
    return {f"{prefix}{c}/{i}.png": picture([i, c == "cat"]) for c in ("cat", "dog") for i in range(8)}


def texts(prefix=""):
    return {f"{prefix}{c}/{i}.txt": f"{c} number {i} of many words" for c in ("cat", "dog") for i in range(8)}


def parquet():
    out = io.BytesIO()
    TABLE.to_parquet(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "files",
    [
        {"a.csv": CSV},
        {"data/a.csv": CSV},
        {"data/deep/a.csv": CSV, "__MACOSX/data/._a.csv": b"\0", "data/.DS_Store": b"\0"},
        {"data/a.csv": CSV, "data/README.txt": "About these data.", "data/licence.pdf": b"%PDF"},
        {"a.parquet": parquet()},
    ],
    ids=["a table", "in a folder", "with hidden files", "with a README", "of another format"],
)
def test_a_table_in_an_archive(files, tmp_path):
    path = archive(tmp_path / "a.zip", files)
    dataset = load_dataset(path, target="y")
    assert dataset.X["age"].tolist() == TABLE["age"].tolist()
    assert (dataset.name, dataset.provenance.location) == ("a", str(path))
    assert sum(len(part) for _, part in open_rows(str(path)).parts) == N


@pytest.mark.parametrize("prefix", ["", "photos/", "deep/photos/", "photos\\"])
def test_a_folder_of_images_in_an_archive(prefix, tmp_path):
    files = {**pictures(prefix), "__MACOSX/photos/cat/._0.png": b"\0", f"{prefix}.DS_Store": b"\0"}
    path = archive(tmp_path / "a.zip", files)
    dataset = load_dataset(path)
    assert (dataset.modality, dataset.classes, dataset.X.shape) == ("image", ("cat", "dog"), (16, 9, 7, 3))
    assert (dataset.name, dataset.provenance.location) == ("a", str(path))
    assert dataset.findings == []


def test_an_archive_is_the_same_as_its_folder(tmp_path):
    path = archive(
        tmp_path / "a.zip", {**pictures("photos/"), "photos/cat/notes.doc": b"x", "photos/dog/b.png": b"x"}
    )
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path)
    packed, plain = load_dataset(path), load_dataset(tmp_path / "photos")
    assert packed.fingerprint() == plain.fingerprint()
    assert packed.findings == plain.findings
    assert {f.code for f in packed.findings} == {"DW025", "DW026"}


def test_texts_and_an_official_test_set(tmp_path):
    dataset = load_dataset(archive(tmp_path / "a.zip", {**texts("all/train/"), **texts("all/test/")}))
    assert (dataset.modality, len(dataset), int(dataset.test.sum())) == ("text", 32, 16)
    test = archive(tmp_path / "b.zip", texts("later/"))
    dataset = load_dataset(archive(tmp_path / "c.zip", texts()), test=test)
    assert int(dataset.test.sum()) == 16


def test_images_of_an_archive_are_predicted_by_name(tmp_path):
    path = archive(tmp_path / "a.zip", pictures("photos/"))
    parts = list(picture_parts(str(path)))
    assert [name for _, _, names in parts for name in names] == [
        f"{path}/{n}" for n in sorted(pictures("photos/"))
    ]
    assert parts[0][1].shape == (16, 9, 7, 3)


@pytest.mark.parametrize(
    "name", ["../evil.png", "/etc/evil.png", "cat/../../evil.png", "C:/evil.png", "..\\evil.png"]
)
def test_no_file_is_written_outside(name, tmp_path):
    (tmp_path / "inner").mkdir()
    path = archive(tmp_path / "inner" / "a.zip", {**pictures(), name: picture(0)})
    with pytest.raises(InputError, match="names a file outside of it"):
        load_dataset(path)
    assert [p.name for p in tmp_path.iterdir()] == ["inner"]


def test_links_are_no_way_out(tmp_path):
    path = archive(tmp_path / "a.zip", pictures("photos/"))
    link = zipfile.ZipInfo("photos/cat/link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(link, "/etc/passwd")
    dataset = load_dataset(path)
    assert len(dataset) == 16
    assert [f.code for f in dataset.findings] == ["DW025"]


@pytest.mark.parametrize(("limit", "value"), [("MOST_FILES", 10), ("MOST_BYTES", 3000)])
@pytest.mark.parametrize("read", [load_dataset, lambda path: list(picture_parts(str(path)))])
def test_sizes_are_counted_before_anything_is_unpacked(limit, value, read, tmp_path, monkeypatch):
    monkeypatch.setattr(_archives, limit, value)
    monkeypatch.setattr(_archives, "_unpack", None)
    with pytest.raises(InputError, match=r"holds 16 files of .* GiB together, more than") as error:
        read(archive(tmp_path / "a.zip", pictures()))
    assert "\n" not in str(error.value)


def test_a_table_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_archives, "MOST_BYTES", 10_000)
    with pytest.raises(InputError, match="more than 200,000 files or"):
        load_dataset(archive(tmp_path / "a.zip", {"a.csv": CSV + b"1,f,a\n" * 10_000}), target="y")


def test_a_size_that_is_stated_too_small_is_no_way_around(tmp_path):
    path = archive(tmp_path / "a.zip", {"a.csv": CSV * 50})
    data = path.read_bytes()
    path.write_bytes(data.replace((len(CSV) * 50).to_bytes(4, "little"), (100).to_bytes(4, "little")))
    with pytest.raises(InputError, match="cannot be decompressed"):
        load_dataset(path, target="y")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"train.csv": CSV, "test.csv": CSV}, "holds 2 files .train.csv, test.csv., expected one table"),
        ({}, "holds 0 files|cannot be decompressed|found binary"),
        (
            {"a.doc": b"x", "b.doc": b"x", "c.doc": b"x", "d.doc": b"x"},
            "holds 4 files .a.doc, b.doc, c.doc, ...",
        ),
        ({f"cat/{i}.png": picture(i) for i in range(12)}, "a.zip has only one class .'cat'."),
        ({"a.png": picture(0)}, "no class folders"),
    ],
)
def test_what_an_archive_must_hold(files, expected, tmp_path):
    with pytest.raises(InputError, match=expected) as error:
        load_dataset(archive(tmp_path / "a.zip", files))
    assert "\n" not in str(error.value)
    assert "deepworth-" not in str(error.value)


def test_an_encrypted_archive_says_so(tmp_path):
    path = archive(tmp_path / "a.zip", {"a.csv": CSV})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="is encrypted; unpack it"):
        load_dataset(path, target="y")


FORMS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}


@pytest.mark.parametrize("suffix", IMAGES)
def test_every_form_of_images_is_read_in_folder_archive_and_prediction(suffix, tmp_path):
    files = {
        f"{c}/{i}{suffix.upper() if i else suffix}": picture(i, FORMS[suffix]) for c in "ab" for i in range(8)
    }
    for name, data in files.items():
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(data)
    found = load_dataset(tmp_path / "photos")
    assert found.X.shape == (16, 9, 7, 3)
    assert load_dataset(archive(tmp_path / "a.zip", files)).fingerprint() == found.fingerprint()
    [(_, images, _)] = picture_parts(str(tmp_path / "photos"))
    np.testing.assert_array_equal(images, found.X)
    [(_, image, _)] = picture_parts(str(next(Path(tmp_path / "photos" / "a").iterdir())))
    assert image.shape == (1, 9, 7, 3)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.array([[0, 0.5, 1]], np.float32), [0, 128, 255]),
        (np.array([[0, 100.4, 300]], np.float32), [0, 100, 255]),
        (np.array([[0, 25700, 65535]], np.uint16), [0, 100, 255]),
    ],
)
def test_tiff_of_many_bits(pixels, expected, tmp_path):
    for c in "ab":
        (tmp_path / c).mkdir()
        for i in range(8):
            Image.fromarray(pixels).save(tmp_path / c / f"{i}.tiff")
    assert load_dataset(tmp_path).X[0].ravel().tolist() == expected
