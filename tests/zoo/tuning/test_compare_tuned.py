"""Tuned models in a comparison: beside their defaults, kept, resumed, saved and told."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import deepworth
from deepworth import InputError
from deepworth.cli import main
from deepworth.zoo.runs.store import job_rows
from deepworth.zoo.workflows.verdict import verdict

MODELS = ["naive-bayes", "logistic-regression", "perceptron"]
FEW = {"perceptron": {"epochs": 2}}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    options = {"models": MODELS, "params": FEW, "tune": 3, "folds": 2, "costs": False, "store": store}
    return deepworth.compare("iris", **options), store


def test_every_model_stands_beside_its_tuned_self(kept):
    result, _ = kept
    assert {row.model for row in result.answer.leaderboard} == {*MODELS, *(f"{m}-tuned" for m in MODELS)}
    assert result.answer.plan.tuned == {f"{m}-tuned": m for m in MODELS}
    assert result.exit_code == 0


def test_the_answer_says_what_tuning_gained(kept):
    tuning = kept[0].answer.tuning
    by_base = {own.base: own for own in tuning.models}
    assert set(by_base) == set(MODELS)
    assert {own.trials for own in tuning.models} == {3.0}
    assert all(len(own.params) == 2 for own in tuning.models)
    assert all(own.gain_low <= own.gain <= own.gain_high for own in tuning.models)
    assert set(tuning.cpu_seconds) == {"deep", "classical"}
    assert not {tuning.defaults.deep_champion, tuning.defaults.classical_champion} & set(
        kept[0].answer.plan.tuned
    )


def test_the_verdict_at_defaults_is_that_of_a_comparison_without_tuning(kept):
    plain = deepworth.compare(
        "iris", models=MODELS, params=FEW, folds=2, costs=False, store=False
    ).answer.verdict
    assert kept[0].answer.tuning.defaults.gain == pytest.approx(plain.gain)
    assert kept[0].answer.tuning.defaults.outcome == plain.outcome


def test_what_was_set_for_a_model_holds_for_its_candidates(kept):
    assert kept[0].answer.plan.params["perceptron-tuned"]["epochs"] == 2


def test_trials_are_kept_and_judged_again(kept):
    result, store = kept
    rows = [row.result for row in job_rows(store / result.run) if row.result.model.endswith("-tuned")]
    assert all(len(row.trials) == 3 for row in rows)
    assert all(sum(trial.chosen for trial in row.trials) == 1 for row in rows)
    again = verdict(result.run, store=store)
    assert again.answer.tuning == result.answer.tuning


def test_an_interrupted_run_goes_on_with_its_searches(tmp_path):
    def stop(event):
        if event.kind == "fold" and event.model == "logistic-regression-tuned":
            raise KeyboardInterrupt

    options = {"models": ["naive-bayes", "logistic-regression"], "tune": 3, "folds": 2, "costs": False}
    with pytest.raises(KeyboardInterrupt):
        deepworth.compare("iris", **options, store=tmp_path, progress=stop)
    resumed = deepworth.resume("last", store=tmp_path)
    whole = deepworth.compare("iris", **options, store=False)
    assert resumed.exit_code == 0
    scores = [{row.model: row.score for row in one.answer.leaderboard} for one in (resumed, whole)]
    assert scores[0] == pytest.approx(scores[1])


def test_the_terminal_and_reports_show_it(kept, tmp_path):
    result, store = kept
    shown = CliRunner().invoke(main, ["runs", result.run, "--store", str(store)]).stdout
    assert "At default parameters:" in shown
    assert "tuned model" in shown
    assert "trials" in shown
    for name in ("report.md", "report.html"):
        path = tmp_path / name
        CliRunner().invoke(main, ["report", result.run, "--store", str(store), "-o", str(path)])
        assert "logistic-regression-tuned" in path.read_text()


def test_a_tuned_model_is_trained_and_saved_as_the_model_it_is(tmp_path):
    name, output = "logistic-regression-tuned", str(tmp_path / "model")
    words = ["train", "iris", "-m", name, "--set", f"{name}.trials=3", "-o", output, "-q", "--json"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["proof"]["holds"]
    assert deepworth.load(tmp_path / "model").predict(deepworth.load_dataset("iris").X[:3]).shape == (3,)


def test_a_log_says_how_far_the_search_is(tmp_path, monkeypatch):
    monkeypatch.setattr("deepworth.zoo.report.progress._QUIET", 0.0)
    name = "k-nearest-neighbours-tuned"
    words = ["train", "iris", "-m", name, "--set", f"{name}.trials=4", "-o", str(tmp_path / "model")]
    done = CliRunner().invoke(main, words)
    assert "of the search, best log loss" in done.stderr


@pytest.mark.parametrize("value", ["0", "1", "soon", "5x"])
def test_a_number_or_a_time_is_asked_for(value):
    done = CliRunner().invoke(main, ["compare", "iris", "--tune", value, "--dry-run"])
    assert done.exit_code == 2
    assert "tune must be" in done.stderr


def test_tuning_and_calibration_do_not_go_together():
    with pytest.raises(InputError, match="--tune does not go with --calibrate"):
        deepworth.preview("iris", models=["naive-bayes"], tune=3, calibrate="platt")


def test_a_time_is_shared_by_the_models_and_fits_of_a_family():
    plan = deepworth.preview("iris", models=MODELS, tune="10m", folds=5).plan
    assert plan.params["naive-bayes-tuned"]["seconds"] == pytest.approx(600 / 2 / 5)
    assert plan.params["perceptron-tuned"]["seconds"] == pytest.approx(600 / 5)


def test_models_are_left_out_with_or_without_their_tuned_form():
    names = deepworth.preview("iris", models=MODELS, tune=3, without=["naive-bayes"]).plan.models
    assert not [name for name in names if "naive-bayes" in name]
    names = deepworth.preview("iris", models=MODELS, tune=3, without=["naive-bayes-tuned"]).plan.models
    assert [name for name in names if "naive-bayes" in name] == ["naive-bayes"]


def test_a_time_for_the_run_leaves_dear_searches_out():
    plan = deepworth.preview("sick-healthy", tune=25, total_time="60s", store=False).plan
    assert plan.decisions
    assert len(plan.tuned) < len(deepworth.preview("sick-healthy", tune=25, store=False).plan.tuned)


def test_more_trials_are_expected_to_take_longer():
    seconds = [
        deepworth.preview("iris", models=["logistic-regression"], tune=n, store=False).estimate.seconds
        for n in (5, 50)
    ]
    assert seconds[0] < seconds[1]


def test_a_model_shows_its_space():
    done = CliRunner().invoke(main, ["models", "deep-mlp"])
    assert "searched by --tune" in done.stdout
    assert deepworth.models("deep-mlp").space["learning_rate"].endswith("(log)")
