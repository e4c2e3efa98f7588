"""From a plan to a judged and kept answer, and what comparisons return: the answer, frames, a view."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from ...datasets import Dataset, Finding, InputError
from ..artefact.inspecting import versions
from ..explanation import LEAVES, TERMS, Answers, surrogates
from ..judging.judge import judge, resolve
from ..judging.slices import Feature
from ..metrics import Metric, evaluate, truth_of
from ..own_models import OwnModel
from ..results.answer import Answer, Verdict, flat_row
from ..results.explanation import Explanations, Surrogate
from ..results.facts import MetricFacts, TimeEstimate, dataset_facts
from ..results.json import from_json, to_json
from ..results.rows import Fold, Labels, Result, Results, RunFacts
from ..results.runs import Event, Interrupted, Progress
from ..runs.execute import execute
from ..runs.journal import RunStore
from ..runs.limits import determinism_of
from ..runs.plan import Plan
from ..runs.store import resume_command, store_folder
from ..setup import Setup

if TYPE_CHECKING:
    import pandas as pd


_PATIENCE = 1.0  # seconds after Ctrl-C


@dataclass(frozen=True)
class Comparison:
    """What :func:`deepworth.compare`, :func:`deepworth.resume` and :func:`deepworth.verdict` return.

    Attributes
    ----------
    answer : Answer
        Everything that was found: leaderboard, verdict, costs, findings.

    Examples
    --------
    >>> import deepworth
    >>> result = deepworth.compare(
    ...     "iris", models=["constant", "logistic-regression"], folds=2, costs=False, store=False
    ... )
    >>> result.leaderboard()["model"].tolist()
    ['logistic-regression', 'constant']
    >>> result.verdict.outcome
    'undecided'
    """

    answer: Answer
    _results: Callable[[], Results] = field(repr=False, compare=False)
    _dataset: Dataset | None = field(default=None, repr=False, compare=False)
    _own: tuple[OwnModel, ...] = field(default=(), repr=False, compare=False)

    @property
    def verdict(self) -> Verdict:
        """Is deep learning better on these data?"""
        return self.answer.verdict

    @property
    def metric(self) -> MetricFacts:
        """The primary metric, by which models are ranked."""
        return self.answer.metric

    @property
    def run(self) -> str:
        """The name of the run; empty if it was not kept."""
        return self.answer.run

    @property
    def path(self) -> str | None:
        """The folder of the run; None if it was not kept."""
        return self.answer.path

    @property
    def exit_code(self) -> int:
        """0 if every job that could run ended well, else 1."""
        return self.answer.exit_code

    @property
    def results(self) -> Results:
        """The rows that the answer was made from."""
        return self._results()

    @property
    def dataset(self) -> Dataset:
        """The data that were compared on, for a comparison that was just made."""
        if self._dataset is None:
            raise InputError("a run that was kept holds no data; load them with load_dataset")
        return self._dataset

    @property
    def own_models(self) -> tuple[OwnModel, ...]:
        """Models of the user's own, for a comparison that was just made."""
        return self._own

    def leaderboard(self) -> pd.DataFrame:
        """One row a model, best first, failed and skipped ones last; each metric is a column."""
        import pandas as pd

        return pd.DataFrame([flat_row(row) for row in self.answer.leaderboard])

    def predictions(self) -> pd.DataFrame:
        """Predictions of held-out rows.

        Returns
        -------
        DataFrame
            Columns row, repeat, fold, model, truth, prediction, and a probability for each class.
        """
        return self._results().predictions()

    def to_dict(self) -> dict[str, object]:
        """The answer as one object that JSON can hold."""
        return self.answer.to_dict()

    def _repr_html_(self) -> str:
        from ..report.html.page import comparison

        return comparison(self.answer)


_CHANGED = "the data were changed or removed during the run; the answer is of what was read before"


def data_stamps(dataset: Dataset) -> dict[str, tuple[int, int] | None]:
    """Size and last change of the files and folders that data came from; None for what is gone."""
    if dataset.provenance.source not in ("file", "folder"):
        return {}
    stamps: dict[str, tuple[int, int] | None] = {}
    for name in dataset.provenance.location.split(", "):
        for path in (name, *_folders_in(name)):
            try:
                found = os.stat(path)
                stamps[path] = (found.st_size, found.st_mtime_ns)
            except OSError:
                stamps[path] = None
    return stamps


def _folders_in(name: str) -> list[str]:
    try:
        with os.scandir(name) as entries:
            return sorted(entry.path for entry in entries if entry.is_dir())
    except OSError:
        return []


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
        """Run what is planned, judge, keep; raises Interrupted when that is done for what had ended.

        ``known`` are results of an earlier part of the run, by the position of their job in the plan.
        """
        before = data_stamps(self.dataset)
        with self.record or nullcontext():
            rows, expected = execute(
                self.dataset,
                self.plan,
                store=self.record,
                folder=self.record.path.parent if self.record else store_folder(),
                progress=self.progress,
                executor=self.executor,
                known=known,
                metric=resolve(self.setup.criteria, dataset_facts(self.dataset)).metric,
            )
            if self.progress is not None and data_stamps(self.dataset) != before:
                self.progress(Event("note", message=_CHANGED))
            if any(row.status == "interrupted" for row in rows):
                finished = self._finished(rows, expected)
                raise Interrupted(finished, _how_to_go_on(self.record, self.setup.own))
            results = self._results(rows, expected)
            answer = judge(results, self.setup.criteria, features=slice_features(self.dataset))
            results = with_slices(results, answer)
            if self.record:
                status = "partial" if answer.exit_code else "ok"
                self.record.finish(status, answer, results.predictions(retrained=True))
        return Comparison(answer, lambda: results, self.dataset, self.setup.own)

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

    def _finished(self, rows: list[Result], expected: TimeEstimate | None) -> Comparison | None:
        """What an interrupted run can say already, unless that takes long: somebody wants to leave."""
        if not any(row.ok for row in rows):
            self._keep_interrupted(None)
            return None
        judged: list[tuple[Answer, Results]] = []

        def judge_in_time() -> None:
            results = self._results(rows, expected)
            judged.append((judge(results, self.setup.criteria), results))

        thread = threading.Thread(target=judge_in_time, daemon=True)
        thread.start()
        with suppress(KeyboardInterrupt):  # a second Ctrl-C does not wait
            thread.join(_PATIENCE)
        if not judged:
            self._keep_interrupted(None)
            return None
        answer, results = judged[0]
        self._keep_interrupted(answer, results)
        return Comparison(answer, lambda: results, self.dataset, self.setup.own)

    def _keep_interrupted(self, answer: Answer | None, results: Results | None = None) -> None:
        if self.record:
            predictions = None if results is None else results.predictions(retrained=True)
            self.record.finish("interrupted", answer, predictions)


def with_slices(results: Results, answer: Answer) -> Results:
    """The results with the slices that were found: judged again, they have no columns to find them by."""
    return replace(results, facts=replace(results.facts, slices=answer.slices))


def _how_to_go_on(record: RunStore | None, own: Sequence[OwnModel]) -> str:
    if record is None:
        return "interrupted; nothing is kept without a store"
    again = resume_command(record.path, own)
    return f"interrupted; what was finished is in {record.path}, to resume: {again}"


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


def readability(
    dataset: Dataset, rows: Sequence[Result], test_rows: Mapping[Fold, np.ndarray], seed: int
) -> Explanations:
    """The surrogates of every model with predictions of all folds of the first repeat.

    A comparison of hours is not lost for it: what goes wrong is the ``failed`` of the answer.
    """
    models = dict.fromkeys(row.model for row in rows)
    folds = [row for row in rows if row.kind == "fold"]
    answers = {name: _answers([r for r in folds if r.model == name], test_rows) for name in models}
    try:
        fitted = surrogates(
            dataset.X,
            dataset.modality,
            dataset.classes,
            {name: own for name, own in answers.items() if own is not None},
            seed=seed,
            groups=dataset.groups,
        )
        own = {name: from_json(Surrogate, to_json(value)) for name, value in fitted.items()}
    except Exception as error:
        return Explanations(failed=f"{type(error).__name__}: {error}"[:300])
    return Explanations(own, LEAVES, TERMS)


def _answers(rows: Sequence[Result], test_rows: Mapping[Fold, np.ndarray]) -> Answers | None:
    if not all(row.ok for row in rows):
        return None
    first = [(row, test_rows[row.repeat, row.fold]) for row in rows if row.repeat == 0]
    known = [(row, own) for row, own in first if row.prediction is not None and len(own)]
    if not known:
        return None
    folds = np.concatenate([np.full(len(own), row.fold) for row, own in known])
    predictions = np.concatenate([row.prediction for row, _ in known if row.prediction is not None])
    return Answers(np.concatenate([own for _, own in known]), predictions, folds)


LONGEST = 40  # characters of a name


def slice_features(dataset: Dataset) -> list[Feature]:
    """The columns of a table, or the properties of texts or images, and the class of every row.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    list of Feature
    """
    by = {"tabular": _columns, "text": _texts, "image": _images}
    return [_readable(own) for own in (*_class(dataset), *by[dataset.modality](dataset.X))]


def _readable(feature: Feature) -> Feature:
    """With names that fit a sentence: they come from the data and may hold anything."""
    categories = None if feature.categories is None else tuple(map(_short, feature.categories))
    return replace(feature, name=_short(feature.name), categories=categories)


def _short(name: str) -> str:
    """On one line, printable, and not too long; an empty name as two quotes."""
    words = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(name.split()))
    return (words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…") or "''"


def _class(dataset: Dataset) -> list[Feature]:
    if dataset.task == "regression":
        return []
    codes = np.searchsorted(dataset.classes, dataset.y)
    return [Feature(dataset.target, codes, tuple(dataset.classes), in_pairs=False)]


def _columns(X: Any) -> list[Feature]:
    return [_column(str(name), X[name]) for name in X]


def _column(name: str, values: Any) -> Feature:
    """Numbers as they are, dates as years, free text by its length."""
    if hasattr(values, "cat"):
        return Feature(name, values.cat.codes.to_numpy().astype(int), tuple(map(str, values.cat.categories)))
    if values.dtype.kind == "M":
        return Feature(f"year of {name}", _years(values.to_numpy()))
    if values.dtype.kind in "fiub":
        return Feature(name, values.to_numpy(dtype=float))
    return Feature(f"length of {name}", values.str.len().to_numpy(dtype=float, na_value=np.nan))


def _years(dates: np.ndarray) -> np.ndarray:
    """With their fraction; NaN where missing."""
    years = dates.astype("datetime64[Y]")
    start = years.astype("datetime64[us]")
    fraction = (dates - start) / np.timedelta64(366, "D")
    found: np.ndarray = np.where(np.isnat(dates), np.nan, 1970 + years.astype(float) + fraction)
    return found


def _texts(X: Any) -> list[Feature]:
    lengths = np.array([len(str(text)) for text in X], dtype=float)
    return [Feature("length of the text", lengths)]


def _images(X: np.ndarray) -> list[Feature]:
    """Brightness from 0 to 255, and the number of pixels where sizes differ."""
    brightness = np.array([np.mean(image) for image in X])
    contrast = np.array([np.std(image) for image in X])
    pixels = np.array([image.shape[0] * image.shape[1] for image in X], dtype=float)
    found = [Feature("brightness of the image", brightness), Feature("contrast of the image", contrast)]
    return [*found, *([Feature("pixels of the image", pixels)] if np.ptp(pixels) else [])]
