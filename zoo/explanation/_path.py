"""Integrals along the straight line from a baseline to an input, as fine as completeness asks for.

The attributions of a path integral must sum to the difference of the outputs at its ends (Sundararajan, Taly
and Yan 2017, proposition 1), and so must those of every piece of the path. The difference of a piece is
known, so its error is too: pieces that are not yet good are halved, others are done. Kinks of ReLU networks
are found in this way instead of being averaged over by many even steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

# Evaluate rows at these places of their lines: outputs (m,), and by name what each input adds a unit of way.
Evaluate = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, dict[str, np.ndarray]]]

_START = 4  # pieces a row
_POINTS, _SHARES = np.polynomial.legendre.leggauss(3)
_NODES, _WEIGHTS = (_POINTS + 1) / 2, _SHARES / 2
_FINEST = 2.0**-16
_LEAST_SHARE = 1 / 32  # of the tolerance, that even the shortest piece may use
_BATCH = 85  # pieces at a time, three evaluations each


@dataclass(frozen=True)
class Integral:
    """Sums along the path of each row.

    ``values`` by name (n_rows, ...), ``start`` and ``end`` the outputs at both ends (n_rows,).
    """

    values: dict[str, np.ndarray]
    start: np.ndarray
    end: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """Sum of the attributions less the difference of the outputs, (n_rows,)."""
        return sum(map(_flat, self.values.values()), np.zeros(len(self.end))) - (self.end - self.start)


@dataclass(frozen=True)
class _Pieces:
    """Pieces of the lines of rows, with the outputs at their ends; all (n_pieces,)."""

    rows: np.ndarray
    low: np.ndarray
    high: np.ndarray
    low_output: np.ndarray
    high_output: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: np.ndarray | slice) -> _Pieces:
        return _Pieces(*(getattr(self, f.name)[which] for f in fields(self)))

    def parts(self, size: int) -> list[_Pieces]:
        return [self.take(slice(i, i + size)) for i in range(0, len(self), size)]

    @staticmethod
    def joined(parts: list[_Pieces]) -> _Pieces:
        return _Pieces(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(_Pieces)))


def integrate(evaluate: Evaluate, n_rows: int, tolerance: float, floor: float) -> Integral:
    """Integrate every row's line from 0 to 1.

    Parameters
    ----------
    tolerance : of the completeness of a row, as a share of its difference of outputs
    floor : differences smaller than this count as this
    """
    edges = np.linspace(0, 1, _START + 1)
    outputs, _ = evaluate(np.repeat(np.arange(n_rows), _START + 1), np.tile(edges, n_rows))
    grid = outputs.reshape(n_rows, _START + 1)
    allowed = tolerance * np.maximum(np.abs(grid[:, -1] - grid[:, 0]), floor)
    low, high = np.tile(edges[:-1], n_rows), np.tile(edges[1:], n_rows)
    rows = np.repeat(np.arange(n_rows), _START)
    pieces = _Pieces(rows, low, high, grid[:, :-1].ravel(), grid[:, 1:].ravel())
    values: dict[str, np.ndarray] = {}
    while len(pieces):
        again = [_add(evaluate, part, allowed, values, n_rows) for part in pieces.parts(_BATCH)]
        pieces = _halved(evaluate, _Pieces.joined(again))
    return Integral(values, grid[:, 0], grid[:, -1])


def _add(
    evaluate: Evaluate, pieces: _Pieces, allowed: np.ndarray, values: dict[str, np.ndarray], n_rows: int
) -> _Pieces:
    """Add what is good enough to ``values``; the pieces that are not."""
    found = _over(evaluate, pieces)
    sums = sum(map(_flat, found.values()), np.zeros(len(pieces)))
    error, width = np.abs(sums - (pieces.high_output - pieces.low_output)), pieces.high - pieces.low
    done = (error <= allowed[pieces.rows] * np.maximum(width, _LEAST_SHARE)) | (width <= _FINEST)
    for name, own in found.items():
        total = values.setdefault(name, np.zeros((n_rows, *own.shape[1:])))
        np.add.at(total, pieces.rows[done], own[done])
    return pieces.take(~done)


def _over(evaluate: Evaluate, pieces: _Pieces) -> dict[str, np.ndarray]:
    """Gauss-Legendre sums over each piece, by name (n_pieces, ...)."""
    width = pieces.high - pieces.low
    places = pieces.low[:, None] + _NODES * width[:, None]
    _, speeds = evaluate(np.repeat(pieces.rows, len(_NODES)), places.ravel())
    weights = (_WEIGHTS * width[:, None]).ravel()
    sums = {}
    for name, speed in speeds.items():
        weighted = speed * weights.reshape(-1, *[1] * (speed.ndim - 1))
        sums[name] = weighted.reshape(len(pieces), len(_NODES), *speed.shape[1:]).sum(axis=1)
    return sums


def _halved(evaluate: Evaluate, pieces: _Pieces) -> _Pieces:
    if not len(pieces):
        return pieces
    middle = (pieces.low + pieces.high) / 2
    output, _ = evaluate(pieces.rows, middle)
    left = _Pieces(pieces.rows, pieces.low, middle, pieces.low_output, output)
    right = _Pieces(pieces.rows, middle, pieces.high, output, pieces.high_output)
    return _Pieces.joined([left, right])


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1).sum(axis=1)
