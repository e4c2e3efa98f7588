"""A job: one model on one part of the plan. Planned here, sent as a task, ended as a result row."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import registry
from ..results.rows import Family, Fold, Kind, Result

if TYPE_CHECKING:  # the module of splits imports scikit-learn, and stores are read without it
    from ...datasets import Split


@dataclass(frozen=True)
class PlannedJob:
    """A model on a split.

    Attributes
    ----------
    kind : {"fold", "cost"}
        Fitted on the training rows of a fold and scored on its test rows, or fitted on all training rows
        to measure what the model costs.
    calibrate : str or None
        A calibration method: the model is wrapped in ``Calibrated``.
    timed : bool
        False where a job of its own measures costs.
    status, reason : str
        "planned"; or how the job ended before it began, where a library that the model needs is missing.
    """

    model: str
    family: Family
    split: Split
    kind: Kind = "fold"
    calibrate: str | None = None
    timed: bool = True
    status: str = "planned"
    reason: str = ""

    @property
    def is_planned(self) -> bool:
        """Whether it is to run."""
        return self.status == "planned"

    @property
    def key(self) -> tuple[str, Kind, int, int]:
        """What tells it from all other jobs of a run."""
        return self.model, self.kind, self.split.repeat, self.split.fold

    def ended(self, status: str = "ok", reason: str = "", **left: Any) -> Result:
        """The result row of this job."""
        fold = (self.split.repeat, self.split.fold)
        return Result(self.model, self.family, *fold, self.kind, status, reason, **left)

    def seed(self, seed: int) -> int:
        """A seed of its own for each fold, whatever else runs; costs are those of a model trained for use."""
        if self.kind == "cost":
            return seed
        key = f"{seed}|{self.model}|{self.split.repeat}|{self.split.fold}"
        return zlib.crc32(key.encode()) % (2**31 - 1)


def plan_job(
    name: str,
    split: Split,
    *,
    asked_for: bool = True,
    params: Mapping[str, Mapping[str, Any]] | None = None,
    **facts: Any,
) -> PlannedJob:
    """A job of a model by its full name; one that lacks its library or weights has failed, or is skipped."""
    lacking = registry.missing_requirement(name, (params or {}).get(name))
    if lacking is not None:
        facts |= {"status": "failed" if asked_for else "skipped", "reason": lacking}
    return PlannedJob(name, registry.family(name), split, **facts)


def fold_of(job: PlannedJob) -> Fold:
    """Repeat and fold."""
    return job.split.repeat, job.split.fold
