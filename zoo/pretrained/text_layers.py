"""Tokenisers as Keras layers over strings, so that an exported network takes raw texts.

Texts are decoded to one long run of characters, and all of them are worked on at once by operations on whole
numbers. What the layers give is what the libraries of the pretrained models give; special pieces that are
spelled out in a text ("[SEP]") are text here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

PADDING = -1
_CHARACTERS = 0x30000  # those beyond have no case, accents or words of their own in any known vocabulary
_CODE = 2**21  # characters a state of the trie can go on with
_LONGEST_WORD = 100  # characters; longer ones are unknown, as in BERT
_CHARACTERS_A_PIECE = 32  # of a text so many times its pieces are looked at
_IDEOGRAPHS = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F)),
    *((0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)
_UNSEEN = ("Cc", "Cf", "Co")  # categories of control characters, signs of format and private use
_INNER = 0
_SPACE = 1
_ALONE = 2


def characters(texts: Any, pieces: int) -> tuple[Any, Any]:
    """Characters of all texts (strings, n) as numbers, and the text that each is of.

    Any space is one space and none is at the ends: a text means the same however it is laid out.
    """
    texts = tf.strings.strip(tf.strings.regex_replace(texts, r"[\s\p{Z}]+", " "))
    texts = tf.strings.substr(texts, 0, _CHARACTERS_A_PIECE * pieces, unit="UTF8_CHAR")
    decoded = tf.strings.unicode_decode(texts, "UTF-8")
    return decoded.flat_values, decoded.value_rowids()


def padded(ids: Any, rows: Any, n_rows: Any, first: int, last: int, length: int, padding: int) -> Any:
    """Pieces of each text between its ends, cut to ``length``, (n_rows, longest) int32."""
    inside = length - (first >= 0) - (last >= 0)
    each = tf.RaggedTensor.from_value_rowids(ids, rows, n_rows)[:, :inside]
    ends = [tf.fill([n_rows, 1], end) for end in (first, last)]
    parts = [*([ends[0]] if first >= 0 else []), each, *([ends[1]] if last >= 0 else [])]
    return tf.concat(parts, axis=1).to_tensor(padding) if len(parts) > 1 else each.to_tensor(padding)


class _Tokens(keras.layers.Layer):
    """Strings (batch, 1) to piece numbers (batch, longest) int32, padded by ``padding``.

    ``fixed`` pads all to ``length``.
    """

    def __init__(
        self,
        pieces: Sequence[str],
        length: int,
        first: int = -1,
        last: int = -1,
        padding: int = PADDING,
        fixed: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "int32", "trainable": False, **kwargs})
        self.fixed = bool(fixed)
        self._pieces = np.array([*pieces, None], dtype=object)[:-1]  # Keras would look at each item of a list
        self.length = int(length)
        self.first, self.last, self.padding = int(first), int(last), int(padding)

    def call(self, texts: Any) -> Any:
        texts = tf.reshape(tf.convert_to_tensor(texts), [-1])
        flat, rows = characters(texts, self.length)
        ids, rows = self._pieces_of(flat, rows)
        n_rows = tf.size(texts, tf.int64)
        ids = padded(ids, rows, n_rows, self.first, self.last, self.length, self.padding)
        if not self.fixed:
            return ids
        more = [[0, 0], [0, self.length - tf.shape(ids)[1]]]
        return tf.ensure_shape(tf.pad(ids, more, constant_values=self.padding), (None, self.length))

    def _pieces_of(self, flat: Any, rows: Any) -> tuple[Any, Any]:
        raise NotImplementedError

    @property
    def pieces(self) -> list[str]:
        """Pieces by their number."""
        return [str(piece) for piece in self._pieces]

    def compute_output_spec(self, texts: Any) -> Any:
        return keras.KerasTensor((texts.shape[0], self.length if self.fixed else None), dtype="int32")

    def get_config(self) -> dict[str, Any]:
        own = ("pieces", "length", "first", "last", "padding", "fixed")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


@keras.saving.register_keras_serializable(package="deepworth")
class WordPieces(_Tokens):
    """BERT's tokeniser (Devlin et al. 2019): words, and in each the longest known piece first.

    Input str (batch, 1); output int32 (batch, longest), at most ``length``.
    """

    def __init__(
        self,
        pieces: Sequence[str],
        length: int,
        unknown: int = 0,
        lower_case: bool = True,
        strip_accents: bool = True,
        keep_unknown: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(pieces, length, **kwargs)
        self.unknown, self.keep_unknown = int(unknown), bool(keep_unknown)
        self.lower_case, self.strip_accents = bool(lower_case), bool(strip_accents)
        self._keys, self._nexts, self._ids, self._depth = trie(self.pieces)
        self._plain, self._classes = character_tables(self.lower_case, self.strip_accents)

    def _pieces_of(self, flat: Any, rows: Any) -> tuple[Any, Any]:
        flat, rows = self._normalised(flat, rows)
        kinds = tf.gather(self._classes, tf.minimum(flat, _CHARACTERS - 1))
        word, starts, n_words = _words(kinds, rows)
        inside = kinds != _SPACE
        flat, rows, word, starts = (tf.boolean_mask(x, inside) for x in (flat, rows, word, starts))
        size = tf.math.bincount(tf.cast(word, tf.int32), minlength=n_words, dtype=tf.int64)
        begin = tf.cumsum(size, exclusive=True)
        end = tf.gather(begin + size, word)
        longest, best = self._longest_pieces(flat, tf.cast(starts, tf.int32), end)
        used, unknown = _chosen(begin, begin + size, longest)
        unknown = unknown | (size > _LONGEST_WORD)
        lost = tf.gather(unknown, word)
        kept = (used & ~lost) | (lost & starts) if self.keep_unknown else used & ~lost
        ids = tf.where(lost, self.unknown, best)
        return tf.boolean_mask(ids, kept), tf.boolean_mask(rows, kept)

    def _normalised(self, flat: Any, rows: Any) -> tuple[Any, Any]:
        """Letters without case and accents; characters that nobody sees are left out."""
        plain = tf.gather(self._plain, tf.minimum(flat, _CHARACTERS - 1))
        far = flat >= _CHARACTERS
        kept = far & (flat < 0xE0000)
        alone = tf.concat([flat[:, None], tf.fill([tf.size(flat), 2], -1)], axis=1)
        plain = tf.where(far[:, None], tf.where(kept[:, None], alone, -1), plain)
        there = plain >= 0
        rows = tf.boolean_mask(tf.repeat(rows[:, None], 3, axis=1), there)
        return tf.boolean_mask(plain, there), rows

    def _longest_pieces(self, flat: Any, starts: Any, end: Any) -> tuple[Any, Any]:
        """For each place the length and number of the longest piece that begins there."""
        keys, nexts, ids, depth = self._keys, self._nexts, self._ids, self._depth
        n = tf.size(flat, tf.int64)
        state = tf.cast(1 - starts, tf.int64)  # 0 begins words, 1 goes on in them

        def step(k: Any, at: Any, state: Any, length: Any, best: Any) -> tuple[Any, ...]:
            wanted = state * _CODE + tf.cast(tf.gather(flat, at + k), tf.int64)
            place = tf.minimum(tf.searchsorted(keys, wanted), len(keys) - 1)
            known = tf.gather(keys, place) == wanted
            at, place = tf.boolean_mask(at, known), tf.boolean_mask(place, known)
            state = tf.gather(nexts, place)
            piece = tf.gather(ids, state)
            ends = piece >= 0
            where = tf.boolean_mask(at, ends)[:, None]
            length = tf.tensor_scatter_nd_update(length, where, tf.fill([tf.size(where)], k + 1))
            best = tf.tensor_scatter_nd_update(best, where, tf.boolean_mask(piece, ends))
            more = at + k + 1 < tf.gather(end, at)
            return k + 1, tf.boolean_mask(at, more), tf.boolean_mask(state, more), length, best

        shapes = (tf.TensorShape([]), *(tf.TensorShape([None]),) * 4)
        *_, length, best = tf.while_loop(
            lambda k, at, *_: (k < depth) & (tf.size(at) > 0),
            step,
            (tf.constant(0, tf.int64), tf.range(n), state, tf.zeros([n], tf.int64), tf.fill([n], -1)),
            shape_invariants=shapes,
        )
        return length, best

    def get_config(self) -> dict[str, Any]:
        own = ("unknown", "lower_case", "strip_accents", "keep_unknown")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


def _words(kinds: Any, rows: Any) -> tuple[Any, Any, Any]:
    """The word of each character (spaces belong to none), where words start, and how many there are."""
    inner = kinds == _INNER
    ahead = tf.concat([[False], inner[:-1]], axis=0) & tf.concat([[False], rows[1:] == rows[:-1]], axis=0)
    starts = (kinds == _ALONE) | (inner & ~ahead)
    word = tf.cumsum(tf.cast(starts, tf.int64)) - 1
    return word, starts, tf.reduce_sum(tf.cast(starts, tf.int32))


def _chosen(begin: Any, end: Any, longest: Any) -> tuple[Any, Any]:
    """Places where pieces of words begin, the longest first, and the words that no pieces make up."""

    def step(place: Any, word: Any, used: Any, unknown: Any) -> tuple[Any, ...]:
        length = tf.gather(longest, place)
        lost = tf.boolean_mask(word, length == 0)[:, None]
        unknown = tf.tensor_scatter_nd_update(unknown, lost, tf.ones([tf.size(lost)], tf.bool))
        used = tf.tensor_scatter_nd_update(used, place[:, None], tf.ones([tf.size(place)], tf.bool))
        onward = (length > 0) & (place + length < tf.gather(end, word))
        return tf.boolean_mask(place + length, onward), tf.boolean_mask(word, onward), used, unknown

    n_words, n = tf.size(begin), tf.size(longest)
    shapes = (tf.TensorShape([None]),) * 4
    start = (
        begin,
        tf.range(tf.cast(n_words, tf.int64)),
        tf.zeros([n], tf.bool),
        tf.zeros([n_words], tf.bool),
    )
    *_, used, unknown = tf.while_loop(
        lambda place, *_: tf.size(place) > 0, step, start, shape_invariants=shapes
    )
    return used, unknown


def trie(pieces: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """States of all beginnings of pieces: sorted keys (state, character), next states, and pieces by state.

    State 0 begins a word and state 1 goes on in one; the last value is the longest piece.
    """
    edges: dict[tuple[int, int], int] = {}
    ends = {0: -1, 1: -1}
    depth = 1
    for number, piece in enumerate(pieces):
        state = 1 if piece.startswith("##") and len(piece) > 2 else 0
        letters = piece[2:] if state else piece
        depth = max(depth, len(letters))
        for letter in letters:
            state = edges.setdefault((state, ord(letter)), len(ends))
            ends.setdefault(state, -1)
        ends[state] = number
    ends |= {0: -1, 1: -1}  # an empty piece is none
    keys = np.array([state * _CODE + letter for state, letter in edges], np.int64)
    order = np.argsort(keys)
    nexts = np.array(list(edges.values()), np.int64)
    if not len(keys):
        keys, nexts, order = np.array([-1]), np.array([0]), np.array([0])
    return keys[order], nexts[order], np.array([ends[i] for i in range(len(ends))], np.int32), depth


@cache
def character_tables(lower_case: bool, strip_accents: bool) -> tuple[np.ndarray, np.ndarray]:
    """What characters become, (n, 3) with -1 for nothing, and their classes: inner, space or alone."""
    plain = np.full((_CHARACTERS, 3), -1, np.int32)
    plain[:, 0] = np.arange(_CHARACTERS)
    classes = np.full(_CHARACTERS, _INNER, np.int8)
    for code in range(_CHARACTERS):
        letter = chr(code)
        kind = unicodedata.category(letter)
        if letter in "\t\n\r\u2028\u2029" or kind == "Zs":
            classes[code] = _SPACE
        elif kind[0] == "P" or (code < 128 and kind[0] == "S"):
            classes[code] = _ALONE
        if (kind in _UNSEEN and letter not in "\t\n\r") or code in (0, 0xFFFD):
            plain[code] = -1
            continue
        new = letter
        if strip_accents:
            new = "".join(c for c in unicodedata.normalize("NFD", new) if unicodedata.category(c) != "Mn")
        if lower_case:
            new = "".join(c.lower() for c in new)
        if new != letter:
            plain[code] = (*map(ord, new[:3]), -1, -1, -1)[:3]
    for low, high in _IDEOGRAPHS:
        classes[low : high + 1] = _ALONE
    return plain, classes


_SPACE_SIGN = 0x2581


@keras.saving.register_keras_serializable(package="deepworth")
class BytePairs(_Tokens):
    """SentencePiece's byte-pair encoding: the pair that merges first merges first, word by word.

    Input str (batch, 1); output int32 (batch, longest), at most ``length``. Characters that have no piece are
    spelled by bytes.
    """

    def __init__(
        self, pieces: Sequence[str], merges: Sequence[Sequence[int]], length: int, **kwargs: Any
    ) -> None:
        super().__init__(pieces, length, **kwargs)
        pairs = self._pairs = np.array(merges, np.int64).reshape(-1, 3)
        keys = pairs[:, 0] * _CODE + pairs[:, 1]
        self._keys, first = np.unique(keys, return_index=True)
        self._ranks, self._becomes = first.astype(np.int64), pairs[first, 2].astype(np.int32)
        known = {ord(piece): i for i, piece in enumerate(pieces) if len(piece) == 1}
        self._letters = np.array(sorted(known), np.int32)
        self._letter_ids = np.array([known[c] for c in sorted(known)], np.int32)
        numbers = {piece: i for i, piece in enumerate(pieces)}
        self._bytes = np.array([numbers.get(f"<0x{i:02X}>", 0) for i in range(256)], np.int32)

    def _pieces_of(self, flat: Any, rows: Any) -> tuple[Any, Any]:
        flat, rows = self._marked(flat, rows)
        sign = flat == _SPACE_SIGN
        before = tf.concat([[False], sign[:-1]], axis=0)
        fresh = tf.concat([[True], rows[1:] != rows[:-1]], axis=0)[: tf.size(rows)]
        word = tf.cumsum(tf.cast(fresh | (sign & ~before), tf.int32)) - 1
        ids, rows, word = self._letters_of(flat, rows, word)
        ids = self._merged(ids, word)
        kept = ids >= 0
        return tf.boolean_mask(ids, kept), tf.boolean_mask(rows, kept)

    def _marked(self, flat: Any, rows: Any) -> tuple[Any, Any]:
        """Spaces as their sign, and one before every text that is not empty."""
        flat = tf.where(flat == 0x20, _SPACE_SIGN, flat)
        fresh = tf.concat([[True], rows[1:] != rows[:-1]], axis=0)[: tf.size(rows)]
        both = tf.stack([tf.where(fresh, _SPACE_SIGN, -1), flat], axis=1)
        there = both >= 0
        return tf.boolean_mask(both, there), tf.boolean_mask(tf.repeat(rows[:, None], 2, axis=1), there)

    def _letters_of(self, flat: Any, rows: Any, word: Any) -> tuple[Any, Any, Any]:
        """Pieces of single characters, or the bytes of UTF-8 of those that have none."""
        place = tf.minimum(tf.searchsorted(self._letters, flat), max(0, len(self._letters) - 1))
        known = tf.gather(self._letters, place) == flat
        ids = tf.where(
            known[:, None], _first_of_four(tf.gather(self._letter_ids, place)), self._spelled(flat)
        )
        there = ids >= 0
        each = [tf.boolean_mask(tf.repeat(x[:, None], 4, axis=1), there) for x in (rows, word)]
        return tf.boolean_mask(ids, there), each[0], each[1]

    def _spelled(self, flat: Any) -> Any:
        """Bytes of UTF-8 as pieces (n, 4), -1 for none."""
        low = [tf.bitwise.bitwise_and(tf.bitwise.right_shift(flat, 6 * i), 63) + 128 for i in range(3)]
        two = [tf.bitwise.right_shift(flat, 6) + 0xC0, low[0]]
        three = [tf.bitwise.right_shift(flat, 12) + 0xE0, low[1], low[0]]
        four = [tf.bitwise.right_shift(flat, 18) + 0xF0, low[2], low[1], low[0]]
        none = tf.fill(tf.shape(flat), -1)
        ways = [tf.stack([*w, *[none] * (4 - len(w))], axis=1) for w in ([flat], two, three, four)]
        code = flat[:, None]
        chosen = tf.where(
            code < 0x80, ways[0], tf.where(code < 0x800, ways[1], tf.where(code < 0x10000, ways[2], ways[3]))
        )
        spelled = tf.gather(self._bytes, tf.clip_by_value(chosen, 0, 255))
        return tf.where(chosen >= 0, spelled, -1)

    def _merged(self, ids: Any, word: Any) -> Any:
        """Pieces after all merges, at the places of their first characters; -1 elsewhere."""
        far = tf.constant(2**62, tf.int64)

        def step(at: Any, ids: Any, word: Any, out: Any) -> tuple[Any, ...]:
            last = tf.concat([word[1:] != word[:-1], [True]], axis=0)
            after = tf.concat([ids[1:], [0]], axis=0)
            wanted = tf.cast(ids, tf.int64) * _CODE + tf.cast(after, tf.int64)
            place = tf.minimum(tf.searchsorted(self._keys, wanted), len(self._keys) - 1)
            known = (tf.gather(self._keys, place) == wanted) & ~last
            n = tf.size(ids, tf.int64)
            # the rank first, then the place, so that equal pairs merge from the left
            order = tf.where(known, tf.gather(self._ranks, place) * 2**32 + tf.range(n), far)
            _, group = tf.unique(word)
            first = tf.math.unsorted_segment_min(order, group, tf.reduce_max(group) + 1)
            chosen = tf.gather(first, group)
            merges = known & (order == chosen)
            ids = tf.where(merges, tf.gather(self._becomes, place), ids)
            gone = tf.concat([[False], merges[:-1]], axis=0)
            done = chosen >= far
            out = tf.tensor_scatter_nd_update(
                out, tf.boolean_mask(at, done)[:, None], tf.boolean_mask(ids, done)
            )
            onward = ~done & ~gone
            return (*(tf.boolean_mask(x, onward) for x in (at, ids, word)), out)

        n = tf.size(ids)
        if not len(self._keys):
            return ids
        shapes = (tf.TensorShape([None]),) * 4
        *_, out = tf.while_loop(
            lambda at, *_: tf.size(at) > 0,
            step,
            (tf.range(n), ids, word, tf.fill([n], -1)),
            shape_invariants=shapes,
        )
        return out

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "merges": self._pairs.tolist()}


def _first_of_four(ids: Any) -> Any:
    return tf.concat([ids[:, None], tf.fill([tf.size(ids), 3], -1)], axis=1)
