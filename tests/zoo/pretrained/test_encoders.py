"""Encoders give what independent implementations give of the same weights, and tokenisers the same pieces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepworth.datasets import InputError
from deepworth.zoo.pretrained.found import find_weights

EXPECTED = json.loads(Path(__file__).with_name("expected.json").read_text(encoding="utf-8"))


def called(model, texts):
    import tensorflow as tf

    return model({"text": tf.constant([[text] for text in texts])}, training=False)


@pytest.fixture
def real_weights(request):
    found = find_weights(request.param)
    if found is None:
        pytest.skip(f"no real weights for {request.param}: see zoo/pretrained/found.py")
    return found


@pytest.mark.parametrize("real_weights", ["sentence-encoder"], indirect=True)
def test_pieces_and_vectors_of_minilm(real_weights):
    from deepworth.zoo.pretrained.text_encoders import sentence_files, sentence_model

    *_, tokens, _ = sentence_files(real_weights)
    ids = np.asarray(tokens["kind"](**tokens["config"])(np.array(EXPECTED["texts"], dtype=object)[:, None]))
    for text, own, expected in zip(EXPECTED["texts"], ids, EXPECTED["minilm"], strict=True):
        assert [i for i in own.tolist() if i] == expected, text
    vectors = called(sentence_model(real_weights), EXPECTED["texts"])["features"].numpy()
    np.testing.assert_allclose(vectors[:, :8], EXPECTED["minilm_vectors"], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("real_weights", ["static-vectors"], indirect=True)
def test_pieces_and_vectors_of_wordllama(real_weights):
    from deepworth.zoo.pretrained.text_encoders import static_model, static_vectors

    tokens, _ = static_vectors(real_weights)
    ids = np.asarray(tokens["kind"](**tokens["config"])(np.array(EXPECTED["texts"], dtype=object)[:, None]))
    for text, own, expected in zip(EXPECTED["texts"], ids, EXPECTED["wordllama"], strict=True):
        assert [i for i in own.tolist() if i >= 0] == expected, text
    vectors = called(static_model(real_weights), EXPECTED["texts"])["features"].numpy()
    np.testing.assert_allclose(vectors[:, :8], EXPECTED["wordllama_vectors"], atol=1e-5)


@pytest.mark.parametrize("real_weights", ["image-encoder"], indirect=True)
def test_features_of_efficientnet_lite0(real_weights):
    from deepworth.zoo.pretrained.image_encoders import SIDE, image_model

    images = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)
    features = image_model(real_weights)({"image": images}, training=False)["features"].numpy()
    assert features.shape == (4, 1280)
    np.testing.assert_allclose(features[:, :16], EXPECTED["lite0_features"], atol=1e-4)


def pieces_of(tiny_folder, texts):
    from deepworth.zoo.pretrained.text_encoders import read_tokeniser, tokens_layer

    tokeniser = read_tokeniser(tiny_folder / "sentences")
    made = tokens_layer(tokeniser, 12, ends=True)
    ids = np.asarray(made["kind"](**made["config"])(np.array(texts, dtype=object)[:, None]))
    return [[tokeniser.pieces[i] for i in row if i] for row in ids.tolist()]


def test_the_longest_piece_comes_first(tiny_folder):
    found = pieces_of(tiny_folder, ["Good FILMS", "übel!", "", "日本", "x" * 101 + " a"])
    assert found[0] == ["[CLS]", "good", "film", "##s", "[SEP]"]
    assert found[1] == ["[CLS]", "u", "##b", "##e", "##l", "!", "[SEP]"]
    assert found[2] == ["[CLS]", "[SEP]"]
    assert found[3] == ["[CLS]", "[UNK]", "[UNK]", "[SEP]"], "ideographs are words of their own"
    assert found[4] == ["[CLS]", "[UNK]", "a", "[SEP]"], "a word of more than 100 letters is unknown"
    assert len(pieces_of(tiny_folder, ["a " * 40])[0]) == 12, "cut, with its end"


def test_other_texts_of_a_batch_change_nothing(tiny_folder):
    from deepworth.zoo.pretrained.text_encoders import sentence_model

    model = sentence_model(find_weights("sentence-encoder", tiny_folder))
    alone = called(model, ["a good film"])["features"].numpy()
    beside = called(model, ["a good film", "the book was dull and poor and bad"])["features"].numpy()
    np.testing.assert_allclose(beside[:1], alone, atol=1e-6)


def test_the_last_layers_apart_give_the_same(tiny_folder):
    from deepworth.zoo.pretrained.text_encoders import last_layers, sentence_model

    weights = find_weights("sentence-encoder", tiny_folder)
    texts = ["a good film", "dull"]
    whole = called(sentence_model(weights), texts)["features"].numpy()
    lower = called(sentence_model(weights, 1, 16), texts)
    np.testing.assert_allclose(last_layers(weights, 1, lower["states"], lower["known"]), whole, atol=1e-5)


def test_vectors_of_layers_stand_side_by_side(tiny_folder):
    """The encoder's own one first; there are not more than it has layers."""
    from deepworth.zoo.pretrained.text_encoders import last_layers, sentence_model

    weights = find_weights("sentence-encoder", tiny_folder)
    texts = ["a good film", "dull"]
    own = called(sentence_model(weights), texts)["features"].numpy()
    both = called(sentence_model(weights, layers=9), texts)["features"].numpy()
    assert both.shape == (2, 2 * own.shape[1])
    np.testing.assert_allclose(both[:, : own.shape[1]], own, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(both, axis=1), 2**0.5, atol=1e-5)
    lower = called(sentence_model(weights, 1, 16), texts)
    trained = last_layers(weights, 1, lower["states"], lower["known"], layers=9)
    np.testing.assert_allclose(trained, both, atol=1e-5)


def test_the_last_blocks_apart_give_the_same(tiny_folder):
    from deepworth.zoo.pretrained.image_encoders import SIDE, image_model, last_blocks

    weights = find_weights("image-encoder", tiny_folder)
    images = np.random.default_rng(1).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    whole = image_model(weights)({"image": images}, training=False)["features"].numpy()
    states = image_model(weights, 2)({"image": images}, training=False)["states"]
    np.testing.assert_allclose(last_blocks(weights, 2, states), whole, atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "message"), [("sentence-encoder", "holds no weights"), ("image-encoder", "holds no weights")]
)
def test_a_folder_without_weights_is_refused(kind, message, tmp_path):
    with pytest.raises(InputError, match=message):
        find_weights(kind, tmp_path)
    with pytest.raises(InputError, match="no file or folder"):
        find_weights(kind, tmp_path / "nowhere")


def test_a_tokeniser_of_another_kind_is_refused(tiny, tmp_path):
    folder = tiny.static_vectors(tmp_path / "v")
    content = {**tiny.tokenizer(), "model": {"type": "Unigram", "vocab": []}}
    (folder / "tokenizer.json").write_text(json.dumps(content))
    from deepworth.zoo.pretrained.text_encoders import static_model

    with pytest.raises(InputError, match="Unigram"):
        static_model(find_weights("static-vectors", folder))
