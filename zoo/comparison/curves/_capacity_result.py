"""The answer of a grid of networks: frames for people who compute, one plain object for reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ....datasets._base import Dataset
from ..judging._result import describe, plain
from ..running._jobs import Job
from ..statistics._intervals import corrected_interval
from ..statistics._metrics import Metric
from ._sweep import fit_facts


@dataclass(frozen=True)
class CapacityPlan:
    """The grid and its cross-validation: ``folds`` disjoint scoring parts, gone through ``repeats`` times."""

    model: str
    layers: tuple[int, ...]
    units: tuple[int, ...]
    folds: int
    repeats: int
    official_test: bool
    test_over_train: float
    seed: int
    params: dict[str, Any]
    threads: int

    def networks(self) -> list[tuple[int, ...]]:
        """Hidden layers of every network, small ones first; width says nothing without a layer."""
        none: list[tuple[int, ...]] = [()] if 0 in self.layers else []
        return none + [(width,) * depth for depth in self.layers if depth for width in self.units]


@dataclass(frozen=True)
class NetworkScore:
    """A network of this ``shape``: the metric on every fold, float64 (J,), NaN where there is none."""

    shape: tuple[int, ...]
    values: np.ndarray
    jobs: tuple[Job, ...] = field(repr=False)

    @property
    def complete(self) -> bool:
        """Every fold has a score."""
        return not bool(np.isnan(self.values).any())


@dataclass
class Capacity:
    """What :func:`deepworth.capacity` returns.

    Attributes
    ----------
    answers : list of Answer
        For each number of hidden layers, then of units, whether it is enough.
    scores : list of NetworkScore
    """

    dataset: Dataset
    plan: CapacityPlan
    metric: Metric
    margin: float
    confidence_level: float
    scores: list[NetworkScore]
    answers: Sequence[Any]
    headline: str
    findings: list[Any]
    interrupted: bool
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 if every fit ended well, else 1."""
        return int(any(job.status != "ok" for s in self.scores for job in s.jobs))

    def frame(self) -> pd.DataFrame:
        """One row a network: layers, units, score with interval, seconds of one fit, parameters."""
        return pd.DataFrame(self._rows())

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
                },
                "plan": {**asdict(self.plan), "official_test": int(self.plan.official_test)},
                "networks": self._rows(),
                "answers": [asdict(answer) for answer in self.answers],
                "headline": self.headline,
                "margin": self.margin,
                "confidence_level": self.confidence_level,
                "findings": [asdict(f) for f in self.findings],
                "interrupted": int(self.interrupted),
                "versions": versions(),
                "wall_seconds": self.seconds,
                "exit_code": self.exit_code,
            }
        )

    def _repr_html_(self) -> str:
        from ...report.html._fragments import networks

        return networks(self.to_dict())

    def _rows(self) -> list[dict[str, Any]]:
        return [self._row(s) for s in self.scores]

    def _row(self, s: NetworkScore) -> dict[str, Any]:
        facts, counted = fit_facts(s.jobs), [job.parameters for job in s.jobs if job.status == "ok"]
        return {
            "layers": len(s.shape),
            "units": s.shape[0] if s.shape else None,
            **{name: facts.pop(name) for name in ("status", "reason")},
            **self._interval(s.values),
            "fit_seconds": facts.pop("fit_seconds"),
            "parameters": next((number for number in counted if number is not None), None),
            **facts,
        }

    def _interval(self, values: np.ndarray) -> dict[str, float | None]:
        if np.isnan(values).any():
            return {"score": None, "score_low": None, "score_high": None}
        score = float(values.mean())
        if len(values) < 2:
            return {"score": score, "score_low": None, "score_high": None}
        low, high = corrected_interval(values, self.plan.test_over_train, self.confidence_level)
        least, most = self.metric.bounds
        return {"score": score, "score_low": max(low, least), "score_high": min(high, most)}
