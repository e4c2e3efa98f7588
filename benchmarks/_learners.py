"""A pair of learners whose expected errors, and so their crossover, are known in closed form.

Ordinary least squares on p Gaussian columns has the expected squared error v (1 + p / (n - p - 1)) on new
rows, v the variance of what the columns do not explain (Breiman and Freedman 1983). The "classical"
learner sees the first few columns only: it learns fast and stops early. The "deep" one sees them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pair:
    """``few`` of ``many`` columns; those that only the deep learner sees explain ``hidden`` of the target."""

    few: int = 4
    many: int = 40
    hidden: float = 0.06

    def errors(self, n: float) -> tuple[float, float]:
        """Expected squared errors of the deep and the classical learner after n rows."""
        deep = 1 + self.many / (n - self.many - 1)
        return deep, (1 + self.hidden) * (1 + self.few / (n - self.few - 1))

    @classmethod
    def crossing_at(cls, n: float) -> Pair:
        """The pair whose errors are equal after n rows."""
        deep, classical = cls(hidden=0.0).errors(n)
        return cls(hidden=deep / classical - 1)

    def sample(self, n_rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Rows and targets: noise of variance 1, coefficients of the hidden columns alike."""
        X = rng.normal(size=(n_rows, self.many))
        weights = np.ones(self.many)
        weights[self.few :] = np.sqrt(self.hidden / (self.many - self.few))
        return X, X @ weights + rng.normal(size=n_rows)

    def squared_errors(self, X: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Squared errors of both learners on each test row: float64 (2, n_test)."""
        return np.stack([_squares(X[:, :p], y, train, test) for p in (self.many, self.few)])


def _squares(X: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    weights = np.linalg.lstsq(X[train], y[train], rcond=None)[0]
    return np.asarray((y[test] - X[test] @ weights) ** 2)
