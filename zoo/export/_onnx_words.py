"""Word and letter features of scikit-learn's vectorisers as ONNX operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._errors import CannotHold
from ._graph import Graph, Tensor
from ._onnx_texts import is_word, letters, lower_case, pieces, rewritten

# Python's \w: letters, digits of any kind and the underscore. Its white space, which str.split knows.
_WORDS = r"[\p{L}\p{N}_]+"
_NOT_SPACE = (
    r"[^\s\x0b\x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+"
)
_PATTERN = r"(?u)\b\w+\b"


def word_features(graph: Graph, step: Any, texts: Tensor) -> Tensor:
    """What ``SafeText`` gives, dense float32 (batch, n_words)."""
    vectoriser = step.vectoriser_
    if vectoriser is None:
        n_rows = graph.columns(graph.op("Shape", texts), 0, 1, axis=0)
        shape = graph.concat([n_rows, graph.constant(np.array([1]))], axis=0)
        return graph.op("Expand", np.zeros((1, 1), np.float32), shape)
    counts = (
        _letter_groups(graph, vectoriser, texts)
        if vectoriser.analyzer == "char_wb"
        else _words(graph, vectoriser, texts)
    )
    if vectoriser.binary:
        counts = graph.cast(graph.op("Greater", counts, np.float32(0)), "float32")
    return _weighted(graph, vectoriser, counts) if hasattr(vectoriser, "idf_") else counts


def _weighted(graph: Graph, vectoriser: Any, counts: Tensor) -> Tensor:
    if vectoriser.norm != "l2" or not vectoriser.use_idf:
        raise CannotHold("TF-IDF of another kind")
    if vectoriser.sublinear_tf:
        there = graph.op("Greater", counts, np.float32(0))
        logs = graph.op("Add", graph.op("Log", graph.op("Max", counts, np.float32(1))), np.float32(1))
        counts = graph.op("Where", there, logs, np.float32(0))
    weighted = graph.op("Mul", counts, np.asarray(vectoriser.idf_, np.float32))
    length = graph.op("Sqrt", graph.sum(graph.op("Mul", weighted, weighted), 1))
    return graph.op("Div", weighted, graph.op("Max", length, np.float32(1e-30)))


def _words(graph: Graph, vectoriser: Any, texts: Tensor) -> Tensor:
    if vectoriser.token_pattern != _PATTERN or not vectoriser.lowercase:
        raise CannotHold("a vectoriser with another pattern of words")
    groups = [tuple(name.split(" ")) for name in _in_order(vectoriser)]
    single = sorted({word for group in groups for word in group})
    words = rewritten(graph, pieces(graph, texts, _WORDS), lower_case(), max(map(len, single)))
    ids = graph.lookup(words, single, range(1, len(single) + 1), 0)
    return _counted(graph, ids, groups, {word: i + 1 for i, word in enumerate(single)})


def _letter_groups(graph: Graph, vectoriser: Any, texts: Tensor) -> Tensor:
    """Groups of letters inside words, a space at both ends; rows of letters of all words in one line."""
    groups = [tuple(name) for name in _in_order(vectoriser)]
    single = sorted({letter for group in groups for letter in group})
    number = {letter: i + 1 for i, letter in enumerate(single)}
    words = pieces(graph, texts, _NOT_SPACE)
    real = graph.op(
        "And", is_word(graph, words), graph.op("Not", graph.op("Equal", words, np.array("\ue000", object)))
    )
    space, empty = np.array(" ", object), np.array("", object)
    padded = graph.op("StringConcat", graph.op("StringConcat", space, words), space)
    padded = graph.op("Where", real, padded, empty)
    keys = {**number, **{upper: number[lower] for upper, lower in lower_case().items() if lower in number}}
    ids = graph.lookup(letters(graph, padded), list(keys), list(keys.values()), 0)
    return _counted(graph, graph.reshape(ids, [0, -1]), groups, number)


def _in_order(vectoriser: Any) -> list[str]:
    return [str(name) for name in vectoriser.get_feature_names_out()]


def _counted(graph: Graph, ids: Tensor, groups: Sequence[tuple[str, ...]], number: dict[str, int]) -> Tensor:
    """How often each group of neighbours stands in a row: float32 (batch, n_groups)."""
    sizes = sorted({len(group) for group in groups})
    pool: list[int] = []
    starts, places = [], []
    for size in range(1, sizes[-1] + 1):
        starts.append(len(pool))
        for place, group in enumerate(groups):
            if len(group) == size:
                pool += [number[part] for part in group]
                places.append(place)
    return graph.op(
        "TfIdfVectorizer",
        ids,
        mode="TF",
        min_gram_length=sizes[0],
        max_gram_length=sizes[-1],
        max_skip_count=0,
        pool_int64s=pool,
        ngram_counts=starts,
        ngram_indexes=places,
    )


def _text(graph: Graph, step: Any, inputs: Any) -> Tensor:
    return word_features(graph, step, next(iter(inputs.values())))


def _union(graph: Graph, step: Any, inputs: Any) -> Tensor:
    return graph.concat([_text(graph, part, inputs) for _, part in step.transformer_list])


STEPS: dict[str, Any] = {"FeatureUnion": _union, "SafeText": _text}
