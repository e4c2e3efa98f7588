"""Texts as word numbers: what a word is, which are kept, and the same numbers inside the exported graph."""

from __future__ import annotations

import json
import pickle
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth.datasets import load_dataset, tokenise
from deepworth.datasets._text import as_texts, mended
from deepworth.zoo.preprocessing import texts as texts_file
from deepworth.zoo.preprocessing.base import checked_texts
from deepworth.zoo.preprocessing.runtime import import_tensorflow
from deepworth.zoo.preprocessing.texts import TextPreprocessor

import_tensorflow()

import keras  # noqa: E402


def fitted(*texts):
    return TextPreprocessor().fit(pd.Series(texts, dtype=object))


def exported(preprocessor):
    """Raw rows to tokens through the Keras layers of the exported graph."""
    raw, encoded = preprocessor.raw_layers()
    model = keras.Model(raw, encoded)

    def tokens(texts):
        arrays = preprocessor.raw_arrays(texts)
        return model({"text": keras.ops.convert_to_tensor(arrays["text"].tolist())})["tokens"].numpy()

    return tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\n\r\u00a0\u3000", []),
        ("Don't panic!", ["dont", "panic", "!"]),
        ("it\u2019s NOT so", ["its", "not", "so"]),
        ("...", [".", ".", "."]),
        ("?!;,", ["?", "!", ";", ","]),
        ("-- ** () [] {} \"'", []),
        ("good,bad;3.14", ["good", ",", "bad", ";", "3", ".", "14"]),
        ("snake_case and a-b/c", ["snake", "case", "and", "a", "b", "c"]),
        ("one<br>two<BR />three", ["one", "two", "three"]),
        ("ÄÖÜ Ñandú Ωmega ПРИВЕТ", ["äöü", "ñandú", "ωmega", "привет"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),  # accents that stand alone belong to their letter
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("东京 東京", ["东", "京", "東", "京"]),
        ("iPhone手机100元", ["iphone", "手", "机", "100", "元"]),
        ("コーヒーが好き", ["コ", "ー", "ヒ", "ー", "が", "好", "き"]),
        ("ที่นี่ดี ๑๒", ["ที่", "นี่", "ดี", "๑๒"]),  # vowels and tones belong to their letter
        ("ខ្ញុំ ກິນ မြန်", ["ខ្", "ញុំ", "ກິ", "ນ", "မြ", "န်"]),
        ("한국어 좋아요", ["한국어", "좋아요"]),  # Korean has spaces
        ("مَرْحَبًا؟ می\u200cخواهم", ["مَرْحَبًا", "?", "میخواهم"]),
        (
            "好。真的，好！",
            ["好", ".", "真", "的", ",", "好", "!"],
        ),  # the same marks
        ("ΟΔΟΣ οδος", ["οδοσ", "οδοσ"]),
        ("👍🏽👍 ❤\ufe0f❤ 🇩🇪🇫🇷", ["👍", "👍", "❤", "❤", "🇩🇪", "🇫🇷"]),
        ("👩\u200d💻☺", ["👩", "💻", "☺"]),
        ("fine :-) or ;( or :'(", ["fine", "🙂", "or", "🙁", "or", "🙁"]),
        ("٣ ２ ½", ["٣", "２", "½"]),
        ("yes\U0001f600no \U0001f680", ["yes", "😀", "no", "🚀"]),
        ("before\x00after \x07bell", ["before", "after", "bell"]),
    ],
)
def test_words_of_a_text(text, expected):
    assert tokenise(text) == expected


@settings(deadline=None)
@given(st.text("aZé1 .,!?;'\u2019-_<br/>\n\x00\U0001f600", max_size=40))
def test_words_are_those_that_plain_python_finds(text):
    """The rules again, in Python's own regular expressions."""
    plain = re.sub(r"<br\s*/?>", " ", text.replace("\x00", " ").lower())
    plain = re.sub(r"[^\w.,!?;\U0001f600]|_", " ", re.sub("['\u2019]", "", plain))
    assert tokenise(text) == re.findall(r"\w+|[.,!?;\U0001f600]", plain)


def test_frequent_words_come_first_and_the_alphabet_decides_ties():
    found = fitted("b b a", "a c")
    assert found.words == ["a", "b", "c"]
    tokens = found.transform(pd.Series(["c b a", "a unheard c", "", None, "A, b"], dtype=object))["tokens"]
    assert tokens.dtype == np.int32
    assert tokens.tolist() == [
        [4, 3, 2, 0, 0, 0, 0, 0],
        [2, 1, 4, 0, 0, 0, 0, 0],
        [0] * 8,
        [0] * 8,
        [2, 1, 3, 0, 0, 0, 0, 0],
    ]
    assert found.spec.arrays == (("tokens", (8,), "int32"),)
    assert found.spec.vocabulary == 3 + 2  # padding and unknown


def test_no_text_has_a_word():
    found = fitted("", "--", None)
    assert found.length == 8
    assert found.transform(pd.Series(["", "*"]))["tokens"].tolist() == [[0] * 8] * 2
    assert found.transform(pd.Series(["new words"]))["tokens"][0, :3].tolist() == [1, 1, 0]


def test_only_punctuation():
    found = fitted("!", "! ?", "!!")
    assert found.words == ["!", "?"]
    assert found.transform(pd.Series(["?!"]))["tokens"][0, :3].tolist() == [3, 2, 0]


@pytest.mark.parametrize(
    ("n_words", "length"), [(1, 8), (8, 8), (9, 16), (16, 16), (250, 256), (505, 512), (10_000, 512)]
)
def test_common_length_is_a_multiple_of_eight_up_to_512(n_words, length):
    assert fitted(*[" ".join(["word"] * n_words)] * 3).length == length


def test_one_very_long_text_among_many_is_cut_at_its_end():
    long = "start " + "middle " * 100_000 + "end"
    found = fitted(*["a short text"] * 99, long)
    assert found.length == 8
    tokens = found.transform(pd.Series([long]))["tokens"][0].tolist()
    assert tokens == [found.words.index("start") + 2] + [found.words.index("middle") + 2] * 7


def test_words_seen_once_are_unknown_where_there_are_many_texts():
    few = fitted(*["common"] * 998, "rare")
    many = fitted(*["common"] * 999, "rare")
    assert few.words == ["common", "rare"]
    assert many.words == ["common"]
    assert many.transform(pd.Series(["rare common"]))["tokens"][0, :2].tolist() == [1, 2]


def test_the_vocabulary_has_an_end(monkeypatch):
    monkeypatch.setattr(texts_file, "MAX_WORDS", 2)
    found = fitted("c c c b b a")
    assert found.words == ["c", "b"]
    assert found.transform(pd.Series(["a b c"]))["tokens"][0, :3].tolist() == [1, 3, 2]


def test_vocabularies_of_nearly_equal_size_have_one_specification():
    """So that folds share a compiled network."""
    one, other = (fitted(" ".join(f"w{i}" for i in range(n))) for n in (990, 1000))
    assert one.spec == other.spec
    assert one.spec.vocabulary >= 1002


ODD = st.one_of(
    st.none(),
    st.just(float("nan")),
    st.text(max_size=30),
    st.text("ab. !\ud83d\ude00", max_size=12),  # halves of a character too
    st.lists(st.sampled_from(["film", "bad", "not", "Good", "éte", "!"]), max_size=20).map(" ".join),
)
KNOWN = fitted("bad film", "not good !", "not bad , not good .", "éte")
IN_GRAPH = exported(KNOWN)


@settings(deadline=None)
@given(st.lists(ODD, min_size=1, max_size=5))
def test_both_paths_give_the_same_numbers(texts):
    rows = pd.Series(texts, dtype=object)
    tokens = KNOWN.transform(rows)["tokens"]
    np.testing.assert_array_equal(IN_GRAPH(rows), tokens)
    assert tokens.shape == (len(texts), 8)
    assert tokens.max(initial=0) < KNOWN.spec.vocabulary
    padded = tokens == 0
    assert (padded[:, :-1] <= padded[:, 1:]).all(), "padding stands at the end"


def test_texts_in_many_parts_are_joined_in_order(monkeypatch):
    rows = pd.Series(["bad", "film", "not", "good", "!"] * 3)
    whole = KNOWN.transform(rows)["tokens"]
    monkeypatch.setattr(texts_file, "_CHUNK", 4)
    np.testing.assert_array_equal(KNOWN.transform(rows)["tokens"], whole)
    assert KNOWN.transform(rows[:0])["tokens"].shape == (0, 8)


def test_a_copy_by_pickle_gives_the_same_numbers():
    copy = pickle.loads(pickle.dumps(KNOWN))
    rows = pd.Series(["not a bad film"])
    np.testing.assert_array_equal(copy.transform(rows)["tokens"], KNOWN.transform(rows)["tokens"])


def test_raw_texts_are_strings_and_keep_their_index():
    rows = pd.Series([None, np.nan, pd.NA, 3, "x"], index=list("edcba"), dtype=object)
    found = checked_texts(rows)
    assert found.tolist() == ["", "", "", "3", "x"]
    assert found.index.tolist() == list("edcba")
    assert checked_texts(("a", None)).tolist() == ["a", ""]
    assert checked_texts(pd.Series(["a", None], dtype="string")).tolist() == ["a", ""]
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        checked_texts([])


@given(st.text(st.characters(), max_size=20))  # every code point, surrogates too
def test_a_mended_text_can_be_written(text):
    found = mended(text)
    found.encode()
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert found == text
    assert mended(found) == found


def test_halves_of_a_character_become_whole_or_a_mark():
    assert mended("\ud83d\ude00 ok") == "\U0001f600 ok"
    assert mended("cut \ud83d") == "cut \ufffd"
    assert mended("\ude00\ud83d") == "\ufffd\ufffd"
    assert as_texts(["cut \ud83d", None]).tolist() == ["cut \ufffd", ""]


def test_a_file_with_half_a_character_is_read(tmp_path):
    path = tmp_path / "posts.jsonl"
    records = [
        {"post \ud83d": f"so happy {i} \ud83d and well", "kind": "a\ud83d", "y": i % 2} for i in range(30)
    ]
    records += [{"post \ud83d": f"so sad {i} and unwell", "kind": "b", "y": i % 2} for i in range(30)]
    path.write_text("\n".join(map(json.dumps, records)))
    dataset = load_dataset(path, target="y")
    assert dataset.X["post \ufffd"][0] == "so happy 0 \ufffd and well"
    assert list(dataset.X["kind"].cat.categories) == ["a\ufffd", "b"]
    assert dataset.fingerprint()
