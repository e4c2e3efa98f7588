"""From a plan to scored fits: what learning curves and grids of networks share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from ...datasets import Dataset, check_dataset
from ..artefact.inspecting import versions
from ..metrics import Metric
from ..results.curves import CapacityPlanFacts, CurvePlanFacts, ScoredFit, SweepFacts
from ..results.facts import DatasetFacts
from ..results.runs import Progress
from ..runs.sweep import Cell, run_cells


class _Plan(Protocol):
    @property
    def facts(self) -> CurvePlanFacts | CapacityPlanFacts: ...

    def cells(self) -> Sequence[Cell]: ...


def run_sweep(
    plan: _Plan,
    dataset: Dataset,
    facts: DatasetFacts,
    metric: Metric,
    progress: Progress | None,
    started: float,
) -> tuple[list[list[ScoredFit]], SweepFacts]:
    """The scored fits of every cell of a plan, and the facts of the sweep that began at ``started``."""
    findings = tuple(check_dataset(dataset))
    seed, threads = plan.facts.seed, plan.facts.threads
    cells, interrupted = run_cells(plan.cells(), dataset, metric, seed, threads, progress)
    seconds = time.perf_counter() - started
    return cells, SweepFacts(facts, findings, versions(), seconds, interrupted)
