"""Folders of images and of texts: classes, official parts, damaged files, sizes."""

import numpy as np
import pytest
from PIL import Image

from deepworth import InputError, load_dataset
from deepworth.datasets._images import MAX_BYTES, longest_side

rng = np.random.default_rng(0)


def save(path, size=(12, 10), mode="RGB", **options):
    """An image of random pixels; `size` is width and height as Pillow counts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = size[::-1] if mode == "L" else (*size[::-1], len(mode))
    Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(path, **options)


def photos(root, per_class=6, **options):
    for label in ("cat", "dog"):
        for i in range(per_class):
            save(root / label / f"{i}.png", **options)
    return root


def texts(root, per_class=6):
    for label in ("neg", "pos"):
        (root / label).mkdir(parents=True)
        for i in range(per_class):
            (root / label / f"{i}.txt").write_text(f"text {i} is {label}", encoding="utf-8")
    return root


def finding(dataset, code):
    return next(f for f in dataset.findings if f.code == code)


def test_images_of_one_size(tmp_path):
    dataset = load_dataset(photos(tmp_path / "pets"))
    assert dataset.X.shape == (12, 10, 12, 3)
    assert dataset.X.dtype == np.uint8
    assert dataset.y.tolist() == ["cat"] * 6 + ["dog"] * 6
    assert (dataset.modality, dataset.task, dataset.name) == ("image", "binary", "pets")
    assert dataset.test is None
    assert dataset.findings == []
    stored = np.asarray(Image.open(tmp_path / "pets" / "cat" / "3.png"))
    np.testing.assert_array_equal(dataset.X[3], stored)


def test_images_of_different_sizes_and_formats(tmp_path):
    photos(tmp_path)
    for suffix in ("jpg", "JPEG", "bmp", "gif", "webp"):
        save(tmp_path / "cow" / f"a.{suffix}", size=(20, 30))
    dataset = load_dataset(tmp_path)
    assert dataset.X.shape == (17,)
    assert {image.shape for image in dataset.X} == {(10, 12, 3), (30, 20, 3)}
    assert dataset.classes == ("cat", "cow", "dog")


def test_grey_images_have_one_channel_unless_some_are_coloured(tmp_path):
    photos(tmp_path, mode="L")
    assert load_dataset(tmp_path).X.shape == (12, 10, 12, 1)
    save(tmp_path / "cat" / "colour.png")
    assert load_dataset(tmp_path).X.shape == (13, 10, 12, 3)


def test_sixteen_bit_grey(tmp_path):
    photos(tmp_path, mode="L")
    pixels = np.array([[0, 256, 65535]], dtype=np.uint16)
    Image.fromarray(pixels).save(tmp_path / "cat" / "deep.png")
    dataset = load_dataset(tmp_path)
    deep = dataset.X[[x.shape == (1, 3, 1) for x in dataset.X].index(True)]
    assert deep[0, :, 0].tolist() == [0, 1, 255]


def test_transparency_lies_on_white(tmp_path):
    photos(tmp_path)
    Image.new("RGBA", (12, 10), (0, 0, 0, 0)).save(tmp_path / "cat" / "a.png")
    dataset = load_dataset(tmp_path)
    assert (dataset.X == 255).all(axis=(1, 2, 3)).sum() == 1


def test_photographs_are_turned_as_the_camera_says(tmp_path):
    photos(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    save(tmp_path / "cat" / "turned.jpg", size=(40, 20), exif=exif)
    assert (40, 20, 3) in {image.shape for image in load_dataset(tmp_path).X}


def test_large_images_are_reduced_and_told(tmp_path):
    photos(tmp_path)
    save(tmp_path / "dog" / "big.jpg", size=(800, 400))
    dataset = load_dataset(tmp_path)
    assert (128, 256, 3) in {image.shape for image in dataset.X}
    assert "1 of 13 images were reduced to at most 256 pixels" in finding(dataset, "DW026").message


@pytest.mark.parametrize("n_images", [1, 1000, 100_000, 1_000_000])
def test_any_number_of_images_fits_into_memory(n_images):
    assert longest_side(n_images) ** 2 * 3 * n_images <= MAX_BYTES or longest_side(n_images) == 1
    assert longest_side(1000) == 256


def test_broken_images_are_named_skipped_and_counted(tmp_path):
    photos(tmp_path, per_class=8)
    whole = (tmp_path / "cat" / "0.png").read_bytes()
    (tmp_path / "cat" / "1.png").write_bytes(b"no image")
    (tmp_path / "cat" / "2.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "dog" / "3.png").write_bytes(b"")
    dataset = load_dataset(tmp_path)
    assert len(dataset) == 13
    assert dataset.y.tolist() == ["cat"] * 6 + ["dog"] * 7
    found = finding(dataset, "DW025")
    assert found.severity == "warning"
    assert "3 of 16 images" in found.message
    assert "cat/1.png" in found.message.replace("\\", "/")


def test_only_broken_images(tmp_path):
    photos(tmp_path)
    for path in tmp_path.rglob("*.png"):
        path.write_bytes(b"no image")
    with pytest.raises(InputError, match="none of 12 images can be read"):
        load_dataset(tmp_path)


def test_texts(tmp_path):
    dataset = load_dataset(texts(tmp_path / "reviews"))
    assert dataset.modality == "text"
    assert dataset.X.tolist()[:2] == ["text 0 is neg", "text 1 is neg"]
    assert dataset.y.tolist() == ["neg"] * 6 + ["pos"] * 6


def test_empty_texts_are_told(tmp_path):
    texts(tmp_path)
    (tmp_path / "neg" / "1.txt").write_text(" \n")
    found = finding(load_dataset(tmp_path), "DW023")
    assert found.rows == (1,)
    for path in tmp_path.rglob("*.txt"):
        path.write_text("")
    with pytest.raises(InputError, match="all texts are empty"):
        load_dataset(tmp_path)


def test_wrong_encoding_names_the_file(tmp_path):
    texts(tmp_path)
    (tmp_path / "neg" / "4.txt").write_bytes("gut\nschön".encode("latin-1"))
    with pytest.raises(InputError, match=r"4\.txt: byte 0xf6 in line 2 is not UTF-8"):
        load_dataset(tmp_path)


def test_train_and_test_folders_are_an_official_split(tmp_path):
    photos(tmp_path / "train")
    photos(tmp_path / "test", per_class=2)
    dataset = load_dataset(tmp_path)
    assert (len(dataset), dataset.test.sum()) == (16, 4)
    assert dataset.classes == ("cat", "dog")


def test_a_validation_folder_counts_as_training_and_is_told(tmp_path):
    for part in ("Train", "val", "test"):
        photos(tmp_path / part, per_class=4)
    dataset = load_dataset(tmp_path)
    assert (len(dataset), dataset.test.sum()) == (24, 8)
    assert "val/" in finding(dataset, "DW027").message


def test_a_validation_folder_is_the_test_part_when_there_is_no_other(tmp_path):
    photos(tmp_path / "train")
    photos(tmp_path / "valid", per_class=2)
    assert load_dataset(tmp_path).test.sum() == 4


def test_a_second_folder_as_test_part(tmp_path):
    dataset = load_dataset(photos(tmp_path / "a"), test=photos(tmp_path / "b", per_class=1))
    assert dataset.test.tolist() == [False] * 12 + [True] * 2
    with pytest.raises(InputError, match="no folder"):
        load_dataset(tmp_path / "a", test=tmp_path / "c")
    photos(tmp_path / "both" / "train")
    photos(tmp_path / "both" / "test")
    with pytest.raises(InputError, match="has a test folder already"):
        load_dataset(tmp_path / "both", test=tmp_path / "b")


def test_hidden_and_other_files(tmp_path):
    photos(tmp_path)
    save(tmp_path / "cat" / ".hidden.png")
    (tmp_path / ".cache").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "dog" / "notes.csv").write_text("a")
    (tmp_path / "readme.md").write_text("a")
    dataset = load_dataset(tmp_path)
    assert len(dataset) == 12
    assert "1 .csv" in finding(dataset, "DW026").message


def test_files_deep_inside_a_class(tmp_path):
    photos(tmp_path)
    save(tmp_path / "dog" / "2024" / "may" / "a.png")
    assert load_dataset(tmp_path).y.tolist().count("dog") == 7


def make_no_classes(root):
    for i in range(3):
        save(root / f"{i}.png")


def make_one_class(root):
    for i in range(12):
        save(root / "cat" / f"{i}.png")


def make_wrapper(root):
    photos(root / "photos")


def make_mixed(root):
    photos(root)
    (root / "cat" / "a.txt").write_text("a cat")


def make_nothing(root):
    (root / "cat").mkdir(parents=True)
    (root / "dog").mkdir()


def make_few(root):
    photos(root, per_class=2)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (make_no_classes, "no class folders .3 files.; expected one sub-folder per class"),
        (make_one_class, "only one class .'cat'.; add a sub-folder"),
        (make_wrapper, "did you mean .*photos"),
        (make_mixed, "has images and texts"),
        (make_nothing, "no images"),
        (make_few, "has only 4 files; expected at least 10"),
    ],
)
def test_unusable_folders(tmp_path, make, expected):
    make(tmp_path / "data")
    with pytest.raises(InputError, match=expected) as error:
        load_dataset(tmp_path / "data")
    assert "\n" not in str(error.value)


def test_an_empty_folder(tmp_path):
    with pytest.raises(InputError, match=r"no class folders \(0 files\)"):
        load_dataset(tmp_path)


@pytest.mark.parametrize("word", [{"target": "x"}, {"drop": ["x"]}, {"text": "x"}, {"groups": "x"}])
def test_words_for_tables_are_refused(tmp_path, word):
    with pytest.raises(InputError, match=f"--{next(iter(word))} goes with tables"):
        load_dataset(photos(tmp_path), **word)


def test_words_for_labels_are_taken(tmp_path):
    dataset = load_dataset(photos(tmp_path), positive="cat", task="classification")
    assert dataset.positive == "cat"
    with pytest.raises(InputError, match="--task goes with tables"):
        load_dataset(tmp_path, task="regression")


def test_a_subset_of_a_folder(tmp_path):
    dataset = load_dataset(photos(tmp_path, per_class=20), rows=10, seed=3)
    assert dataset.X.shape == (10, 10, 12, 3)
    assert dataset.y.tolist().count("cat") == 5
