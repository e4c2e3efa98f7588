"""Costs of a model: clocks and memory against known loads, the front against brute force, whole runs."""

import functools
import itertools
import json
import sqlite3
import time
from contextlib import closing
from dataclasses import fields

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import run, table

from deepworth import compare, resume, verdict
from deepworth.cli import main
from deepworth.zoo import registry
from deepworth.zoo.artefact.loading import load
from deepworth.zoo.artefact.manifest import read_manifest
from deepworth.zoo.artefact.saving import save
from deepworth.zoo.judging.leaderboard import pareto_front, with_pareto_front
from deepworth.zoo.results.answer import LeaderboardRow
from deepworth.zoo.runs import costs, fitting
from deepworth.zoo.runs.costs import (
    BATCHES,
    EFFORTS,
    Effort,
    Fit,
    Meter,
    Pace,
    Setting,
    ask,
    fit_figures,
    latencies,
    measure_job,
    size_on_disk,
)
from deepworth.zoo.runs.limits import Limits
from deepworth.zoo.runs.plan import make_plan
from deepworth.zoo.runs.store import job_rows, load_results
from deepworth.zoo.setup import Setup
from deepworth.zoo.workflows.cost import cost
from deepworth.zoo.workflows.runs import runs
from deepworth.zoo.workflows.train import train

pytestmark = pytest.mark.xdist_group("costs")

BRIEF = Effort(3, 0.0, 0.1, 1)


def burn(seconds):
    ends = time.process_time() + seconds
    while time.process_time() < ends:
        pass


def test_wall_and_cpu_time_are_told_apart():
    with Meter() as sleeping:
        time.sleep(0.2)
    with Meter() as busy:
        burn(0.2)
    assert sleeping.wall == pytest.approx(0.2, abs=0.1)
    assert sleeping.cpu < 0.1
    assert busy.cpu == pytest.approx(0.2, abs=0.1)
    assert busy.wall >= busy.cpu - 0.01


@pytest.mark.parametrize("size", [40_000_000, 120_000_000])
def test_the_peak_is_that_of_the_block_even_if_it_is_given_back(size):
    np.ones(200_000_000, dtype=np.uint8)  # a higher peak before does not count
    with Meter() as meter:
        np.ones(size, dtype=np.uint8)
    if meter.peak_bytes is None:
        pytest.skip("this system does not tell the peak of a block")
    assert meter.peak_bytes == pytest.approx(size, abs=20_000_000)


def test_latency_by_the_number_of_rows(monkeypatch):
    monkeypatch.setattr(Pace, "slow", lambda self, seconds: False)  # whatever else this machine does
    seen, inside = [], {rows: [] for rows in BATCHES}

    def call(rows):
        started = time.perf_counter()
        seen.append(rows)
        time.sleep(0.0005 * len(rows) ** 0.5)
        inside[len(rows)].append(time.perf_counter() - started)

    found = latencies(call, lambda rows, number: [number] * rows, BRIEF)
    assert list(found) == [str(rows) for rows in BATCHES]
    for rows in BATCHES:
        own = found[str(rows)]
        assert own.median == pytest.approx(np.median(inside[rows][2:]), rel=0.05, abs=0.0002)
        assert own.median <= own.p95
        assert own.calls == sum(len(each) == rows for each in seen) - 2  # two of them untimed
    numbers = [each[0] for each in seen if len(each) == 10]
    assert len(set(numbers)) >= 3  # not the same rows again and again


class Neighbour:
    """A core that runs at half its speed in some of the calls, and the probe of it that tells."""

    def __init__(self, busy):
        self.now, self.number, self.busy = 0.0, 0, busy

    def call(self, rows):
        self.now += 0.010 * (2 if self.busy(self.number) else 1)
        self.number += 1

    def probe(self):
        return 2.0 if self.busy(self.number - 1) else 1.0

    def slow(self, seconds):
        return seconds > 1.4


def measured_beside(busy, effort):
    core = Neighbour(busy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(costs, "own_pace", lambda: core)
        patch.setattr(costs.time, "perf_counter", lambda: core.now)
        return latencies(core.call, lambda rows, number: rows, effort), core


def test_calls_on_a_shared_core_are_left_out_by_the_probe_beside_them():
    effort = Effort(20, 0.1, 0.5, patience=9.0)
    found, _ = measured_beside(lambda number: number % 40 < 15, effort)
    assert [one.median for one in found.values()] == pytest.approx([0.010] * 4)
    assert [one.p95 for one in found.values()] == pytest.approx([0.010] * 4)
    assert all(one.calls >= 20 and one.left_out > 0 and one.steady for one in found.values())


def test_patience_with_a_core_that_stays_shared_ends_and_is_told():
    effort = Effort(5, 0.05, 0.2, patience=0.4)
    found, core = measured_beside(lambda number: number > 10, effort)
    assert not any(one.steady for one in found.values())
    assert all(one.left_out == 0 and one.median == pytest.approx(0.020) for one in found.values())
    assert core.now < 8 * 0.02 + 0.4 + 4 * 0.25


def test_a_moment_of_another_process_does_not_slow_the_probe_that_is_the_fastest_of_some(monkeypatch):
    pieces = itertools.repeat(1.0)
    monkeypatch.setattr(costs, "_piece", lambda: next(pieces))
    pace = Pace()
    pieces = iter([3.0, 1.1, 1.0])
    assert not pace.slow(pace.probe())
    pieces = iter([1.5, 1.7, 1.6])
    assert pace.slow(pace.probe())


def test_settling_ends_with_the_neighbour_or_with_its_time(monkeypatch):
    pieces = itertools.repeat(1.0)
    monkeypatch.setattr(costs, "_piece", lambda: next(pieces))
    pace = Pace()
    pieces = iter([2.0] * 30 + [1.0] * 3)
    assert pace.settle(60.0) == 1.0
    pieces = itertools.repeat(2.0)
    assert pace.settle(0.05) == 2.0


def test_a_fit_counts_where_it_was_alone(monkeypatch):
    fits = [Fit(2.0, 1.0, 10, False), Fit(1.0, 0.5, 30, True), Fit(1.2, 0.6, None, True)]
    figures = fit_figures(fits)
    assert figures["fit_seconds"] == pytest.approx(1.1)
    assert figures["fit_cpu_seconds"] == pytest.approx(0.55)
    assert (figures["fit_peak_bytes"], figures["fits"], figures["fit_steady"]) == (30, 2, True)
    alone = fit_figures(fits[:1])
    assert (alone["fit_seconds"], alone["fits"], alone["fit_steady"]) == (2.0, 1, False)


def test_an_effort_has_a_floor_and_a_ceiling():
    effort = Effort(calls=10, seconds=1.0, most=3.0, least=2, longest=20.0)
    assert not effort.enough(9, 2.0)
    assert not effort.enough(100, 0.9)
    assert effort.enough(10, 1.0)
    assert effort.enough(2, 3.0)
    assert not effort.enough(1, 19.0)
    assert effort.enough(1, 20.0), "a call of 20 seconds is not repeated"


columns = st.integers(1, 4)
points = columns.flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 4), min_size=n, max_size=n), min_size=1, max_size=12)
)


@given(points)
@settings(max_examples=200, deadline=None)
def test_the_front_is_what_brute_force_finds(rows):
    def beats(a, b):
        return all(x <= y for x, y in zip(a, b, strict=True)) and a != b

    found = pareto_front(np.array(rows, dtype=float))
    assert found.tolist() == [not any(beats(a, b) for a in rows) for b in rows]


def row(score, latency, fit, size):
    unknown = {f.name: None for f in fields(LeaderboardRow)}
    known = {"model": "m", "score": score, "latency_seconds": latency}
    return LeaderboardRow(**{**unknown, **known, "fit_seconds": fit, "size_bytes": size})


def test_models_without_score_or_costs_are_neither_on_the_front_nor_off_it():
    rows = [
        row(0.9, 2, 2, 2),
        row(0.8, 1, 3, 3),
        row(0.95, 3, 3, 3),
        row(None, 1, 1, 1),
        row(0.99, None, 1, 1),
    ]
    assert [r.pareto for r in with_pareto_front(rows, 1)] == [True, True, True, None, None]
    assert [r.pareto for r in with_pareto_front(rows, -1)] == [True, True, False, None, None]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run of both families in worker processes that measures costs."""
    store = tmp_path_factory.mktemp("runs")
    few = {"random-forest": {"n_estimators": 10}, "perceptron": {"epochs": 3}}
    models = ["constant", "k-nearest-neighbours", "random-forest", "perceptron"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        return compare(table(200), models=models, folds=2, params=few, jobs=1, costs=True, store=store), store


def test_every_model_of_both_families_has_a_whole_sheet(measured):
    result, _ = measured
    assert result.exit_code == 0
    for row in result.answer.leaderboard:
        sheet = row.costs
        assert (sheet.status, sheet.contended, sheet.rows) == ("ok", False, 200)
        assert sheet.fit_seconds == row.fit_seconds > 0
        assert sheet.fit_cpu_seconds > 0
        assert sheet.fit_peak_bytes is None or sheet.fit_peak_bytes >= 0
        assert sheet.threads >= 1
        assert set(sheet.latency) == {"1", "10", "100", "1000"}
        assert all(0 < one.median <= one.p95 for one in sheet.latency.values())
        assert row.latency_seconds == sheet.latency["1"].median
        assert row.predict_seconds == sheet.latency["1000"].median
        assert row.size_bytes == sheet.size_bytes > 1000
        assert row.parameters == sheet.parameters > 0
        assert row.pareto in (True, False)
    rows = {row.model: row for row in result.answer.leaderboard}
    assert rows["constant"].pareto
    assert rows["perceptron"].fold_fit_seconds is None
    assert rows["perceptron"].fleet_seconds > 0
    assert rows["random-forest"].fold_fit_seconds > 0
    assert rows["perceptron"].costs.fit_seconds > rows["constant"].costs.fit_seconds


def test_the_run_keeps_a_row_for_the_costs_of_each_model(measured):
    result, store = measured
    with closing(sqlite3.connect(store / result.run / "run.sqlite")) as db:
        kept = db.execute("SELECT model, status, attempts FROM cost ORDER BY position").fetchall()
    assert kept == [(model, "ok", 1) for model in result.answer.plan.models]
    assert list(result.results.costs) == list(result.answer.plan.models)
    journal = [own.result for own in job_rows(store / result.run)]
    assert [row for row in journal if row.kind == "cost"] == [*result.results.costs.values()]
    assert load_results(result.run, store).costs == result.results.costs
    assert runs(result.run, store=store).answer == result.answer


def test_a_verdict_asked_later_has_the_costs_and_its_own_front(measured):
    result, store = measured
    again = {row.model: row for row in verdict(result.run, metric="log_loss", store=store).answer.leaderboard}
    for row in result.answer.leaderboard:
        assert again[row.model].costs == row.costs
        assert again[row.model].pareto in (True, False)
    alone = verdict(result.run, models=["perceptron"], store=store).answer.leaderboard
    assert [row.pareto for row in alone] == [True], "nothing else to be worse than"


def test_the_leaderboard_is_flat(measured):
    board = measured[0].leaderboard()
    assert (board["latency_10_p95"] >= board["latency_10_median"]).all()
    assert "costs" not in board
    assert board["fit_cpu_seconds"].notna().all()


def test_the_size_is_what_the_system_counts_and_parameters_what_keras_counts(tmp_path):
    data = table(60)
    model = registry.create("perceptron", "binary", "tabular", epochs=1, random_state=0).fit(data.X, data.y)
    path = save(model, tmp_path / "model", dataset=data, name="perceptron", family="deep")
    assert size_on_disk(path) == sum(f.stat().st_size for f in path.iterdir())
    found = ask(path, data.X, BRIEF)
    assert found["size_bytes"] == size_on_disk(path)
    assert model.n_parameters() == model.model_.count_params()


def test_neighbours_can_be_opened_again_and_say_the_same(tmp_path):
    """Their search tree is no type that a safe file may hold."""
    for task in ("binary", "regression"):
        data = table(80)
        y = data.y if task == "binary" else data.X["a"].to_numpy()
        data.y, data.task = y, task
        model = registry.create("k-nearest-neighbours", task, "tabular", random_state=0).fit(data.X, y)
        saved = load(save(model, tmp_path / task, dataset=data, name="k-nearest-neighbours"))
        call = "predict_proba" if task == "binary" else "predict"
        np.testing.assert_array_equal(getattr(saved, call)(data.X), getattr(model, call)(data.X))


def cost_job(name, data):
    return make_plan(data, Setup.of("data", models=[name], folds=2, costs=True), Limits()).costs[0]


class Burns:
    """Takes known CPU time and memory to fit; no file holds it."""

    def __init__(self):
        self.random_state = 0

    def get_params(self, deep=True):
        return {}

    def set_params(self, **_):
        return self

    def fit(self, X, y):
        burn(0.3)
        np.ones(90_000_000, dtype=np.uint8)
        self.classes_ = np.unique(y)
        return self

    def __getstate__(self):
        raise TypeError("not to be kept")


def test_known_work_is_measured_and_what_failed_is_said(monkeypatch):
    data = table()
    monkeypatch.setattr(fitting.registry, "create", lambda *a, **k: Burns())
    monkeypatch.setattr(costs, "clone", lambda model: model)
    done = measure_job(cost_job("constant", data), data, 0, {}, Setting())
    sheet = done.costs
    assert sheet.fit_cpu_seconds == pytest.approx(0.35, abs=0.25)
    assert sheet.fit_peak_bytes is None or sheet.fit_peak_bytes == pytest.approx(9e7, abs=3e7)
    assert done.status == "failed"
    assert "cannot be saved without pickle" in done.reason
    assert (sheet.latency, sheet.size_bytes, sheet.steady) == (None, None, None)


def test_the_measured_model_is_the_one_that_train_makes(monkeypatch):
    """Same rows, same seed: the costs are those of the model that a user would get."""
    seen = []
    usual = costs.save
    monkeypatch.setattr(costs, "save", lambda model, *a, **k: seen.append(model) or usual(model, *a, **k))
    data = table()
    job = cost_job("random-forest", data)
    done = measure_job(job, data, 7, {"n_estimators": 5}, Setting())
    assert done.status == "ok", done.reason
    own = registry.create("random-forest", "binary", "tabular", random_state=7, n_estimators=5)
    np.testing.assert_array_equal(
        seen[0].predict_proba(data.X), own.fit(data.X, data.y).predict_proba(data.X)
    )


def test_costs_of_a_model_that_was_never_fitted_are_skipped():
    wrong = {"random-forest": {"n_estimators": -1}}
    result = compare(
        table(), models=["constant", "random-forest"], folds=2, params=wrong, costs=True, store=False
    )
    costs = result.results.costs
    assert costs["constant"].status == "ok"
    assert costs["random-forest"].status == "skipped"
    assert "n_estimators" in costs["random-forest"].reason


def test_an_interrupted_run_measures_what_is_missing(tmp_path):
    seen = []

    def watch(event):
        seen.append(event.kind)
        if seen.count("fold") == 5:  # the four folds, and the costs of one model
            raise KeyboardInterrupt

    data, models = table(), ["constant", "logistic-regression"]
    with pytest.raises(KeyboardInterrupt):
        run(models, store=tmp_path, jobs=0, folds=2, costs=True, progress=watch)
    (folder,) = tmp_path.iterdir()

    def states():
        with closing(sqlite3.connect(folder / "run.sqlite")) as db:
            return db.execute("SELECT status, attempts, figures FROM cost ORDER BY position").fetchall()

    before = states()
    assert [state for state, *_ in before] == ["ok", "interrupted"]
    result = resume(str(folder), data=data)
    after = states()
    assert after[0] == before[0]
    assert [(state, attempts) for state, attempts, _ in after] == [("ok", 1), ("ok", 1)]
    assert all(row.costs.status == "ok" for row in result.answer.leaderboard)


def test_presets_take_more_care():
    calls = [EFFORTS[name].calls for name in ("quick", "standard", "thorough")]
    assert calls == sorted(set(calls))


@pytest.mark.parametrize(
    ("dataset", "model"),
    [("sick-healthy", "random-forest"), ("digits", "pca-svm"), ("triage-notes", "tfidf-logistic-regression")],
)
def test_a_saved_model_is_measured_alone_whatever_its_data(dataset, model, tmp_path):
    params = {model: {"n_estimators": 5}} if model == "random-forest" else None
    train(dataset, model=model, output=str(tmp_path / "m"), rows=200, params=params)
    sheet = cost(str(tmp_path / "m"), effort="quick")
    assert (sheet.model, sheet.rows_from) == (model, "synthetic")
    assert sheet.size_bytes == size_on_disk(tmp_path / "m")
    assert sheet.flops > 0
    assert sheet.parameters > 0
    assert [one.rows for one in sheet.latency.values()] == list(BATCHES)
    assert sheet.load_seconds > 0
    assert sheet.as_sheet().latency == sheet.latency
    graph = read_manifest(tmp_path / "m").get("graph")
    assert (sheet.served is None) == (graph is None)
    if graph is not None:
        assert list(sheet.served) == list(sheet.latency)
    json.dumps(sheet.to_dict(), allow_nan=False)


def test_rows_with_unknown_levels_are_measured_without_a_warning_for_every_call(tmp_path, recwarn):
    data = table(150)
    data.X["ward"] = ["north", "south", "east"] * 50
    model = registry.create("naive-bayes", "binary", "tabular").fit(data.X, data.y)
    path = save(model, tmp_path / "model", X=data.X, y=data.y)
    data.X.assign(ward="attic").to_csv(tmp_path / "rows.csv", index=False)
    cost(path, str(tmp_path / "rows.csv"), effort="quick")
    assert not [w for w in recwarn if issubclass(w.category, UserWarning)]


def test_the_command_measures_a_network_with_rows_of_ones_own(tmp_path):
    data = table(150)
    path = save(
        registry.create("perceptron", "binary", "tabular", epochs=1, random_state=0).fit(data.X, data.y),
        tmp_path / "model",
        dataset=data,
        name="perceptron",
        family="deep",
    )
    data.X.to_csv(tmp_path / "rows.csv", index=False)
    invoke = functools.partial(CliRunner().invoke, main)
    done = invoke(["cost", str(path), str(tmp_path / "rows.csv"), "--json"])
    assert done.exit_code == 0, done.output
    assert not done.stderr
    sheet = json.loads(done.stdout)
    assert (sheet["family"], sheet["flops_by"]) == ("deep", "graph")
    assert sheet["rows_from"].endswith("rows.csv")
    none = invoke(["cost", str(tmp_path)])
    assert (none.exit_code, none.stderr.count("\n")) == (2, 1)
