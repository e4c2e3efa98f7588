"""The answer of a learning curve: frames for people who compute, one plain object for reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..running._jobs import Job
from ._crossover import Crossover
from ._fit import ErrorCurve, FittedCurve
from ._plan import CurvePlan
from ._sweep_result import CellScore, SweepResult
from ._words import headline, interval_in_words, sentence

_DRAWN_SIZES = 61
_PARTS = ("asymptote", "scale", "exponent")  # of a power law


@dataclass(frozen=True)
class SizeScore(CellScore):
    """A model at one size: the metric on every repeat, float64 (J,), NaN where there is none."""

    model: str
    family: str
    size: int
    values: np.ndarray
    jobs: tuple[Job, ...] = field(repr=False)


@dataclass
class LearningCurve(SweepResult):
    """What :func:`deepworth.learning_curve` returns.

    Attributes
    ----------
    crossover : Crossover
        Where, or whether, the families change places.
    curves : dict of ErrorCurve
        By family, the errors of its champion at each size.
    fitted : dict of FittedCurve
        By family, the power law and its draws.
    """

    plan: CurvePlan
    scores: list[SizeScore]
    curves: dict[str, ErrorCurve]
    champions: dict[str, list[str]]
    fitted: dict[str, FittedCurve]
    crossover: Crossover

    def frame(self) -> pd.DataFrame:
        """One row a model and size: score with interval, seconds of one fit, status."""
        return pd.DataFrame(self._model_rows())

    def fits(self) -> pd.DataFrame:
        """One row a fit, failed ones with their reason."""
        return pd.DataFrame(self._fit_rows())

    def _repr_html_(self) -> str:
        from ...report.html._fragments import learning_curve

        return learning_curve(self.to_dict())

    def _metric_row(self) -> dict[str, Any]:
        return {**super()._metric_row(), "bounds": self.metric.bounds}

    def _plan_row(self) -> dict[str, Any]:
        names = ["sizes", "repeats", "blocks", "test_rows", "test_over_train", "seed", "params"]
        names += ["models", "threads"]
        row = {name: getattr(self.plan, name) for name in names}
        marks = {name: int(getattr(self.plan, name)) for name in ("official_test", "ordered")}
        return row | marks | {"fits": len(self.plan.jobs)}

    def _found(self) -> dict[str, Any]:
        return {
            "families": self._family_rows(),
            "models": self._model_rows(),
            "fits": self._fit_rows(),
            "curves": {family: self._curve(fitted) for family, fitted in self.fitted.items()},
            "crossover": {
                **asdict(self.crossover),
                "headline": headline(self.crossover),
                "sentence": sentence(self.crossover),
                "interval": interval_in_words(self.crossover),
            },
        }

    def _family_rows(self) -> list[dict[str, Any]]:
        """The champion of a family at each size, its choice not flattered."""
        rows = []
        for family, curve in self.curves.items():
            for k, size in enumerate(curve.sizes):
                values = self._scores_of(curve.errors[:, k])
                rows.append(
                    {
                        "family": family,
                        "size": size,
                        "champion": self.champions[family][k],
                        **self._interval(values, curve.overlap[k]),
                    }
                )
        return rows

    def _model_rows(self) -> list[dict[str, Any]]:
        overlap = dict(zip(self.plan.sizes, self.plan.overlap(), strict=True))
        return [
            {"model": s.model, "family": s.family, "size": s.size, **s.facts()}
            | self._interval(s.values, overlap[s.size])
            for s in self.scores
        ]

    def _fit_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "model": s.model,
                "size": s.size,
                "repeat": job.split.repeat,
                "status": job.status,
                "reason": job.reason,
                "score": value,
                "fit_seconds": job.fit_seconds,
            }
            for s in self.scores
            for job, value in zip(s.jobs, s.values, strict=True)
        ]

    def _curve(self, fitted: FittedCurve) -> dict[str, Any]:
        """Parameters with intervals, and the curve up to the reach, in units of the metric."""
        tails = [0.5 - self.confidence_level / 2, 0.5 + self.confidence_level / 2]
        law, draws = fitted.law, fitted.draws
        grid = np.unique(np.round(np.geomspace(fitted.start, self.crossover.reach, _DRAWN_SIZES)))
        ends = self._scores_of(np.quantile(draws(grid), tails, axis=0))
        bounds = self.metric.bounds
        return {
            **{name: float(getattr(law, name)) for name in _PARTS},
            **{f"{name}_interval": np.quantile(getattr(draws, name), tails).tolist() for name in _PARTS},
            "start": fitted.start,
            "misfit": fitted.misfit,
            "fits": int(fitted.fits),
            "rows": grid.tolist(),
            "score": self._scores_of(law(grid)).tolist(),
            "score_low": np.maximum(ends.min(axis=0), bounds[0]).tolist(),
            "score_high": np.minimum(ends.max(axis=0), bounds[1]).tolist(),
        }

    def _scores_of(self, errors: np.ndarray) -> np.ndarray:
        """Errors as values of the metric."""
        least, most = self.metric.bounds
        return most - errors if self.metric.greater_is_better else errors + least
