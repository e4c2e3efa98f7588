"""From a file of weights to a Keras model that takes raw texts and gives frozen features."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from ...datasets import InputError
from .encoders import MeanVectors, PooledTokens, block_of, vectors_of
from .found import Weights, tokeniser_file
from .safetensors import read_safetensors
from .text_layers import BytePairs, WordPieces
from .tokenisers import Tokeniser, read_tokeniser

_LONGEST = 256  # pieces of a text that an encoder reads; its folder may say less
_LONGEST_STATIC = 512  # as model2vec has it
_SIZES = (
    *("hidden_size", "num_attention_heads", "intermediate_size", "num_hidden_layers"),
    "layer_norm_eps",
)
_TENSORS = ("embedding.weight", "embeddings")  # names in files of WordLlama and model2vec


@lru_cache(maxsize=4)
def static_vectors(weights: Weights) -> tuple[dict[str, Any], np.ndarray]:
    """Arguments of the tokeniser's layer, and the matrix of token vectors."""
    arrays = read_safetensors(weights.file)
    matrix = next((arrays[name] for name in _TENSORS if name in arrays), None)
    if matrix is None or matrix.ndim != 2:
        raise InputError(f"{weights.file} holds no matrix of token vectors, {' or '.join(_TENSORS)}")
    file = tokeniser_file(weights.file)
    assert file is not None  # what is found has one
    tokeniser = read_tokeniser(file.parent, file.name)
    if len(tokeniser.pieces) > len(matrix):
        raise InputError(f"{weights.file} has {len(matrix):,} vectors for {len(tokeniser.pieces):,} pieces")
    return tokens_layer(tokeniser, _LONGEST_STATIC, ends=False), np.asarray(matrix, np.float32)


def tokens_layer(tokeniser: Tokeniser, length: int, ends: bool) -> dict[str, Any]:
    """The configuration of a tokeniser's layer, from which it is built as often as needed."""
    if tokeniser.kind == "bpe":
        config = {"pieces": tokeniser.pieces, "merges": tokeniser.merges, "length": length}
        return {"kind": BytePairs, "config": config}
    named = ("pieces", "unknown", "lower_case", "strip_accents")
    config = {**{name: getattr(tokeniser, name) for name in named}, "length": length, "keep_unknown": ends}
    if ends:
        config |= {"first": tokeniser.first, "last": tokeniser.last, "padding": 0}
    return {"kind": WordPieces, "config": config}


def static_model(weights: Weights) -> keras.Model:
    """Raw texts (batch, 1) to means of token vectors (batch, width)."""
    tokens, matrix = static_vectors(weights)
    text = keras.Input((1,), dtype="string", name="text")
    ids = tokens["kind"](**tokens["config"], name="tokens")(text)
    layer = MeanVectors(*matrix.shape, name="mean_vectors")
    features = layer(ids)
    layer.pieces.assign(matrix)
    return keras.Model({"text": text}, {"features": features})


@lru_cache(maxsize=2)
def sentence_files(weights: Weights) -> tuple[dict[str, np.ndarray], dict[str, Any], dict[str, Any], str]:
    """Arrays, configuration, arguments of the tokeniser's layer, and how the places of a text are pooled."""
    folder = weights.file.parent
    config = _json(folder / "config.json")
    arrays = {name.removeprefix("bert."): array for name, array in read_safetensors(weights.file).items()}
    needed = (
        "hidden_size",
        "num_attention_heads",
        "intermediate_size",
        "num_hidden_layers",
        "layer_norm_eps",
    )
    if any(name not in config for name in needed) or "embeddings.word_embeddings.weight" not in arrays:
        raise InputError(f"{folder} is not the folder of a BERT encoder")
    said = _json(folder / "sentence_bert_config.json").get("max_seq_length") or _LONGEST
    places = len(arrays["embeddings.position_embeddings.weight"])
    length = max(8, min(int(said), _LONGEST, places))
    pooling = _json(folder / "1_Pooling" / "config.json")
    first = bool(pooling.get("pooling_mode_cls_token"))
    tokens = tokens_layer(read_tokeniser(folder), length, ends=True)
    return arrays, config, tokens, "first" if first else "mean"


def _json(path: Path) -> dict[str, Any]:
    """A file of settings; none says nothing."""
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    return content if isinstance(content, dict) else {}


def sentence_model(weights: Weights, left_out: int = 0, length: int | None = None) -> keras.Model:
    """Raw texts (batch, 1) to unit vectors, or to what the last ``left_out`` layers would get.

    Then ``states`` are float32 (batch, length, width), and ``known`` says which places are of the text.
    """
    arrays, config, tokens, pooling = sentence_files(weights)
    text = keras.Input((1,), dtype="string", name="text")
    fixed = {"length": length, "fixed": True} if left_out else {}
    ids = tokens["kind"](**{**tokens["config"], **fixed}, name="tokens")(text)
    known = ops.not_equal(ids, 0)
    x = vectors_of(arrays, config)(ids)
    for number in range(n_layers(weights) - left_out):
        x = block_of(arrays, config, number)(x, known)
    outputs = {"states": x, "known": known} if left_out else {"features": PooledTokens(pooling)(x, known)}
    model = keras.Model({"text": text}, outputs)
    model.trainable = False
    return model


def n_layers(weights: Weights) -> int:
    """Layers of a sentence encoder."""
    return int(sentence_files(weights)[1]["num_hidden_layers"])


def width_of(weights: Weights) -> int:
    """Values of a text's vector."""
    if weights.kind == "static-vectors":
        return int(static_vectors(weights)[1].shape[1])
    return int(sentence_files(weights)[1]["hidden_size"])


def last_layers(weights: Weights, count: int, states: Any, known: Any) -> Any:
    """The vector of a text behind the last layers, whose weights are copies that can be trained."""
    arrays, config, _, pooling = sentence_files(weights)
    total = n_layers(weights)
    for number in range(total - count, total):
        states = block_of(arrays, config, number)(states, known)
    return PooledTokens(pooling)(states, known)
