"""What the report about predictions of any models shows beside its answer."""

from __future__ import annotations

from collections.abc import Collection

from ..judging.leaderboard import confusion, models_in_detail, true_and_predicted
from ..metrics import evaluate, of_task, truth_of
from ..results.answer import Answer
from ..results.report import ReportedJob, ReportSheet
from ..results.rows import Result, Results


def sheet_of(
    basis: Answer, results: Results, command: str | None, without_classes: Collection[str]
) -> ReportSheet:
    """The sheet of a run that trained nothing; ``without_classes`` are models that predict no class."""
    shown = [name for name in models_in_detail(basis, results) if name not in without_classes]
    return ReportSheet(
        result=basis,
        status="ok",
        command=command,
        host={},
        splits=None,
        jobs=tuple(_job(row, results) for row in results.folds),
        paired=None,
        confusion=confusion(results, shown),
        values=true_and_predicted(results, shown),
        calibration=None,
    )


def _job(row: Result, results: Results) -> ReportedJob:
    truth = truth_of(results.labels, results.test_rows[row.repeat, row.fold])
    assert row.prediction is not None
    scores = {m.name: evaluate(m, truth, row.prediction) for m in of_task(results.labels.task)}
    return ReportedJob(
        row.model, row.family, row.repeat, row.fold, row.status, row.reason, None, None, 1, False, scores
    )
