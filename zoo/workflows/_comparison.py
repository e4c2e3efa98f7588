"""What comparisons return: the answer, frames for people who compute, and a view for notebooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...datasets import Dataset, InputError
from ..results.answer import Answer, Verdict, flat_row
from ..results.facts import MetricFacts
from ..results.rows import Results

if TYPE_CHECKING:
    import pandas as pd


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
