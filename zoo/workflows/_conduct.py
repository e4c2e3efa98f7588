"""From a plan to a judged and kept answer: what a new and a resumed comparison share."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ...datasets import Dataset, Finding
from ..artefact.versions import versions
from ..judging.criteria import resolve
from ..judging.judge import judge
from ..metrics import Metric, evaluate, truth_of
from ..results.answer import Answer
from ..results.facts import TimeEstimate, dataset_facts
from ..results.rows import Labels, Result, Results, RunFacts
from ..runs.execute import execute
from ..runs.journal import RunStore
from ..runs.limits import determinism_of
from ..runs.plan import Plan
from ..runs.progress import Progress
from ..runs.store import resume_command, store_folder
from ..setup import Setup
from ._comparison import Comparison
from ._readability import readability

_PATIENCE = 1.0  # seconds after Ctrl-C


@dataclass(frozen=True)
class Conduct:
    """A comparison about to run: its data, its plan, where it is kept and who watches."""

    setup: Setup
    dataset: Dataset
    plan: Plan
    findings: list[Finding]
    record: RunStore | None
    progress: Progress | None
    executor: Executor | None
    started: float

    def run(self, known: Mapping[int, Result] | None = None) -> Comparison:
        """Run what is planned, judge, keep; raises KeyboardInterrupt when that is done.

        ``known`` are results of an earlier part of the run, by the position of their job in the plan.
        """
        with self.record or nullcontext():
            rows, expected = execute(
                self.dataset,
                self.plan,
                store=self.record,
                folder=self.record.path.parent if self.record else store_folder(),
                progress=self.progress,
                executor=self.executor,
                known=known,
            )
            if any(row.status == "interrupted" for row in rows):
                self._keep_what_is_finished(rows, expected)
                raise KeyboardInterrupt(_how_to_go_on(self.record))
            results = self._results(rows, expected)
            answer = judge(results, self.setup.criteria)
            if self.record:
                status = "partial" if answer.exit_code else "ok"
                self.record.finish(status, answer, results.predictions())
        return Comparison(answer, lambda: results, self.dataset)

    def _results(self, rows: list[Result], expected: TimeEstimate | None) -> Results:
        dataset, plan, record = self.dataset, self.plan, self.record
        facts, labels = dataset_facts(dataset), Labels.of(dataset)
        metric = resolve(self.setup.criteria, facts).metric
        run = RunFacts(
            run=record.id if record else "",
            created=record.created if record else datetime.now(UTC).isoformat(timespec="seconds"),
            path=str(record.path) if record else None,
            dataset=facts,
            plan=plan.facts(),
            findings=tuple(self.findings),
            versions=versions(),
            determinism=determinism_of(plan.limits, plan.threads),
            estimate=expected,
            explanations=readability(dataset, rows, plan.test_rows, plan.seed),
            best_reachable={metric.name: best_reachable(dataset, plan, metric)},
            seconds=time.perf_counter() - self.started,
        )
        return Results(tuple(rows), labels, plan.test_rows, run)

    def _keep_what_is_finished(self, rows: list[Result], expected: TimeEstimate | None) -> None:
        """What an interrupted run can say already, if that takes no time: somebody wants to leave."""
        if self.record is None:
            return
        kept: list[tuple[Answer, Results]] = []

        def judge_in_time() -> None:
            results = self._results(rows, expected)
            kept.append((judge(results, self.setup.criteria), results))

        thread = threading.Thread(target=judge_in_time, daemon=True)
        thread.start()
        thread.join(_PATIENCE)
        answer, predictions = (kept[0][0], kept[0][1].predictions()) if kept else (None, None)
        self.record.finish("interrupted", answer, predictions)


def _how_to_go_on(record: RunStore | None) -> str:
    if record is None:
        return "interrupted; nothing is kept without a store"
    return f"interrupted; what was finished is in {record.path}, go on with: {resume_command(record.path)}"


def best_reachable(dataset: Dataset, plan: Plan, metric: Metric) -> float | None:
    """The metric of the true probabilities on the test rows of the folds; None where unknown."""
    if dataset.true_probability is None:
        return None
    labels = Labels.of(dataset)
    values = [
        evaluate(metric, truth_of(labels, rows), dataset.true_probability[rows])
        for rows in plan.test_rows.values()
    ]
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None
