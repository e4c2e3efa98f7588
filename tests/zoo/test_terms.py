"""Terms of texts and their weights: alike in Python, in the exported graph, in ONNX and in scikit-learn."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from deepworth.datasets import as_texts
from deepworth.zoo.preprocessing.runtime import import_tensorflow
from deepworth.zoo.preprocessing.terms import LONGEST, Terms, letter_groups
from deepworth.zoo.preprocessing.texts import MAX_TERMS, SPACED, TermPreprocessor, spaced

import_tensorflow()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from deepworth.zoo.export._onnx_graph import Graph  # noqa: E402
from deepworth.zoo.export._onnx_texts import term_numbers, term_weights  # noqa: E402

TRAINING = [
    "the cat sat on the mat the the",
    "Don't panic :-) 42",
    "",
    "\u6771\u4eac iPhone\u624b\u673a100\u5143 \u597d\u3002",
    "<br>a<br />b cd cd cd",
    "x" * (LONGEST + 10) + " yy",
    "\u0130stanbul \u039f\u0394\u039f\u03a3 e\u0301te\u0301",
]
UNSEEN = [*TRAINING, "the cat panics", "unheard zzz", "the " * (MAX_TERMS + 100), "?!", " \t\n"]
TEXTS = st.lists(st.text("thecamodn' .!?<>/\n\u4eac\U0001f600", max_size=50), min_size=1, max_size=6)


def series(texts):
    return pd.Series(list(texts), dtype=object)


FITTED = TermPreprocessor(sizes=(3, 4)).fit(series(TRAINING))
RAW, ENCODED = FITTED.raw_layers()
GRAPH = keras.Model(RAW, ENCODED)


def onnx_session():
    graph = Graph()
    numbers = term_numbers(graph, graph.input("text", "string", (None,)), FITTED.terms.terms, FITTED.length)
    weights = term_weights(graph, numbers, FITTED.idf.tolist(), FITTED.terms.n_words)
    graph.output("tokens", numbers, "int64", ["rows", FITTED.length])
    graph.output("weights", weights, "float32", ["rows", FITTED.length])
    return onnxruntime.InferenceSession(graph.model("terms", "", {}).SerializeToString())


ONNX = onnx_session()


def in_every_form(texts):
    """Numbers and weights in Python, by Keras layers and by ONNX operators."""
    strings = as_texts(series(texts)).tolist()
    by_layers = GRAPH({"text": tf.constant(strings)[:, None]})
    numbers, weights = ONNX.run(["tokens", "weights"], {"text": np.array(strings, object)})
    return [
        FITTED.transform(series(texts)),
        {name: values.numpy() for name, values in by_layers.items()},
        {"tokens": numbers, "weights": weights},
    ]


@settings(deadline=None, max_examples=30)
@given(TEXTS)
def test_every_form_has_the_same_terms_and_weights(texts):
    first, *others = in_every_form(texts)
    for other in others:
        np.testing.assert_array_equal(other["tokens"], first["tokens"])
        np.testing.assert_allclose(other["weights"], first["weights"], atol=1e-6)


def test_odd_texts_are_alike_too():
    first, *others = in_every_form(UNSEEN)
    assert (first["tokens"] > 0).any(axis=1).tolist().count(
        False
    ) == 4  # of no word, or of none that is known
    for other in others:
        np.testing.assert_array_equal(other["tokens"], first["tokens"])
        np.testing.assert_allclose(other["weights"], first["weights"], atol=1e-6)


def test_weights_are_those_of_scikit_learn():
    found = TermPreprocessor().fit(series(TRAINING))
    vectoriser = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, token_pattern=SPACED, lowercase=False
    ).fit(spaced(TRAINING))
    assert sorted(found.terms.terms) == vectoriser.get_feature_names_out().tolist()
    arrays = found.transform(series(UNSEEN[:9]))
    dense = np.zeros((9, len(found.terms.terms) + 1))
    np.add.at(dense, (np.arange(9)[:, None], arrays["tokens"]), arrays["weights"])
    columns = [vectoriser.vocabulary_[term] for term in found.terms.terms]
    wanted = vectoriser.transform(spaced(UNSEEN[:9])).toarray()[:, columns]
    np.testing.assert_allclose(dense[:, 1:], wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("word", "sizes", "groups"), [("tea", (4,), ["~<tea", "~tea>"]), ("a", (3, 4), ["~<a>"])]
)
def test_letters_of_a_word(word, sizes, groups):
    assert letter_groups(word, sizes) == groups


def test_rare_terms_and_letters_of_long_texts_are_left_out():
    few = Terms(10, 10, 0, (), least=2).fit([["a", "b", "a", "b"], ["c"]])
    assert few.terms == ["a", "b", "a b"]
    assert few.numbers(["c", "a", "b"]) == [1, 2, 3]
    long = TermPreprocessor(sizes=(3,)).fit(series(["word " * 200]))
    assert long.terms.terms == ["word", "word word"]


def test_a_vocabulary_is_never_empty():
    found = TermPreprocessor().fit(series(["", " "]))
    assert found.terms.terms == ["the"]
    assert not found.transform(series(["", "the"]))["weights"][0].any()
