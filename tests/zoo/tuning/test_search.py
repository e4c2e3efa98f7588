"""The search: it sees the training rows only, halves as stated, keeps to its time, and tells what failed."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from deepworth.datasets import InputError, Split, load_dataset
from deepworth.zoo import registry
from deepworth.zoo.inner_splits import SplitFacts, fit_respecting
from deepworth.zoo.runs.fitting import run_job
from deepworth.zoo.runs.jobs import plan_job
from deepworth.zoo.tuning import Tuned, chosen, fits_over_one, watched_search

SEEN: list[np.ndarray] = []  # rows of every fit


class Noted(ClassifierMixin, BaseEstimator):
    """Says 1 with a probability that is better the nearer ``skill`` is to 1, and notes its rows."""

    def __init__(self, skill=0.5, seconds=0.0, random_state=0):
        self.skill, self.seconds, self.random_state = skill, seconds, random_state

    def fit(self, X, y):
        if self.skill < 0:
            raise ValueError("no skill at all")
        SEEN.append(X["row"].to_numpy())
        self.classes_ = np.unique(y)
        until = time.process_time() + self.seconds
        while time.process_time() < until:
            pass
        return self

    def predict_proba(self, X):
        p = 0.5 + self.skill * (X["truth"].to_numpy() - 0.5)
        return np.stack([1 - p, p], axis=1)

    def predict(self, X):
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]


def table(n, seed=0):
    truth = np.random.default_rng(seed).integers(0, 2, n)
    return pd.DataFrame({"row": np.arange(n), "truth": truth}), np.where(truth, "yes", "no")


def search(n=300, space=None, **options):
    SEEN.clear()
    X, y = table(n)
    space = {"skill": [0.1, 0.3, 0.7, 0.9]} if space is None else space
    tuned = Tuned(Noted, space, "binary", metric="log_loss", **options)
    return tuned.fit(X, y), X


def test_the_best_candidate_is_chosen_and_fitted_to_all_rows():
    tuned, X = search()
    assert tuned.best_params_ == {"skill": 0.9}
    assert chosen(tuned).skill == 0.9
    assert sorted(SEEN[-1]) == list(X["row"])
    assert [trial.chosen for trial in tuned.trials_].count(True) == 1
    assert tuned.trials_[0].params == {}


def test_few_rows_are_cross_validated_and_no_row_scores_a_candidate_that_saw_it():
    tuned, _ = search(n=300, space={"skill": ("uniform", 0.0, 0.98)}, trials=10)
    fits = SEEN[:-1]
    assert len(fits) == 3 + 9 + 3 + 1  # the defaults on three folds; a third of the others on each fold more
    assert {len(rows) for rows in fits} == {200}
    assert tuned.best_params_["skill"] == max(t.params.get("skill", 0.5) for t in tuned.trials_)


def test_many_rows_are_halved_and_the_defaults_reach_the_last_round():
    space = {"skill": ("uniform", 0.0, 0.98)}
    tuned, _ = search(n=6000, space=space, trials=10)
    sizes = sorted({trial.rows for trial in tuned.trials_})
    assert sizes == [533, 1600, 4800]
    assert tuned.trials_[0].rows == 4800
    by_rows = [sum(trial.rows >= size for trial in tuned.trials_) for size in sizes]
    assert by_rows == [10, 4, 2]  # the defaults and nine, three, one
    assert tuned.best_params_["skill"] == max(t.params.get("skill", 0.5) for t in tuned.trials_)


def test_rows_of_a_group_are_never_on_both_sides():
    SEEN.clear()
    X, y = table(240)
    groups = np.arange(240) // 8
    tuned = Tuned(Noted, {"skill": [0.2, 0.8]}, "binary", metric="log_loss")
    fit_respecting(tuned, X, y, SplitFacts.of(240, groups=groups))
    for rows in SEEN[:-1]:
        held_out = np.setdiff1d(np.arange(240), rows)
        assert not set(groups[rows]) & set(groups[held_out])


def test_candidates_that_fail_are_told_and_do_not_stop_the_search():
    tuned, _ = search(space={"skill": [-1.0, 0.9]})
    failed = [trial for trial in tuned.trials_ if trial.score is None]
    assert [trial.reason for trial in failed] == ["ValueError: no skill at all"]
    assert tuned.best_params_ == {"skill": 0.9}


def test_a_search_keeps_to_its_cpu_time():
    space = {"skill": ("uniform", 0.0, 0.98)}
    tuned, _ = search(space=space, seconds=0.5, fixed={"seconds": 0.02})
    spent = sum(trial.cpu_seconds for trial in tuned.trials_)
    assert len(tuned.trials_) > 1
    one = max(trial.cpu_seconds for trial in tuned.trials_)
    assert 0.5 <= spent <= 0.5 + 2 * one


def test_a_search_says_how_far_it_is():
    paces = []
    with watched_search(paces.append):
        tuned, _ = search(n=6000, space={"skill": ("uniform", 0.0, 0.98)}, trials=10)
    assert [pace.fits for pace in paces] == list(range(1, 15))  # the defaults and nine, three, one candidates
    assert {pace.planned for pace in paces} == {14}
    best = [pace.best for pace in paces]
    assert best == sorted(best, reverse=True)  # of log loss less is better
    assert best[-1] == min(t.score for t in tuned.trials_ if t.rows == 4800)
    with watched_search(paces.append):
        search(space={"skill": ("uniform", 0.0, 0.98)}, seconds=0.2, fixed={"seconds": 0.02})
    assert (paces[-1].planned, paces[-1].seconds_left) == (0, 0.0)


def test_parameters_that_are_set_are_not_searched():
    tuned, _ = search(space={"skill": [0.1, 0.9], "seconds": [0.0, 1e-6]}, fixed={"skill": 0.4})
    assert all("skill" not in trial.params for trial in tuned.trials_)
    assert chosen(tuned).skill == 0.4


def test_another_space_is_searched_where_one_is_given():
    data, name = load_dataset("wine"), "k-nearest-neighbours-tuned"
    other = {"n_neighbors": [3], "weights": None}
    model = registry.create(name, "multiclass", "tabular", trials=9, space=other).fit(data.X, data.y)
    assert [trial.params for trial in model.trials_] == [{}, {"n_neighbors": 3}]
    with pytest.raises(InputError, match="there is no parameter 'nonsense'"):
        registry.create(name, "multiclass", "tabular", space={"nonsense": [1]})
    with pytest.raises(InputError, match="space must hold"):
        registry.create(name, "multiclass", "tabular", space=5)


def test_too_few_trials_are_refused():
    with pytest.raises(InputError, match="trials must be at least 1"):
        search(trials=0)


def test_without_a_split_the_defaults_are_fitted():
    SEEN.clear()
    X, y = table(4)
    tuned = Tuned(Noted, {"skill": [0.2, 0.8]}, "binary").fit(X, y)
    assert tuned.best_params_ == {}
    assert len(SEEN) == 1


def test_a_job_searches_its_training_rows_only(monkeypatch):
    """A candidate that is good on the test rows of a fold only is never chosen for that."""
    data = load_dataset(table(400)[0].assign(state=table(400)[1]), target="state")
    data.X["row"] = np.arange(400)
    monkeypatch.setattr(registry, "_tuned", lambda *args: Tuned(Noted, {"skill": [0.2, 0.9]}, "binary"))
    SEEN.clear()
    split = Split(0, 0, np.arange(300), np.arange(300, 400))
    result = run_job(plan_job("logistic-regression-tuned", split, timed=False), data, 0, {})
    assert result.ok, result.reason
    assert all(set(rows) <= set(range(300)) for rows in SEEN)
    assert len(result.trials) == 3


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_tuned_model_is_a_model_by_its_name(task):
    data = load_dataset({"binary": "breast-cancer", "multiclass": "iris", "regression": "diabetes"}[task])
    name = "k-nearest-neighbours-tuned"
    model = registry.create(name, task, "tabular", trials=4, random_state=0).fit(data.X, data.y)
    assert len(model.trials_) == 4
    assert len(model.predict(data.X)) == len(data)
    assert registry.family(name) == "classical"
    assert registry.parameters(name)["trials"] == 25
    assert not registry.offers_fleets(name, task)


def test_the_same_seed_finds_the_same():
    data = load_dataset("wine")
    make = lambda: registry.create("logistic-regression-tuned", "multiclass", "tabular", trials=5)  # noqa: E731
    first, second = make().fit(data.X, data.y), make().fit(data.X, data.y)
    assert first.best_params_ == second.best_params_
    assert [t.score for t in first.trials_] == [t.score for t in second.trials_]


def test_what_cannot_be_tuned_says_so():
    with pytest.raises(InputError, match="constant has nothing to tune"):
        registry.entry("constant-tuned")
    with pytest.raises(InputError, match="no model"):
        registry.entry("nonsense-tuned")


def test_the_work_of_a_search_is_counted():
    assert fits_over_one(25, 600) == pytest.approx(1 + 2 / 3 * (3 + 24 + 8 + 3))
    # of 4/5 of the rows the defaults, and 24 candidates on a ninth, 8 on a third, 3 on all; then the last fit
    expected = 1 + 0.8 * (1 + 24 / 9 + 8 / 3 + 3)
    assert fits_over_one(25, 45_000) == pytest.approx(expected, rel=0.01)
