"""The answer of a comparison: frames for people who compute, one plain object for reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ...datasets._base import Dataset
from ._metrics import Metric, of_task, second
from ._plan import Plan
from ._scores import ModelScores, Resampled, best_reachable, interval, one_class_only
from ._verdict import Verdict


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

    @property
    def exit_code(self) -> int:
        """0 if every job that could run ended well, else 1."""
        return int(any(job.status not in ("ok", "skipped") for m in self.models for job in m.jobs))

    def leaderboard(self) -> pd.DataFrame:
        """One row a model, best first; failed and skipped ones last. Metrics are columns of their own."""
        rows = [{**{k: v for k, v in row.items() if k != "metrics"}, **row["metrics"]} for row in self.rows()]
        return pd.DataFrame(rows)

    def predictions(self) -> pd.DataFrame:
        """Out-of-fold predictions: row, repeat, fold, model, truth, prediction, a probability a class."""
        frames = [
            _predictions(self.dataset, job) for m in self.models for job in m.jobs if job.status == "ok"
        ]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def rows(self) -> list[dict[str, Any]]:
        """The leaderboard as plain objects."""
        rows = [self._row(i, m) for i, m in enumerate(self.models)]
        worst = -np.inf
        return sorted(
            rows, key=lambda r: -(self.metric.sign * r["score"] if r["score"] is not None else worst)
        )

    def to_dict(self) -> dict[str, Any]:
        """The whole answer as one object that JSON can hold."""
        from ..artefact._versions import versions

        other = second(self.metric, self.dataset.task)
        return plain(
            {
                "run": self.run,
                "created": self.created,
                "path": self.path,
                "dataset": describe(self.dataset),
                "metric": {
                    "name": self.metric.name,
                    "label": self.metric.label,
                    "greater_is_better": self.metric.greater_is_better,
                    "second": other.name if other else None,
                    "second_label": other.label if other else None,
                },
                "plan": plan_summary(self.plan),
                "leaderboard": self.rows(),
                "best_reachable": best_reachable(self.dataset, self.metric, self._jobs()),
                "verdict": asdict(self.verdict),
                "findings": [asdict(f) for f in self.findings],
                "versions": versions(),
                "wall_seconds": self.seconds,
                "exit_code": self.exit_code,
            }
        )

    def _jobs(self) -> list[Any]:
        return [job for m in self.models for job in m.jobs]

    def _row(self, position: int, scores: ModelScores) -> dict[str, Any]:
        ok = [job for job in scores.jobs if job.status == "ok"]
        bad = [job for job in scores.jobs if job.status != "ok"]
        score = scores.mean(self.metric.name) if not bad else None
        low, high = self._interval(position, scores) if score is not None else (None, None)
        costs = {name: _first(ok, name) for name in ("predict_seconds", "size_bytes", "parameters")}
        return {
            "model": scores.model,
            "family": scores.family,
            "status": _status(scores),
            "score": score,
            "score_low": low,
            "score_high": high,
            "metrics": {m.name: scores.mean(m.name) for m in of_task(self.dataset.task)},
            "fit_seconds": _mean([job.fit_seconds for job in ok]),
            **costs,
            "jobs_ok": len(ok),
            "jobs_planned": len(scores.jobs),
            "reason": bad[0].reason if bad else "",
            "notes": _notes(self.dataset, scores),
        }

    def _interval(self, position: int, scores: ModelScores) -> tuple[float | None, float | None]:
        level = self.verdict.confidence_level
        if self.resampled is None:
            return interval(scores, self.metric, self.plan.test_over_train, level)
        samples = self.resampled.in_bag[position]
        if np.isnan(samples).any():
            return None, None
        low, high = np.quantile(samples, [0.5 - level / 2, 0.5 + level / 2])
        return float(low), float(high)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def _status(scores: ModelScores) -> str:
    found = [job.status for job in scores.jobs if job.status != "ok"]
    if not found:
        return "ok"
    return found[0] if len(found) == len(scores.jobs) else "partial"


def _notes(dataset: Dataset, scores: ModelScores) -> list[str]:
    """What a reader of the row should know."""
    notes = ["predicts one class only"] if one_class_only(dataset, scores) else []
    short = sum(not job.converged for job in scores.jobs)
    if short:
        notes.append(f"did not converge in {short} of {len(scores.jobs)} fits")
    return notes


def _first(jobs: list[Any], name: str) -> Any:
    return next((getattr(job, name) for job in jobs if getattr(job, name) is not None), None)


def _predictions(dataset: Dataset, job: Any) -> pd.DataFrame:
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
            "task": dataset.task,
            "modality": dataset.modality,
            "target": dataset.target,
            "classes": list(dataset.classes),
            "class_counts": dict(zip(names.tolist(), counts.tolist(), strict=True)) if classes else None,
            "positive": dataset.positive,
            "test_rows": None if dataset.test is None else int(dataset.test.sum()),
            "fingerprint": dataset.fingerprint(),
            "provenance": asdict(dataset.provenance),
        }
    )


def plan_summary(plan: Plan) -> dict[str, Any]:
    """The plan without its rows."""
    names = ("folds", "repeats", "preset", "seed", "official_test", "params", "models", "threads")
    return plain({name: getattr(plan, name) for name in names} | {"jobs": len(plan.jobs)})


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
