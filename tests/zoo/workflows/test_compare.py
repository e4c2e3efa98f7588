"""compare() from data to verdict, with the fast baselines and with a network stood in for."""

import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from deepworth import Comparison, InputError, compare
from deepworth.datasets import Dataset
from deepworth.zoo import registry
from deepworth.zoo.results.answer import Answer
from deepworth.zoo.results.runs import Interrupted
from deepworth.zoo.runs.store import load_results, read_run
from deepworth.zoo.workflows.runs import runs

FAST = ["constant", "logistic-regression", "naive-bayes"]


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def table(n=120, task="binary", seed=0, **fields):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "c": rng.choice(["u", "v"], n)})
    signal = 2 * X["a"].to_numpy() + rng.normal(size=n)
    if task == "regression":
        return Dataset("made", X, signal, "regression", "tabular", **fields)
    cuts = [0.0] if task == "binary" else [-0.8, 0.8]
    return Dataset("made", X, np.array(["x", "y", "z"])[np.digitize(signal, cuts)], task, "tabular", **fields)


class Stub:
    """A learner that says the training shares; tests change what it does."""

    def __init__(self, random_state=0):
        self.random_state = random_state

    def set_params(self, **_):
        return self

    def get_params(self):
        return {"random_state": self.random_state}

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares = counts / counts.sum()
        return self

    def predict_proba(self, X):
        rng = np.random.default_rng(self.random_state)
        noise = rng.normal(0, 0.01, len(X))
        return np.stack([self.shares[0] + noise, self.shares[1] - noise], axis=1)


@pytest.fixture
def deep_mlp(monkeypatch):
    """Let "deep-mlp" be a stand-in, so that no test here needs tensorflow."""
    real = registry.create

    def install(learner=Stub):
        def create(name, task, modality, **params):
            return (
                learner(params["random_state"])
                if name == "deep-mlp"
                else real(name, task, modality, **params)
            )

        monkeypatch.setattr(registry, "create", create)

    install()
    return install


def run(data=None, models=(*FAST, "deep-mlp"), **options):
    return compare(table() if data is None else data, models=models, **{"store": False, **options})


def test_the_answer_has_all_keys_and_is_json(deep_mlp):
    result = run()
    assert isinstance(result, Comparison)
    assert isinstance(result.answer, Answer)
    answer = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert set(answer) >= {
        "run",
        "dataset",
        "metric",
        "leaderboard",
        "verdict",
        "findings",
        "plan",
        "versions",
    }
    row = {"model", "family", "status", "score", "score_low", "score_high", "metrics", "fit_seconds"}
    row |= {"predict_seconds", "size_bytes", "parameters"}
    assert all(set(r) >= row for r in answer["leaderboard"])
    assert set(answer["verdict"]) == {
        *("outcome", "deep_champion", "classical_champion", "gain", "gain_low", "gain_high", "p_deep"),
        *("p_equivalent", "p_classical", "margin", "confidence_level", "missing", "sentence", "advice"),
        *("champions", "warnings", "inference", "uncertainty", "needed"),
    }
    assert sum(answer["dataset"]["class_counts"].values()) == 120
    assert result.exit_code == 0


def test_the_better_family_wins_and_the_best_comes_first(deep_mlp):
    result = run()
    board = result.leaderboard()
    assert board["score"].is_monotonic_decreasing
    assert board["model"][0] == "logistic-regression"
    assert board.set_index("model").loc["constant", "score"] == 0.5
    assert result.verdict.outcome == "classical"
    assert result.verdict.gain < -0.2
    assert (board["score_low"] <= board["score"]).all()
    assert (board["score_high"] <= 1).all()


def test_every_row_is_predicted_once_a_model_and_scores_come_from_these_rows(deep_mlp):
    from sklearn.metrics import roc_auc_score

    data = table()
    result = run(data)
    frame = result.predictions()
    assert frame.groupby("model")["row"].apply(lambda r: sorted(r) == list(range(120))).all()
    own = frame[frame["model"] == "logistic-regression"]
    assert (own["truth"].to_numpy() == data.y[own["row"]]).all()
    assert own[["probability_x", "probability_y"]].sum(axis=1).to_numpy() == pytest.approx(1)
    folds = [roc_auc_score(f["truth"] == "y", f["probability_y"]) for _, f in own.groupby("fold")]
    score = result.leaderboard().set_index("model").loc["logistic-regression", "score"]
    assert score == pytest.approx(np.mean(folds))


def numbers(result):
    untimed = {"fit_seconds": None, "fold_fit_seconds": None, "predict_seconds": None}
    rows = [replace(row, **untimed) for row in result.answer.leaderboard]
    return {row.model: row for row in rows}, result.verdict


def test_same_seed_same_numbers(deep_mlp):
    models = ["random-forest", "logistic-regression", "deep-mlp"]
    few = {"random-forest": {"n_estimators": 20}}
    first = numbers(run(models=models, params=few))
    assert first == numbers(run(models=models, params=few))
    assert first[0] != numbers(run(models=models, params=few, seed=1))[0]


def test_order_and_company_change_no_number(deep_mlp):
    few = {"random-forest": {"n_estimators": 20}}
    alone = numbers(run(models=["random-forest"], params=few))[0]["random-forest"]
    company = run(models=["deep-mlp", "random-forest", "constant"], params=few)
    assert numbers(company)[0]["random-forest"] == alone


class Fails(Stub):
    def fit(self, X, y):
        raise RuntimeError("the net\nblew up")


class FailsOnce(Stub):
    calls = 0

    def fit(self, X, y):
        FailsOnce.calls += 1
        if FailsOnce.calls == 3:
            raise ValueError("third fold")
        return super().fit(X, y)


class NotANumber(Stub):
    def predict_proba(self, X):
        return np.full((len(X), 2), np.nan)


class TooFewRows(Stub):
    def predict_proba(self, X):
        return super().predict_proba(X)[1:]


class NoSum(Stub):
    def predict_proba(self, X):
        return np.full((len(X), 2), 0.9)


@pytest.mark.parametrize(
    ("learner", "reason"),
    [
        (Fails, "RuntimeError: the net"),
        (NotANumber, "ValueError: 48 predictions are not finite"),
        (TooFewRows, "ValueError: prediction has shape (23, 2), expected (24, 2)"),
        (NoSum, "ValueError: probabilities do not sum to one"),
    ],
)
def test_a_broken_model_is_a_row_with_its_reason(deep_mlp, learner, reason):
    deep_mlp(learner)
    result = run()
    row = result.leaderboard().set_index("model").loc["deep-mlp"]
    assert row["status"] == "failed"
    assert row["reason"].startswith(reason)
    assert "\n" not in row["reason"]
    assert math.isnan(row["score"])
    assert result.leaderboard()["model"].iloc[-1] == "deep-mlp"
    assert result.exit_code == 1
    assert result.verdict.missing == ("deep-mlp",)
    assert result.verdict.outcome == "undecided"
    assert (result.leaderboard().query("family == 'classical'")["status"] == "ok").all()


def test_one_broken_fold_is_one_broken_fold(deep_mlp):
    FailsOnce.calls = 0
    deep_mlp(FailsOnce)
    row = run().leaderboard().set_index("model").loc["deep-mlp"]
    assert (row["status"], row["jobs_ok"], row["jobs_planned"]) == ("partial", 4, 5)
    assert row["reason"] == "ValueError: third fold"
    assert math.isnan(row["score"])  # a mean over fewer folds would not compare


def test_a_missing_library_is_skipped_by_default_and_a_failure_if_asked_for(monkeypatch):
    monkeypatch.setattr(registry, "suited", lambda task, modality: ["constant", "xgboost"])
    monkeypatch.setattr(
        registry,
        "missing_requirement",
        lambda name, params=None: "needs xgboost" if name == "xgboost" else None,
    )
    by_default = run(models=None)
    row = by_default.leaderboard().set_index("model").loc["xgboost"]
    assert (row["status"], row["reason"], by_default.exit_code) == ("skipped", "needs xgboost", 0)
    assert by_default.verdict.missing == ("xgboost",)
    asked = run(models=["constant", "xgboost"])
    assert asked.leaderboard().set_index("model").loc["xgboost", "status"] == "failed"
    assert asked.exit_code == 1


def test_a_model_that_says_one_class_only_is_called_out(deep_mlp):
    notes = run(table(seed=1)).leaderboard().set_index("model")["notes"]
    assert notes["constant"] == ["predicts one class only"]
    assert notes["logistic-regression"] == []


def test_what_did_not_converge_is_called_out(deep_mlp):
    from sklearn.exceptions import ConvergenceWarning

    class Slow(Stub):
        def fit(self, X, y):
            import warnings

            warnings.warn("too few steps", ConvergenceWarning, stacklevel=1)
            return super().fit(X, y)

    deep_mlp(Slow)
    notes = run().leaderboard().set_index("model").loc["deep-mlp", "notes"]
    assert "did not converge in 5 of 5 fits" in notes


def test_multiclass_and_regression():
    several = run(table(task="multiclass"), models=FAST)
    assert several.metric.name == "log_loss"
    assert several.leaderboard()["score"].is_monotonic_increasing
    assert {"probability_x", "probability_y", "probability_z"} <= set(several.predictions())
    value = run(table(task="regression"), models=["constant", "linear-regression"])
    assert value.metric.name == "rmse"
    assert value.leaderboard()["model"].tolist() == ["linear-regression", "constant"]
    assert value.leaderboard()["score"][0] == pytest.approx(1.0, abs=0.2)  # the noise that was put in
    assert value.verdict.margin == pytest.approx(0.01 * np.std(table(task="regression").y))


def test_an_official_test_part_is_one_split_with_bootstrap_intervals(deep_mlp):
    test = np.arange(400) >= 250
    result = run(table(400, test=test))
    assert set(result.predictions()["row"]) == set(range(250, 400))
    row = result.leaderboard().set_index("model").loc["logistic-regression"]
    assert row["score_low"] < row["score"] < row["score_high"]
    assert result.verdict.outcome == "classical"
    assert result.answer.plan.official_test
    assert result.answer.dataset.test_rows == 150
    assert numbers(result) == numbers(run(table(400, test=test)))


def test_groups_stand_on_one_side(deep_mlp):
    groups = np.repeat(np.arange(30), 4).astype(str)
    frame = run(table(groups=groups)).predictions().query("model == 'constant'")
    assert frame.assign(group=groups[frame["row"]]).groupby("group")["fold"].nunique().eq(1).all()


def test_the_best_reachable_score_is_that_of_the_true_probabilities():
    data = table()
    data.true_probability = np.stack([data.y == "x", data.y == "y"], axis=1).astype(float)
    assert run(data, models=["constant"]).answer.best_reachable == 1.0
    assert run(models=["constant"]).answer.best_reachable is None


def test_repeats_and_presets(deep_mlp):
    result = run(folds=3, repeats=2)
    assert result.leaderboard()["jobs_planned"].tolist() == [6] * 4
    assert result.predictions().groupby(["model", "repeat"])["row"].nunique().eq(120).all()
    assert run(preset="standard", models=["constant"]).answer.plan.folds == 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"margin": -1.0}, "margin must be a number of at least 0"),
        ({"confidence_level": 1.0}, "confidence level must be"),
        ({"metric": "rmse"}, "does not apply to binary"),
        ({"preset": "slow"}, "no preset 'slow'"),
        ({"folds": 1}, "folds must be at least 2"),
        ({"repeats": 0}, "repeats must be at least 1"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"models": ["logistic-regresion"]}, "did you mean logistic-regression"),
        ({"models": ["rnn"]}, "rnn is not for binary on tabular"),
        ({"models": []}, "no models chosen"),
        ({"params": {"random-forest": {"n_estimators": 3}}}, "random-forest, which is not compared"),
        ({"params": {"logistic-regression": {"c": 3}}}, "no parameter of logistic-regression 'c'"),
    ],
)
def test_bad_options_stop_before_any_training_and_leave_no_run(tmp_path, monkeypatch, options, message):
    monkeypatch.setattr(registry, "create", lambda *a, **k: pytest.fail("training began"))
    with pytest.raises(InputError, match=message) as error:
        compare(table(), **{"models": ["logistic-regression"], "store": tmp_path, **options})
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_single_name_is_a_model_not_letters():
    assert run(models="constant").leaderboard()["model"].tolist() == ["constant"]


def test_parameters_reach_the_model():
    few = run(models=["random-forest"], params={"random-forest": {"n_estimators": 2}}).leaderboard()
    many = run(models=["random-forest"], params={"random-forest": {"n_estimators": 20}}).leaderboard()
    assert few["size_bytes"][0] < many["size_bytes"][0] / 3


def test_the_run_is_kept_and_found_again(deep_mlp, tmp_path):
    result = run(store=tmp_path)
    (row,) = runs(store=tmp_path)
    assert (row.run, row.status, row.outcome) == (result.run, "ok", "classical")
    again = runs(result.run, store=tmp_path)
    assert again.answer == result.answer
    assert again.to_dict() == result.to_dict()
    assert again.leaderboard().equals(result.leaderboard())
    assert again.predictions().equals(result.predictions())
    assert len(again.predictions()) == 4 * 120
    with pytest.raises(InputError, match="load them with load_dataset"):
        _ = again.dataset
    assert len(result.dataset) == 120


def test_ctrl_c_before_anything_ended_has_no_result(deep_mlp, tmp_path):
    class Interrupts(Stub):
        def fit(self, X, y):
            raise KeyboardInterrupt

    deep_mlp(Interrupts)
    with pytest.raises(Interrupted) as caught:
        run(models=["deep-mlp"], store=tmp_path)
    assert caught.value.result is None
    assert runs(store=tmp_path)[0].status == "interrupted"


def test_whoever_watches_hears_how_models_stand(deep_mlp):
    events = []
    result = run(progress=events.append, metric="log_loss")
    last = {event.model: event.standing for event in events if event.standing is not None}
    assert set(last) == set(result.leaderboard()["model"])
    for name, standing in last.items():
        assert (standing.metric, standing.greater_is_better) == ("log loss", False)
        assert standing.complete
        assert standing.folds == 5
        score = result.leaderboard().set_index("model").loc[name, "log_loss"]
        assert standing.score == pytest.approx(score, rel=0.2)  # its mean over folds, not over rows


def test_a_run_that_is_not_kept_has_no_name(deep_mlp):
    result = run(models=["constant"])
    assert (result.run, result.path, result.answer.created > "2026") == ("", None, True)


def test_ctrl_c_keeps_what_was_finished(deep_mlp, tmp_path):
    class Interrupts(Stub):
        def fit(self, X, y):
            raise KeyboardInterrupt

    deep_mlp(Interrupts)
    with pytest.raises(Interrupted) as caught:
        run(store=tmp_path)
    assert caught.value.result.answer == runs("last", store=tmp_path).answer
    (row,) = runs(store=tmp_path)
    assert (row.status, row.jobs, row.jobs_done, row.real_seconds) == ("interrupted", 20, 15, None)
    answer = runs("last", store=tmp_path).answer
    assert {r.model: r.status for r in answer.leaderboard} == {
        **dict.fromkeys(FAST, "ok"),
        "deep-mlp": "interrupted",
    }
    assert answer.verdict.missing == ("deep-mlp",)
    assert answer.exit_code == 1
    results = load_results("last", tmp_path)
    assert {r.model for r in results.folds if r.prediction is not None} == set(FAST)
    assert set(results.predictions()["model"]) == set(FAST)
    assert read_run(tmp_path / row.run).need_setup().design.models == (*FAST, "deep-mlp")


def test_a_watcher_hears_every_step(deep_mlp):
    events = []
    run(models=["deep-mlp", "constant"], progress=events.append)
    assert [e.kind for e in events[:2]] == ["plan", "started"]
    assert events[1].total == 10
    assert events[-1].kind == "finished"
    assert [e.done for e in events if e.kind == "fold"] == list(range(1, 11))
    assert [e.model for e in events if e.kind == "fold"] == ["constant"] * 5 + ["deep-mlp"] * 5


def test_costs_are_measured(deep_mlp):
    board = run(models=["logistic-regression", "k-nearest-neighbours"]).leaderboard().set_index("model")
    assert (board[["fit_seconds", "predict_seconds"]] > 0).all(axis=None)
    assert (board["size_bytes"] > 500).all()
    assert board.loc["logistic-regression", "parameters"] < board.loc["k-nearest-neighbours", "parameters"]


def test_options_and_kept_runs_need_nothing_heavy(tmp_path):
    """A setup is made, and past runs are listed, before a library is imported."""
    code = (
        "import sys, deepworth; "
        "deepworth.Setup.of('iris', models='constant', target='x').to_json(); "
        "assert deepworth.runs(store=sys.argv[1]) == []; "
        "print(sorted({'tensorflow', 'keras', 'sklearn', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_classical_models_alone_never_import_tensorflow():
    code = (
        "import sys, deepworth; "
        "deepworth.compare('sick-healthy', models=['constant'], store=False); "
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("random-forest", "n_jobs"),
        ("lightgbm", "n_jobs"),
        ("xgboost", "n_jobs"),
        ("catboost", "thread_count"),
    ],
)
def test_no_model_chooses_its_number_of_threads(name, parameter):
    from deepworth.zoo.runs.limits import own_threads

    if lacking := registry.missing_requirement(name):
        pytest.skip(lacking)
    model = registry.create(name, "binary", "tabular")
    model.set_params(**own_threads(model, 3))
    assert [v for k, v in model.get_params().items() if k.rpartition("__")[2] == parameter] == [3]


def test_threads_by_rows_unless_the_environment_says_so(monkeypatch):
    from joblib import cpu_count

    from deepworth.zoo.runs.limits import threads_for

    assert threads_for(10**6) == 1  # as the fixture says
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads_for(1000) == 1
    assert threads_for(10**6) == max(1, cpu_count() // 2)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_baseline_for_tables_runs(task):
    """Nothing is left out, whichever boosting libraries are installed."""
    names = [n for n in registry.suited(task, "tabular") if registry.family(n) == "classical"]
    board = run(table(60, task), models=names, folds=2).leaderboard()
    assert sorted(board["model"]) == sorted(names)
    installed = board["model"].map(lambda name: registry.missing_requirement(name) is None)
    assert (board["status"] == "ok").tolist() == installed.tolist()
    assert (
        board.loc[installed, ["score", "predict_seconds", "size_bytes", "parameters"]].notna().all(axis=None)
    )


def test_a_holdout_is_repeated_and_judged(deep_mlp):
    result = run(holdout=0.25, repeats=6)
    assert result.leaderboard()["jobs_planned"].tolist() == [6] * 4
    assert result.answer.plan.test_over_train == pytest.approx(1 / 3)
    assert result.predictions().query("model == 'constant'").groupby("repeat").size().tolist() == [30] * 6
    assert result.verdict.outcome == "classical"
    assert run(holdout=0.25, models=["constant"]).answer.plan.repeats == 5


@pytest.mark.parametrize(
    ("options", "data", "words"),
    [
        ({"folds": 4}, {}, "--folds"),
        ({}, {"test": np.arange(120) < 30}, "an official test part"),
    ],
)
def test_a_holdout_goes_with_no_other_split(options, data, words):
    with pytest.raises(InputError, match=f"does not go with {words}"):
        run(table(**data), models=["constant"], holdout=0.2, **options)


def test_calibrated_models_are_compared_like_others(deep_mlp):
    rows = run(models=["naive-bayes", "constant"], calibrate="platt").leaderboard()
    assert rows["status"].tolist() == ["ok", "ok"]
