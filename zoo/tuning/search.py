"""Random search with successive halving inside the training rows of a model.

Candidates are drawn from the space of the model (Bergstra and Bengio, Random search for hyper-parameter
optimization, JMLR 13, 2012); the first has the default parameters. They are fitted to a part of the training
rows and scored on rows that none of them is trained on; the best third is fitted to three times as many rows,
until all are used (successive halving, Jamieson and Talwalkar, AISTATS 2016). The default parameters take
part in the last round whatever they scored before. The winner is fitted to all training rows.

Where rows are few, candidates are fitted to all rows but those of a fold, and the rounds have one fold, two,
and three of a cross-validation.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ...datasets import InputError, take
from ..inner_splits import (
    NO_FACTS,
    RespectsSplitFacts,
    Split,
    SplitFacts,
    fit_respecting,
    member_splits,
    validation_split,
)
from ..metrics import Metric, Truth, evaluate, primary
from .space import draw

TRIALS = 25
FEW_ROWS = 1000  # below, candidates are cross-validated
FOLDS = 3
HELD_OUT = 0.2
MOST_HELD_OUT = 10_000  # rows
ETA = 3  # the share of candidates that goes on, and the factor by which rows grow
FEWEST = 500  # rows of the first round
BRACKET = 9  # candidates of a round where time is given instead of a number
MOST_TRIALS = 1000


@dataclass(frozen=True)
class Trial:
    """One candidate of a search.

    Attributes
    ----------
    params : dict
        Parameters that differ from the defaults.
    score : float or None
        Mean score on held-out rows by the metric of the search, of its last round; None if a fit failed.
    rows : int
        Most rows that it was fitted to.
    cpu_seconds : float
        CPU time of all its fits.
    reason : str
        Why it failed.
    chosen : bool
        Whether the model has these parameters.

    Examples
    --------
    >>> from deepworth.zoo.tuning import Trial
    >>> Trial({"C": 0.1}, 0.8, 400, 0.02).rows
    400
    """

    params: dict[str, Any]
    score: float | None
    rows: int
    cpu_seconds: float
    reason: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class _Round:
    """How candidates are scored: fitted to so many rows of so many splits."""

    rows: int
    splits: int


@dataclass
class _Candidate:
    params: dict[str, Any]
    scores: list[float] = field(default_factory=list)  # of each split, in the last round
    round: int = -1  # the last one that it took part in
    rows: int = 0
    cpu_seconds: float = 0.0
    reason: str = ""

    @property
    def score(self) -> float | None:
        return float(np.mean(self.scores)) if self.scores and not self.reason else None

    def trial(self, chosen: bool) -> Trial:
        return Trial(self.params, self.score, self.rows, self.cpu_seconds, self.reason, chosen)


class Tuned(RespectsSplitFacts, BaseEstimator):
    """An estimator that searches the space of a model, and is the best candidate afterwards.

    Parameters
    ----------
    make : callable
        ``make(**params)`` returns an unfitted estimator of the model.
    space : mapping
        See ``space.py``.
    task : {"binary", "multiclass", "regression"}
        What is predicted.
    trials : int, default=25
        Number of candidates, the default parameters among them.
    seconds : float, optional
        CPU seconds of the search, instead of ``trials``; the last fit may take longer.
    metric : str, optional
        By which candidates are chosen; by default the primary metric of the task.
    positive : str, optional
        The positive class of a binary task, which some metrics depend on; by default the second one.
    fixed : mapping, optional
        Parameters of every candidate, which are not searched.
    n_jobs : int, optional
        Threads of candidates that have such a parameter.
    random_state : int, default=0
        Seed of the draws, of the held-out rows and of the candidates.

    Attributes
    ----------
    best_estimator_ : estimator
        The best candidate, fitted to all rows.
    best_params_ : dict
        Its parameters that differ from the defaults.
    trials_ : list of Trial
        All candidates in the order in which they were drawn.

    Examples
    --------
    >>> from functools import partial
    >>> from sklearn.datasets import load_breast_cancer
    >>> from deepworth.zoo import registry
    >>> from deepworth.zoo.tuning import Tuned
    >>> make = partial(registry.create, "logistic-regression", "binary", "tabular")
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> tuned = Tuned(make, {"C": ("log", 0.001, 10.0)}, "binary", trials=4).fit(X, y)
    >>> len(tuned.trials_), tuned.trials_[0].params
    (4, {})
    """

    def __init__(
        self,
        make: Callable[..., Any],
        space: Mapping[str, Any],
        task: str,
        *,
        trials: int = TRIALS,
        seconds: float | None = None,
        metric: str | None = None,
        positive: str | None = None,
        fixed: Mapping[str, Any] | None = None,
        n_jobs: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.make, self.space, self.task = make, space, task
        self.trials, self.seconds, self.metric, self.positive = trials, seconds, metric, positive
        self.fixed, self.n_jobs, self.random_state = fixed, n_jobs, random_state

    def default(self) -> Any:
        """The unfitted estimator with the default parameters."""
        return self._made({})

    def warm_up(self) -> None:
        """Import what candidates need, so that no clock counts it."""
        model = self.default()
        if hasattr(model, "warm_up"):
            model.warm_up()

    def fit(self, X: Any, y: Any, groups: Any = None, time: Any = None) -> Tuned:
        """Search, then fit the best candidate to all rows.

        Parameters
        ----------
        X : raw rows
            n_samples rows.
        y : ndarray of shape (n_samples,)
            Classes, or values.
        groups, time : ndarray of shape (n_samples,), optional
            What inner splits respect.

        Returns
        -------
        Tuned
            Itself.

        Raises
        ------
        InputError
            ``trials`` is below 1.
        """
        if self.trials < 1:
            raise InputError(f"trials must be at least 1, got {self.trials}")
        facts = SplitFacts.of(len(y), groups, time)
        search = _Search(self, X, np.asarray(y), facts)
        candidates = search.run()
        scored = [c for c in candidates if c.score is not None and c.round == len(search.rounds) - 1]
        best = max(scored, key=lambda c: search.sign * float(c.score or 0.0), default=candidates[0])
        self.trials_ = [candidate.trial(candidate is best) for candidate in candidates]
        self.best_params_ = dict(best.params)
        self.best_estimator_ = fit_respecting(self._made(best.params), X, y, facts)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Classes or values of the best candidate, (n_samples,)."""
        predicted: np.ndarray = self.best_estimator_.predict(X)
        return predicted

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the best candidate, (n_samples, n_classes)."""
        predicted: np.ndarray = self.best_estimator_.predict_proba(X)
        return predicted

    def _made(self, params: Mapping[str, Any]) -> Any:
        model = self.make(**{**(self.fixed or {}), **params}, random_state=self.random_state)
        if self.n_jobs is not None:
            names = [n for n in model.get_params() if n.rpartition("__")[2] in ("n_jobs", "thread_count")]
            model.set_params(**dict.fromkeys(names, self.n_jobs))
        return model


@dataclass(frozen=True)
class SearchPace:
    """How far a search is.

    Attributes
    ----------
    fits, planned : int
        Candidates that were scored in all rounds, and that will be; 0 where only the time is given.
    metric : str
        By which candidates are chosen.
    best : float or None
        The best score so far.
    seconds_left : float or None
        CPU time that is left; None where a number of trials is given.

    Examples
    --------
    >>> from deepworth.zoo.tuning import SearchPace
    >>> SearchPace(3, 36, "ROC AUC", 0.91, None).fits
    3
    """

    fits: int
    planned: int
    metric: str
    best: float | None
    seconds_left: float | None


_watcher: ContextVar[Callable[[SearchPace], None] | None] = ContextVar("who watches a search", default=None)


@contextmanager
def watched_search(watch: Callable[[SearchPace], None] | None) -> Iterator[None]:
    """Whatever search runs inside tells how far it is.

    Parameters
    ----------
    watch : callable or None
        Called with a :class:`SearchPace` after every scored candidate.
    """
    token = _watcher.set(watch)
    try:
        yield
    finally:
        _watcher.reset(token)


def chosen(model: Any) -> Any:
    """The best candidate of a fitted search; any other estimator as it is.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    estimator
    """
    return getattr(model, "best_estimator_", model)


@dataclass
class _Search:
    """One search over the training rows of a fit."""

    owner: Tuned
    X: Any
    y: np.ndarray
    facts: SplitFacts = NO_FACTS
    spent: float = field(default=0.0, init=False)
    fits: int = field(default=0, init=False)
    planned: int = field(default=0, init=False)
    best: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.classes, self.codes = None, None
        if self.owner.task != "regression":
            self.classes, self.codes = np.unique(self.y, return_inverse=True)
        task: Any = self.owner.task
        self.metric: Metric = primary(task, self.owner.metric)
        self.sign = self.metric.sign
        seed, n_rows = int(self.owner.random_state), len(self.y)
        few = n_rows < FEW_ROWS
        held_out = min(max(1, round(HELD_OUT * n_rows)), MOST_HELD_OUT)
        self.splits: list[Split] = (
            member_splits(n_rows, FOLDS, self.codes, seed, self.facts)
            if few
            else [validation_split(n_rows, held_out, self.codes, seed, self.facts)]
        )
        self.splits = [split for split in self.splits if len(split[1])]
        largest = min((len(train) for train, _ in self.splits), default=0)
        self.rounds = _rounds(largest, len(self.splits))
        self.order = np.random.default_rng([seed, 0x0D]).permutation(n_rows)

    def run(self) -> list[_Candidate]:
        """All candidates, in the order of the draws."""
        owner, seconds = self.owner, self.owner.seconds
        searched = {n: v for n, v in owner.space.items() if n not in (owner.fixed or {})}
        number = owner.trials if seconds is None else MOST_TRIALS
        candidates = [_Candidate(params) for params in draw(searched, number, int(owner.random_state))]
        if not self.splits or len(candidates) == 1:
            return candidates[:1]
        default = candidates[0]
        if seconds is None:
            self.planned = 1 + sum(self._going_on(len(candidates) - 1, k) for k in range(len(self.rounds)))
        self._score(default, len(self.rounds) - 1)
        others, tried = candidates[1:], [default]
        step = len(others) if seconds is None else BRACKET
        for start in range(0, len(others), step):
            if self._is_over():
                break
            tried += self._bracket(others[start : start + step])
        return tried

    def _bracket(self, candidates: Sequence[_Candidate]) -> list[_Candidate]:
        """These candidates without those that no time was left for; ever fewer go on to more rows."""
        alive: list[_Candidate] = list(candidates)
        for number in range(len(self.rounds)):
            for candidate in alive:
                if self._is_over():
                    break
                self._score(candidate, number)
            left = [c for c in alive if c.round == number and c.score is not None]
            left.sort(key=lambda c: -self.sign * float(c.score or 0.0))
            alive = left[: self._going_on(len(candidates), number + 1)]
        return [candidate for candidate in candidates if candidate.rows]

    @staticmethod
    def _going_on(candidates: int, number: int) -> int:
        """How many of the candidates of a bracket take part in a round."""
        return max(1, math.ceil(candidates / float(ETA) ** number))

    def _tell(self, candidate: _Candidate) -> None:
        """Tell whoever watches; the best is that of the last round that anybody was in."""
        self.fits += 1
        last = candidate.round == len(self.rounds) - 1
        if last and candidate.score is not None:
            scores = [candidate.score] if self.best is None else [candidate.score, self.best]
            self.best = max(scores, key=lambda score: self.sign * score)
        watch, seconds = _watcher.get(), self.owner.seconds
        if watch is not None:
            left = None if seconds is None else max(0.0, seconds - self.spent)
            watch(SearchPace(self.fits, self.planned, self.metric.label, self.best, left))

    def _is_over(self) -> bool:
        return self.owner.seconds is not None and self.spent >= self.owner.seconds

    def _score(self, candidate: _Candidate, number: int) -> None:
        """Fit as a round says and score on the held-out rows; folds that were fitted are not fitted again."""
        before, own = time.process_time(), self.rounds[number]
        kept = candidate.scores if candidate.rows == own.rows else []
        candidate.rows, candidate.round = own.rows, number
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                new = self.splits[len(kept) : own.splits]
                candidate.scores = [*kept, *(self._score_on(candidate.params, s, own.rows) for s in new)]
        except Exception as error:  # a candidate that cannot be fitted is out, and is told
            first = (str(error).splitlines() or [""])[0]
            candidate.reason = f"{type(error).__name__}: {first}"[:200]
        taken = time.process_time() - before
        candidate.cpu_seconds += taken
        self.spent += taken
        self._tell(candidate)

    def _score_on(self, params: Mapping[str, Any], split: Split, size: int) -> float:
        train, held_out = split
        rows = self._sample(train, size)
        facts = self.facts.take(rows) if self.facts else NO_FACTS
        model = fit_respecting(self.owner._made(params), take(self.X, rows), self.y[rows], facts)
        score = evaluate(self.metric, self._truth(held_out), self._predicted(model, take(self.X, held_out)))
        if score is None:
            raise ValueError(f"{self.metric.label} is not defined on the held-out rows")
        return score

    def _sample(self, train: np.ndarray, size: int) -> np.ndarray:
        """So many of these rows, at random, with every class among them."""
        if size >= len(train):
            return train
        shuffled = self.order[np.isin(self.order, train)]
        rows = shuffled[:size]
        if self.codes is not None:
            first = [shuffled[np.argmax(self.codes[shuffled] == c)] for c in np.unique(self.codes[train])]
            rows = np.union1d(rows, first)
        return np.sort(rows)

    def _truth(self, rows: np.ndarray) -> Truth:
        task: Any = self.owner.task
        if self.codes is None or self.classes is None:
            return Truth(self.y[rows].astype(np.float64), task)
        names = self.classes.astype(str).tolist()
        positive = names.index(self.owner.positive) if self.owner.positive in names else 1
        return Truth(self.codes[rows], task, len(self.classes), positive)

    def _predicted(self, model: Any, X: Any) -> np.ndarray:
        if self.classes is None:
            return np.asarray(model.predict(X), dtype=np.float64)
        probabilities = np.asarray(model.predict_proba(X), dtype=np.float64)
        full = np.zeros((len(probabilities), len(self.classes)))
        full[:, np.searchsorted(self.classes, model.classes_)] = probabilities
        return full


def _rounds(largest: int, n_splits: int) -> list[_Round]:
    """One split more in each round; of a single split all rows in the last, a third in the one before.

    A round never has very few rows.
    """
    if n_splits != 1:
        return [_Round(largest, n) for n in range(1, n_splits + 1)]
    sizes = [largest]
    while len(sizes) < 3 and sizes[0] // ETA >= FEWEST:
        sizes.insert(0, sizes[0] // ETA)
    return [_Round(size, 1) for size in sizes]


def fits_over_one(trials: int, n_rows: int) -> float:
    """How many times the work of one fit on all rows a search takes, if work grows with the rows.

    Parameters
    ----------
    trials : int
        Candidates, the defaults among them.
    n_rows : int
        Training rows.

    Returns
    -------
    float
        The last fit included.
    """
    few = n_rows < FEW_ROWS
    largest = round((1 - (1 / FOLDS if few else HELD_OUT)) * n_rows)
    rounds, alive, total = _rounds(largest, FOLDS if few else 1), float(trials - 1), 1.0
    total += (FOLDS if few else 1) * largest / n_rows  # of the defaults
    for number, each in enumerate(rounds):
        total += alive * each.rows / n_rows
        alive = max(1.0, math.ceil((trials - 1) / ETA ** (number + 1)))
    return total
