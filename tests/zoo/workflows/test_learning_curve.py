"""learning_curve() from data to crossover, with stand-ins for networks and one real one."""

import json

import numpy as np
import pandas as pd
import pytest

import deepworth
from deepworth.datasets import Dataset, InputError
from deepworth.zoo import registry
from deepworth.zoo.judging.curve_spread import ScoredUnits
from deepworth.zoo.judging.curves import CurveJudge, SizeCell
from deepworth.zoo.metrics import primary
from deepworth.zoo.results.curves import LearningCurveAnswer, ScoredFit
from deepworth.zoo.results.runs import Interrupted
from deepworth.zoo.runs.sweep import make_curve_plan, run_cells, scoring_rows
from deepworth.zoo.workflows.learning_curve import LearningCurve, learning_curve


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def table(n=600, seed=0):
    """One column tells the class in nine of ten rows."""
    rng = np.random.default_rng(seed)
    y = rng.choice(["x", "y"], n)
    told = np.where(rng.random(n) < 0.9, y == "y", y == "x").astype(float)
    return Dataset("made", pd.DataFrame({"a": told}), y, "binary", "tabular")


class Learner:
    """Has the class right in a share of rows that grows with the training rows; tests set how fast."""

    asymptote, scale, exponent = 0.05, 2.0, 0.5

    def __init__(self, random_state=0):
        self.random_state = random_state

    def set_params(self, **_):
        return self

    def get_params(self):
        return {"random_state": self.random_state}

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.error = min(0.5, self.asymptote + self.scale * len(y) ** -self.exponent)
        return self

    def predict_proba(self, X):
        """From the answers that the rows hold: wrong in that share of them."""
        told = X["answer"].to_numpy()
        wrong = np.random.default_rng(self.random_state).random(len(X)) < self.error
        p = np.where(wrong, 1 - told, told) * 0.8 + 0.1
        return np.stack([1 - p, p], axis=1)


class Late(Learner):
    """Learns more in the end: ahead of `Early` from 1,600 rows on."""

    asymptote, scale, exponent = 0.05, 8.0, 0.5


class Early(Learner):
    asymptote, scale, exponent = 0.2, 2.0, 0.5


def answered(n=8000, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.choice(["x", "y"], n)
    X = pd.DataFrame({"answer": (y == "y").astype(float), "noise": rng.normal(size=n)})
    return Dataset("made", X, y, "binary", "tabular")


@pytest.fixture
def stand_in(monkeypatch):
    """Let named models be stand-ins."""
    real = registry.create

    def install(**learners):
        named = {name.replace("_", "-"): learner for name, learner in learners.items()}

        def create(name, task, modality, **params):
            if name in named:
                return named[name](params["random_state"])
            return real(name, task, modality, **params)

        monkeypatch.setattr(registry, "create", create)

    return install


def test_a_known_crossover_is_found(stand_in):
    stand_in(deep_mlp=Late, naive_bayes=Early)
    result = learning_curve(answered(), models=["deep-mlp", "naive-bayes"], metric="accuracy", smallest=300)
    assert isinstance(result, LearningCurve)
    assert result.crossover.outcome == "crossover"
    assert result.crossover.overtaker == "deep"
    assert result.crossover.low < 1600 < result.crossover.high
    assert result.exit_code == 0


def test_the_answer_is_json_and_the_frames_hold_every_fit(stand_in):
    stand_in(deep_mlp=Late)
    result = learning_curve(answered(600), models=["constant", "naive-bayes", "deep-mlp"], sizes=4)
    answer = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert len(answer["fits"]) == len(result.fits()) == 3 * 4 * 5
    assert len(result.frame()) == len(answer["models"]) == 3 * 4
    assert {r["family"] for r in answer["families"]} == {"deep", "classical"}
    assert all(r["score_low"] <= r["score"] <= r["score_high"] for r in answer["families"])
    assert max(answer["curves"]["deep"]["rows"]) <= 10 * max(answer["plan"]["sizes"])
    assert answer["crossover"]["reach"] == 10 * max(answer["plan"]["sizes"])
    assert answer["crossover"]["sentence"]
    assert (result.frame()["fit_seconds"] > 0).all()
    assert LearningCurveAnswer.from_dict(answer) == result.answer


def test_predictions_are_dropped_once_they_are_scored():
    """Hundreds of them on large data would not fit into memory."""
    data = answered(200)
    options = {"sizes": 4, "smallest": None, "repeats": 2, "seed": 0, "params": None}
    plan = make_curve_plan(data, models=["naive-bayes"], **options)
    cells, interrupted = run_cells(plan.cells(), data, primary("binary"), 0, 1, None)
    fits = [fit for cell in cells for fit in cell]
    assert not interrupted
    assert len(fits) == 4 * 2
    assert all(fit.score is not None and fit.result.prediction is None for fit in fits)
    rows = scoring_rows(plan.cells(), data)
    sizes = [len(fit.influence) for fit in fits]
    assert sizes == [len(rows.units[fit.result.repeat]) for fit in fits]


def test_the_same_seed_gives_the_same_numbers(stand_in):
    stand_in(deep_mlp=Late)
    first, again, other = (
        learning_curve(answered(600), models=["naive-bayes", "deep-mlp"], sizes=4, seed=seed).to_dict()
        for seed in (0, 0, 1)
    )
    for answer in (first, again, other):
        answer.pop("wall_seconds")
        for row in answer["fits"] + answer["models"]:
            row.pop("fit_seconds")
    assert first == again
    assert first["fits"] != other["fits"]


def guessed(rng, y):
    """ROC AUC of a model that guesses: the Mann-Whitney statistic of random ranks."""
    positive = rng.permutation(y) == "y"
    ranks, n = np.flatnonzero(positive) + 1, positive.sum()
    return (ranks.sum() - n * (n + 1) / 2) / (n * (len(y) - n))


def test_the_champion_does_not_profit_from_selection():
    """Models that guess: the best of them by hindsight looks better than chance, the champion must not."""
    names = ["naive-bayes", "logistic-regression", "linear-svm", "rbf-svm", "k-nearest-neighbours"]
    data, metric, rng = answered(200), primary("binary", None), np.random.default_rng(0)
    wanted = {"models": names, "sizes": 4, "smallest": None, "repeats": 5, "params": None}
    fair, lucky = [], []
    for seed in range(40):
        plan = make_curve_plan(data, **wanted, seed=seed)
        cells = [
            SizeCell.of(
                [
                    ScoredFit(job.ended(), guessed(rng, data.y[own]), np.zeros(len(own)))
                    for job in cell.jobs
                    for own in [job.split.test]
                ],
                plan.facts,
            )
            for cell in plan.cells()
        ]
        judge = CurveJudge(ScoredUnits(scoring_rows(plan.cells(), data)), plan.facts, metric, 0.95)
        fair += [1 - judge.family_curve(cells, "classical")[0].mean]
        means = np.reshape([cell.values.mean() for cell in cells], (len(names), 4))
        lucky += [means.max(axis=0)]
    error = np.std(fair, ddof=1) / np.sqrt(np.size(fair))
    assert abs(np.mean(fair) - 0.5) < 3 * error
    assert np.mean(lucky) > 0.5 + 5 * error


def test_a_failed_fit_is_a_row_with_its_reason_and_the_rest_goes_on(stand_in):
    class Picky(Late):
        def fit(self, X, y):
            if len(y) < 100:
                raise ValueError("too few rows for me")
            return super().fit(X, y)

    stand_in(deep_mlp=Picky)
    result = learning_curve(answered(2000), models=["naive-bayes", "deep-mlp"], sizes=6)
    answer = result.to_dict()
    assert result.exit_code == 1
    failed = [r for r in answer["models"] if r["status"] == "failed"]
    assert [r["size"] for r in failed] == [n for n in answer["plan"]["sizes"] if n < 100]
    assert all("too few rows for me" in r["reason"] for r in failed)
    assert set(answer["curves"]) == {"deep", "classical"}


def test_without_a_family_nothing_is_claimed(stand_in):
    class Broken(Learner):
        def fit(self, X, y):
            raise RuntimeError("no")

    stand_in(deep_mlp=Broken)
    result = learning_curve(answered(400), models=["naive-bayes", "deep-mlp"], sizes=4)
    assert result.crossover.outcome == "undecided"
    assert result.crossover.reason == "no deep model has scores on enough sizes"
    assert result.exit_code == 1
    json.dumps(result.to_dict(), allow_nan=False)


def test_an_interruption_keeps_what_is_finished(stand_in):
    class Impatient(Late):
        def fit(self, X, y):
            if len(y) > 200:
                raise KeyboardInterrupt
            return super().fit(X, y)

    stand_in(deep_mlp=Impatient)
    with pytest.raises(Interrupted) as caught:
        learning_curve(answered(600), models=["naive-bayes", "deep-mlp"], sizes=4)
    result = caught.value.result
    answer = result.to_dict()
    assert isinstance(caught.value, KeyboardInterrupt)
    assert answer["interrupted"] == 1
    assert len(answer["fits"]) == 2 * 4 * 5
    assert {f["status"] for f in answer["fits"]} == {"ok", "interrupted"}
    assert "classical" in answer["curves"]
    assert result.exit_code == 1


def test_progress_reports_every_fit(stand_in):
    stand_in(deep_mlp=Late)
    events = []
    learning_curve(answered(400), models=["naive-bayes", "deep-mlp"], sizes=4, progress=events.append)
    assert [event.kind for event in events[:2]] == ["plan", "started"]
    assert events[0].preview.estimate.seconds > 0
    assert events[-1].kind == "finished"
    assert [e.done for e in events if e.kind == "fold"] == list(range(1, 41))
    assert {e.total for e in events} == {40}
    assert "naive-bayes, 40 rows" in {e.model for e in events if e.kind == "model"}


def test_regression_and_lower_is_better():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(400, 6)))
    X.columns = [f"c{i}" for i in range(6)]
    y = X.to_numpy() @ np.arange(6) + rng.normal(size=400)
    data = Dataset("made", X, y, "regression", "tabular")
    result = learning_curve(data, models=["linear-regression", "constant"], sizes=5)
    curve = result.to_dict()["curves"]["classical"]
    assert curve["score"][0] > curve["score"][-1] > 0
    assert curve["asymptote"] == pytest.approx(1.0, abs=0.25)  # the noise that no model explains


def test_the_metric_may_be_one_where_higher_is_better_without_a_lower_end():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=300)})
    data = Dataset("made", X, X["a"].to_numpy() + rng.normal(size=300), "regression", "tabular")
    answer = learning_curve(data, models=["linear-regression"], sizes=4, metric="r2").to_dict()
    assert answer["metric"]["bounds"][0] is None
    assert max(answer["curves"]["classical"]["score_high"]) <= 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sizes": 2}, "sizes"),
        ({"metric": "rmse"}, "rmse"),
        ({"confidence_level": 1.0}, "confidence level"),
        ({"models": ["cnn"]}, "not for binary on tabular"),
    ],
)
def test_bad_options_end_in_one_line(options, words):
    with pytest.raises(InputError, match=words):
        learning_curve(table(), **options)


def test_it_is_public():
    assert deepworth.learning_curve is learning_curve
    assert "learning_curve" in deepworth.__all__


def test_a_real_network_is_trained_as_a_fleet():
    result = learning_curve(
        table(200),
        models=["constant", "perceptron"],
        sizes=4,
        repeats=2,
        params={"perceptron": {"epochs": 3}},
    )
    frame = result.frame().set_index(["model", "size"])
    assert result.exit_code == 0
    assert (frame.loc["perceptron", "fits_ok"] == 2).all()
    assert frame["fit_seconds"].notna().all()
