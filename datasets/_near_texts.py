"""Texts that are equal except for a few words: an exact similarity join over word triples.

Two texts are nearly equal when the Jaccard similarity of their sets of word triples, their shingles (Broder
1997), is at least 0.8. All such pairs are found without comparing all pairs: if the shingles of every text
are sorted from rare to frequent, two similar texts share one of their rarest 20 % (prefix filtering:
Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007). Most rare shingles occur in one text only,
so few candidates are left.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ._words import PUNCTUATION, tokenise

SIMILARITY = 0.8
# Limits of memory and time: words (the first ones of each text) and pairs. Only texts made from a few words
# reach the limits of pairs; those that share the rarest shingles come first.
MAX_WORDS = 10_000_000
MAX_LOOKS = 20_000_000
MAX_CANDIDATES = 2_000_000
BLOCK = 20_000  # candidate pairs compared at once
_TABLE = 1 << 24  # cells of the table of counts


def near_texts(texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """Texts of equal words, and pairs of texts of nearly equal words.

    Case, spaces and punctuation are ignored. Empty texts are equal to no other.

    Parameters
    ----------
    texts : iterable of str, of length n_samples

    Returns
    -------
    content : int64 ndarray of shape (n_samples,)
        The same number for the same words in the same order.
    pairs : int64 ndarray of shape (n_pairs, 2)
        Pairs of contents whose shingles have a Jaccard similarity of at least ``SIMILARITY``.
    """
    words, lengths = _words(texts)
    content, firsts = _contents(words, lengths)
    starts = np.cumsum(lengths) - lengths
    kept = np.minimum(lengths[firsts], _longest(lengths[firsts]))
    shingles, owners = _shingles(words, starts[firsts], kept)
    return content, _similar(shingles, owners, len(firsts))


def _words(texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """All words as numbers from 1, text after text, and the number of words of each text."""
    known: dict[str, int] = {}
    flat, lengths = array("i"), []
    for text in texts:
        words = [word for word in tokenise(text) if word not in PUNCTUATION]
        flat.extend([known.setdefault(word, len(known) + 1) for word in words])
        lengths.append(len(words))
    return np.frombuffer(flat, dtype=np.int32) if flat else np.empty(0, np.int32), np.array(lengths)


def _contents(words: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A number for each sequence of words in order of appearance, and its first text."""
    ends = np.cumsum(lengths)
    keys: dict[object, int] = {}
    content = np.empty(len(lengths), dtype=np.int64)
    firsts: list[int] = []
    for text, (end, length) in enumerate(zip(ends.tolist(), lengths.tolist(), strict=True)):
        key = words[end - length : end].tobytes() or text
        content[text] = keys.setdefault(key, len(keys))
        if len(keys) > len(firsts):
            firsts.append(text)
    return content, np.array(firsts, dtype=np.int64)


def _longest(lengths: np.ndarray) -> int:
    """The number of words to read of each text, so that all together are at most ``MAX_WORDS``."""
    longest = int(lengths.max(initial=1))
    while longest > 3 and np.minimum(lengths, longest).sum() > MAX_WORDS:
        longest = int(longest * 0.9)
    return longest


def _shingles(words: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Word triples as 64-bit numbers, and the text of each; a text of one or two words is one shingle."""
    counts = np.where(lengths > 2, lengths - 2, np.minimum(lengths, 1))
    owners = np.repeat(np.arange(len(starts), dtype=np.int32), counts)
    at = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    left = lengths[owners] - at  # words from here to the end of the text
    at += starts[owners]
    padded = np.append(words, [0, 0]).astype(np.int64)
    base = int(words.max(initial=0)) + 1
    keys = padded[at]
    for step in (1, 2):
        keys = keys * base + np.where(left > step, padded[at + step], 0)
    return keys, owners


def _similar(keys: np.ndarray, owners: np.ndarray, n: int) -> np.ndarray:
    """Pairs of owners whose sets of keys are similar; keys that occur once only enter the sizes."""
    shared = _may_be_shared(keys)
    ranks, repeated = _ranks(keys[shared])
    shared[shared] = repeated
    alone = np.bincount(owners[~shared], minlength=n)
    width = int(ranks.max(initial=0)) + 1
    sets = np.sort(owners[shared] * np.int64(width) + ranks[repeated])
    sets = sets[np.append(True, sets[1:] != sets[:-1])] if len(sets) else sets
    owners, ranks = sets // width, sets % width
    sizes = alone + np.bincount(owners, minlength=n)
    candidates = _candidates(owners, ranks, alone, sizes)
    return candidates[_jaccard(candidates, owners, ranks, sizes) >= SIMILARITY - 1e-9]


def _ranks(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rank of each key by frequency, rarest first, and whether it occurs more than once."""
    numbers, unique = pd.factorize(keys)
    frequency = np.bincount(numbers, minlength=len(unique))
    rank = np.empty(len(unique), dtype=np.int64)
    rank[np.argsort(frequency, kind="stable")] = np.arange(len(unique))
    return rank[numbers], frequency[numbers] > 1


def _may_be_shared(keys: np.ndarray) -> np.ndarray:
    """False for keys that certainly occur once: they are alone in their cell of a table of counts."""
    mixed = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing, Knuth 6.4
    cells = (mixed >> np.uint64(64 - 24)).astype(np.int64)
    return np.bincount(cells, minlength=_TABLE)[cells] > 1


def _candidates(owners: np.ndarray, ranks: np.ndarray, alone: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Pairs of owners that share one of their rarest keys and could be similar enough."""
    position = np.arange(len(owners)) - np.searchsorted(owners, owners) + alone[owners]
    prefix = position < sizes[owners] - np.ceil(SIMILARITY * sizes[owners] - 1e-9) + 1
    order = np.argsort(ranks[prefix], kind="stable")  # rare keys first, owners ascending within a key
    owners, position, ranks = owners[prefix][order], position[prefix][order], ranks[prefix][order]
    n, looks, kept, step = len(sizes), 0, 0, 1
    encoded = [np.empty(0, dtype=np.int64)]
    at = np.arange(len(ranks))
    while len(at) and looks < MAX_LOOKS and kept < MAX_CANDIDATES:
        at = at[at + step < len(ranks)]
        at = at[ranks[at] == ranks[at + step]]
        a, b = owners[at], owners[at + step]
        # The later a shared key comes in both, the fewer keys are left that could be shared.
        left = np.minimum(sizes[a] - position[at], sizes[b] - position[at + step])
        needed = np.ceil(SIMILARITY / (1 + SIMILARITY) * (sizes[a] + sizes[b]) - 1e-9)
        fit = left >= needed
        encoded.append(a[fit] * n + b[fit])
        looks, kept, step = looks + len(at), kept + len(encoded[-1]), step + 1
    pairs = np.unique(np.concatenate(encoded))
    return np.stack([pairs // n, pairs % n], axis=1)


def _jaccard(pairs: np.ndarray, owners: np.ndarray, ranks: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Size of the intersection over size of the union, for each pair."""
    from scipy.sparse import csr_matrix

    width = int(ranks.max(initial=0)) + 1
    ends = np.searchsorted(owners, np.arange(len(sizes) + 1))
    has = csr_matrix((np.ones(len(ranks), np.float32), ranks, ends), shape=(len(sizes), width))
    common = [
        np.asarray(has[block[:, 0]].multiply(has[block[:, 1]]).sum(axis=1)).ravel()
        for block in (pairs[i : i + BLOCK] for i in range(0, len(pairs), BLOCK))
    ]
    both = np.concatenate(common) if common else np.empty(0)
    return both / (sizes[pairs].sum(axis=1) - both)
