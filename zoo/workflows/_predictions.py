"""From tables of predictions to result rows: what each column says, and the plan that its rows tell of."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

import numpy as np
import pandas as pd

from ...datasets import ColumnReader, Dataset, InputError, Provenance, infer_role, load_dataset, unknown_name
from ..metrics import Metric, of_task, primary
from ..results.facts import DatasetFacts, Determinism, PlanFacts
from ..results.rows import Fold, Labels, Result, Results, RunFacts
from ._prediction_files import USUAL_NAMES, SameRows, Table, columns_of_predictions, numbers_in, words_in

Given = Literal["probabilities", "ranks", "labels", "values"]
PREFIXES = ("probability_", "probability of ", "proba_", "prob_", "p_")
# Columns that deepworth writes beside probabilities or values; they say nothing new.
DERIVED = frozenset(("prediction", "confidence", "prediction_set", "refer", "low", "high"))
_SUM = 0.02  # by which rounded probabilities of a row may miss 1
_EXACT = 1e-6  # up to which it misses 1 by the rounding of floating-point numbers only
_SHOWN = 5  # classes or columns that an error names


@dataclass(frozen=True)
class Predicted:
    """What one model predicted.

    Attributes
    ----------
    name : str
        Of the model.
    given : {"probabilities", "ranks", "labels", "values"}
        What can be made of it: "ranks" are scores that are no probabilities.
    prediction : ndarray of shape (n_records, n_classes) or (n_records,)
        Probabilities, or what stands for them: ranks of scores, 1 for a predicted class; or values.
    """

    name: str
    given: Given
    prediction: np.ndarray

    def allows(self, metric: Metric) -> bool:
        """Whether a metric can be computed."""
        if self.given in ("probabilities", "values"):
            return True
        return metric.needs == self.given

    @property
    def note(self) -> str:
        """What to know about it, behind the name of the model."""
        if self.given == "ranks":
            return "gives scores that are no probabilities: only metrics that rank rows apply"
        return (
            "gives predicted classes only: metrics of scores do not apply" if self.given == "labels" else ""
        )


@dataclass(frozen=True)
class _Candidate:
    """The columns of one model in a table: one, or one for each class."""

    name: str
    table: Table
    columns: tuple[str, ...]
    classes: tuple[str, ...] = ()  # in the order of the columns


@dataclass(frozen=True)
class _Truth:
    """The read target."""

    dataset: Dataset
    reader: ColumnReader

    @property
    def regression(self) -> bool:
        return self.dataset.task == "regression"


def results_of(
    rows: SameRows, models: Sequence[str], task: str | None, positive: str | None
) -> tuple[Results, list[Predicted]]:
    """Result rows of every model on every fold, and what each model gives.

    Raises
    ------
    InputError
        The target or a prediction cannot be used, folds are missing, or there is no such model.
    """
    truth = _read_truth(rows, task, positive)
    candidates = _chosen(_candidates(rows, truth), models)
    if not models:
        _refuse_identifiers(candidates, truth)
    classes = _all_classes(truth, candidates)
    predicted = [_read(candidate, rows, truth, classes) for candidate in candidates]
    labels = Labels(
        truth.dataset.y,
        truth.dataset.task,
        classes,
        truth.dataset.positive,
        rows.groups,
        rows.times,
    )
    parts = _parts(rows)
    folds = [
        Result(model.name, "unknown", *fold, prediction=model.prediction[own])
        for model in predicted
        for fold, own in parts.items()
    ]
    test_rows = {fold: rows.row[own] for fold, own in parts.items()}
    return Results(tuple(folds), labels, test_rows, _facts(rows, labels, predicted, test_rows)), predicted


# The target


def _read_truth(rows: SameRows, task: str | None, positive: str | None) -> _Truth:
    """As the target of any table is read."""
    feature = np.sin(np.arange(len(rows.truth)))  # a table needs one
    frame = pd.DataFrame({f"not {rows.target}": feature, rows.target: rows.truth})
    dataset = load_dataset(frame, target=rows.target, task=task, positive=positive)  # type: ignore[arg-type]
    reader = next(c.reader for c in dataset.schema.columns if c.name == rows.target)
    if len(dataset) < len(rows.truth):
        kept = dataset.row_numbers if dataset.row_numbers is not None else np.arange(len(dataset))
        row = np.setdiff1d(np.arange(len(rows.truth)), kept)[0]
        raise InputError(
            f"target {rows.target!r} has no value for {rows.place(_record(rows, row))}; fill it in"
        )
    return _Truth(dataset, reader or ColumnReader("categorical"))


def _record(rows: SameRows, row: int) -> int:
    return int(np.flatnonzero(rows.row == row)[0])


# Columns


def _candidates(rows: SameRows, truth: _Truth) -> list[_Candidate]:
    """The models of every table; their names are made unique by those of the tables."""
    found = [own for table in rows.tables for own in _models_in(table, rows.others, truth)]
    names = [candidate.name for candidate in found]
    unique = [c if names.count(c.name) == 1 else replace(c, name=f"{c.table.model}/{c.name}") for c in found]
    names = [candidate.name for candidate in unique]
    return [
        c if names.count(c.name) == 1 else replace(c, name=f"{c.name} {i}") for i, c in enumerate(unique, 1)
    ]


def _models_in(table: Table, others: frozenset[str], truth: _Truth) -> list[_Candidate]:
    columns = columns_of_predictions(table, others)
    found = [] if truth.regression else _by_class(table, columns, truth)
    used = {column for candidate in found for column in candidate.columns}
    rest = [column for column in columns if column not in used]
    if found or "prediction" in rest:
        rest = [column for column in rest if column not in DERIVED]
    if not found and not rest and "prediction" in columns:
        rest = ["prediction"]
    if not rest and not found:
        raise InputError(f"{table.name} has no column of predictions")
    found += [_Candidate(column, table, (column,)) for column in rest]
    return [replace(found[0], name=table.model)] if len(found) == 1 else found


def _by_class(table: Table, columns: Sequence[str], truth: _Truth) -> list[_Candidate]:
    """Columns that hold the probabilities of classes: bare names, or all behind the same words."""
    classes = list(map(str, truth.dataset.classes))
    found = []
    for prefix in PREFIXES:
        own = {column: truth.reader.level(column.removeprefix(prefix)) for column in columns
               if column.startswith(prefix)}  # fmt: skip
        if own and set(own.values()) & set(classes):
            _check_classes(table, prefix, own, classes)
            found.append(_Candidate(table.model, table, tuple(own), tuple(own.values())))
    bare = {column: truth.reader.level(column) for column in columns}
    if set(classes) <= set(bare.values()) and not found:
        own = {column: name for column, name in bare.items() if name in classes}
        return [_Candidate(table.model, table, tuple(own), tuple(own.values()))]
    return found or _by_model_and_class(table, columns, classes)


def _check_classes(table: Table, prefix: str, own: Mapping[str, str], classes: Sequence[str]) -> None:
    missing = [name for name in classes if name not in own.values()]
    if missing and not (len(classes) == 2 and len(own) == 1):
        raise InputError(
            f"{table.name} has probabilities of {', '.join(list(own.values())[:_SHOWN])} but no column "
            f"{prefix + missing[0]!r}; add the probabilities of every class"
        )
    if len(set(own.values())) < len(own):
        raise InputError(f"{table.name} has two columns of one class among {', '.join(list(own)[:_SHOWN])}")


def _by_model_and_class(table: Table, columns: Sequence[str], classes: Sequence[str]) -> list[_Candidate]:
    """Several models with a column for each class: ``svm_cat``, ``svm_dog``, ``net_cat``, ``net_dog``."""
    present = set(columns)
    starts = dict.fromkeys(c.removesuffix(classes[0]) for c in columns if c.endswith(classes[0]))
    return [
        _Candidate(start.rstrip("_-. :"), table, tuple(start + name for name in classes), tuple(classes))
        for start in starts
        if start.rstrip("_-. :") and all(start + name in present for name in classes)
    ]


def _chosen(candidates: list[_Candidate], models: Sequence[str]) -> list[_Candidate]:
    known = [candidate.name for candidate in candidates]
    for name in models:
        if name not in known:
            raise unknown_name("model in these predictions:", name, known)
    chosen = [candidate for candidate in candidates if not models or candidate.name in models]
    if len(chosen) < 2:
        raise InputError(
            f"only one model ({chosen[0].name}) has predictions; give another one to compare with"
        )
    return chosen


def _refuse_identifiers(candidates: Sequence[_Candidate], truth: _Truth) -> None:
    """A column of names of rows beside others is no model, unless it is named as one."""
    for candidate in candidates:
        alone = sum(other.table is candidate.table for other in candidates) == 1
        if alone or candidate.classes:
            continue
        column = candidate.columns[0]
        cells = candidate.table.frame[column]
        numbers = numbers_in(cells)
        if truth.regression or np.isnan(numbers).any():
            names_rows = cells.is_unique and infer_role(cells, column)[0] == "identifier"
        else:
            names_rows = bool(np.all(numbers % 1 == 0)) and cells.is_unique
        if names_rows:
            raise InputError(
                f"{candidate.table.name}: column {column!r} looks like names of rows; give it as --id, or "
                f"choose models with -m"
            )


def _all_classes(truth: _Truth, candidates: Sequence[_Candidate]) -> tuple[str, ...]:
    """Classes of the target, and those that models know of but no row has."""
    if truth.regression:
        return ()
    known = {*map(str, truth.dataset.classes), *(name for c in candidates for name in c.classes)}
    if len(known) > 2 and truth.dataset.task == "binary":
        unknown = sorted(known - set(truth.dataset.classes))
        raise InputError(
            f"there are probabilities of class {unknown[0]!r}, which no row has; remove its column, or give "
            f"rows of that class"
        )
    return tuple(sorted(known))


# Cells


def _read(candidate: _Candidate, rows: SameRows, truth: _Truth, classes: tuple[str, ...]) -> Predicted:
    if truth.regression:
        return Predicted(candidate.name, "values", _numbers(candidate, candidate.columns[0], rows))
    if candidate.classes:
        return _probabilities(candidate, rows, truth, classes)
    return _one_column(candidate, rows, truth, classes)


def _numbers(candidate: _Candidate, column: str, rows: SameRows) -> np.ndarray:
    cells = candidate.table.frame[column]
    numbers = numbers_in(cells)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        cell = cells.iloc[wrong[0]]
        what = "is empty" if pd.isna(cell) or not str(cell).strip() else f"has {str(cell)[:40]!r}, no number,"
        raise InputError(_at(candidate, column, f"{what} for {rows.place(wrong[0])}", len(wrong)))
    return numbers


def _at(candidate: _Candidate, column: str, problem: str, rows: int) -> str:
    more = f" ({rows:,} such rows)" if rows > 1 else ""
    return f"{candidate.table.name}: column {column!r} {problem}{more}; correct it, or choose models with -m"


def _probabilities(
    candidate: _Candidate, rows: SameRows, truth: _Truth, classes: tuple[str, ...]
) -> Predicted:
    """A column for each class; or of one of two classes."""
    columns = {
        name: _numbers(candidate, c, rows)
        for c, name in zip(candidate.columns, candidate.classes, strict=True)
    }
    for column, values in zip(candidate.columns, columns.values(), strict=True):
        wrong = np.flatnonzero((values < 0) | (values > 1))
        if len(wrong):
            percent = "; divide percentages by 100" if values.max() <= 100 and values.min() >= 0 else ""
            problem = (
                f"has {values[wrong[0]]:.6g} for {rows.place(wrong[0])}, no probability from 0 to 1{percent}"
            )
            raise InputError(_at(candidate, column, problem, len(wrong)))
    if len(columns) == 1:
        ((name, values),) = columns.items()
        columns[next(c for c in classes if c != name)] = 1 - values
    table = np.stack([columns.get(name, np.zeros(len(rows.row))) for name in classes], axis=1)
    sums = table.sum(axis=1)
    wrong = np.flatnonzero(np.abs(sums - 1) > _SUM)
    if len(wrong):
        raise InputError(
            f"{candidate.table.name}: the probabilities for {rows.place(wrong[0])} have the sum "
            f"{sums[wrong[0]]:.4g}, not 1 ({len(wrong):,} such rows); give those of every class"
        )
    if np.abs(sums - 1).max() > _EXACT:  # what is not rounded stays as it is, ties among it
        table = table / sums[:, None]
    return Predicted(candidate.name, "probabilities", table)


def _one_column(candidate: _Candidate, rows: SameRows, truth: _Truth, classes: tuple[str, ...]) -> Predicted:
    """Predicted classes, or for two classes a score of the positive one."""
    column = candidate.columns[0]
    cells = candidate.table.frame[column]
    if len(classes) == 2 and not _are_classes(cells, truth, classes):
        return _scores(candidate, _numbers(candidate, column, rows), truth, classes)
    words = words_in(cells)
    known = {name: code for code, name in enumerate(classes)}
    codes = np.array([-1 if w is None else known.get(truth.reader.level(w), -1) for w in words], dtype=int)
    wrong = np.flatnonzero(codes < 0)
    if len(wrong):
        shown = "nothing" if words[wrong[0]] is None else repr(words[wrong[0]][:40])
        names = ", ".join(classes[:_SHOWN]) + (", ..." if len(classes) > _SHOWN else "")
        problem = f"has {shown} for {rows.place(wrong[0])}, none of the classes {names}"
        raise InputError(_at(candidate, column, problem, len(wrong)))
    return Predicted(candidate.name, "labels", np.eye(len(classes))[codes])


def _are_classes(cells: pd.Series, truth: _Truth, classes: Sequence[str]) -> bool:
    """Whether a column of two classes holds their names, rather than scores."""
    levels = {truth.reader.level(level) for level in pd.unique(cells.dropna())[:1000]}
    return bool(levels) and (levels <= set(classes) or np.isnan(numbers_in(cells)).all())


def _scores(candidate: _Candidate, scores: np.ndarray, truth: _Truth, classes: Sequence[str]) -> Predicted:
    """Probabilities of the positive class; the ranks of scores outside 0 to 1."""
    positive = list(classes).index(str(truth.dataset.positive))
    given: Given = "probabilities"
    if scores.min() < 0 or scores.max() > 1:
        ranks = np.unique(scores, return_inverse=True)[1].reshape(-1)
        given, scores = "ranks", (ranks + 0.5) / (ranks.max() + 1)
    table = np.stack([1 - scores, scores], axis=1)
    return Predicted(candidate.name, given, table if positive == 1 else table[:, ::-1])


# The metric


def usable_metric(predicted: Sequence[Predicted], task: Any, name: str | None) -> Metric:
    """The metric of that name, or the default one, or the first that everything given allows.

    Raises
    ------
    InputError
        A model gives too little for it.
    """
    usual = primary(task, name)
    lacking = [model for model in predicted if not model.allows(usual)]
    if not lacking:
        return usual
    others = [m for m in of_task(task) if all(model.allows(m) for model in predicted)]
    if name is None and others:
        return others[0]
    notes = dict.fromkeys(model.note for model in predicted if model.note)
    kinds = "; ".join(
        f"{', '.join(model.name for model in predicted if model.note == note)} {note}" for note in notes
    )
    advice = f"use {', '.join(m.name for m in others)}" if others else "give probabilities of every model"
    problem = f"metric {usual.name} does not apply" if name else "no metric applies to all models"
    raise InputError(f"{problem}: {kinds}; {advice}")


# The plan


def _parts(rows: SameRows) -> dict[Fold, np.ndarray]:
    """Records of each repeat and fold."""
    n_folds = int(rows.fold.max()) + 1
    key = rows.repeat * n_folds + rows.fold
    order = np.argsort(key, kind="stable")
    borders = np.flatnonzero(np.diff(key[order])) + 1
    parts = {divmod(int(key[own[0]]), n_folds): own for own in np.split(order, borders)}
    _check_folds(rows, parts)
    return parts


def _check_folds(rows: SameRows, parts: Mapping[Fold, np.ndarray]) -> None:
    repeats = {repeat for repeat, _ in parts}
    for repeat in repeats if len(repeats) > 1 else ():
        if sum(own == repeat for own, _ in parts) < 2:
            raise InputError(
                "repeats need the folds of a cross-validation; name their column with --fold, or give the "
                "predictions of one repeat"
            )
    smallest = min(map(len, parts.values()))
    if len(parts) > 1 and smallest == 1 and len(parts) > len(rows.truth) / 2:
        raise InputError("most folds have a single row, in which no metric can be computed; leave --fold out")


def _facts(
    rows: SameRows,
    labels: Labels,
    predicted: Sequence[Predicted],
    test_rows: Mapping[Fold, np.ndarray],
) -> RunFacts:
    one = len(test_rows) == 1
    names = tuple(model.name for model in predicted)
    return RunFacts(
        run="",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        path=None,
        dataset=_dataset_facts(rows, labels, predicted, len(labels.y) if one else None),
        plan=PlanFacts(
            folds=len({fold for _, fold in test_rows}),
            repeats=len({repeat for repeat, _ in test_rows}),
            preset="",
            seed=0,
            official_test=one,
            test_over_train=0.0 if one else _test_over_train(labels, test_rows),
            params={},
            models=names,
            threads=1,
            in_time_order=not one and labels.times is not None,
            jobs=len(predicted) * len(test_rows),
        ),
        findings=(),
        versions=_versions(),
        determinism=Determinism("bit-equal by setting", 1),
    )


def _test_over_train(labels: Labels, test_rows: Mapping[Fold, np.ndarray]) -> float:
    """Of each fold against the others; in order of time, against a period before the first and all since."""
    n = len(labels.y)
    if labels.times is None:
        return float(np.mean([len(own) / (n - len(own)) for own in test_rows.values()]))
    return float(np.mean([1 / (1 + place) for place in range(len(test_rows))]))


def _dataset_facts(
    rows: SameRows, labels: Labels, predicted: Sequence[Predicted], test_rows: int | None
) -> DatasetFacts:
    regression = labels.task == "regression"
    return DatasetFacts(
        name="predictions" if rows.target in USUAL_NAMES["target"] else rows.target,
        rows=len(labels.y),
        columns=None,
        width=float(len(predicted)),
        task=labels.task,
        modality="tabular",
        target=rows.target,
        classes=labels.classes,
        class_counts=None if regression else _class_counts(labels),
        positive=labels.positive,
        target_std=float(np.std(labels.y)) if regression else None,
        test_rows=test_rows,
        fingerprint=_fingerprint(labels, predicted),
        provenance=Provenance("predictions", ", ".join(dict.fromkeys(t.name for t in rows.tables))),
    )


def _class_counts(labels: Labels) -> dict[str, int]:
    names, counts = np.unique(labels.y, return_counts=True)
    return dict(zip(map(str, names), counts.tolist(), strict=True))


def _fingerprint(labels: Labels, predicted: Sequence[Predicted]) -> str:
    """SHA-256 over targets and predictions."""
    digest = hashlib.sha256()
    for part in (labels.y if labels.task == "regression" else np.searchsorted(labels.classes, labels.y),
                 *(model.prediction for model in predicted)):  # fmt: skip
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _versions() -> dict[str, str | int | None]:
    """Of what took part."""
    found: dict[str, str | int | None] = {"python": platform.python_version()}
    for name in ("deepworth", "numpy", "scipy", "pandas", "pyarrow"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found
