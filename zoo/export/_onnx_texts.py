"""Texts as ONNX operators: numbers of words for networks, counts of words and letters for pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from ...datasets import word_rules
from ..preprocessing.terms import LETTERS, LONGEST
from ..preprocessing.texts import SPACED
from ._formats import CannotHold
from ._onnx_graph import RUNTIME, Graph, StepWriter, Tensor

# A Tokenizer that finds nothing in any row fails, so every text gets a mark at its end that is removed again.
_MARK = "\ue000"
_KEPT = "\ue001"  # "this letter does not change"; both are private characters, which no word has


def pieces(graph: Graph, texts: Tensor, expression: str) -> Tensor:
    """Matches in each text (batch,): (batch, largest number of matches), filled with "", at least one column.

    The regular expression is one of RE2, as in TensorFlow.
    """
    marked = graph.op("StringConcat", texts, np.array(f" {_MARK}", object))
    return _tokens(graph, marked, tokenexp=f"{_MARK}|{expression}")


def _tokens(graph: Graph, texts: Tensor, **attributes: Any) -> Tensor:
    return graph.op("Tokenizer", texts, domain=RUNTIME, mark=0, pad_value="", mincharnum=1, **attributes)


def letters(graph: Graph, words: Tensor) -> Tensor:
    """The letters of each word along a new axis, filled with ""."""
    return _tokens(graph, words, separators=[""])


def rewritten(graph: Graph, words: Tensor, changes: Mapping[str, str], longest: int) -> Tensor:
    """Words with letters replaced or removed ("").

    Words longer than ``longest`` are cut after the next power of two, so they equal no word of that length.
    """
    old = letters(graph, words)
    new = graph.lookup(old, list(changes), list(changes.values()), _KEPT)
    parts = graph.op("Where", graph.op("Equal", new, np.array(_KEPT, object)), old, new)
    width = 1 << int(longest).bit_length()  # more than longest
    shape = graph.concat([graph.op("Shape", words), graph.constant(np.array([width]))], axis=0)
    empty = graph.op("Expand", np.array("", object), shape)
    parts = graph.columns(graph.concat([parts, empty]), 0, width, axis=2)
    while width > 1:  # join neighbours until words are complete
        left, right = (graph.columns(parts, start, width, axis=2, step=2) for start in (0, 1))
        parts, width = graph.op("StringConcat", left, right), width // 2
    return graph.op("Squeeze", parts, np.array([2]))


@cache
def lower_case() -> Mapping[str, str]:
    """Lower case by upper case letter."""
    letters = (chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    return {letter: letter.lower() for letter in letters if letter.lower() != letter}


def compacted(graph: Graph, ids: Tensor, wanted: Tensor, length: int | None = None) -> Tensor:
    """The wanted numbers of each row moved to its start, then zeros.

    int64 (batch, length), or of the same shape as ``ids``.
    """
    position = graph.op("Sub", graph.op("CumSum", graph.cast(wanted, "int64"), np.int64(1)), np.int64(1))
    n_rows, width = (graph.columns(graph.op("Shape", ids), i, i + 1, axis=0) for i in (0, 1))
    last = width if length is None else graph.constant(np.array([length]))
    fits = graph.op("And", wanted, graph.op("Less", position, last))
    position = graph.op("Where", fits, position, last)  # the last column is discarded
    shape = graph.concat([n_rows, graph.op("Add", last, np.array([1]))], axis=0)
    zeros = graph.op("Expand", np.int64(0), shape)
    moved = graph.op("ScatterElements", zeros, position, ids, axis=1)
    return graph.op("Slice", moved, np.array([0]), last, np.array([1]), np.array([1]))


def is_word(graph: Graph, words: Tensor) -> Tensor:
    """Whether there is a word, bool of the same shape."""
    return graph.op("Not", graph.op("Equal", words, np.array("", object)))


def tokens(graph: Graph, texts: Tensor, longest: int) -> tuple[Tensor, Tensor]:
    """The words of :func:`deepworth.datasets.tokenise` in each text (batch,), and where there is one.

    Words longer than ``longest`` are cut, see :func:`rewritten`.
    """
    rules = word_rules()
    raw = pieces(graph, texts, rules.raw_words)
    changes = {**lower_case(), **dict.fromkeys((*rules.removed, _MARK), ""), **rules.same}
    words = rewritten(graph, raw, changes, longest)
    for face, expression in rules.emoticons.items():
        words = graph.op(
            "Where", graph.op("RegexFullMatch", raw, pattern=expression), np.array(face, object), words
        )
    breaks = graph.op("RegexFullMatch", raw, pattern="(?s)<.*")
    return words, graph.op("And", is_word(graph, words), graph.op("Not", breaks))


def token_ids(graph: Graph, texts: Tensor, vocabulary: Sequence[str], length: int) -> Tensor:
    """As TextVectorization with our :func:`words_apart`: 0 padding, 1 unknown, then the words.

    ``texts`` (batch,), answer int64 (batch, length).
    """
    words, there = tokens(graph, texts, _longest(vocabulary))
    ids = graph.lookup(words, list(vocabulary), range(2, len(vocabulary) + 2), 1)
    return compacted(graph, ids, there, length)


def bag_of_words(graph: Graph, texts: Tensor, vocabulary: Sequence[str]) -> Tensor:
    """As our ``BagOfWords``: float32 (batch, n_words), of ``texts`` (batch,)."""
    words, _ = tokens(graph, texts, _longest(vocabulary))
    ids = graph.lookup(words, list(vocabulary), range(len(vocabulary)), -1)
    same = graph.op("Equal", graph.op("Unsqueeze", ids, np.array([2])), np.arange(len(vocabulary)))
    return graph.op("ReduceMax", graph.cast(same, "float32"), np.array([1]), keepdims=0)


def term_numbers(graph: Graph, texts: Tensor, terms: Sequence[str], length: int) -> Tensor:
    """As our ``TermNumbers``: int64 (batch, length), of ``texts`` (batch,)."""
    number = {term: i + 1 for i, term in enumerate(terms)}
    groups = {term[len(LETTERS) :]: n for term, n in number.items() if term.startswith(LETTERS)}
    named = {term: n for term, n in number.items() if not term.startswith(LETTERS)}
    single = {word: i + 1 for i, word in enumerate(sorted({w for term in named for w in term.split(" ")}))}
    words, there = tokens(graph, texts, max(_longest(list(single)), LONGEST if groups else 0))
    found = []
    if single:
        ids = compacted(graph, graph.lookup(words, list(single), list(single.values()), 0), there)
        keys = [single[word] for word in named if " " not in word]
        found.append(graph.number_lookup(ids, keys, [number[w] for w in named if " " not in w]))
        found += _pair_numbers(graph, ids, single, {t: n for t, n in named.items() if " " in t})
    for size in sorted({len(group) for group in groups}):
        of_size = {group: n for group, n in groups.items() if len(group) == size}
        found.append(_group_numbers(graph, words, there, of_size, size))
    joined = graph.concat(found)
    return compacted(graph, joined, graph.op("Greater", joined, np.int64(0)), length)


def _pair_numbers(
    graph: Graph, ids: Tensor, single: Mapping[str, int], pairs: Mapping[str, int]
) -> list[Tensor]:
    """Numbers of neighbours, in a list of none or one."""
    if not pairs:
        return []
    base = len(single) + 1
    first, second = graph.columns(ids, 0, -1), graph.columns(ids, 1, np.iinfo(np.int64).max)
    both = graph.op("Add", graph.op("Mul", first, np.int64(base)), second)
    keys = [single[a] * base + single[b] for a, b in (pair.split(" ") for pair in pairs)]
    return [graph.number_lookup(both, keys, list(pairs.values()))]


def _group_numbers(
    graph: Graph, words: Tensor, there: Tensor, groups: Mapping[str, int], size: int
) -> Tensor:
    """Numbers of the groups of letters of each word, all words of a row in one line."""
    single = {letter: i + 1 for i, letter in enumerate(sorted({a for group in groups for a in group}))}
    base = len(single) + 1
    if base**size > np.iinfo(np.int64).max:
        raise CannotHold(f"groups of {size} letters out of {len(single)} have no number in ONNX here")
    marked = graph.op(
        "StringConcat", graph.op("StringConcat", np.array("<", object), words), np.array(">", object)
    )
    marked = graph.op("Where", there, marked, np.array("", object))
    each = letters(graph, marked)
    count = graph.sum(graph.cast(is_word(graph, each), "int64"), 2)
    short = graph.op("LessOrEqual", count, np.int64(LONGEST + 2))
    ids = graph.lookup(each, list(single), list(single.values()), 0)
    ids = graph.op("Where", short, ids, np.int64(0))
    key = graph.constant(np.int64(0))
    for i in range(size):
        stop = i - size + 1 or np.iinfo(np.int64).max
        key = graph.op("Add", graph.op("Mul", key, np.int64(base)), graph.columns(ids, i, stop, axis=2))
    keys = [sum(single[a] * base ** (size - 1 - i) for i, a in enumerate(group)) for group in groups]
    return graph.reshape(graph.number_lookup(key, keys, list(groups.values())), [0, -1])


def term_weights(graph: Graph, numbers: Tensor, idf: Sequence[float], n_words: int) -> Tensor:
    """As our ``TermWeights``: float32 (batch, length)."""
    counts = scattered(
        graph, numbers, graph.op("Expand", np.float32(1), graph.op("Shape", numbers)), len(idf) + 1
    )
    count = graph.op("GatherElements", counts, numbers, axis=1)
    weight = graph.op("Gather", np.array([0.0, *idf], np.float32), numbers, axis=0)
    weight = graph.op("Mul", weight, graph.op("Add", graph.op("Log", count), np.float32(1)))
    weight = graph.op("Div", weight, count)
    squares = graph.op("Mul", graph.op("Mul", weight, weight), count)
    is_word = graph.op("LessOrEqual", numbers, np.int64(n_words))
    words = graph.sum(graph.op("Where", is_word, squares, np.float32(0)), 1)
    letters = graph.sum(graph.op("Where", is_word, np.float32(0), squares), 1)
    total = graph.op("Max", graph.op("Where", is_word, words, letters), np.float32(1e-24))
    return graph.op("Div", weight, graph.op("Sqrt", total))


def scattered(graph: Graph, numbers: Tensor, values: Tensor, width: int) -> Tensor:
    """Sums of the values by number: float32 (batch, width)."""
    n_rows = graph.columns(graph.op("Shape", numbers), 0, 1, axis=0)
    shape = graph.concat([n_rows, graph.constant(np.array([width]))], axis=0)
    zeros = graph.op("Expand", np.float32(0), shape)
    return graph.op("ScatterElements", zeros, numbers, values, axis=1, reduction="add")


def _longest(words: Sequence[str]) -> int:
    return max(map(len, words), default=1)


# Python's \w: letters, digits of any kind and the underscore. Then its white space, as in str.split.
_WORDS = r"[\p{L}\p{N}_]+"
_NOT_SPACE = (
    r"[^\s\x0b\x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+"
)
_PATTERN = r"(?u)\b\w+\b"


def word_features(graph: Graph, step: Any, texts: Tensor) -> Tensor:
    """The output of ``SafeText``, dense float32 (batch, n_words)."""
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
        raise CannotHold("TF-IDF without L2 norm or without IDF has no form in ONNX here")
    if vectoriser.sublinear_tf:
        there = graph.op("Greater", counts, np.float32(0))
        logs = graph.op("Add", graph.op("Log", graph.op("Max", counts, np.float32(1))), np.float32(1))
        counts = graph.op("Where", there, logs, np.float32(0))
    weighted = graph.op("Mul", counts, np.asarray(vectoriser.idf_, np.float32))
    length = graph.op("Sqrt", graph.sum(graph.op("Mul", weighted, weighted), 1))
    return graph.op("Div", weighted, graph.op("Max", length, np.float32(1e-30)))


def _words(graph: Graph, vectoriser: Any, texts: Tensor) -> Tensor:
    if (vectoriser.token_pattern, vectoriser.lowercase) not in ((SPACED, False), (_PATTERN, True)):
        raise CannotHold("a vectoriser with another token pattern has no form in ONNX here")
    groups = [tuple(name.split(" ")) for name in _in_order(vectoriser)]
    single = sorted({word for group in groups for word in group})
    numbers = range(1, len(single) + 1)
    if vectoriser.token_pattern == SPACED:
        words, there = tokens(graph, texts, _longest(single))
        ids = compacted(graph, graph.lookup(words, single, numbers, 0), there)
    else:
        words = rewritten(graph, pieces(graph, texts, _WORDS), lower_case(), _longest(single))
        ids = graph.lookup(words, single, numbers, 0)
    return _counted(graph, ids, groups, {word: i + 1 for i, word in enumerate(single)})


def _letter_groups(graph: Graph, vectoriser: Any, texts: Tensor) -> Tensor:
    """Groups of letters inside words with a space at both ends; letters of all words of a row in one line."""
    groups = [tuple(name) for name in _in_order(vectoriser)]
    single = sorted({letter for group in groups for letter in group})
    number = {letter: i + 1 for i, letter in enumerate(single)}
    words = pieces(graph, texts, _NOT_SPACE)
    not_mark = graph.op("Not", graph.op("Equal", words, np.array(_MARK, object)))
    real = graph.op("And", is_word(graph, words), not_mark)
    space, empty = np.array(" ", object), np.array("", object)
    padded = graph.op("StringConcat", graph.op("StringConcat", space, words), space)
    padded = graph.op("Where", real, padded, empty)
    lower = {**lower_case(), "\u0130": "i", "\u03c2": "\u03c3"}  # as preprocessing.texts.lower_case
    keys = {**number, **{letter: number[low] for letter, low in lower.items() if low in number}}
    ids = graph.lookup(letters(graph, padded), list(keys), list(keys.values()), 0)
    return _counted(graph, graph.reshape(ids, [0, -1]), groups, number)


def _in_order(vectoriser: Any) -> list[str]:
    return [str(name) for name in vectoriser.get_feature_names_out()]


def _counted(graph: Graph, ids: Tensor, groups: Sequence[tuple[str, ...]], number: dict[str, int]) -> Tensor:
    """How often each group of neighbours is in a row: float32 (batch, n_groups)."""
    sizes = sorted({len(group) for group in groups})
    pool: list[int] = []
    starts, positions = [], []
    for size in range(1, sizes[-1] + 1):
        starts.append(len(pool))
        for position, group in enumerate(groups):
            if len(group) == size:
                pool += [number[part] for part in group]
                positions.append(position)
    return graph.op(
        "TfIdfVectorizer",
        ids,
        mode="TF",
        min_gram_length=sizes[0],
        max_gram_length=sizes[-1],
        max_skip_count=0,
        pool_int64s=pool,
        ngram_counts=starts,
        ngram_indexes=positions,
    )


def _text(graph: Graph, step: Any, inputs: Any) -> Tensor:
    return word_features(graph, step, next(iter(inputs.values())))


def _union(graph: Graph, step: Any, inputs: Any) -> Tensor:
    return graph.concat([_text(graph, part, inputs) for _, part in step.transformer_list])


STEPS: dict[str, StepWriter] = {"FeatureUnion": _union, "SafeText": _text}
