"""Nearly equal rows of tables, images and texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ._rows import row_hashes

# Nearly equal rows of a table agree in so many significant digits (which single precision and most programs
# that write tables keep) of at least so many measured columns: fewer agree by chance in large tables.
DIGITS = 6
MEASURES = 2
SAME_DIGITS = 3  # with more than so many first digits the same, six digits say too little of a number


@dataclass(frozen=True)
class NearCopies:
    """Nearly equal rows.

    Attributes
    ----------
    content : int64 ndarray of shape (n_samples,)
        Rows with the same number differ at most in case, spaces and punctuation (texts) or in the last
        decimals (numbers).
    pairs : int64 ndarray of shape (n_pairs, 2)
        Numbers of contents that are nearly equal, the smaller one first.
    """

    content: np.ndarray
    pairs: np.ndarray


def near_copies(X: Any, hashes: np.ndarray | None = None) -> NearCopies:
    """Nearly equal rows of any data; exact duplicates have the same content.

    Parameters
    ----------
    X : DataFrame, Series of str, or images as in :class:`Dataset`
    hashes : ndarray of shape (n_samples,), optional
        Its :func:`row_hashes`, if already computed.
    """
    if isinstance(X, pd.DataFrame):
        return NearCopies(_numbered(_rounded_hashes(X)), np.empty((0, 2), dtype=np.int64))
    if isinstance(X, pd.Series):
        from ._near_texts import near_texts

        return NearCopies(*near_texts(X))
    from ._near_images import near_images

    content = _numbered(row_hashes(X) if hashes is None else hashes)
    firsts = np.unique(content, return_index=True)[1]
    return NearCopies(content, near_images(X[firsts]))


def groups_of_copies(X: Any, groups: np.ndarray | None = None) -> np.ndarray:
    """A group for each set of equal or nearly equal rows, for splits that keep them on one side.

    Parameters
    ----------
    X : DataFrame, Series of str, or images
    groups : ndarray of shape (n_samples,), optional
        Groups to keep together too: two groups that share a duplicate become one.

    Returns
    -------
    int64 ndarray of shape (n_samples,)
    """
    hashes = row_hashes(X)
    copies = near_copies(X, hashes)
    links = [copies.content[_repeats(hashes)], copies.pairs]
    if groups is not None:
        links.append(copies.content[_repeats(_numbered(groups))])
    return _connected(int(copies.content.max()) + 1, np.concatenate(links))[copies.content]


def first_copies(near: NearCopies, known: np.ndarray | None = None) -> np.ndarray:
    """For each row, the first row that equals or nearly equals it, possibly itself.

    Parameters
    ----------
    near : NearCopies
    known : bool ndarray of shape (n_samples,), optional
        Rows to search; all by default.

    Returns
    -------
    int64 ndarray of shape (n_samples,)
        Row numbers, -1 where no row is found.
    """
    n = len(near.content)
    rows = np.arange(n) if known is None else np.flatnonzero(known)
    firsts = np.full(int(near.content.max()) + 1, n)
    np.minimum.at(firsts, near.content[rows], rows)
    nearest = firsts.copy()
    left, right = near.pairs.T
    np.minimum.at(nearest, left, firsts[right])
    np.minimum.at(nearest, right, firsts[left])
    copies = nearest[near.content]
    return np.where(copies < n, copies, -1)


def _numbered(values: np.ndarray) -> np.ndarray:
    return np.unique(values, return_inverse=True)[1].astype(np.int64).reshape(-1)


def _repeats(keys: np.ndarray) -> np.ndarray:
    """Pairs (first row, other row) of rows with the same key."""
    _, firsts, numbers = np.unique(keys, return_index=True, return_inverse=True)
    first = firsts[numbers.reshape(-1)]
    rows = np.arange(len(keys))
    return np.stack([first, rows], axis=1)[first != rows]


def _connected(n: int, links: np.ndarray) -> np.ndarray:
    """The number of each node's component."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(links), dtype=bool)
    graph = coo_matrix((ones, (links[:, 0], links[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _rounded_hashes(X: pd.DataFrame) -> np.ndarray:
    """Row hashes after rounding: a table saved with fewer digits has the same hashes."""
    numbers = X.select_dtypes("floating").items()
    floats = {name: column.to_numpy(dtype=np.float64, na_value=np.nan) for name, column in numbers}
    measures = {name: _rounded(values) for name, values in floats.items() if not _whole(values)}
    return row_hashes(X.assign(**measures) if len(measures) >= MEASURES else X)


def _whole(values: np.ndarray) -> bool:
    """Whether all are whole numbers: these are counts or codes, whose last digit is not noise."""
    present = values[np.isfinite(values)]
    return bool(np.all(present == np.rint(present)))


def _rounded(values: np.ndarray) -> np.ndarray:
    values = values - _offset(values)
    # The last decimals of a small number are noise if the column's other numbers are large.
    size = np.maximum(np.abs(values), np.nanmedian(np.abs(values)))
    step = 10.0 ** (np.floor(np.log10(np.where(size > 0, size, 1.0))) - (DIGITS - 1))
    return np.rint(values / step) * step + 0.0


def _offset(values: np.ndarray) -> float:
    """The median of numbers that all begin with the same digits, as times since 1970 do; else zero.

    The digits that count are those in which such numbers differ.
    """
    present = values[np.isfinite(values)]
    if not len(present):
        return 0.0
    low, middle, high = np.percentile(present, [25, 50, 75])
    return float(middle) if abs(middle) > 10.0**SAME_DIGITS * (high - low) > 0 else 0.0
