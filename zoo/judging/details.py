"""Details of the best models, from result rows, for reports: folds, confusion matrices, predicted numbers.

Of predictions of any models this is all that a report shows beside its answer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..metrics import METRICS, evaluate, of_task, truth_of
from ..results.answer import Answer
from ..results.report import (
    Confusion,
    Mistake,
    ModelConfusion,
    ModelValues,
    PairedFold,
    PairedFolds,
    ReportedJob,
    ReportSheet,
    ValueBin,
)
from ..results.rows import Result, Results
from .scores import score_models
from .verdict import champions_by_fold

MOST_MODELS = 4  # that are shown in full
MOST_CLASSES = 30  # of a matrix that somebody can read
MOST_MISTAKES = 10
DRAWN_POINTS = 400
BINS = 10


def models_in_detail(answer: Answer, results: Results) -> list[str]:
    """The best model of each family and the best others, as far as they left predictions, best first."""
    predicted = {row.model for row in results.folds if row.prediction is not None}
    rows = [row for row in answer.leaderboard if row.model in predicted]
    board = [row.model for row in rows]
    verdict = answer.verdict
    best = [name for name in (verdict.deep_champion, verdict.classical_champion) if name in board]
    chosen = list(dict.fromkeys([*best, *(row.model for row in rows if not row.reference)]))[:MOST_MODELS]
    return sorted(chosen, key=board.index)


def paired_folds(results: Results, metric_name: str) -> PairedFolds | None:
    """The best models of both families fold by fold.

    None where a family has no complete model, and for an official test part.
    """
    if results.facts.plan.official_test:
        return None
    scores, metric = score_models(results), METRICS[metric_name]
    champions = champions_by_fold(scores, metric)
    if champions is None:
        return None
    positions, by_family = champions
    folds = []
    for position, deep, classical in zip(positions, by_family["deep"], by_family["classical"], strict=True):
        row = scores[0].rows[position]
        gain = metric.sign * (deep - classical)
        folds.append(PairedFold(row.repeat, row.fold, float(deep), float(classical), float(gain)))
    return PairedFolds(tuple(folds))


def confusion(results: Results, models: Sequence[str]) -> Confusion | None:
    """Confusion matrices, every row counted once: in the first repeat. None for regression."""
    classes = results.labels.classes
    if results.labels.task == "regression":
        return None
    matrices = tuple(_model_confusion(name, _counts(results, name), classes) for name in models)
    return Confusion(classes if len(classes) <= MOST_CLASSES else None, matrices)


def true_and_predicted(results: Results, models: Sequence[str]) -> tuple[ModelValues, ...] | None:
    """Predicted against true numbers of the first repeat. None for classification."""
    if results.labels.task != "regression":
        return None
    return tuple(_model_values(results, name) for name in models)


def _first_repeat(results: Results, model: str) -> list[tuple[Result, np.ndarray]]:
    """The model's rows of the first repeat with predictions, and the row numbers that each fold tests."""
    rows = [row for row in results.folds if row.ok and row.prediction is not None]
    first = min(row.repeat for row in rows)
    own = [row for row in rows if row.model == model and row.repeat == first]
    return [(row, results.test_rows[row.repeat, row.fold]) for row in own]


def _counts(results: Results, model: str) -> np.ndarray:
    """int (n_classes, n_classes): rows by true class (down) and predicted class (across)."""
    labels = results.labels
    n_classes = len(labels.classes)
    codes = {name: code for code, name in enumerate(labels.classes)}
    counts = np.zeros((n_classes, n_classes), dtype=int)
    for row, test_rows in _first_repeat(results, model):
        assert row.prediction is not None
        truth = np.array([codes[str(name)] for name in labels.y[test_rows]], dtype=int)
        np.add.at(counts, (truth, row.prediction.argmax(axis=1)), 1)
    return counts


def _model_confusion(model: str, counts: np.ndarray, classes: Sequence[str]) -> ModelConfusion:
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_MISTAKES]
    worst = [divmod(int(place), len(classes)) for place in order if wrong.flat[place]]
    totals = counts.sum(axis=1)
    return ModelConfusion(
        model=model,
        rows=int(counts.sum()),
        right=int(np.trace(counts)),
        counts=tuple(map(tuple, counts.tolist())) if len(classes) <= MOST_CLASSES else None,
        mistakes=tuple(Mistake(classes[i], classes[j], int(counts[i, j]), int(totals[i])) for i, j in worst),
    )


def _model_values(results: Results, model: str) -> ModelValues:
    parts = _first_repeat(results, model)
    none = [np.zeros(0)]
    truth = np.concatenate([results.labels.y[rows] for _, rows in parts] or none).astype(float)
    predicted = np.concatenate([row.prediction for row, _ in parts if row.prediction is not None] or none)
    order = np.argsort(predicted, kind="stable")
    truth, predicted = truth[order], predicted[order]
    n_rows = len(order)
    drawn = np.unique(np.linspace(0, n_rows - 1, min(DRAWN_POINTS, n_rows)).round().astype(int))
    bins = [part for part in np.array_split(np.arange(n_rows), BINS) if len(part)]
    return ModelValues(
        model=model,
        rows=n_rows,
        points=tuple(zip(truth[drawn].tolist(), predicted[drawn].tolist(), strict=True)),
        bins=tuple(_value_bin(truth[part], predicted[part]) for part in bins),
    )


def _value_bin(truth: np.ndarray, predicted: np.ndarray) -> ValueBin:
    error = np.abs(truth - predicted).mean()
    return ValueBin(len(truth), float(predicted.mean()), float(truth.mean()), float(error))


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
