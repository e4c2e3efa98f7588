"""Near copies: found when planted, silent on rows that are only alike, quick, and never too eager."""

import io
import itertools
import resource
from time import process_time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from deepworth import load_dataset
from deepworth.datasets import _near_texts, check_dataset
from deepworth.datasets._base import Dataset
from deepworth.datasets._errors import InputError
from deepworth.datasets._near_copies import first_copies, groups_of_copies, near_copies
from deepworth.datasets._near_images import near_images
from deepworth.datasets._near_texts import near_texts
from deepworth.datasets._splits import make_splits

N = 120
RNG = np.random.default_rng(0)
SENTENCE = [" ".join(RNG.choice([f"w{i}" for i in range(3000)], 40)) for _ in range(N)]


def texts_of(*more):
    return pd.Series([*SENTENCE, *more], dtype=object)


def dataset(X, modality, test=None):
    y = np.where(np.arange(len(X)) % 2 == 0, "a", "b")
    return Dataset("made", X, y, "binary", modality, test=test)


def codes(data):
    return {f.code: f for f in check_dataset(data) if f.code in ("DW005", "DW006", "DW028", "DW029")}


def changed_word(text):
    words = text.split()
    return " ".join([*words[:17], "other", *words[18:]])


SPELLINGS = {
    "a word": changed_word,
    "case": str.upper,
    "blanks": lambda text: text.replace(" ", "  \n "),
    "punctuation": lambda text: text.replace(" w1", ", w1") + " ...",
    "a word more": lambda text: text + " indeed",
}


@pytest.mark.parametrize("change", SPELLINGS)
def test_texts_that_are_nearly_the_same(change):
    copy = SPELLINGS[change](SENTENCE[7])
    found = codes(dataset(texts_of(copy), "text"))
    assert list(found) == ["DW028"]
    assert found["DW028"].rows == (N,)
    assert f"row {N + 1} and row 8" in found["DW028"].message


def test_texts_of_the_test_part_that_nearly_stand_in_training():
    X = texts_of(changed_word(SENTENCE[7]), SENTENCE[8])
    found = codes(dataset(X, "text", np.arange(N + 2) >= N))
    assert found["DW029"].rows == (N,)
    assert ": 1 (50.0%), such as row 121 and row 8" in found["DW029"].message
    assert found["DW006"].rows == (N + 1,), "an exact copy is told once, as such"
    assert found["DW028"].severity == "info"


def test_texts_on_the_same_topic_are_different_texts():
    subjects = ["the ferry", "the night train", "our old bus", "that little tram", "the first plane"]
    ways = ["was late again", "came in on time", "broke down near the bridge", "had no free seats left"]
    ends = [
        "and nobody said why",
        "so we took a taxi home",
        "which made the children laugh",
        "as it always is",
    ]
    texts = [" ".join(parts) for parts in itertools.product(subjects, ways, ends)]
    assert codes(dataset(pd.Series(texts, dtype=object), "text")) == {}


@pytest.mark.parametrize("name", ["triage-notes", "digits", "iris", "wine", "breast-cancer", "sick-healthy"])
def test_embedded_data_have_no_near_copies(name):
    assert not {"DW028", "DW029"} & set(codes(load_dataset(name)))


def test_short_texts_must_have_the_same_words():
    content, pairs = near_texts(["yes", "YES!", "yes please", "no", "", ""])
    assert content.tolist() == [0, 0, 1, 2, 3, 4]
    assert len(pairs) == 0


def test_scripts_without_spaces_have_words_too():
    one = "東京都は日本の首都であり人口は一千四百万人を超える世界最大級の都市である。"
    content, pairs = near_texts([one, one.replace("。", ""), one.replace("最大級", "最大")])
    assert content.tolist() == [0, 0, 1]
    assert pairs.tolist() == [[0, 1]]


def shingle_sets(texts):
    words = [t.split() for t in texts]
    return [{tuple(w[i : i + 3]) for i in range(max(1, len(w) - 2))} for w in words]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=14).map(" ".join), min_size=2, max_size=25
    )
)
def test_the_join_is_exact(texts):
    """Every pair with a Jaccard similarity of 0.8 is found and no other, compared with trying all."""
    content, pairs = near_texts(texts)
    sets = shingle_sets(texts)
    firsts = np.unique(content, return_index=True)[1]
    expected = {
        (i, j)
        for i, j in itertools.combinations(range(len(firsts)), 2)
        if len(sets[firsts[i]] & sets[firsts[j]]) >= 0.8 * len(sets[firsts[i]] | sets[firsts[j]]) - 1e-9
    }
    assert {tuple(sorted(p)) for p in pairs.tolist()} == expected


@pytest.mark.parametrize("letters", ["abc", "abcdefgh"])
def test_many_texts_of_few_words_stay_within_bounds(letters):
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(list(letters), 30)) for _ in range(10_000)]
    start = process_time()
    near_texts(texts)
    assert process_time() - start < 60


def test_long_texts_are_compared_by_their_beginnings(monkeypatch):
    monkeypatch.setattr(_near_texts, "MAX_WORDS", 30 * (N + 1))
    assert len(near_texts(texts_of(SENTENCE[7] + " and many words more" * 20))[1]) == 1


def photograph(seed, size=160):
    """Blurred noise with a gradient: as smooth as photographs are."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8))
    fine = rng.normal(0, 6, (size, size, 3))
    return np.clip(np.asarray(coarse.resize((size, size), 3), float) + fine, 0, 255).astype(np.uint8)


PHOTOGRAPHS = [photograph(i) for i in range(60)]


def objects(arrays):
    packed = np.empty(len(arrays), dtype=object)
    packed[:] = arrays
    return packed


def as_jpeg(image, quality=60):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def resized(image):
    return np.asarray(Image.fromarray(image).resize((120, 120), 3))


COPIES = {
    "brighter": lambda image: np.clip(image * 1.1 + 8, 0, 255).astype(np.uint8),
    "darker": lambda image: (image * 0.8).astype(np.uint8),
    "jpeg": as_jpeg,
    "smaller": resized,
    "cropped": lambda image: image[3:, 2:-3],
}


@pytest.mark.parametrize("change", COPIES)
def test_images_that_are_nearly_the_same(change):
    X = objects([*PHOTOGRAPHS, COPIES[change](PHOTOGRAPHS[4])])
    found = codes(dataset(X, "image"))
    assert list(found) == ["DW028"]
    assert found["DW028"].rows == (60,)
    assert "row 61 and row 5" in found["DW028"].message
    found = codes(dataset(X, "image", np.arange(61) >= 50))
    assert found["DW029"].rows == (60,)


@pytest.mark.parametrize("common", [0.0, 0.8])
def test_different_photographs_are_different(common):
    """Also where all of them share a background."""
    images = np.stack(PHOTOGRAPHS) * (1 - common) + common * photograph(99)
    assert codes(dataset(images.astype(np.uint8), "image")) == {}


def test_flat_and_small_images():
    flat = np.repeat(np.arange(0, 200, 5, dtype=np.uint8), 80 * 80).reshape(-1, 80, 80, 1)
    assert len(near_images(flat)) == 0
    small = np.random.default_rng(0).integers(0, 255, (50, 1, 1, 3), dtype=np.uint8)
    assert len(near_images(small)) == 0


def test_colour_counts():
    shape = photograph(1).astype(float).mean(axis=2)
    red, blue = np.zeros((2, 160, 160, 3))
    red[..., 0], blue[..., 2] = shape, shape
    assert len(near_images(np.stack([red, blue]).astype(np.uint8))) == 0


def test_ten_thousand_images_take_seconds():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (10_000, 32, 32, 3), dtype=np.uint8)
    start = process_time()
    assert len(near_images(images)) == 0
    assert process_time() - start < 15


def test_table_rows_with_fewer_digits():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"a": rng.normal(size=N), "b": rng.normal(1e6, 3e5, N), "c": rng.integers(0, 9, N) * 1.0}
    )
    X.loc[N] = X.loc[3].astype(np.float32).astype(float)
    X.loc[N + 1] = [float(f"{value:.6g}") for value in X.loc[5]]
    assert codes(dataset(X, "tabular"))["DW028"].rows == (N, N + 1)


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_measures_that_agree_by_chance_are_no_copies(n_columns):
    values = np.random.default_rng(0).normal(size=(20_000, n_columns)).round(8)
    X = pd.DataFrame(values, columns=[f"x{i}" for i in range(n_columns)]).drop_duplicates(ignore_index=True)
    assert codes(dataset(X, "tabular")) == {}


def test_whole_numbers_are_not_rounded():
    X = pd.DataFrame({"weight": 123_450.0 + np.arange(N), "one": 1.0})
    assert codes(dataset(X, "tabular")) == {}
    assert len(np.unique(near_copies(X).content)) == N


def test_copies_of_copies_name_the_first_row():
    found = near_copies(texts_of(SENTENCE[7].upper(), changed_word(SENTENCE[7]), SENTENCE[9]))
    assert first_copies(found)[N:].tolist() == [7, 7, 9]


def test_groups_hold_all_copies_and_merge_given_groups():
    X = texts_of(SENTENCE[7].upper(), changed_word(SENTENCE[7]), SENTENCE[9])
    groups = groups_of_copies(X)
    assert groups[7] == groups[N] == groups[N + 1]
    assert groups[9] == groups[N + 2]
    assert len(np.unique(groups)) == N
    given = np.arange(N + 3).astype(str)
    given[[9, 20]] = "together"
    merged = groups_of_copies(X, given)
    assert merged[20] == merged[9] == merged[N + 2]
    assert len(np.unique(merged)) == N - 1


def test_group_duplicates_keeps_copies_on_one_side():
    data = pd.DataFrame({"note": texts_of(*map(changed_word, SENTENCE[:30]), *SENTENCE[30:50])})
    data["label"] = np.where(np.arange(len(data)) % 2 == 0, "a", "b")
    grouped = load_dataset(data, text="note", group_duplicates=True)
    for split in make_splits(grouped.y, task="binary", groups=grouped.groups):
        assert not set(grouped.groups[split.train]) & set(grouped.groups[split.test])
    assert load_dataset(data, text="note").groups is None, "off by default"
    found = codes(grouped)
    assert {f.severity for f in found.values()} == {"info"}
    assert all("one side of every split" in f.message for f in found.values())
    assert "--group-duplicates" in codes(load_dataset(data, text="note"))["DW028"].message


def test_group_duplicates_cannot_change_an_official_split():
    parts = ["train", "test"] * (N // 2)
    data = pd.DataFrame({"note": texts_of(), "label": list("ab") * (N // 2), "part": parts})
    with pytest.raises(InputError, match="--group-duplicates decides how rows are split"):
        load_dataset(data, text="note", group_duplicates=True, split_column="part")


def test_reviews_of_films(shared_data):
    """25,000 texts: the known copies, in seconds and in bounded memory."""
    reviews = pd.read_csv(shared_data / "text" / "imdb_train.csv.gz")["text"]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = process_time()
    content, pairs = near_texts(reviews)
    assert process_time() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000
    assert len(reviews) - len(np.unique(content)) == 99, "96 exact copies, 3 more but for their markup"
    assert len(pairs) == 18


def test_photographs_of_flowers(shared_data, tmp_path):
    import zipfile

    with zipfile.ZipFile(shared_data / "images" / "flowers128_folder.zip") as archive:
        archive.extractall(tmp_path)
    (folder,) = [p for p in tmp_path.iterdir() if p.is_dir()]
    found = codes(load_dataset(folder))
    assert len(found["DW005"].rows) == 6
    assert len(found["DW028"].rows) == 4
