"""Predictions of any models: read, judged, and what the caller gets."""

from __future__ import annotations

import time as clock
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...datasets import InputError
from ..judging.judge import JudgedPredictions, judge_predictions
from ..metrics import of_task
from ..results.answer import Answer, flat_row
from ..results.facts import MetricFacts
from ..results.predictions import ModelVerdict, PredictionsAnswer
from ..results.rows import Results
from ..setup import Criteria
from ._prediction_files import ColumnNames, read_files, same_rows
from ._predictions import results_of, usable_metric
from ._verdict_options import PredictionOptions, Predictions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ComparedPredictions:
    """What :func:`deepworth.verdict` returns for predictions of any models.

    Attributes
    ----------
    answer : PredictionsAnswer
        Everything that was found: leaderboard, verdict, rows needed.

    Examples
    --------
    >>> import deepworth
    >>> import pandas as pd
    >>> price = range(100)
    >>> near, far = [p + p % 3 for p in price], [p + p % 11 for p in price]
    >>> table = pd.DataFrame({"price": price, "near": near, "far": far})
    >>> deepworth.verdict(predictions=table, target="price").verdict.outcome
    'first'
    """

    answer: PredictionsAnswer
    _judged: JudgedPredictions = field(repr=False, compare=False)
    _results: Results = field(repr=False, compare=False)
    _only_ranked: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def verdict(self) -> ModelVerdict:
        """Is one of two models better?"""
        return self.answer.verdict

    @property
    def metric(self) -> MetricFacts:
        """The primary metric, by which models are ranked."""
        return self.answer.metric

    @property
    def basis(self) -> Answer:
        """What reports draw from: the leaderboard as an answer of a run has it."""
        return self._judged.basis

    @property
    def results(self) -> Results:
        """The rows that the answer was made from."""
        return self._results

    def leaderboard(self) -> pd.DataFrame:
        """One row a model, best first; each metric is a column."""
        import pandas as pd

        return pd.DataFrame([flat_row(row) for row in self.answer.leaderboard])

    def report(self, output: str, command: str | None = None) -> str:
        """Write a report as .html, .md or .json, and return its text.

        Parameters
        ----------
        output : str
            File to write; its extension gives the format.
        command : str, optional
            What makes the report again.

        Returns
        -------
        str
            The report.
        """
        from ..judging.details import sheet_of
        from ..report.documents import kind_of
        from ..report.output import write_whole
        from ..report.predictions import render

        kind = kind_of(output)
        text = render(
            self.answer, sheet_of(self._judged.basis, self._results, command, self._only_ranked), kind
        )
        write_whole(text, output)
        return text

    def to_dict(self) -> dict[str, object]:
        """The answer as one object that JSON can hold."""
        return self.answer.to_dict()

    def _repr_html_(self) -> str:
        from ..report.predictions import fragment

        return fragment(self.answer)


def compare_predictions(predictions: Predictions, asked: PredictionOptions) -> ComparedPredictions:
    """Judge predictions of any models; the options are those of :func:`deepworth.verdict`."""
    started = clock.perf_counter()
    gain, models = asked.get("gain"), asked.get("models")
    if gain is not None and not 0 <= gain < float("inf"):
        raise InputError(f"gain must be a number of at least 0, got {gain!r}")
    names = ColumnNames.of(asked)
    rows = same_rows(read_files(predictions, names.id), names)
    chosen = (models,) if isinstance(models, str) else tuple(models or ())
    results, predicted = results_of(rows, chosen, asked.get("task"), asked.get("positive"))
    unusable = {
        model.name: [m.name for m in of_task(results.labels.task) if not model.allows(m)]
        for model in predicted
    }
    judged = judge_predictions(
        results,
        _criteria(asked, usable_metric(predicted, results.labels.task, asked.get("metric")).name),
        between=asked.get("between"),
        gain=gain,
        unusable=unusable,
        notes={model.name: model.note for model in predicted},
    )
    answer = replace(judged.answer, wall_seconds=clock.perf_counter() - started)
    ranked = tuple(model.name for model in predicted if model.given == "ranks")
    return ComparedPredictions(answer, replace(judged, answer=answer), results, ranked)


def _criteria(asked: PredictionOptions, metric: str) -> Criteria:
    """What the verdict is decided by; what is not asked for is as usual."""
    level = asked.get("confidence_level")
    level = Criteria().confidence_level if level is None else level
    return Criteria(metric, asked.get("margin"), level, inference=asked.get("inference") or "rows")
