"""From a folder of weights to a Keras model that takes raw texts and gives frozen features.

Tokenisers are read from ``tokenizer.json`` or ``vocab.txt``: pieces and their merges. Encoders are BERT's
(Devlin et al. 2019), and means of token vectors, as Keras layers with weights from a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ...datasets import InputError
from .found import Weights, tokeniser_file
from .text_layers import PADDING, BytePairs, WordPieces
from .weight_files import read_safetensors

TokeniserKind = Literal["wordpiece", "bpe"]
_CONTINUED, _SPACE = "##", "\u2581"


@dataclass(frozen=True)
class Tokeniser:
    """What splits a text into pieces.

    Attributes
    ----------
    kind : {"wordpiece", "bpe"}
        Longest pieces first (Wu et al. 2016), or byte-pair encoding (Sennrich, Haddow and Birch 2016) of
        whole texts with bytes for unknown characters, as SentencePiece has it.
    pieces : tuple of str
        Pieces by their number.
    merges : tuple of (int, int, int)
        Pairs that merge, the first ones first, and what they become; of "bpe".
    lower_case, strip_accents : bool
        What happens to letters before; of "wordpiece".
    first, last, unknown : int
        Numbers of the pieces around a text, -1 for none, and of unknown words.
    """

    kind: TokeniserKind
    pieces: tuple[str, ...]
    merges: tuple[tuple[int, int, int], ...] = ()
    lower_case: bool = True
    strip_accents: bool = True
    first: int = -1
    last: int = -1
    unknown: int = 0


def read_tokeniser(folder: Path, file: str = "tokenizer.json") -> Tokeniser:
    """The tokeniser of a folder: ``tokenizer.json`` where there is one, else ``vocab.txt``.

    Raises
    ------
    InputError
        There is none, it is damaged, or of a kind that is not known here.
    """
    path = folder / file
    try:
        if path.is_file():
            return _of_json(json.loads(path.read_text(encoding="utf-8")))
        if (folder / "vocab.txt").is_file():
            return _of_vocabulary(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"the tokeniser in {folder} cannot be read: {error}") from error
    raise InputError(f"{folder} has neither {file} nor vocab.txt: its tokeniser is missing")


def _of_json(content: dict[str, Any]) -> Tokeniser:
    model = content["model"]
    kind = model.get("type") or ("BPE" if "merges" in model else "WordPiece")
    if kind == "WordPiece":
        return _wordpiece(content)
    if kind == "BPE" and model.get("byte_fallback"):
        return _byte_pairs(content)
    raise ValueError(f"tokenisers of kind {kind} are not known here, only WordPiece and SentencePiece's BPE")


def _wordpiece(content: dict[str, Any]) -> Tokeniser:
    model, normalizer = content["model"], content.get("normalizer") or {}
    if normalizer.get("type") != "BertNormalizer" or model["continuing_subword_prefix"] != _CONTINUED:
        raise ValueError("it does not normalise texts as BERT does")
    pieces = _by_number(model["vocab"])
    lower = bool(normalizer["lowercase"])
    strip = normalizer.get("strip_accents")
    return _with_ends(pieces, lower, lower if strip is None else bool(strip), model["unk_token"])


def _of_vocabulary(folder: Path) -> Tokeniser:
    """The older layout: a piece a line, and what happens to letters in ``tokenizer_config.json``."""
    lines = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    pieces = tuple(lines[:-1] if lines[-1] == "" else lines)
    config = folder / "tokenizer_config.json"
    facts = json.loads(config.read_text(encoding="utf-8")) if config.is_file() else {}
    lower = bool(facts.get("do_lower_case", True))
    strip = facts.get("strip_accents")
    return _with_ends(pieces, lower, lower if strip is None else bool(strip), "[UNK]")


def _with_ends(pieces: tuple[str, ...], lower: bool, strip: bool, unknown: str) -> Tokeniser:
    numbers = {piece: i for i, piece in enumerate(pieces)}
    ends = {"first": numbers.get("[CLS]", -1), "last": numbers.get("[SEP]", -1)}
    return Tokeniser("wordpiece", pieces, (), lower, strip, unknown=numbers[unknown], **ends)


def _byte_pairs(content: dict[str, Any]) -> Tokeniser:
    """As Llama 2 has it: a sign for a space before every word, and no words before merging."""
    steps = (content.get("normalizer") or {}).get("normalizers", [])
    marked = [step.get("prepend") or step.get("content") for step in steps] == [_SPACE, _SPACE]
    if not marked or content.get("pre_tokenizer"):
        raise ValueError("it does not mark spaces as SentencePiece does")
    model = content["model"]
    numbers = model["vocab"]
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
    merges = tuple((numbers[a], numbers[b], numbers[a + b]) for a, b in pairs)
    return Tokeniser("bpe", _by_number(numbers), merges, False, False, unknown=numbers[model["unk_token"]])


def _by_number(numbers: dict[str, int]) -> tuple[str, ...]:
    pieces = sorted(numbers, key=numbers.__getitem__)
    if [numbers[piece] for piece in pieces] != list(range(len(pieces))):
        raise ValueError("the numbers of its pieces have gaps")
    return tuple(pieces)


_USUAL_LENGTH = 128  # pieces of a text


@keras.saving.register_keras_serializable(package="deepworth")
class TokenVectors(keras.layers.Layer):
    """The sum of vectors of a piece, of its place and of the first segment, normalised.

    Input int32 (batch, length); output float32 (batch, length, width).
    """

    def __init__(self, vocabulary: int, places: int, width: int, epsilon: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary, self.places = int(vocabulary), int(places)
        self.width, self.epsilon = int(width), float(epsilon)
        self.norm = keras.layers.LayerNormalization(epsilon=self.epsilon, name="norm")

    def build(self, shape: Any) -> None:
        self.pieces = self.add_weight(shape=(self.vocabulary, self.width), name="pieces")
        self.positions = self.add_weight(shape=(self.places, self.width), name="positions")
        self.norm.build((None, None, self.width))
        super().build(shape)

    def call(self, ids: Any) -> Any:
        x = ops.take(self.pieces, ids, axis=0)
        return self.norm(x + self.positions[: ops.shape(ids)[1]])

    def compute_output_spec(self, ids: Any) -> Any:
        return keras.KerasTensor((*ids.shape, self.width), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        own = ("vocabulary", "places", "width", "epsilon")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


@keras.saving.register_keras_serializable(package="deepworth")
class EncoderBlock(keras.layers.Layer):
    """Attention of all places to all others (Vaswani et al. 2017), then two dense layers, each normalised.

    Inputs float32 (batch, length, width) and which places are of the text, bool (batch, length); output like
    the first.
    """

    def __init__(
        self, width: int, heads: int, inner: int, epsilon: float, activation: str = "gelu", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.width, self.heads, self.inner = int(width), int(heads), int(inner)
        self.epsilon, self.activation = float(epsilon), str(activation)
        self.attend = keras.layers.Dense(3 * self.width, name="attend")
        self.project = keras.layers.Dense(self.width, name="project")
        self.attend_norm = keras.layers.LayerNormalization(epsilon=self.epsilon, name="attend_norm")
        self.widen = keras.layers.Dense(self.inner, name="widen")
        self.narrow = keras.layers.Dense(self.width, name="narrow")
        self.norm = keras.layers.LayerNormalization(epsilon=self.epsilon, name="norm")

    @property
    def numbers_a_row(self) -> int:
        """Numbers of the widest part for a text of usual length."""
        return _USUAL_LENGTH * max(self.inner, self.heads * _USUAL_LENGTH)

    def build(self, shape: Any, known_shape: Any = None) -> None:
        wide = (None, None, self.width)
        for layer in (self.attend, self.project, self.attend_norm, self.widen, self.norm):
            layer.build(wide)
        self.narrow.build((None, None, self.inner))
        super().build(shape)

    def call(self, x: Any, known: Any) -> Any:
        size = self.width // self.heads
        shape = ops.shape(x)
        each = ops.reshape(self.attend(x), (shape[0], shape[1], 3, self.heads, size))
        query, key, value = ops.unstack(ops.transpose(each, (2, 0, 3, 1, 4)), 3)
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) * size**-0.5
        scores = scores + ops.where(known, 0.0, -1e9)[:, None, None, :]
        seen = ops.transpose(ops.matmul(ops.softmax(scores), value), (0, 2, 1, 3))
        x = self.attend_norm(x + self.project(ops.reshape(seen, shape)))
        return self.norm(x + self.narrow(_activated(self.widen(x), self.activation)))

    def compute_output_spec(self, x: Any, known: Any) -> Any:
        return keras.KerasTensor(x.shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        own = ("width", "heads", "inner", "epsilon", "activation")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


def _activated(x: Any, name: str) -> Any:
    """BERT's GELU is the exact one."""
    return keras.activations.relu(x) if name == "relu" else tf.nn.gelu(x, approximate=name != "gelu")


@keras.saving.register_keras_serializable(package="deepworth")
class PooledTokens(keras.layers.Layer):
    """The mean over the places of a text, or its first place, scaled to length one.

    Inputs float32 (batch, length, width) and bool (batch, length); output (batch, width).
    """

    def __init__(self, pooling: str = "mean", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pooling = str(pooling)

    def call(self, x: Any, known: Any) -> Any:
        if self.pooling == "first":
            return unit_length(x[:, 0])
        weight = ops.cast(known, x.dtype)[..., None]
        return unit_length(ops.sum(x * weight, axis=1) / ops.maximum(ops.sum(weight, axis=1), 1.0))

    def compute_output_spec(self, x: Any, known: Any) -> Any:
        return keras.KerasTensor((x.shape[0], x.shape[2]), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pooling": self.pooling}


def unit_length(x: Any) -> Any:
    """Rows of length one; zeros stay."""
    return x / ops.maximum(ops.norm(x, axis=-1, keepdims=True), 1e-12)


@keras.saving.register_keras_serializable(package="deepworth")
class MeanVectors(keras.layers.Layer):
    """The mean of the vectors of a text's pieces, scaled to length one; zeros for a text without any.

    Input int32 (batch, length), -1 is padding; output float32 (batch, width).
    """

    def __init__(self, vocabulary: int, width: int, **kwargs: Any) -> None:
        super().__init__(**{"trainable": False, **kwargs})
        self.vocabulary, self.width = int(vocabulary), int(width)

    @property
    def numbers_a_row(self) -> int:
        """Numbers of the vectors of a text of usual length."""
        return _USUAL_LENGTH * self.width

    def build(self, shape: Any) -> None:
        self.pieces = self.add_weight(shape=(self.vocabulary, self.width), name="pieces", trainable=False)
        super().build(shape)

    def call(self, ids: Any) -> Any:
        known = ops.cast(ids != PADDING, self.compute_dtype)[..., None]
        vectors = ops.take(self.pieces, ops.clip(ids, 0, self.vocabulary - 1), axis=0)
        return unit_length(ops.sum(vectors * known, axis=1) / ops.maximum(ops.sum(known, axis=1), 1.0))

    def compute_output_spec(self, ids: Any) -> Any:
        return keras.KerasTensor((ids.shape[0], self.width), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "vocabulary": self.vocabulary, "width": self.width}


Arrays = Mapping[str, np.ndarray]


def vectors_of(arrays: Arrays, config: Mapping[str, Any]) -> TokenVectors:
    """BERT's embeddings; the first segment is added to the places."""
    part = {name.removeprefix("embeddings."): value for name, value in arrays.items()}
    pieces = part["word_embeddings.weight"]
    places = part["position_embeddings.weight"] + part["token_type_embeddings.weight"][0]
    sizes = (len(pieces), len(places), places.shape[1])
    layer = TokenVectors(*sizes, epsilon=config["layer_norm_eps"], name="token_vectors")
    layer.build((None, None))
    layer.pieces.assign(pieces)
    layer.positions.assign(places)
    layer.norm.set_weights(_norm(part, "LayerNorm"))
    return layer


def block_of(arrays: Arrays, config: Mapping[str, Any], number: int, name: str = "") -> EncoderBlock:
    """One of BERT's layers."""
    start = f"encoder.layer.{number}."
    part = {n.removeprefix(start): value for n, value in arrays.items() if n.startswith(start)}
    width, heads = config["hidden_size"], config["num_attention_heads"]
    sizes = (width, heads, config["intermediate_size"], config["layer_norm_eps"])
    layer = EncoderBlock(*sizes, config.get("hidden_act", "gelu"), name=name or f"block_{number}")
    layer.build((None, None, width))
    kernels = [_dense(part, f"attention.self.{each}") for each in ("query", "key", "value")]
    layer.attend.set_weights([np.concatenate(both, axis=-1) for both in zip(*kernels, strict=True)])
    layer.project.set_weights(_dense(part, "attention.output.dense"))
    layer.attend_norm.set_weights(_norm(part, "attention.output.LayerNorm"))
    layer.widen.set_weights(_dense(part, "intermediate.dense"))
    layer.narrow.set_weights(_dense(part, "output.dense"))
    layer.norm.set_weights(_norm(part, "output.LayerNorm"))
    return layer


def _dense(part: Arrays, name: str) -> list[np.ndarray]:
    return [part[f"{name}.weight"].T, part[f"{name}.bias"]]


def _norm(part: Arrays, name: str) -> list[np.ndarray]:
    return [part[f"{name}.weight"], part[f"{name}.bias"]]


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
    ids = tokens["kind"](**tokens["config"], name="pieces")(text)
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


def sentence_model(
    weights: Weights, left_out: int = 0, length: int | None = None, layers: int = 1
) -> keras.Model:
    """Raw texts (batch, 1) to unit vectors, or to what the last ``left_out`` layers would get.

    Of more than one of the last ``layers`` the vectors stand side by side, that of the whole encoder first.
    With ``left_out`` the ``states`` are float32 (batch, length, width), and ``known`` says which places are
    of the text.
    """
    arrays, config, tokens, pooling = sentence_files(weights)
    text = keras.Input((1,), dtype="string", name="text")
    fixed = {"length": length, "fixed": True} if left_out else {}
    ids = tokens["kind"](**{**tokens["config"], **fixed}, name="pieces")(text)
    known = ops.not_equal(ids, 0)
    each = [vectors_of(arrays, config)(ids)]
    for number in range(n_layers(weights) - left_out):
        each.append(block_of(arrays, config, number)(each[-1], known))
    used = each[len(each) - pooled_layers(weights, layers) :]
    features = {"states": each[-1], "known": known} if left_out else {}
    outputs = features or {"features": _side_by_side(used, known, pooling)}
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


def last_layers(weights: Weights, count: int, states: Any, known: Any, layers: int = 1) -> Any:
    """The vectors of a text behind the last layers, whose weights are copies that can be trained.

    Where more vectors stand side by side than layers are trained, one is that of ``states``.
    """
    arrays, config, _, pooling = sentence_files(weights)
    total, each = n_layers(weights), [states]
    for number in range(total - count, total):
        each.append(block_of(arrays, config, number)(each[-1], known))
    return _side_by_side(each[-min(pooled_layers(weights, layers), len(each)) :], known, pooling)


def pooled_layers(weights: Weights, layers: int) -> int:
    """Vectors of a text that stand side by side: so many, but not more than the encoder has layers."""
    return max(1, min(layers, n_layers(weights)))


def _side_by_side(states: Sequence[Any], known: Any, pooling: str) -> Any:
    """The encoder's own vector of a text, then means of the layers below, from the last one down."""
    *below, last = states
    vectors = [PooledTokens(pooling)(last, known)]
    vectors += [PooledTokens("mean")(x, known) for x in reversed(below)]
    return keras.layers.Concatenate()(vectors) if below else vectors[0]
