"""Judge a past run again from what it kept: another metric, margin or level, and no training."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import InputError, Split, Task, unknown_name
from ..judging.budget import parse_budget, within_budget
from ..judging.intervals import check_level
from ..judging.leaderboard import MEASURED, leaderboard_rows, mark_front, metric_facts
from ..judging.pairs import Paired, paired_by_folds, paired_on_test_part
from ..judging.question import Question
from ..judging.scores import ModelScores, Resampled, resample, score_models, truth_of
from ..judging.verdict import decide
from ..metrics import default_margin, primary
from ..runs.fitting import Job
from ..runs.store import load_jobs, load_run
from ._answer import Answer
from ._readability import FIDELITY
from ._result import plain


@dataclass
class Kept:
    """What statistics need of a dataset: answers of the rows that were scored, by row number."""

    y: np.ndarray
    task: Task
    classes: tuple[str, ...]
    positive: str | None


def verdict(
    run: str,
    *,
    metric: str | None = None,
    margin: float | None = None,
    confidence_level: float | None = None,
    models: Sequence[str] | None = None,
    between: tuple[str, str] | None = None,
    budget: Sequence[str] | None = None,
    store: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """The answer of a past run, judged anew from its kept predictions.

    Parameters
    ----------
    run : str
        Its name, an unmistakable start of it, "last", or its folder.
    metric, margin, confidence_level
        As :func:`deepworth.compare` takes them; those of the run by default.
    models : sequence of str, optional
        Judge these only.
    between : pair of str, optional
        Two models to compare with each other, whatever their families; the answer's ``between``.

    budget : sequence of str, optional
        Limits such as ``["latency=5ms"]``; the answer's ``budget`` names the best model within them.

    Returns
    -------
    dict
        As :meth:`Comparison.to_dict`, with ``metric``, ``leaderboard`` and ``verdict`` made anew.

    Raises
    ------
    InputError
        There is no such run, model or metric, or nothing was kept.
    """
    limits = parse_budget(budget)
    old = load_run(run, store)
    rows, predictions = load_jobs(run, store)
    question = _asked_again(old, metric, margin, confidence_level, limits)
    data, plan = old["dataset"], old["plan"]
    kept = _kept(data, predictions)
    scores = score_models(kept, _jobs(kept, rows, predictions, models))
    chosen, level, ratio = question.metric, question.level, _test_over_train(plan, data)
    resampled = resample(kept, scores, chosen, plan["seed"]) if plan["official_test"] else None
    found = decide(
        scores,
        chosen,
        margin=question.margin,
        level=level,
        test_over_train=ratio,
        missing=tuple(m.model for m in scores if not m.complete),
        resampled=resampled,
    )
    board = _with_costs(leaderboard_rows(kept, scores, chosen, ratio, level, resampled), old["leaderboard"])
    mark_front(board, chosen.sign)
    best = within_budget(limits, board, scores, chosen, ratio, level, resampled) if limits else None
    answer = {
        **old,
        "metric": metric_facts(chosen, data["task"]),
        "leaderboard": board,
        "verdict": asdict(found),
        "best_reachable": old["best_reachable"] if chosen.name == old["metric"]["name"] else None,
        "budget": best,
    }
    if between is not None:
        answer["between"] = asdict(_between(between, kept, scores, question, ratio, resampled))
    return Answer(plain(answer))


def _asked_again(
    old: dict[str, Any],
    metric: str | None,
    margin: float | None,
    level: float | None,
    budget: dict[str, float],
) -> Question:
    """What is not asked anew is asked as before; a margin belongs to its metric."""
    data, before = old["dataset"], old["verdict"]
    level = before["confidence_level"] if level is None else level
    check_level(level)
    chosen = primary(data["task"], metric or old["metric"]["name"])
    if margin is None and chosen.name == old["metric"]["name"]:
        margin = before["margin"]
    spread = np.array([0.0, 2.0]) * (data.get("target_std") or 0.0)  # targets with this deviation
    return Question(chosen, default_margin(chosen, spread, margin), level, budget)


def _kept(data: dict[str, Any], predictions: pd.DataFrame) -> Kept:
    """Answers by row number; rows that were never scored have none, and nothing asks for them."""
    truth = predictions.drop_duplicates("row")
    regression = data["task"] == "regression"
    y = np.full(data["rows"], np.nan if regression else "", dtype=float if regression else object)
    y[truth["row"].to_numpy()] = truth["truth"].to_numpy() if regression else truth["truth"].astype(str)
    return Kept(y, data["task"], tuple(data["classes"]), data["positive"])


def _jobs(
    kept: Kept, rows: list[dict[str, Any]], predictions: pd.DataFrame, models: Sequence[str] | None
) -> list[Job]:
    """The jobs of the chosen models as they ended, with their predictions and without training rows."""
    known = list(dict.fromkeys(row["model"] for row in rows))
    for name in models or ():
        if name not in known:
            raise unknown_name("model of this run", name, known)
    parts = dict(iter(predictions.groupby(["model", "repeat", "fold"], sort=False)))
    return [
        _job(kept, row, parts.get((row["model"], row["repeat"], row["fold"])))
        for row in rows
        if not models or row["model"] in models
    ]


def _job(kept: Kept, row: dict[str, Any], part: pd.DataFrame | None) -> Job:
    nothing = np.zeros(0, dtype=int)
    if part is None:
        split = Split(row["repeat"], row["fold"], nothing, nothing)
        return Job(row["model"], row["family"], split, row["status"], row["reason"])
    columns = ["prediction"] if kept.task == "regression" else [f"probability_{c}" for c in kept.classes]
    prediction = part[columns].to_numpy(dtype=np.float64)
    return Job(
        row["model"],
        row["family"],
        Split(row["repeat"], row["fold"], nothing, part["row"].to_numpy()),
        row["status"],
        row["reason"],
        fit_seconds=row["fit_seconds"],
        prediction=prediction[:, 0] if kept.task == "regression" else prediction,
    )


def _test_over_train(plan: dict[str, Any], data: dict[str, Any]) -> float:
    """As the plan says; runs of before it did had equal folds, or one test part."""
    if plan.get("test_over_train") is not None:
        return plan["test_over_train"]
    if plan["official_test"]:
        return data["test_rows"] / (data["rows"] - data["test_rows"])
    return 1.0 / (plan["folds"] - 1)


def _with_costs(board: list[dict[str, Any]], old: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with what was measured when the models were trained."""
    measured = {row["model"]: row for row in old}
    kept = (*MEASURED, "notes")
    later = dict.fromkeys(FIDELITY)  # runs of before they were measured have none
    return [
        {**row, **later, **{k: v for k, v in measured[row["model"]].items() if k in (*kept, *later)}}
        for row in board
    ]


def _between(
    names: tuple[str, str],
    kept: Kept,
    models: Sequence[ModelScores],
    question: Question,
    test_over_train: float,
    resampled: Resampled | None,
) -> Paired:
    known = [m.model for m in models]
    for name in names:
        if name not in known:
            raise unknown_name("model of this run", name, known)
    first, second = (known.index(name) for name in names)
    metric, margin, level = question.metric, question.margin, question.level
    if resampled is None:
        pair = paired_by_folds(models[first], models[second], metric, test_over_train, margin, level)
    else:
        truth = truth_of(kept, models[first].jobs[0].split.test)
        samples = (resampled.in_bag[first], resampled.in_bag[second])
        pair = paired_on_test_part(models[first], models[second], metric, truth, samples, margin, level)
    if pair is None:
        raise InputError(f"{names[0]} and {names[1]} have no two folds with a score of both")
    return pair
