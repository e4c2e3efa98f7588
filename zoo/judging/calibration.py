"""How far the confidence of every model of a run can be trusted, from its kept predictions alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import InputError, unknown_name
from ..calibration.calibrators import FEWEST_ROWS, Calibrator, candidates, cross_fitted, log_losses, simplest
from ..calibration.conformal import MisclassificationCosts, check_level, sets_out_of_fold, widths_out_of_fold
from ..calibration.reliability import (
    bin_numbers,
    error_by_chance,
    estimated_error,
    root_mean_square_error,
    statements,
    summarise,
    wilson,
)
from ..results.answer import Answer
from ..results.saved import (
    CalibratedData,
    CalibrationAnswer,
    CalibrationError,
    CalibrationScores,
    DecisionCosts,
    Decisions,
    IntervalScores,
    LevelScores,
    ModelCalibration,
    Reliability,
    ReliabilityCurve,
    SetScores,
    Share,
)

PARTS = 5  # of an official test part, whose rows have no folds
N_SAMPLES = 300
INTERVAL = 0.95
_LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # of the intervals in a regression's picture


@dataclass(frozen=True)
class _Kept:
    """What a model predicted for the rows of one repeat: truth as codes or values, the fold of each row."""

    rows: np.ndarray
    parts: np.ndarray
    truth: np.ndarray
    prediction: np.ndarray


@dataclass(frozen=True)
class _Setting:
    """What holds for every model; ``draws`` are bootstrap weights of the dataset's rows."""

    level: float
    costs: MisclassificationCosts | None
    positive: int
    draws: list[np.ndarray]


def judge_calibration(
    answer: Answer,
    predictions: pd.DataFrame,
    *,
    models: Sequence[str] = (),
    level: float,
    costs: MisclassificationCosts | None = None,
    seed: int = 0,
) -> CalibrationAnswer:
    """Calibration, thresholds and conformal coverage of the models of a run.

    Whatever is learned (a calibrator, a quantile) is learned on the other folds than those it is judged
    on. Intervals are at 95 %: of the calibration error by the grid method, else by a bootstrap of the rows.

    Parameters
    ----------
    answer : Answer
        Of the run.
    predictions : DataFrame
        Of its held-out rows, see :meth:`Results.predictions`.
    models : sequence of str
        All of the run by default.
    level : float
        Of sets and intervals.

    Raises
    ------
    InputError
        There is no such model, it has no predictions, or costs were given for other than two classes.
    """
    check_level(level)
    data = answer.dataset
    if costs is not None and data.task != "binary":
        raise InputError(f"misclassification costs need two classes, the run is a {data.task} task")
    if predictions.empty:
        raise InputError(f"run {answer.run} kept no predictions: none of its jobs ended well")
    families = {row.model: row.family for row in answer.leaderboard}
    names = _chosen(models, list(families), predictions)
    n_rows, rng = int(predictions["row"].max()) + 1, np.random.default_rng(seed)
    draws = [np.bincount(rng.integers(0, n_rows, n_rows), minlength=n_rows) for _ in range(N_SAMPLES)]
    classes = list(data.classes)
    positive = classes.index(data.positive) if data.positive in classes else 1
    setting = _Setting(level, costs, positive, draws)
    verdict = answer.verdict
    return CalibrationAnswer(
        run=answer.run,
        dataset=CalibratedData(data.name, data.rows, data.task, data.classes, data.positive),
        confidence_level=level,
        interval_level=INTERVAL,
        costs=None if costs is None else DecisionCosts(**vars(costs), threshold=costs.threshold),
        champions=(verdict.deep_champion, verdict.classical_champion),
        models=tuple(
            ModelCalibration(name, families[name], **_judged(predictions, name, classes, setting))
            for name in names
        ),
    )


def _chosen(wanted: Sequence[str], known: list[str], frame: pd.DataFrame) -> list[str]:
    """Models in the order of the leaderboard that have predictions."""
    kept = set(frame["model"])
    for name in wanted:
        if name not in known:
            raise unknown_name("model in this run", name, known)
        if name not in kept:
            raise InputError(f"{name} has no predictions in this run: its jobs failed")
    return [name for name in known if name in kept and (not wanted or name in wanted)]


def _judged(frame: pd.DataFrame, name: str, classes: list[str], setting: _Setting) -> dict[str, Any]:
    repeats = [
        _kept(part, classes, repeat)
        for repeat, part in frame[frame["model"] == name].groupby("repeat", sort=True)
    ]
    return _values(repeats, setting) if not classes else _classes(repeats, classes, setting)


def _kept(frame: pd.DataFrame, classes: list[str], repeat: Any) -> _Kept:
    rows = frame["row"].to_numpy()
    parts = frame["fold"].to_numpy()
    if len(np.unique(parts)) < 2:  # an official test part: whole groups, where rows have one
        grouped = "group" in frame and frame["group"].nunique() > 1
        units = np.unique(frame["group"] if grouped else rows, return_inverse=True)[1]
        parts = (np.random.default_rng(int(repeat)).permutation(int(units.max()) + 1) % PARTS)[units]
    if not classes:
        return _Kept(rows, parts, frame["truth"].to_numpy(float), frame["prediction"].to_numpy(float))
    codes = np.searchsorted(classes, frame["truth"].to_numpy(str))
    shares = frame[[f"probability_{c}" for c in classes]].to_numpy(float)
    return _Kept(rows, parts, codes, shares)


def _classes(repeats: list[_Kept], classes: list[str], setting: _Setting) -> dict[str, Any]:
    """Everything about a classifier: before and after each calibrator, and with the best of them."""
    calibrated = [_calibrated(kept) for kept in repeats]
    best = _best([kept.truth for kept in repeats], calibrated)
    after = [shares[best] for shares in calibrated]
    raw = _scores(repeats, [kept.prediction for kept in repeats], setting)
    judged: dict[str, Any] = {
        "rows": len(repeats[0].rows),
        "repeats": len(repeats),
        **vars(raw),
        "calibrators": {
            kind.method: _scores(repeats, [shares[kind] for shares in calibrated], setting)
            for kind in calibrated[0]
        },
        "best_calibrator": best.method,
        "sets": _sets(repeats, best, classes, setting),
        "reliability": Reliability(
            none=_curve(repeats, [kept.prediction for kept in repeats], setting),
            calibrated=_curve(repeats, after, setting),
        ),
    }
    if setting.costs is not None:
        judged["decisions"] = _decisions(repeats, after, setting)
    return judged


def _calibrated(kept: _Kept) -> dict[type[Calibrator], np.ndarray]:
    """Each calibrator's probabilities of every fold, learned on the others; none where rows are few."""
    enough = len(kept.rows) >= FEWEST_ROWS and all(
        len(np.unique(kept.truth[kept.parts != part])) > 1 for part in np.unique(kept.parts)
    )
    kinds = candidates(kept.prediction.shape[1])[: None if enough else 1]
    return {kind: cross_fitted(kind, kept.prediction, kept.truth, kept.parts) for kind in kinds}


def _best(truths: list[np.ndarray], losses: list[dict[type[Calibrator], np.ndarray]]) -> type[Calibrator]:
    """The choice of ``--calibrate auto``, by the first repeat: others ask the same rows again."""
    return simplest({kind: log_losses(shares, truths[0]) for kind, shares in losses[0].items()})


def _scores(repeats: list[_Kept], shares: list[np.ndarray], setting: _Setting) -> CalibrationScores:
    """Calibration error, Brier score and log loss with intervals, means over the repeats."""
    errors = [_error(kept, p, setting) for kept, p in zip(repeats, shares, strict=True)]
    half = 2 if shares[0].shape[1] == 2 else 1  # of two classes the usual half, as in the leaderboard
    squares, losses = [], []
    for kept, p in zip(repeats, shares, strict=True):
        squares.append(np.sum((p - np.eye(p.shape[1])[kept.truth]) ** 2, axis=1) / half)
        losses.append(log_losses(p, kept.truth))
    error = CalibrationError(**{key: float(np.mean([e[key] for e in errors])) for key in errors[0]})
    return CalibrationScores(error, _mean(repeats, squares, setting), _mean(repeats, losses, setting))


def _error(kept: _Kept, shares: np.ndarray, setting: _Setting) -> dict[str, float]:
    stated, hits = statements(shares, kept.truth, setting.positive)
    numbers = bin_numbers(stated)
    bins = summarise(stated, hits, numbers)
    return {
        **vars(estimated_error(bins, INTERVAL)),
        "by_chance": error_by_chance(stated, numbers),
        "root_mean_square": root_mean_square_error(bins),
    }


def _mean(repeats: list[_Kept], values: list[np.ndarray], setting: _Setting) -> Share:
    """Mean of a number by row with its bootstrap interval; a row's repeats are drawn together."""
    n_rows = len(setting.draws[0])
    total, times = np.zeros(n_rows), np.zeros(n_rows)
    for kept, own in zip(repeats, values, strict=True):
        total += np.bincount(kept.rows, weights=own, minlength=n_rows)
        times += np.bincount(kept.rows, minlength=n_rows)
    samples = [np.sum(w * total) / max(np.sum(w * times), 1.0) for w in setting.draws]
    low, high = np.quantile(samples, [0.5 - INTERVAL / 2, 0.5 + INTERVAL / 2])
    return Share(float(total.sum() / times.sum()), float(low), float(high))


def _sets(repeats: list[_Kept], best: type[Calibrator], classes: list[str], setting: _Setting) -> SetScores:
    """Conformal sets: how often they hold the truth, how large they are, which rows have no single class."""
    sets = [
        sets_out_of_fold(best, kept.prediction, kept.truth, kept.parts, setting.level) for kept in repeats
    ]
    hits = [s[np.arange(len(s)), kept.truth].astype(float) for kept, s in zip(repeats, sets, strict=True)]
    sizes = np.concatenate([s.sum(axis=1) for s in sets])
    truth, held = np.concatenate([kept.truth for kept in repeats]), np.concatenate(hits)
    sure = sizes == 1
    return SetScores(
        coverage=_mean(repeats, hits, setting),
        coverage_by_class={c: _share(held[truth == k]) for k, c in enumerate(classes)},
        mean_set_size=float(sizes.mean()),
        referred=float(np.mean(~sure)),
        accuracy_of_the_rest=_share(held[sure]),
    )


def _share(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def _decisions(repeats: list[_Kept], shares: list[np.ndarray], setting: _Setting) -> Decisions:
    """Mean cost of a row by the threshold of the costs and by one half, and what the first saves."""
    costs = setting.costs
    assert costs is not None

    def by(threshold: float, said: list[np.ndarray]) -> list[np.ndarray]:
        return [
            costs.of_rows(p[:, setting.positive], kept.truth == setting.positive, threshold)
            for kept, p in zip(repeats, said, strict=True)
        ]

    chosen, usual = by(costs.threshold, shares), by(0.5, shares)
    uncalibrated = by(costs.threshold, [kept.prediction for kept in repeats])
    saved = [a - b for a, b in zip(usual, chosen, strict=True)]
    yes = np.concatenate([p[:, setting.positive] >= costs.threshold for p in shares])
    return Decisions(
        threshold=costs.threshold,
        expected_cost=_mean(repeats, chosen, setting),
        expected_cost_at_half=_mean(repeats, usual, setting),
        expected_cost_uncalibrated=_mean(repeats, uncalibrated, setting),
        saved=_mean(repeats, saved, setting),
        share_called_positive=float(yes.mean()),
    )


def _curve(repeats: list[_Kept], shares: list[np.ndarray], setting: _Setting) -> ReliabilityCurve:
    """The reliability curve of the first repeat: stated, happened with Wilson's interval, rows by bin."""
    stated, hits = statements(shares[0], repeats[0].truth, setting.positive)
    bins = summarise(stated, hits, bin_numbers(stated, n_bins=10))
    low, high = wilson(bins.happened, bins.rows, INTERVAL)
    counts = np.histogram(stated, bins=np.linspace(0, 1, 41))[0]
    columns = {"stated": bins.stated, "happened": bins.happened, "low": low, "high": high, "rows": bins.rows}
    own = {name: tuple(values.tolist()) for name, values in columns.items()}
    return ReliabilityCurve(**own, histogram=tuple(counts.tolist()))


def _values(repeats: list[_Kept], setting: _Setting) -> dict[str, Any]:
    """Conformal intervals of a regressor: coverage and width, at the level and along others."""
    return {
        "rows": len(repeats[0].rows),
        "repeats": len(repeats),
        "intervals": _intervals(repeats, setting.level, setting),
        "levels": tuple(LevelScores(level, **vars(_intervals(repeats, level, setting))) for level in _LEVELS),
    }


def _intervals(repeats: list[_Kept], level: float, setting: _Setting) -> IntervalScores:
    widths, hits = [], []
    for kept in repeats:
        residuals = kept.truth - kept.prediction
        widths.append(widths_out_of_fold(kept.prediction, residuals, kept.parts, level))
        hits.append((np.abs(residuals) <= widths[-1]).astype(float))
    return IntervalScores(_mean(repeats, hits, setting), float(np.mean(np.concatenate(widths))))
