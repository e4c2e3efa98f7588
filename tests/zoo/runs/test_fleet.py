"""A network's folds as one fleet: the same answers as job by job, and the same rows whatever happens."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from runs import plan_of

from deepworth import InputError, compare, load_dataset
from deepworth.zoo import registry
from deepworth.zoo.calibration.estimators import Calibrated
from deepworth.zoo.estimators.base import KerasEstimator
from deepworth.zoo.results.runs import Pace
from deepworth.zoo.runs.fitting import PaceMeter, can_fit_many, run_fleet, run_job

FAST = {"epochs": 6, "learning_rate": 0.05}


@pytest.fixture(scope="module")
def data():
    return load_dataset("sick-healthy", seed=0)


def planned(data):
    plan = plan_of(data, ["perceptron"], folds=3, repeats=2, params={"perceptron": FAST})
    return list(plan.jobs)


def test_only_networks_offer_to_be_fitted_together(data):
    assert can_fit_many("perceptron", data)
    assert not can_fit_many("logistic-regression", data)


def test_a_fleet_gives_what_its_jobs_give_alone(data):
    jobs, heard = planned(data), []
    found = list(run_fleet(jobs, data, 0, FAST, progress=heard.append))
    assert [(row.repeat, row.fold) for row in found] == [(r, f) for r in (0, 1) for f in (0, 1, 2)]
    for job, one in zip(jobs, found, strict=True):
        alone = run_job(job, data, 0, FAST)
        assert alone.status == one.status == "ok"
        np.testing.assert_array_equal(alone.prediction, one.prediction)
    assert len(heard) == 6 * FAST["epochs"]


def test_the_time_of_the_fold_that_was_alone_stands_for_all(data):
    found = list(run_fleet(planned(data), data, 0, FAST))
    assert found[0].fit_seconds > 0
    assert [job.fit_seconds for job in found[1:]] == [None] * 5
    assert found[0].predict_seconds > 0
    assert found[0].parameters > 0


def test_a_fold_that_fails_costs_its_own_row(data, monkeypatch):
    usual, calls = KerasEstimator._replica, []

    def replica(self, *arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise MemoryError("no room for fold two")
        return usual(self, *arguments)

    monkeypatch.setattr(KerasEstimator, "_replica", replica)
    found = list(run_fleet(planned(data), data, 0, FAST))
    assert sorted(job.status for job in found) == ["ok"] * 5 + ["out_of_memory"]
    failed = next(job for job in found if job.status != "ok")
    assert failed.reason == "MemoryError: no room for fold two"
    assert failed.prediction is None


def test_a_wrong_parameter_fails_every_fold_with_its_reason(data):
    found = list(run_fleet(planned(data), data, 0, {"epochs": 0}))
    assert {job.status for job in found} == {"failed"}
    assert {job.reason for job in found} == {"InputError: epochs must be an integer of at least 1, got 0"}


def test_a_full_disk_is_not_a_fault_of_the_network(data):
    def full(number, job):
        raise InputError("the disk is full")

    with pytest.raises(InputError, match="the disk is full"):
        list(run_fleet(planned(data), data, 0, FAST, on_result=full))


def test_every_fold_is_reported_as_soon_as_it_ends(data):
    heard = []

    def hear(number, job):
        heard.append((number, job.status, job.prediction.shape[1]))

    found = list(run_fleet(planned(data), data, 0, FAST, on_result=hear))
    assert heard[0] == (0, "ok", 2)
    assert sorted(heard) == [(number, "ok", 2) for number in range(len(found))]


def test_an_interrupted_fleet_keeps_what_was_fitted(data, tmp_path):
    """Ctrl-C when the first fold is done and the second begins."""
    seen = []

    def interrupt(event):
        if event.kind == "epoch":
            seen.append(event.message)
            if len(seen) == FAST["epochs"] + 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="what was finished is in"):
        compare(
            data,
            models=["constant", "perceptron"],
            folds=3,
            params={"perceptron": FAST},
            store=tmp_path,
            progress=interrupt,
        )
    (run,) = tmp_path.iterdir()
    with closing(sqlite3.connect(run / "run.sqlite")) as db:
        rows = db.execute("SELECT model, fold, status FROM job ORDER BY model, fold").fetchall()
    kept = {(model, fold): status for model, fold, status in rows}
    assert [kept["constant", fold] for fold in range(3)] == ["ok"] * 3
    assert kept["perceptron", 0] == "ok"
    assert "interrupted" in {kept["perceptron", fold] for fold in (1, 2)}


def test_calibrated_networks_are_a_fleet_too(data):
    """Every fold calibrates inside its training rows, and all of it is trained together."""
    options = {"params": {"perceptron": {"epochs": 3}}, "folds": 3, "store": False}
    result = compare(data, models=["perceptron"], calibrate="temperature", **options)
    row = result.leaderboard().iloc[0]
    assert (row["status"], row["jobs_ok"]) == ("ok", 3)


def paces(meter_rows, estimator, ticks, monkeypatch, dataset, ends=None):
    """The paces of (network, epoch) of ten, one a second."""
    seen, clock = [], iter(range(1000))
    monkeypatch.setattr("time.perf_counter", lambda: float(next(clock)))
    meter = PaceMeter(meter_rows, dataset, estimator, seen.append)
    for network, epoch in ticks:
        meter.end_epoch(network, epoch, 10)
        for number in ends or {}:
            if (network, epoch) == ends[number]:
                meter.end(number)
    return seen


def test_the_pace_counts_rows_of_all_networks_and_what_is_left(monkeypatch, data):
    plain = registry.create("perceptron", "binary", "tabular")
    first, *_, last = paces(
        [100, 100], plain, [(n, e) for e in range(1, 5) for n in (0, 1)], monkeypatch, data
    )
    assert first == Pace(1, 10, "rows", None, None)
    assert last.rows_per_second == pytest.approx(100)  # one network ends an epoch of 100 rows every second
    assert last.seconds_left == pytest.approx(12)  # six epochs of two networks


def test_networks_that_stopped_early_leave_nothing_to_do(monkeypatch, data):
    plain = registry.create("perceptron", "binary", "tabular")
    ticks = [(0, 1), (0, 2), (1, 1), (1, 2)]
    *_, last = paces([100, 100], plain, ticks, monkeypatch, data, ends={0: (0, 2)})
    assert last.seconds_left == pytest.approx(8)


def test_networks_of_ensembles_and_of_calibration_are_counted(monkeypatch, data):
    several = registry.create("perceptron", "binary", "tabular", ensemble=True, ensemble_size=3)
    _, last = paces([100], several, [(0, 1), (0, 2)], monkeypatch, data)
    assert last.seconds_left == pytest.approx(28)
    _, last = paces([100], Calibrated(several), [(0, 1), (0, 2)], monkeypatch, data)
    assert last.seconds_left == pytest.approx(178)


def test_an_epoch_reaches_whoever_watches_with_its_pace(data):
    events = []
    compare(
        data, models=["perceptron"], folds=3, store=False, params={"perceptron": FAST}, progress=events.append
    )
    seen = [event.pace for event in events if event.kind == "epoch"]
    assert seen
    assert all(pace.epochs == FAST["epochs"] and pace.unit == "rows" for pace in seen)
