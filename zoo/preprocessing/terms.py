"""The terms of a text: words, word pairs and letter groups, numbered and weighted by TF-IDF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

LONGEST = 30  # letters of a word that is cut into groups
LETTERS = "~"  # starts a letter group; no word has it, nor "<" and ">", which are a word's ends


def letter_groups(word: str, sizes: Sequence[int]) -> list[str]:
    """Groups of neighbouring letters of a word between its ends; none of a very long word.

    >>> letter_groups("tea", [4])
    ['~<tea', '~tea>']
    """
    if len(word) > LONGEST:
        return []
    marked = f"<{word}>"
    return [LETTERS + marked[i : i + size] for size in sizes for i in range(len(marked) - size + 1)]


def kinds_of_terms(terms: Sequence[str]) -> tuple[int, list[int]]:
    """The most words of a term, and the sizes of the letter groups."""
    groups = sorted({len(term) - len(LETTERS) for term in terms if term.startswith(LETTERS)})
    return 1 + any(" " in term for term in terms), groups


class Terms:
    """Terms of training texts by frequency, at most so many of each kind.

    Parameters
    ----------
    most_words, most_pairs, most_groups : int
        Terms that are kept of each kind.
    sizes : sequence of int
        Letters of a group; none for texts without letter groups.
    least : int
        Texts have a term so often at least.
    """

    def __init__(
        self, most_words: int, most_pairs: int, most_groups: int, sizes: Sequence[int], least: int
    ) -> None:
        self.most = (most_words, most_pairs, most_groups)
        self.sizes, self.least = tuple(sizes), least

    def fit(self, texts: Sequence[list[str]]) -> Terms:
        """Count the terms of texts, which are lists of words."""
        words: Counter[str] = Counter()
        pairs: Counter[str] = Counter()
        groups: Counter[str] = Counter()
        for text in texts:
            words.update(text)
            if self.most[1]:
                pairs.update(f"{a} {b}" for a, b in pairwise(text))
        for word, count in words.items() if self.sizes else ():
            for group in letter_groups(word, self.sizes):
                groups[group] += count
        kinds = zip((words, pairs, groups), self.most, strict=True)
        found = [term for counts, most in kinds for term in frequent(counts, self.least, most)]
        return self.of(found or ["the"])  # a vocabulary may not be empty

    def of(self, terms: Sequence[str]) -> Terms:
        """Take these terms as they are."""
        self.terms = list(terms)
        self._numbers = {term: i + 1 for i, term in enumerate(self.terms)}
        self._groups: dict[tuple[str, int], list[int]] = {}
        self._runs, self._sizes = kinds_of_terms(self.terms)
        self.n_words = sum(not term.startswith(LETTERS) for term in self.terms)
        return self

    def numbers(self, text: list[str]) -> list[int]:
        """Numbers of the known terms in order: words, pairs, then groups of each size word by word."""
        get = self._numbers.get
        found = [get(word, 0) for word in text]
        if self._runs > 1:
            found += [get(f"{a} {b}", 0) for a, b in pairwise(text)]
        for size in self._sizes:
            for word in text:
                found += self._groups_of(word, size)
        return [number for number in found if number]

    def _groups_of(self, word: str, size: int) -> list[int]:
        """Remembered: the letters of a frequent word are looked up once."""
        key = (word, size)
        if key not in self._groups:
            numbers = (self._numbers.get(group, 0) for group in letter_groups(word, [size]))
            self._groups[key] = [number for number in numbers if number]
        return self._groups[key]


def frequent(counts: Counter[str], least: int, most: int) -> list[str]:
    """Terms that occur at least so often, the most frequent first, ties in alphabetical order."""
    ranked = sorted((-n, term) for term, n in counts.items() if n >= least)
    return [term for _, term in ranked[:most]]


def padded(rows: Iterator[list[int]], n_rows: int, length: int) -> np.ndarray:
    """int32 (n_rows, length), zeros behind each row, the ends of longer rows cut off."""
    table = np.zeros((n_rows, length), np.int32)
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = row[:length]
    return table


def document_frequencies(numbers: np.ndarray, n_terms: int) -> np.ndarray:
    """In how many rows each term stands, int (n_terms,)."""
    rows, _ = np.nonzero(numbers)
    cells = np.unique(rows * (n_terms + 1) + numbers[numbers > 0])
    return np.bincount(cells % (n_terms + 1), minlength=n_terms + 1)[1:]


def inverse_frequencies(numbers: np.ndarray, n_terms: int) -> np.ndarray:
    """log((1 + n) / (1 + df)) + 1 of each term, as scikit-learn's TfidfVectorizer has it; float64."""
    return np.log((1.0 + len(numbers)) / (1.0 + document_frequencies(numbers, n_terms))) + 1.0


def term_weights(numbers: np.ndarray, idf: np.ndarray, n_words: int) -> np.ndarray:
    """TF-IDF of each term of a text, shared out to the places where it stands: float32 (n_rows, length).

    Words and pairs, the first ``n_words`` terms, and letter groups have length 1 each: there are many more
    letter groups in a text, and together they would count for most of it.
    """
    rows, _ = np.nonzero(numbers)
    found = numbers[numbers > 0]
    _, cells, counts = np.unique(rows * (len(idf) + 1) + found, return_inverse=True, return_counts=True)
    count = counts[cells].astype(np.float64)
    weight = np.asarray(idf)[found - 1] * (1.0 + np.log(count)) / count
    blocks = 2 * rows + (found > n_words)
    squares: Any = np.bincount(blocks, weight * weight * count, minlength=2 * len(numbers))
    weights = np.zeros(numbers.shape, np.float32)
    weights[numbers > 0] = weight / np.sqrt(squares[blocks])
    return weights
