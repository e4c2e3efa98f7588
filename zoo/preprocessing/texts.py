"""Texts to sequences of word numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import as_texts, tokenise, word_rules
from .base import InputSpec, coarse
from .terms import Terms, inverse_frequencies, padded, term_weights

SPACED = r"[^ ]+"  # token pattern of vectorisers that take texts from `spaced`
MAX_WORDS = 20_000
MAX_LENGTH = 512
_CHUNK = 2048


class TextPreprocessor:
    """Token ids: the training rows' frequent words get numbers, texts a common length.

    Words are those of :func:`deepworth.datasets.tokenise`.

    ``transform`` gives ``tokens`` int32 (n_samples, length): 0 padding at the end, 1 unknown. The
    length is that of the 95th percentile of the training texts, at most 512; longer texts keep
    their beginning.
    """

    def fit(self, X: pd.Series) -> TextPreprocessor:
        """Learn words and length from training texts."""
        from .layers import vectorisation

        counts: Counter[str] = Counter()
        lengths: list[int] = []
        for text in as_texts(X):
            words = tokenise(text)
            counts.update(words)
            lengths.append(len(words))
        self.length = _common_length(np.array(lengths))
        self.words = _frequent(counts, least=2 if len(X) >= 1000 else 1)
        self._layer = vectorisation(self.words, self.length)
        vocabulary = coarse(len(self.words) + 2)
        self.spec = InputSpec("text", (("tokens", (self.length,), "int32"),), vocabulary=vocabulary)
        return self

    def transform(self, X: pd.Series) -> dict[str, np.ndarray]:
        """Token ids of these texts."""
        import tensorflow as tf

        parts = [self._layer(tf.constant(part)[:, None]).numpy().astype(np.int32) for part in _chunks(X)]
        return {"tokens": np.concatenate(parts) if parts else np.zeros((0, self.length), np.int32)}

    def raw_arrays(self, X: pd.Series) -> dict[str, np.ndarray]:
        """``text``: str (n_samples, 1)."""
        return {"text": as_texts(X).to_numpy(dtype=object)[:, None]}

    def raw_layers(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Input ``text`` (batch, 1) of strings, and its ``tokens``."""
        import keras

        from .layers import vectorisation

        text = keras.Input((1,), dtype="string", name="text")
        tokens = vectorisation(self.words, self.length)(text)
        return {"text": text}, {"tokens": keras.ops.cast(tokens, "int32")}

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_layer"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        from .layers import vectorisation

        self.__dict__.update(state)
        self._layer = vectorisation(self.words, self.length)


MAX_TERMS = 2048  # of a text; the ends of longer ones are left out
_ENOUGH_TEXTS = 200  # from here on terms that occur once are left out
_LETTERS_UP_TO = 128  # words of a usual text: longer ones say enough by their words


class TermPreprocessor:
    """Numbers of a text's terms and their TF-IDF, for networks that add up what is known of each term.

    Terms are frequent words of the training texts, word pairs, and in short texts groups of letters, by
    which unknown words and scripts without spaces are still read.

    ``transform`` gives ``tokens`` int32 (n_samples, length), 0 padding at the end, and ``weights`` float32 of
    the same shape, see :class:`.layers.TermWeights`.

    Parameters
    ----------
    words, pairs, groups : int
        Terms that are kept of each kind at most.
    sizes : sequence of int
        Letters of a group.
    """

    def __init__(
        self, words: int = 10_000, pairs: int = 10_000, groups: int = 10_000, sizes: tuple[int, ...] = ()
    ) -> None:
        self.words, self.pairs, self.groups, self.sizes = words, pairs, groups, tuple(sizes)

    def fit(self, X: pd.Series) -> TermPreprocessor:
        """Learn terms, length and inverse document frequencies from training texts."""
        texts = [tokenise(text) for text in as_texts(X)]
        usual = np.percentile([len(text) for text in texts], 95) if texts else 0
        sizes = self.sizes if usual <= _LETTERS_UP_TO else ()
        least = 2 if len(X) >= _ENOUGH_TEXTS else 1
        self.terms = Terms(self.words, self.pairs, self.groups, sizes, least).fit(texts)
        rows = [self.terms.numbers(text) for text in texts]
        self.length = _common_length(np.array([len(row) for row in rows]), MAX_TERMS)
        numbers = padded(iter(rows), len(rows), self.length)
        self.idf = inverse_frequencies(numbers, len(self.terms.terms)).astype(np.float32)
        arrays = (("tokens", (self.length,), "int32"), ("weights", (self.length,), "float32"))
        self.spec = InputSpec("text", arrays, vocabulary=coarse(len(self.terms.terms) + 1))
        return self

    def transform(self, X: pd.Series) -> dict[str, np.ndarray]:
        """Numbers and weights of the terms of these texts."""
        texts = as_texts(X)
        rows = (self.terms.numbers(tokenise(text)) for text in texts)
        numbers = padded(rows, len(texts), self.length)
        return {"tokens": numbers, "weights": term_weights(numbers, self.idf, self.terms.n_words)}

    def raw_arrays(self, X: pd.Series) -> dict[str, np.ndarray]:
        """``text``: str (n_samples, 1)."""
        return {"text": as_texts(X).to_numpy(dtype=object)[:, None]}

    def raw_layers(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Input ``text`` (batch, 1) of strings, and its ``tokens`` and ``weights``."""
        import keras

        text = keras.Input((1,), dtype="string", name="text")
        return {"text": text}, self.layers_of(text)

    def layers_of(self, text: Any) -> dict[str, Any]:
        """``tokens`` and ``weights`` of a Keras input (batch, 1) of strings."""
        from .layers import TermNumbers, TermWeights

        numbers = TermNumbers(self.terms.terms, self.length, name="tokens")(text)
        weights = TermWeights(self.idf, self.terms.n_words, name="weights")(numbers)
        return {"tokens": numbers, "weights": weights}


def text_preprocessor(kind: str = "sequence", **options: Any) -> TextPreprocessor | TermPreprocessor:
    """That of a network that reads words in their order, or of one that adds up ``"terms"``."""
    return TermPreprocessor(**options) if kind == "terms" else TextPreprocessor(**options)


def spaced(texts: Iterable[str]) -> list[str]:
    """Texts with one space between their words, for scikit-learn's vectorisers with pattern ``SPACED``."""
    return [" ".join(tokenise(text)) for text in texts]


def lower_case(text: str) -> str:
    """Lower case letter by letter, as in ``tokenise``: a letter's place in its word does not count."""
    return text.replace("\u0130", "i").lower().replace("\u03c2", "\u03c3")


def without(text: str, word: str) -> str:
    """A text with a space in place of a word; everything else stays as it is."""

    def kept(piece: re.Match[str]) -> str:
        return " " if tokenise(piece[0]) == [word] else piece[0]

    return re.sub(word_rules().raw_words, kept, text)


def _chunks(X: Any) -> list[list[str]]:
    strings = as_texts(X).tolist()
    return [strings[i : i + _CHUNK] for i in range(0, len(strings), _CHUNK)]


def _common_length(lengths: np.ndarray, most: int = MAX_LENGTH) -> int:
    """The 95th percentile rounded up to a multiple of eight, so that folds share compiled code."""
    typical = int(np.ceil(np.percentile(lengths, 95))) if len(lengths) else 1
    return int(np.clip(-(-typical // 8) * 8, 8, most))


def _frequent(counts: Counter[str], least: int) -> list[str]:
    """Words, the most frequent first, ties in alphabetical order."""
    ranked = sorted((-n, w) for w, n in counts.items() if n >= least)
    words = [w for _, w in ranked][:MAX_WORDS]
    return words or ["the"]  # a vocabulary may not be empty
