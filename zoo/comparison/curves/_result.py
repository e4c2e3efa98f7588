"""The answer of a learning curve: frames for people who compute, one plain object for reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ....datasets._base import Dataset
from ..judging._result import describe, plain
from ..running._jobs import Job
from ..statistics._intervals import corrected_interval
from ..statistics._metrics import Metric
from ._crossover import Crossover
from ._fit import ErrorCurve, FittedCurve
from ._plan import CurvePlan
from ._sweep import fit_facts
from ._words import headline, interval_in_words, sentence

_DRAWN_SIZES = 61


@dataclass(frozen=True)
class SizeScore:
    """A model at one size: the metric on every repeat, float64 (J,), NaN where there is none."""

    model: str
    family: str
    size: int
    values: np.ndarray
    jobs: tuple[Job, ...] = field(repr=False)

    @property
    def complete(self) -> bool:
        """Every repeat has a score."""
        return not bool(np.isnan(self.values).any())


@dataclass
class LearningCurve:
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

    dataset: Dataset
    plan: CurvePlan
    metric: Metric
    scores: list[SizeScore]
    curves: dict[str, ErrorCurve]
    champions: dict[str, list[str]]
    fitted: dict[str, FittedCurve]
    crossover: Crossover
    confidence_level: float
    findings: list[Any]
    interrupted: bool
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 if every fit ended well, else 1."""
        return int(any(job.status != "ok" for s in self.scores for job in s.jobs))

    def frame(self) -> pd.DataFrame:
        """One row a model and size: score with interval, seconds of one fit, status."""
        return pd.DataFrame(self._model_rows())

    def fits(self) -> pd.DataFrame:
        """One row a fit, failed ones with their reason."""
        return pd.DataFrame(self._fit_rows())

    def to_dict(self) -> dict[str, Any]:
        """The whole answer as one object that JSON can hold."""
        from ...artefact._versions import versions

        return plain(
            {
                "dataset": describe(self.dataset),
                "metric": {
                    "name": self.metric.name,
                    "label": self.metric.label,
                    "greater_is_better": self.metric.greater_is_better,
                    "bounds": self.metric.bounds,
                },
                "plan": self._plan_row(),
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
                "confidence_level": self.confidence_level,
                "findings": [asdict(f) for f in self.findings],
                "interrupted": int(self.interrupted),
                "versions": versions(),
                "wall_seconds": self.seconds,
                "exit_code": self.exit_code,
            }
        )

    def _repr_html_(self) -> str:
        from ...report.html._fragments import learning_curve

        return learning_curve(self.to_dict())

    def _plan_row(self) -> dict[str, Any]:
        names = ["sizes", "repeats", "blocks", "test_rows", "test_over_train", "seed", "params"]
        names += ["models", "threads"]
        row = {name: getattr(self.plan, name) for name in names}
        marks = {name: int(getattr(self.plan, name)) for name in ("official_test", "ordered")}
        return row | marks | {"fits": len(self.plan.jobs)}

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
        return [_row(s) | self._interval(s.values, overlap[s.size]) for s in self.scores]

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

    def _interval(self, values: np.ndarray, overlap: float) -> dict[str, float | None]:
        """Mean and corrected interval within the metric's bounds; nothing where a repeat is missing."""
        if np.isnan(values).any():
            return {"score": None, "score_low": None, "score_high": None}
        low, high = corrected_interval(values, overlap, self.confidence_level)
        least, most = self.metric.bounds
        return {"score": values.mean(), "score_low": max(low, least), "score_high": min(high, most)}

    def _curve(self, fitted: FittedCurve) -> dict[str, Any]:
        """Parameters with intervals, and the curve up to the reach, in units of the metric."""
        tails = [0.5 - self.confidence_level / 2, 0.5 + self.confidence_level / 2]
        law, draws = fitted.law, fitted.draws
        grid = np.unique(np.round(np.geomspace(fitted.start, self.crossover.reach, _DRAWN_SIZES)))
        ends = self._scores_of(np.quantile(draws(grid), tails, axis=0))
        bounds = self.metric.bounds
        return {
            **{name: float(getattr(law, name)) for name in ("asymptote", "scale", "exponent")},
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


_PARTS = ("asymptote", "scale", "exponent")


def _row(s: SizeScore) -> dict[str, Any]:
    return {"model": s.model, "family": s.family, "size": s.size, **fit_facts(s.jobs)}
