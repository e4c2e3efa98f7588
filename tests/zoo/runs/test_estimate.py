"""Estimated times: what earlier runs teach, and what is kept beside the clock."""

import json
import math
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner
from runs import plan_of

from deepworth import load_dataset
from deepworth.cli import main
from deepworth.zoo import registry
from deepworth.zoo.runs import estimate as _estimate
from deepworth.zoo.runs import times as _times
from deepworth.zoo.runs.estimate import (
    Corrections,
    Past,
    Shape,
    _makespan,
    estimate,
    fleet_factor,
    law,
    past_fits,
    shape_of,
    table_seconds,
    work_factor,
)
from deepworth.zoo.workflows.compare import compare
from deepworth.zoo.workflows.preview import preview
from deepworth.zoo.workflows.runs import runs

SHAPE = Shape("tabular", 1000, 10, 1)
FAST = {"models": ["constant", "naive-bayes"], "folds": 3, "rows": 150}


def past(model, shape, slower, run="r", fingerprint=""):
    return Past(model, shape, slower * table_seconds(model, shape), fingerprint, {}, None, run)


def test_the_law_by_hand():
    assert law((1.0, 0.5, 1.0, 0.5, 0.0), Shape("tabular", 100, 16, 3)) == 1 + 0.5 * 100 * 4


def test_every_model_has_a_positive_time_and_more_rows_never_take_less():
    for name, entry in registry.entries().items():
        for modality in entry.constant("MODALITIES"):
            times = [table_seconds(name, Shape(modality, rows, 50, 2)) for rows in (100, 1000, 10_000)]
            assert 0 < times[0] <= times[1] <= times[2]


def test_nothing_known_changes_nothing():
    assert Corrections([], 1.0).factor("deep-mlp", SHAPE) == (1.0, 0)


def test_a_machine_that_is_three_times_slower_is_learned():
    seen = [past("random-forest", SHAPE, 3.0, f"r{i}") for i in range(20)]
    factor, runs = Corrections(seen, 1.0).factor("random-forest", SHAPE)
    assert (factor, runs) == (pytest.approx(3.0, rel=0.05), 20)
    other, none = Corrections(seen, 1.0).factor("naive-bayes", SHAPE)
    assert (other, none) == (pytest.approx(3.0, rel=0.05), 0), "what all have in common holds for others"
    once, _ = Corrections(seen[:1], 1.0).factor("random-forest", SHAPE)
    assert 1.5 < once < 3.0, "one run alone is not believed altogether"


def test_near_shapes_and_the_same_data_count_more():
    far = Shape("tabular", 100_000, 10, 1)
    seen = [past("random-forest", SHAPE, 4.0), past("random-forest", far, 0.25)]
    assert Corrections(seen, 1.0).factor("random-forest", SHAPE)[0] > 1.5
    assert Corrections(seen, 1.0).factor("random-forest", far)[0] < 1 / 1.5
    alike = [past("random-forest", SHAPE, 4.0, fingerprint="this"), past("random-forest", SHAPE, 0.25)]
    assert Corrections(alike, 1.0, "this").factor("random-forest", SHAPE)[0] > 1.5
    image = Shape("image", 1000, 10, 1)
    assert Corrections(seen, 1.0).factor("random-forest", image)[0] == 1.0


def test_epochs_calibration_and_fleets_are_counted():
    usual = registry.parameters("deep-mlp")["epochs"]
    assert work_factor("deep-mlp", {"epochs": 2 * usual}, None) == 2.0
    assert work_factor("naive-bayes", {}, "auto") == 6.0
    assert work_factor("naive-bayes", {}, "none") == 1.0
    assert [fleet_factor(n, 4) for n in (1, 5, 9)] == [1.0, 2.0, 3.0]


def test_tasks_go_to_the_worker_that_is_free_first():
    assert _makespan([3.0, 1.0, 1.0, 1.0], 2) == 3.0
    assert _makespan([1.0] * 5, 1) == 5.0
    assert _makespan([], 3) == 0.0


def test_a_run_keeps_the_estimate_beside_the_clock(tmp_path):
    events = []
    answer = compare("sick-healthy", store=tmp_path, progress=events.append, **FAST).answer
    expected = answer.estimate
    assert expected.real_seconds == answer.wall_seconds > 0
    assert 0 < expected.low < expected.seconds < expected.high
    assert events[0].kind == "plan"
    assert (events[0].total, events[0].estimate["models"]) == (6, 2)
    (row,) = runs(store=tmp_path)
    assert (row.estimated_seconds, row.real_seconds) == (expected.seconds, expected.real_seconds)


def test_earlier_runs_are_read_from_their_journals(tmp_path):
    answer = compare("sick-healthy", store=tmp_path, **FAST).answer
    found = {own.model: own for own in past_fits(tmp_path)}
    assert set(found) == {"constant", "naive-bayes"}
    own = found["naive-bayes"]
    assert own.shape == shape_of(answer.dataset, answer.plan)
    assert (own.shape.rows, own.shape.width) == (pytest.approx(100, abs=0.5), 6)
    assert 0 < own.seconds < answer.wall_seconds
    assert 0 < own.rest <= answer.wall_seconds
    assert past_fits(tmp_path, host="another") == []
    assert past_fits(tmp_path / "none") == []
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.sqlite").write_text("no database")
    assert len(past_fits(tmp_path)) == 2
    with closing(sqlite3.connect(tmp_path / answer.run / "run.sqlite")) as db, db:
        db.execute("UPDATE job SET model = 'taken-away' WHERE model = 'constant'")
    assert [own.model for own in past_fits(tmp_path)] == ["naive-bayes"], "a model that is not there any more"


def test_disturbed_jobs_and_failed_ones_teach_nothing(tmp_path):
    compare("sick-healthy", store=tmp_path, **FAST)
    (file,) = tmp_path.glob("*/run.sqlite")
    with sqlite3.connect(file) as db:
        db.execute("UPDATE job SET contended = 1 WHERE model = 'constant'")
        db.execute("UPDATE job SET status = 'failed' WHERE model = 'naive-bayes'")
    db.close()
    assert past_fits(tmp_path) == []


def test_a_preview_runs_nothing_and_tells_every_job(tmp_path):
    found = preview("sick-healthy", store=tmp_path, repeats=2, costs=True, **FAST)
    assert list(tmp_path.iterdir()) == []
    folds = [job for job in found.jobs if job.kind == "fold"]
    assert len(folds) == 2 * 3 * 2 == found.plan.jobs
    assert {(job.training_rows, job.test_rows) for job in folds} == {(100, 50)}
    assert {(job.repeat, job.fold) for job in folds} == {(r, f) for r in range(2) for f in range(3)}
    costs = [job for job in found.jobs if job.kind == "cost"]
    assert [(job.training_rows, job.test_rows) for job in costs] == [(150, 0)] * 2
    assert {(job.repeat, job.fold) for job in costs} == {(None, None)}
    each = math.fsum(job.estimated_seconds for job in found.jobs)
    assert each == pytest.approx(math.fsum(row.seconds for row in found.models))
    assert found.estimate.seconds == pytest.approx(each + found.estimate.start_seconds)


def test_a_preview_and_the_estimate_of_its_plan_agree(tmp_path):
    found = preview("sick-healthy", store=tmp_path, **FAST)
    data = load_dataset("sick-healthy", rows=150)
    plan = plan_of(data, FAST["models"], folds=3)
    again = estimate(data, plan, tmp_path)
    assert [row.model for row in found.models] == [row.model for row in again.models] == plan.models
    assert [row.jobs for row in again.models] == [3, 3]
    assert found.estimate.low < again.seconds < found.estimate.high, "the machine's load is measured anew"
    done = {position for position, job in enumerate(plan.jobs) if job.model == "constant"}
    left = estimate(data, plan, tmp_path, done)
    assert [row.jobs for row in left.models] == [0, 3]
    assert [seconds is None for seconds in left.jobs] == [True] * 3 + [False] * 3


def test_dry_run_of_the_command(tmp_path):
    runner = CliRunner()
    runner.mix_stderr = False  # click 8.1 mixes the streams unless told; later versions never do
    base = ["compare", "wine", "-m", "naive-bayes,perceptron", "--dry-run", "--store", str(tmp_path)]
    shown = runner.invoke(main, base)
    assert shown.exit_code == 0
    assert "10 fits, about" in shown.stdout
    assert "Nothing was run" in shown.stdout
    told = json.loads(runner.invoke(main, [*base, "--json"]).stdout)
    assert [row["jobs"] for row in told["models"]] == [5, 5]
    assert list(tmp_path.iterdir()) == []


def test_unknown_models_are_as_slow_as_their_family(monkeypatch):
    known = dict(_times.LAWS["tabular"])
    del known["random-forest"]
    monkeypatch.setattr(_estimate._times, "LAWS", {"tabular": known})
    akin = sorted(law(own, SHAPE) for name, own in known.items() if registry.family(name) == "classical")
    assert table_seconds("random-forest", SHAPE) == akin[len(akin) // 2]
