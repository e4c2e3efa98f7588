"""Inner splits: the training rows of a model divided once more, to stop its training or to calibrate it.

Every inner split is made here. They respect what the outer splits respect: rows of a group, and near copies
of each other, are never on both sides, and where rows have a time no row is left out that is older than a row
trained on. All others are shuffled, stratified by class and seeded by the model's ``random_state``: rows
often come sorted, by time or by class, and what a model learns from its training rows must not depend on
their order. Each class is among the rows to train on.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import config_context
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import get_routing_for_object

from ..datasets import InputError, make_splits

Split = tuple[np.ndarray, np.ndarray]  # row numbers to train on, and row numbers left out

_LARGEST_SEED = 2**31


@dataclass(frozen=True)
class SplitFacts:
    """What the splits of some rows must respect.

    Attributes
    ----------
    groups : int ndarray of shape (n_rows,) or None
        Rows of equal number stay on one side.
    time : int ndarray of shape (n_rows,) or None
        Ranks of the times: what is left out is not older than what is trained on.
    """

    groups: np.ndarray | None = None
    time: np.ndarray | None = None

    @classmethod
    def of(cls, n_rows: int, groups: npt.ArrayLike | None = None, time: npt.ArrayLike | None = None) -> Self:
        """Facts in numbers, from any groups and any sortable times.

        Raises
        ------
        ValueError
            There is not one for each row, or a time is missing.
        """
        for name, values in (("groups", groups), ("time", time)):
            if values is not None and np.shape(values) != (n_rows,):
                raise ValueError(
                    f"{name} must have a value for each of the {n_rows} rows, "
                    f"got the shape {np.shape(values)}"
                )
        if time is not None and pd.isna(np.asarray(time)).any():
            raise ValueError("time is missing in some rows; leave them out, or give them a time")
        return cls(
            None if groups is None else pd.factorize(np.asarray(groups), use_na_sentinel=False)[0],
            None if time is None else np.unique(np.asarray(time), return_inverse=True)[1].reshape(-1),
        )

    def __bool__(self) -> bool:
        return self.groups is not None or self.time is not None

    def take(self, rows: np.ndarray) -> SplitFacts:
        """The facts of some rows."""
        return SplitFacts(**{name: values[rows] for name, values in self.given().items()})

    def given(self) -> dict[str, np.ndarray]:
        """Those that are known, by the name of their argument of ``fit``."""
        return {name: values for name, values in vars(self).items() if values is not None}


NO_FACTS = SplitFacts()


class RespectsSplitFacts:
    """Mixin of estimators whose ``fit`` takes ``groups`` and ``time``, and asks for them.

    In scikit-learn's metadata routing it requests both, so that a ``Pipeline`` or a search passes them on.
    """

    __metadata_request__fit = {"groups": True, "time": True}  # noqa: RUF012  # scikit-learn reads a plain dict


def fit_respecting(model: Any, X: Any, y: Any, facts: SplitFacts = NO_FACTS) -> Any:
    """Fit any estimator, and give it the facts that it asks for by scikit-learn's metadata routing.

    Returns
    -------
    estimator
        The model, fitted.
    """
    asked_for = get_routing_for_object(model).consumes("fit", list(facts.given())) if facts else ()
    if not asked_for:
        return model.fit(X, y)
    with config_context(enable_metadata_routing=True):
        return model.fit(X, y, **{name: facts.given()[name] for name in asked_for})


def all_rows(n_rows: int, n_members: int = 1) -> list[Split]:
    """Every member trains on every row and none validates: too few rows for anything else."""
    rows = np.arange(n_rows)
    return [(rows, rows[:0])] * n_members


def validation_split(
    n_rows: int, n_validation: int, codes: np.ndarray | None, seed: int, facts: SplitFacts = NO_FACTS
) -> Split:
    """Training and validation rows; no row validates where the facts allow no such split.

    Parameters
    ----------
    n_validation : int
        Rows to validate on: about so many where groups or equal times stay together.
    codes : int ndarray of shape (n_rows,), optional
        Class codes. Splits are stratified unless a class is too rare to be on both sides.
    """
    if facts.time is not None:
        return _last_rows(_codes(codes, n_rows), facts, n_validation) or all_rows(n_rows)[0]
    if facts.groups is not None:
        share = n_validation / n_rows
        found = _grouped(_codes(codes, n_rows), facts.groups, np.array([1 - share, share]), seed)
        return found[-1] if found else all_rows(n_rows)[0]
    strata = _strata(codes, n_validation)
    train, validation = train_test_split(
        np.arange(n_rows), test_size=n_validation, stratify=strata, random_state=seed
    )
    return train, validation


def member_splits(
    n_rows: int, n_members: int, codes: np.ndarray | None, seed: int, facts: SplitFacts = NO_FACTS
) -> list[Split]:
    """The folds of a cross-validation; with fewer rows or groups than two a fold, all rows for every member.

    In order of time all members leave out the last rows: earlier ones would need a future to train on.
    """
    if n_rows < 2 * n_members:
        return all_rows(n_rows, n_members)
    if facts.time is not None:
        return [validation_split(n_rows, n_rows // n_members, codes, seed, facts)] * n_members
    if facts.groups is not None:
        found = _grouped(_codes(codes, n_rows), facts.groups, _equal(n_members), seed)
        return found if len(found) == n_members else all_rows(n_rows, n_members)
    return _folds(n_rows, n_members, _strata(codes, n_rows // n_members), seed)


def value_folds(n_rows: int, folds: int, seed: int, facts: SplitFacts = NO_FACTS) -> list[Split]:
    """At most ``folds`` folds of rows with a value each; none where the rows are too few."""
    folds = min(folds, n_rows // 2)
    if folds > 1 and facts:
        return _respectful_folds(_codes(None, n_rows), folds, seed, facts)
    return _folds(n_rows, folds, None, seed) if folds > 1 else []


def class_folds(y: np.ndarray, folds: int, seed: int, facts: SplitFacts = NO_FACTS) -> list[Split]:
    """At most ``folds`` folds, stratified by class; none where the rows of a class are too few.

    A class with a single row is always trained on: a fold without it could not predict it. The same holds
    for the only group of a class.
    """
    codes, counts = np.unique(y, return_inverse=True, return_counts=True)[1:]
    folds = min(folds, int(counts.max(initial=0)))
    if folds < 2 or np.sum(counts > 1) < 2:
        return []
    if facts:
        found = _respectful_folds(codes, folds, seed, facts)
        known = {int(code) for _, left_out in found for code in np.unique(codes[left_out])}
        return found if len(known) > 1 else []
    single = np.flatnonzero(counts[codes] == 1)
    others = np.flatnonzero(counts[codes] > 1)
    splits = _folds(len(others), folds, codes[others], seed)
    return [(np.sort(np.concatenate([others[a], single])), others[b]) for a, b in splits]


def seed_of(estimator: Any) -> int:
    """The seed of an estimator's inner splits: its ``random_state``, or that of the model inside it."""
    states = {
        name: value
        for name, value in estimator.get_params().items()
        if name.split("__")[-1] == "random_state" and value is not None
    }
    if not states:
        return 0
    state = states[min(states, key=lambda name: (name.count("__"), name))]
    if isinstance(state, (int, np.integer)):
        return int(state) % _LARGEST_SEED
    return int(check_random_state(state).randint(_LARGEST_SEED))


def _codes(codes: np.ndarray | None, n_rows: int) -> np.ndarray:
    """Class codes; values are all of one class."""
    return np.zeros(n_rows, dtype=int) if codes is None else codes


def _strata(codes: np.ndarray | None, n_validation: int) -> np.ndarray | None:
    """The classes, unless one is too rare to be on both sides."""
    if codes is None:
        return None
    counts = np.bincount(codes)
    possible = counts.min() >= 2 and len(counts) <= min(n_validation, len(codes) - n_validation)
    return codes if possible else None


def _equal(n_parts: int) -> np.ndarray:
    return np.full(n_parts, 1 / n_parts)


def _folds(n_rows: int, folds: int, strata: Any, seed: int) -> list[Split]:
    kind = KFold if strata is None else StratifiedKFold
    with warnings.catch_warnings():  # a class rarer than the folds is in some of them only
        warnings.simplefilter("ignore", UserWarning)
        return list(kind(folds, shuffle=True, random_state=seed).split(np.arange(n_rows), strata))


def _respectful_folds(codes: np.ndarray, folds: int, seed: int, facts: SplitFacts) -> list[Split]:
    """Folds that keep groups together, or predict later rows from earlier ones; none where there are none."""
    if facts.time is None:
        assert facts.groups is not None
        return _grouped(codes, facts.groups, _equal(folds), seed)
    task = "multiclass" if codes.max() else "regression"
    try:
        periods = make_splits(codes, task=task, folds=folds, groups=facts.groups, time=facts.time)
    except InputError:
        return []
    return [(period.train, period.test) for period in periods]


# In order of time


def _last_rows(codes: np.ndarray, facts: SplitFacts, n_validation: int) -> Split | None:
    """All rows before a moment, and all from it on; None where classes or times leave no such moment.

    The moment is as near as possible to that which leaves ``n_validation`` rows, after the first row of
    every class, and after half of the rows.
    """
    assert facts.time is not None
    ordered = np.sort(facts.time)
    first_of_class = [facts.time[codes == code].min() for code in np.unique(codes)]
    earlier = np.flatnonzero(np.diff(ordered)) + 1  # rows before each change of the time
    possible = (ordered[earlier] > max(first_of_class)) & (2 * earlier >= len(ordered))
    earlier = earlier[possible & (len(ordered) - earlier >= 2)]
    if not len(earlier):
        return None
    border = ordered[earlier[np.abs(earlier - (len(ordered) - n_validation)).argmin()]]
    train, validation = np.flatnonzero(facts.time < border), np.flatnonzero(facts.time >= border)
    return _without_shared_groups(train, validation, codes, facts.groups)


def _without_shared_groups(
    train: np.ndarray, validation: np.ndarray, codes: np.ndarray, groups: np.ndarray | None
) -> Split | None:
    """Groups in both parts are left out of training, as outer splits do, or of validation if most have."""
    if groups is None:
        return train, validation
    alone = train[~np.isin(groups[train], groups[validation])]
    if 2 * len(alone) >= len(train) and len(np.unique(codes[alone])) == len(np.unique(codes)):
        return alone, validation
    new = validation[~np.isin(groups[validation], groups[train])]
    return (train, new) if len(new) >= 2 else None


# In whole groups


def _grouped(codes: np.ndarray, groups: np.ndarray, shares: np.ndarray, seed: int) -> list[Split]:
    """A split for each part that holds rows: the other parts, and that part; none where groups are too few.

    The only group of a class is always trained on.
    """
    numbers = np.unique(groups, return_inverse=True)[1].reshape(-1)
    counts = np.zeros((int(numbers.max(initial=-1)) + 1, int(codes.max(initial=0)) + 1), dtype=np.int64)
    np.add.at(counts, (numbers, codes), 1)
    only = (counts[:, (counts > 0).sum(axis=0) == 1] > 0).any(axis=1)
    free = np.flatnonzero(~only)
    if len(free) < 2:
        return []
    shares = shares if len(shares) <= len(free) else _equal(len(free))
    part = np.full(len(counts), -1)
    part[free] = _parts(counts[free], shares, np.random.default_rng(seed))
    splits = []
    for number in range(len(shares)):
        left_out = _leaving_every_class(np.flatnonzero(part == number), counts)
        if len(left_out):
            is_left_out = np.isin(numbers, left_out)
            splits.append((np.flatnonzero(~is_left_out), np.flatnonzero(is_left_out)))
    return splits


def _leaving_every_class(left_out: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The groups to leave out, less those without which a class would be missing from training."""
    total = counts.sum(axis=0)
    while len(left_out):
        missing = np.flatnonzero((counts[left_out].sum(axis=0) == total) & (total > 0))
        if not len(missing):
            break
        left_out = np.delete(left_out, counts[left_out, missing[0]].argmax())
    return left_out


def _parts(counts: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The part of each group, so that every part has about its share of the rows and of each class.

    Large groups come first, in random order among those of similar size. Groups with the same rows of each
    class are interchangeable and are dealt out together, so that many small groups take no time.

    Parameters
    ----------
    counts : int ndarray of shape (n_groups, n_classes)
        Rows of each group by class.
    shares : float ndarray of shape (n_parts,)
        Their sum is 1.

    Returns
    -------
    int ndarray of shape (n_groups,)
    """
    sizes = np.column_stack([counts.sum(axis=1), counts]).astype(float)  # all rows, then those of each class
    kinds, kind_of, members = np.unique(sizes, axis=0, return_inverse=True, return_counts=True)
    by_kind = np.split(np.argsort(kind_of.reshape(-1), kind="stable"), np.cumsum(members)[:-1])
    weights = 1.0 / np.maximum(sizes.sum(axis=0), 1.0) ** 2
    part, loads = np.empty(len(counts), dtype=int), np.zeros((len(shares), sizes.shape[1]))
    for kind in np.lexsort((rng.random(len(kinds)), -np.floor(np.log2(kinds[:, 0])))):
        size = kinds[kind]
        filled = loads @ (weights * size) / (weights @ size**2)  # in groups of this kind
        dealt = _dealt(members[kind], filled, shares, rng)
        part[rng.permutation(by_kind[kind])] = np.repeat(np.arange(len(shares)), dealt)
        loads += dealt[:, None] * size
    return part


def _dealt(n: int, filled: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How many of n equal things each part gets, so that what it has then is near to its share of all."""
    order = np.argsort(filled / shares)
    levels = (n + np.cumsum(filled[order])) / np.cumsum(shares[order])  # if so many parts got some
    level = levels.min()  # water runs into the emptiest parts first and fills no other
    wanted = np.maximum(shares * level - filled, 0.0)
    dealt: np.ndarray = np.floor(wanted).astype(int)
    rest = wanted - dealt + 1e-9 * rng.random(len(shares))
    dealt[np.argsort(-rest)[: n - dealt.sum()]] += 1
    return dealt
