"""What the answers of a sweep share: how the fits of a cell ended, and one plain object for reports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...datasets import Dataset
from ..judging.intervals import corrected_interval
from ..metrics import Metric
from ..runs.fitting import Job
from ._result import describe, plain


class CellScore:
    """A cell and its ``values``: the metric on every fit, float64 (J,), NaN where there is none."""

    values: np.ndarray
    jobs: tuple[Job, ...]

    @property
    def complete(self) -> bool:
        """Every fit has a score."""
        return not bool(np.isnan(self.values).any())

    def facts(self) -> dict[str, Any]:
        """How the fits ended: status, first reason, counts, mean seconds of a fit."""
        ok = [job for job in self.jobs if job.status == "ok"]
        bad = [job for job in self.jobs if job.status != "ok"]
        seconds = [job.fit_seconds for job in ok if job.fit_seconds is not None]
        return {
            "status": "ok" if not bad else (bad[0].status if not ok else "partial"),
            "reason": bad[0].reason if bad else "",
            "fits_ok": len(ok),
            "fits_planned": len(self.jobs),
            "fit_seconds": float(np.mean(seconds)) if seconds else None,
        }


@dataclass
class SweepResult(ABC):
    """The data, what was asked of them, what every cell scored, and how it went."""

    dataset: Dataset
    plan: Any
    metric: Metric
    scores: Sequence[CellScore]
    confidence_level: float
    findings: list[Any]
    interrupted: bool
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 if every fit ended well, else 1."""
        return int(any(job.status != "ok" for s in self.scores for job in s.jobs))

    def to_dict(self) -> dict[str, Any]:
        """The whole answer as one object that JSON can hold."""
        from ..artefact.versions import versions

        return plain(
            {
                "dataset": describe(self.dataset),
                "metric": self._metric_row(),
                "plan": self._plan_row(),
                **self._found(),
                "confidence_level": self.confidence_level,
                "findings": [asdict(f) for f in self.findings],
                "interrupted": int(self.interrupted),
                "versions": versions(),
                "wall_seconds": self.seconds,
                "exit_code": self.exit_code,
            }
        )

    def _metric_row(self) -> dict[str, Any]:
        return {name: getattr(self.metric, name) for name in ("name", "label", "greater_is_better")}

    @abstractmethod
    def _plan_row(self) -> dict[str, Any]:
        """What was asked for."""

    @abstractmethod
    def _found(self) -> dict[str, Any]:
        """What this sweep was made for."""

    def _interval(self, values: np.ndarray, test_over_train: float) -> dict[str, float | None]:
        """Mean and corrected interval within the metric's bounds; nothing where a fit is missing."""
        if np.isnan(values).any():
            return {"score": None, "score_low": None, "score_high": None}
        score = float(values.mean())
        if len(values) < 2:
            return {"score": score, "score_low": None, "score_high": None}
        low, high = corrected_interval(values, test_over_train, self.confidence_level)
        least, most = self.metric.bounds
        return {"score": score, "score_low": max(low, least), "score_high": min(high, most)}
