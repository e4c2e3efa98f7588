"""Fit one or several Keras estimators: rows split and encoded, plans gathered into fleets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import _num_samples

from ...datasets import forget_pages, take
from ..inner_splits import NO_FACTS, SplitFacts
from ..preprocessing.base import RawRows, aligned_zeros

if TYPE_CHECKING:
    import keras

Progress = Callable[[int, int, int, dict[str, float]], None]  # network, epoch, epochs, losses
OnEnd = Callable[[int, Exception | None], None]  # number of the estimator, and its error


class Plannable(Protocol):
    """An estimator that plans its ``fit`` and takes over the networks that were trained."""

    verbose: Any

    def warm_up(self) -> None:
        """Import what training needs."""

    def _plan(self, number: int, X: Any, y: Any, sample_weight: Any, rows: Any, facts: SplitFacts) -> FitPlan:
        """Check everything, learn the preprocessing, and say what is to be trained."""

    def _adopt(self, architecture: Any, trained: Sequence[Any], planning: float) -> None:
        """Take over the trained networks."""


_watcher: ContextVar[Progress | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(progress: Progress | None) -> Iterator[None]:
    """Whatever network is fitted inside tells its epochs, however deep in a pipeline it is."""
    token = _watcher.set(progress)
    try:
        yield
    finally:
        _watcher.reset(token)


@dataclass
class FitPlan:
    """What one ``fit`` trains.

    Attributes
    ----------
    number : int
        Place of the estimator among those that are fitted together.
    architecture, settings
        What is compiled, and how it is trained.
    makers : sequence of callable
        One for each network, called for its rows when its turn comes.
    seconds : float
        Time that planning took.
    """

    number: int
    estimator: Plannable
    architecture: Any
    settings: Any
    makers: Sequence[Callable[[], Any]]
    seconds: float


def fit_many(
    estimators: Sequence[Plannable],
    X: RawRows,
    y: npt.ArrayLike,
    rows: Sequence[npt.NDArray[np.intp]] | None = None,
    *,
    sample_weight: npt.ArrayLike | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    groups: npt.ArrayLike | None = None,
    time: npt.ArrayLike | None = None,
    progress: Progress | None = None,
    on_end: OnEnd | None = None,
    first_alone: bool = False,
) -> None:
    """Fit several estimators, each on its own rows of the same data, as one fleet.

    Parameters
    ----------
    estimators : sequence of KerasEstimator
    X, y, sample_weight, callbacks, groups, time
        As :meth:`KerasEstimator.fit` takes them.
    rows : sequence of int arrays, optional
        The rows of each estimator; all rows for every one by default.
    progress : callable, optional
        Called with (network, epoch, epochs, losses) after every epoch; networks are counted over all
        estimators.
    on_end : callable, optional
        Called with the number of each estimator when it is fitted, and None or the error that it met; the
        others go on. Without it the first error is raised.
    first_alone : bool, default=False
        Train the first network before the others, so that ``fit_seconds_`` of its estimator is the time
        of one fit and not of one among others.
    """
    for estimator in estimators:
        estimator.warm_up()
    known = groups is not None or time is not None
    facts = SplitFacts.of(_num_samples(X), groups, time) if known else NO_FACTS
    rows_of_each = rows if rows is not None else [None] * len(estimators)
    plans: list[FitPlan] = []
    for number, (estimator, chosen) in enumerate(zip(estimators, rows_of_each, strict=True)):
        try:
            plans.append(estimator._plan(number, X, y, sample_weight, chosen, facts))
        except Exception as error:
            if on_end is None:
                raise
            on_end(number, error)
    watch = progress or _watcher.get() or _printer(estimators)
    for fleet in _fleets(plans):
        _train_fleet(fleet, callbacks, watch, on_end, first_alone)


def _train_fleet(
    plans: Sequence[FitPlan],
    callbacks: Sequence[Any],
    progress: Progress | None,
    on_end: OnEnd | None,
    first_alone: bool,
) -> None:
    """Train the networks of plans that share a program, and hand them to their estimators."""
    from ..training.fleet import train

    owner = [(plan, member) for plan in plans for member in range(len(plan.makers))]
    makers = [maker for plan in plans for maker in plan.makers]
    ends: dict[int, dict[int, Any]] = {plan.number: {} for plan in plans}

    def take_over(network: int, end: Any) -> None:
        plan, member = owner[network]
        ends[plan.number][member] = end
        if len(ends[plan.number]) < len(plan.makers):
            return
        members = [ends[plan.number][i] for i in range(len(plan.makers))]
        error = next((m for m in members if isinstance(m, Exception)), None)
        if error is None:
            plan.estimator._adopt(plan.architecture, members, plan.seconds)
        if on_end is not None:
            on_end(plan.number, error)
        elif error is not None:
            raise error

    shared = plans[0]
    train(shared.architecture, makers, shared.settings, progress, callbacks, take_over, first_alone)


def _fleets(plans: Sequence[FitPlan]) -> list[list[FitPlan]]:
    """The plans that share a compiled program."""
    fleets: dict[Any, list[FitPlan]] = {}
    for plan in plans:
        fleets.setdefault((plan.architecture, plan.settings), []).append(plan)
    return list(fleets.values())


def _printer(estimators: Sequence[Plannable]) -> Progress | None:
    """Print a line an epoch where an estimator is verbose."""
    if not any(estimator.verbose for estimator in estimators):
        return None
    import sys

    def show(replica: int, epoch: int, epochs: int, logs: dict[str, float]) -> None:
        values = "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
        print(f"network {replica + 1}  epoch {epoch}/{epochs}  {values}", file=sys.stderr)

    return show


_ENCODED_ROWS, _ENCODED_BYTES = 65_536, 2**26  # encoded at once
_STREAMED_BYTES = 2**26  # a table that takes more in network form is encoded anew in each epoch
_STREAMED_IMAGES = 2**30  # images, which take longer to encode


@dataclass(frozen=True)
class RowSource:
    """Raw rows with their encoded targets and weights, and the fitted preprocessor that encodes them.

    ``X``, ``target`` and ``weight`` have the first axis n_samples; ``weight`` has mean 1.
    """

    preprocessor: Any
    X: Any
    target: np.ndarray
    weight: np.ndarray

    def for_training(self, rows: np.ndarray) -> Any:
        """These rows as a ``Part``, or a ``StreamedPart`` of rows too large to keep in network form."""
        from ..training.architecture import StreamedPart

        if len(rows) * self._bytes_a_row() > self._most_bytes():
            return StreamedPart(len(rows), lambda places: self.part(rows[places]))
        return self.part(rows)

    def part(self, rows: np.ndarray) -> Any:
        """These rows in network form, encoded piece by piece so that no second copy of raw rows is made."""
        from ..training.architecture import Part

        arrays = {
            name: aligned_zeros((len(rows), *shape), dtype)
            for name, shape, dtype in self.preprocessor.spec.arrays
        }
        at_once = max(1, min(_ENCODED_ROWS, _ENCODED_BYTES // max(1, self._bytes_a_row())))
        for start in range(0, len(rows), at_once):
            piece = rows[start : start + at_once]
            for name, values in self.preprocessor.transform(take(self.X, piece)).items():
                arrays[name][start : start + len(piece)] = values
            forget_pages(self.X)
        return Part(arrays, self.target[rows], self.weight[rows].astype(np.float32))

    def _most_bytes(self) -> float:
        """What rows may take in network form before they are encoded anew in each epoch."""
        if isinstance(self.X, pd.DataFrame):
            return _STREAMED_BYTES
        images = isinstance(self.X, np.ndarray) and self.X.dtype == object
        return _STREAMED_IMAGES if images else np.inf

    def _bytes_a_row(self) -> int:
        """Bytes of one row in network form."""
        arrays = self.preprocessor.spec.arrays
        return sum(int(np.prod(shape)) * np.dtype(dtype).itemsize for _, shape, dtype in arrays)
