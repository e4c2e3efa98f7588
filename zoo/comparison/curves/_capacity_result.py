"""The answer of a grid of networks: frames for people who compute, one plain object for reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..running._jobs import Job
from ._capacity_plan import CapacityPlan
from ._sweep_result import CellScore, SweepResult


@dataclass(frozen=True)
class NetworkScore(CellScore):
    """A network of this ``shape``: the metric on every fold, float64 (J,), NaN where there is none."""

    shape: tuple[int, ...]
    values: np.ndarray
    jobs: tuple[Job, ...] = field(repr=False)


@dataclass
class Capacity(SweepResult):
    """What :func:`deepworth.capacity` returns.

    Attributes
    ----------
    answers : list of Answer
        For each number of hidden layers, then of units, whether it is enough.
    scores : list of NetworkScore
    """

    plan: CapacityPlan
    scores: list[NetworkScore]
    margin: float
    answers: Sequence[Any]
    headline: str

    def frame(self) -> pd.DataFrame:
        """One row a network: layers, units, score with interval, seconds of one fit, parameters."""
        return pd.DataFrame(self._rows())

    def _repr_html_(self) -> str:
        from ...report.html._fragments import networks

        return networks(self.to_dict())

    def _plan_row(self) -> dict[str, Any]:
        return {**asdict(self.plan), "official_test": int(self.plan.official_test)}

    def _found(self) -> dict[str, Any]:
        return {
            "networks": self._rows(),
            "answers": [asdict(answer) for answer in self.answers],
            "headline": self.headline,
            "margin": self.margin,
        }

    def _rows(self) -> list[dict[str, Any]]:
        return [self._row(s) for s in self.scores]

    def _row(self, s: NetworkScore) -> dict[str, Any]:
        facts, counted = s.facts(), [job.parameters for job in s.jobs if job.status == "ok"]
        return {
            "layers": len(s.shape),
            "units": s.shape[0] if s.shape else None,
            **{name: facts.pop(name) for name in ("status", "reason")},
            **self._interval(s.values, self.plan.test_over_train),
            "fit_seconds": facts.pop("fit_seconds"),
            "parameters": next((number for number in counted if number is not None), None),
            **facts,
        }
