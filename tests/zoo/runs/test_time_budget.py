"""A preset promises a time, and what is left out to keep it is said and can be chosen by options."""

import numpy as np
import pandas as pd
import pytest

from deepworth import InputError, Setup, load_dataset, preview
from deepworth.zoo import registry
from deepworth.zoo.results.facts import dataset_facts
from deepworth.zoo.runs.estimate import CORES, PROMISES, plan_in_time, shape_of, usual_estimate
from deepworth.zoo.runs.limits import Limits
from deepworth.zoo.runs.plan import make_plan

LIMITS = Limits()


def table(n_rows, n_columns=16, target="answer", **facts):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n_rows, n_columns)), columns=[f"x{i}" for i in range(n_columns)])
    frame["answer"] = np.where(frame["x0"] + rng.normal(size=n_rows) > 0, "yes", "no")
    return load_dataset(frame.assign(**facts), target=target)


def in_time(dataset, **options):
    return plan_in_time(dataset, Setup.of(**options), LIMITS, None)


def usual_seconds(dataset, plan):
    return usual_estimate(dataset, plan, CORES).seconds


@pytest.fixture(scope="module")
def large():
    return table(45_000)


def test_small_data_are_compared_as_the_preset_says():
    dataset = table(1_000)
    setup, plan = in_time(dataset, costs=True)
    assert plan.decisions == ()
    assert setup == Setup.of(costs=True)
    assert len(plan.jobs) == 5 * len(registry.suited("binary", "tabular"))
    assert len(plan.costs) == len(plan.models)


@pytest.mark.parametrize("preset", PROMISES)
def test_large_data_fit_into_the_promise_of_their_preset(large, preset):
    whole = make_plan(large, Setup.of(preset=preset), LIMITS)
    assert usual_seconds(large, whole) > PROMISES[preset]["tabular"]
    setup, plan = in_time(large, preset=preset)
    assert usual_seconds(large, plan) <= PROMISES[preset]["tabular"]
    assert plan.decisions
    strong = set(registry.for_learning_curves("binary", "tabular"))
    assert strong <= set(plan.models), "the strong ones of both families stay"
    assert not set(setup.design.without) & strong
    assert all(model in " ".join(plan.decisions) for model in setup.design.without)


def test_the_plan_is_the_same_on_any_machine(large, monkeypatch):
    _, plan = in_time(large)
    monkeypatch.setattr("deepworth.zoo.runs.estimate.machine_seconds", lambda: 1e9)
    monkeypatch.setattr("deepworth.zoo.runs.estimate.load_factor", lambda: 99.0)
    _, again = in_time(large)
    assert again.decisions == plan.decisions
    assert again.fingerprint() == plan.fingerprint()


def test_the_setup_says_by_its_options_what_is_left_out(large):
    """So that the kept setup repeats the run, without a second decision."""
    setup, plan = in_time(large)
    again = make_plan(large, setup, LIMITS)
    assert again.fingerprint() == plan.fingerprint()
    assert [job.key for job in again.all_jobs] == [job.key for job in plan.all_jobs]


def test_whoever_names_models_gets_them(large):
    _, plan = in_time(large, models=["tabm", "constant"])
    assert set(plan.models) == {"tabm", "constant"}
    assert plan.decisions == ()
    assert plan.folds == 5


def test_folds_and_times_that_were_chosen_stay(large):
    setup, plan = in_time(large, folds=7)
    assert plan.folds == setup.design.folds == 7
    budget = in_time(large, budget=["fit=10s"], costs=True)[0]
    assert budget.design.costs, "a limit of cost needs its measurement"


def test_a_total_time_holds_by_the_estimate_for_this_machine(monkeypatch):
    dataset = table(3_000)
    monkeypatch.setattr("deepworth.zoo.runs.estimate.load_factor", lambda: 1.0)
    monkeypatch.setattr("deepworth.zoo.runs.estimate.machine_seconds", lambda: 0.001)
    long, short = in_time(dataset, total_time="10h")[1], in_time(dataset, total_time="20s")[1]
    assert long.decisions == ()
    assert short.decisions
    assert len(short.all_jobs) < len(long.all_jobs)


def test_models_train_on_no_more_rows_of_each_class_than_their_share():
    dataset = table(2_000)
    plan = make_plan(dataset, Setup.of(models=["constant"], train_rows=200, folds=4), LIMITS)
    whole = make_plan(dataset, Setup.of(models=["constant"], folds=4), LIMITS)
    share = np.mean(dataset.y == "yes")
    for fewer, all_rows in zip(plan.jobs, whole.jobs, strict=True):
        assert len(fewer.split.train) == pytest.approx(200, abs=1)
        assert set(fewer.split.train) < set(all_rows.split.train)
        assert np.array_equal(fewer.split.test, all_rows.split.test)
        assert np.mean(dataset.y[fewer.split.train] == "yes") == pytest.approx(share, abs=0.01)
    assert plan.test_over_train == pytest.approx(500 / 200, rel=0.02)
    assert shape_of(dataset_facts(dataset), plan.facts()).rows == pytest.approx(200, abs=1)


def test_models_can_be_left_out():
    names = set(registry.suited("binary", "tabular"))
    plan = make_plan(table(300), Setup.of(without=["tabm", "rbf-svm"]), LIMITS)
    assert set(plan.models) == names - {"tabm", "rbf-svm"}
    with pytest.raises(InputError, match="cnn is not compared anyway; remove it from --without"):
        make_plan(table(300), Setup.of(without=["cnn"]), LIMITS)
    with pytest.raises(InputError, match="no model 'tabn'"):
        make_plan(table(300), Setup.of(without=["tabn"]), LIMITS)


def test_a_preview_tells_what_a_run_would_leave_out(large):
    found = preview(large, store=False)
    assert found.plan.decisions
    assert found.plan.holdout == 0.2
    assert any("held-out fifth" in line for line in found.plan.decisions)
