"""The answer of a comparison: frames for people who compute, one plain object for reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import Dataset
from ..judging.budget import within_budget
from ..judging.leaderboard import flat_row, leaderboard_rows, metric_facts
from ..judging.scores import ModelScores, Resampled, best_reachable
from ..judging.verdict import Verdict
from ..metrics import Metric
from ..runs.estimate import width_of
from ..runs.fitting import Job
from ..runs.limits import level_of
from ..runs.plan import Plan
from ._readability import fidelity_of


@dataclass
class Comparison:
    """What :func:`deepworth.compare` returns.

    Attributes
    ----------
    verdict : Verdict
    metric : Metric
        The primary one, by which models are ranked.
    exit_code : int
        0 if every planned job ended well, 1 if some did not.
    """

    run: str
    created: str
    dataset: Dataset
    plan: Plan
    metric: Metric
    models: list[ModelScores]
    verdict: Verdict
    findings: list[Any]
    seconds: float
    resampled: Resampled | None = field(default=None, repr=False)
    path: str | None = None
    estimate: dict[str, Any] | None = None
    explanations: dict[str, Any] | None = field(default=None, repr=False)
    costs: dict[str, Job] = field(default_factory=dict, repr=False)
    limits: dict[str, float] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 if every job that could run ended well, else 1."""
        return int(any(job.status not in ("ok", "skipped") for job in (*self._jobs(), *self.costs.values())))

    def leaderboard(self) -> pd.DataFrame:
        """One row a model, best first; failed and skipped ones last. Metrics are columns of their own."""
        return pd.DataFrame([flat_row(row) for row in self.rows()])

    def predictions(self) -> pd.DataFrame:
        """Out-of-fold predictions: row, repeat, fold, model, truth, prediction, a probability a class."""
        frames = [
            predictions_of(self.dataset, job) for m in self.models for job in m.jobs if job.status == "ok"
        ]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def rows(self) -> list[dict[str, Any]]:
        """The leaderboard as plain objects."""
        rows = leaderboard_rows(
            self.dataset,
            self.models,
            self.metric,
            self.plan.test_over_train,
            self.verdict.confidence_level,
            self.resampled,
            self.costs,
        )
        return [{**row, **fidelity_of(self.explanations, row["model"])} for row in rows]

    def within_budget(self) -> dict[str, Any] | None:
        """The best model within the budget that was asked for, see :func:`._budget.within_budget`."""
        if not self.limits:
            return None
        level = self.verdict.confidence_level
        settings = (self.plan.test_over_train, level, self.resampled)
        return within_budget(self.limits, self.rows(), self.models, self.metric, *settings)

    def to_dict(self) -> dict[str, Any]:
        """The whole answer as one object that JSON can hold."""
        from ..artefact.versions import versions

        return plain(
            {
                "run": self.run,
                "created": self.created,
                "path": self.path,
                "dataset": describe(self.dataset),
                "metric": metric_facts(self.metric, self.dataset.task),
                "plan": plan_summary(self.plan),
                "leaderboard": self.rows(),
                "best_reachable": best_reachable(self.dataset, self.metric, self._jobs()),
                "verdict": asdict(self.verdict),
                "budget": self.within_budget(),
                "explanations": self.explanations,
                "findings": [asdict(f) for f in self.findings],
                "versions": versions(),
                "wall_seconds": self.seconds,
                "estimate": self._estimate(),
                "determinism": level_of(self.plan.limits, self.plan.threads),
                "exit_code": self.exit_code,
            }
        )

    def _repr_html_(self) -> str:
        from ..report.html.page import comparison

        return comparison(self.to_dict())

    def _estimate(self) -> dict[str, Any] | None:
        """What was foretold beside what it took; an interrupted run took nothing that one could compare."""
        if self.estimate is None:
            return None
        whole = all(job.status != "interrupted" for job in self._jobs())
        return {**self.estimate, "real_seconds": self.seconds if whole else None}

    def _jobs(self) -> list[Any]:
        return [job for m in self.models for job in m.jobs]


def predictions_of(dataset: Dataset, job: Any) -> pd.DataFrame:
    """What a finished job said of its test rows, as :meth:`Comparison.predictions` gives it."""
    rows = job.split.test
    frame = {"row": rows, "repeat": job.split.repeat, "fold": job.split.fold, "model": job.model}
    truth = {"truth": dataset.y[rows]}
    if dataset.task == "regression":
        return pd.DataFrame({**frame, **truth, "prediction": job.prediction})
    said = np.asarray(dataset.classes)[job.prediction.argmax(axis=1)]
    shares = {f"probability_{c}": job.prediction[:, i] for i, c in enumerate(dataset.classes)}
    return pd.DataFrame({**frame, **truth, "prediction": said, **shares})


def describe(dataset: Dataset) -> dict[str, Any]:
    """Facts about a dataset that a result carries."""
    names, counts = np.unique(dataset.y, return_counts=True)
    classes = dataset.task != "regression"
    return plain(
        {
            "name": dataset.name,
            "rows": len(dataset),
            "columns": dataset.X.shape[1] if dataset.modality == "tabular" else None,
            "width": width_of(dataset),
            "task": dataset.task,
            "modality": dataset.modality,
            "target": dataset.target,
            "classes": list(dataset.classes),
            "class_counts": dict(zip(names.tolist(), counts.tolist(), strict=True)) if classes else None,
            "positive": dataset.positive,
            "target_std": None if classes else float(np.std(dataset.y)),
            "test_rows": None if dataset.test is None else int(dataset.test.sum()),
            "fingerprint": dataset.fingerprint(),
            "provenance": asdict(dataset.provenance),
        }
    )


def plan_summary(plan: Plan) -> dict[str, Any]:
    """The plan without its rows."""
    names = (
        "folds",
        "repeats",
        "preset",
        "seed",
        "official_test",
        "test_over_train",
        "params",
        "models",
        "threads",
        "holdout",
        "in_time_order",
        "calibrate",
    )
    more = {"jobs": len(plan.jobs), "limits": asdict(plan.limits)}
    return plain({name: getattr(plan, name) for name in names} | more)


def plain(value: Any) -> Any:
    """Only what JSON has: no NumPy, no tuples, no NaN."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, type(None))) else str(value)
