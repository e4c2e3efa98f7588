"""Past runs judged again: the same answer for the same question, and other questions without training."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from deepworth import InputError, cli, compare, verdict
from deepworth.datasets import Dataset, load_dataset

CLASSICAL = ["constant", "logistic-regression", "naive-bayes"]


def table(task="binary", test=None, n=160):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
    signal = X["a"] + X["b"] + rng.normal(0, 1, n)
    target = {
        "binary": np.where(signal > 0.3, "yes", "no"),
        "multiclass": np.digitize(signal, [-1, 1]).astype(str),
        "regression": signal,
    }[task]
    data = load_dataset(X.assign(target=target), target="target", task=task)
    data.test = test
    return data


@pytest.fixture
def store(tmp_path):
    return tmp_path / "runs"


def run(store, data: Dataset, models=CLASSICAL, **options):
    return compare(data, models=models, store=store, **options).answer


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_same_question_has_the_same_answer(store, task):
    models = ["constant", "linear-regression"] if task == "regression" else CLASSICAL
    first = run(store, table(task), models)
    assert verdict("last", store=store).answer == first


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_an_official_test_part_is_resampled_as_before(store, task):
    models = ["constant", "linear-regression"] if task == "regression" else CLASSICAL
    first = run(store, table(task, np.arange(160) >= 100), models)
    assert verdict("last", store=store).answer == first


def test_trainings_on_halves_are_no_folds(store):
    """They show what other training rows change, and take no part in scores and predictions."""
    data = table("binary", np.arange(160) >= 100)
    once, again = run(store, data), run(store, data, repeats=4)
    assert [row.score for row in once.leaderboard] == [row.score for row in again.leaderboard]
    assert again.plan.repeats == 4
    kept = verdict(again.run, store=store)
    assert kept.answer == again
    assert len(kept.results.retrained) == 3 * len(CLASSICAL)
    assert set(kept.predictions()["repeat"]) == {0}
    for old, new in zip(once.leaderboard, again.leaderboard, strict=True):
        if not old.reference:
            assert (old.score_low, old.score_high) != (new.score_low, new.score_high)


def test_another_metric_is_what_a_run_with_that_metric_says(store):
    run(store, table())
    again = verdict("last", metric="f1", margin=0.02, confidence_level=0.9, store=store).answer
    fresh = run(store, table(), metric="f1", margin=0.02, confidence_level=0.9)
    untimed = {"fit_seconds": None, "fold_fit_seconds": None, "predict_seconds": None}
    boards = [[replace(row, **untimed) for row in one.leaderboard] for one in (again, fresh)]
    assert boards[0] == boards[1]
    assert again.verdict == fresh.verdict
    assert again.metric == fresh.metric
    assert again.verdict.margin == 0.02


def test_a_relative_margin_is_known_again(store):
    first = run(store, table("regression"), ["constant", "linear-regression"], metric="r2")
    again = verdict(first.run, metric="mae", store=store)
    assert again.verdict.margin == pytest.approx(0.01 * np.std(table("regression").y))


def test_a_margin_belongs_to_its_metric(store):
    """The margin of the run is kept for its own metric, and for another one the default is taken."""
    run(store, table(), margin=0.123)
    assert verdict("last", store=store).verdict.margin == 0.123
    assert verdict("last", metric="roc_auc", store=store).verdict.margin == 0.123
    assert verdict("last", metric="f1", store=store).verdict.margin == 0.01


def test_nothing_is_trained(store, monkeypatch):
    run(store, table())
    monkeypatch.setattr("deepworth.zoo.registry.create", lambda *a, **k: pytest.fail("trained"))
    assert verdict("last", metric="brier", store=store).metric.name == "brier"


def test_two_models_are_compared_with_each_other(store):
    run(store, table())
    pair = verdict("last", between=("logistic-regression", "constant"), store=store).answer.between
    assert pair.test == "row-level t"
    assert pair.posterior.mean > 0.2
    assert pair.p_value < 0.01
    back = verdict("last", between=("constant", "logistic-regression"), store=store).answer.between
    assert (back.posterior.mean, back.p_value) == pytest.approx((-pair.posterior.mean, pair.p_value))


def test_some_models_only(store):
    run(store, table())
    again = verdict("last", models=["constant", "naive-bayes"], store=store)
    assert [row.model for row in again.answer.leaderboard] == ["naive-bayes", "constant"]
    assert all(row.size_bytes for row in again.answer.leaderboard)
    assert set(again.leaderboard()["model"]) == {"constant", "naive-bayes"}


def test_failed_jobs_stay_failed(store, monkeypatch):
    from deepworth.zoo import registry

    module = registry.entry("naive-bayes").module
    monkeypatch.setattr(module, "build", lambda *a, **k: (_ for _ in ()).throw(RuntimeError("no luck")))
    first = run(store, table())
    again = verdict("last", store=store)
    assert again.answer == first
    assert {r.model: r.reason for r in again.answer.leaderboard}["naive-bayes"] == "RuntimeError: no luck"
    assert again.exit_code == 1
    assert again.verdict.missing == ("naive-bayes",)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["nothing"], "no runs in"),
        (["last", "--metric", "rmse"], "does not apply to binary"),
        (["last", "--confidence-level", "2"], "confidence level must be"),
        (["last", "--margin", "-1"], "margin must be"),
        (["last", "-m", "naive-bays"], "did you mean naive-bayes"),
        (["last", "--between", "constant", "nave-bayes"], "did you mean naive-bayes"),
    ],
)
def test_bad_questions_get_one_line(store, options, words):
    if options != ["nothing"]:
        run(store, table())
    result = CliRunner().invoke(cli.main, ["verdict", *options, "--store", str(store)])
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_without_kept_predictions_it_says_so(store):
    first = run(store, table())
    (store / first.run / "predictions.parquet").unlink()
    with pytest.raises(InputError, match=r"predictions\.parquet is missing"):
        verdict(first.run, store=store)
    result = CliRunner().invoke(cli.main, ["verdict", "last", "--store", str(store)])
    assert result.exit_code == 2
    assert "predictions.parquet is missing" in result.stderr


def test_the_command_shows_the_pair_and_writes_files(store, tmp_path):
    run(store, table())
    options = ["--store", str(store), "--metric", "f1", "--between", "naive-bayes", "constant"]
    shown = CliRunner().invoke(cli.main, ["verdict", "last", *options]).stdout
    assert "F1 ↑" in shown
    assert "Gain of naive-bayes over constant: " in shown
    CliRunner().invoke(cli.main, ["verdict", "last", "--store", str(store), "-o", str(tmp_path / "a.csv")])
    frame = pd.read_csv(tmp_path / "a.csv")
    assert {"model", "roc_auc", "roc_auc_low", "brier_high", "tied_with_best"} <= set(frame)


def test_an_option_that_there_is_not_names_the_nearest():
    with pytest.raises(InputError, match="no option 'metrc'; did you mean metric"):
        verdict(metrc="f1")
    with pytest.raises(InputError, match="target is for predictions"):
        verdict(target="sick")
    with pytest.raises(InputError, match="budget is for a run"):
        verdict(predictions=["a.csv"], budget=["latency=5ms"])
