"""Predictions of any models: what is read from tables, and what is said of them."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth import ComparedPredictions, InputError, compare, verdict
from deepworth.zoo.judging.scores import MOST_ROWS, Rule, rows_needed, smallest_gain
from deepworth.zoo.metrics import METRICS, Truth
from deepworth.zoo.results.predictions import PredictionsAnswer

N = 400


def score(y, noise, seed):
    return 1 / (1 + np.exp(-(2 * y - 1 + np.random.default_rng(seed).normal(0, noise, len(y)))))


def binary(n=N, seed=0):
    """Codes and names of the truth."""
    y = np.random.default_rng(seed).integers(0, 2, n)
    return y, np.where(y == 1, "yes", "no")


def table(noise, seed=1, n=N, **columns):
    y, sick = binary(n)
    return pd.DataFrame({"id": np.arange(n), "sick": sick, "score": score(y, noise, seed), **columns})


GOOD, POOR = table(0.8), table(1.6, seed=2)
BOTH = {"good": GOOD, "poor": POOR}


def judged(predictions, target="sick", **options):
    return verdict(predictions=predictions, target=target, **options)


def board(found):
    return {row.model: row for row in found.answer.leaderboard}


# What is said


def test_the_better_model_is_found_and_scored_as_by_scikit_learn():
    from sklearn.metrics import log_loss, roc_auc_score

    found = judged(BOTH)
    assert isinstance(found, ComparedPredictions)
    assert found.verdict.outcome == "first"
    assert found.verdict.sentence.startswith("good is better than poor: it improves ROC AUC by ")
    row = board(found)["good"]
    assert row.score == pytest.approx(roc_auc_score(GOOD["sick"], GOOD["score"]))
    assert row.metrics["log_loss"] == pytest.approx(log_loss(GOOD["sick"], GOOD["score"]))
    assert row.score_low < row.score < row.score_high
    assert found.leaderboard()["model"].tolist() == ["good", "poor"]
    assert found.leaderboard()["tied_with_best"].tolist() == [True, False]


def test_the_order_of_the_models_turns_the_verdict_round():
    one, other = judged(BOTH).verdict, judged({"poor": POOR, "good": GOOD}).verdict
    assert (one.outcome, other.outcome) == ("first", "second")
    assert other.gain == pytest.approx(-one.gain)
    assert (other.p_first, other.p_second) == pytest.approx((one.p_second, one.p_first))
    assert other.sentence == one.sentence


def test_equal_models_are_equivalent_and_a_verdict_needs_a_margin_for_it():
    same = {"a": table(0.3, n=1000), "b": table(0.3, n=1000)}
    assert judged(same).verdict.outcome == "equivalent"
    assert judged(same, margin=0).verdict.outcome != "first"


def test_of_several_models_the_two_best_are_compared():
    y, _ = binary()
    many = GOOD.rename(columns={"score": "good"}).assign(
        fair=score(y, 0.9, 5), poor=score(y, 2, 6), worst=score(y, 6, 7)
    )
    found = judged(many)
    assert [row.model for row in found.answer.leaderboard] == ["good", "fair", "poor", "worst"]
    assert (found.verdict.first, found.verdict.second) == ("good", "fair")
    assert found.verdict.selected
    named = judged(many, between=("poor", "good")).verdict
    assert (named.first, named.second, named.outcome) == ("poor", "good", "second")
    assert not named.selected
    assert [row.model for row in judged(many, models=["poor", "worst"]).answer.leaderboard] == [
        "poor",
        "worst",
    ]


def test_the_best_of_many_equal_models_is_rarely_called_better():
    """Of ten models of equal worth the two best are compared: false alarms stay below 5 %, give or take."""
    alarms = 0
    for seed in range(60):
        y, sick = binary(150, seed)
        models = {f"m{i}": score(y, 1.2, 1000 * seed + i) for i in range(10)}
        found = judged(pd.DataFrame({"sick": sick, **models}), margin=0, metric="brier").verdict
        alarms += found.outcome != "undecided"
    assert alarms <= 7  # with 5 %, more than 7 of 60 happen once in a hundred times


def test_few_rows_of_a_class_allow_no_verdict():
    rare = np.array(["no"] * 300 + ["yes"] * 5)
    rng = np.random.default_rng(0)
    found = judged(pd.DataFrame({"sick": rare, "a": rng.random(305), "b": rng.random(305)}))
    assert found.verdict.outcome == "undecided"
    assert "only 5 tested rows are of class yes" in found.verdict.sentence
    assert found.verdict.gain is None


def test_the_answer_is_one_object_of_json():
    found = judged(BOTH)
    assert PredictionsAnswer.from_dict(found.to_dict()) == found.answer
    assert "good better" in found._repr_html_()


# What is read


def files(folder, **frames):
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return [folder / f"{name}.csv" for name in frames]


def as_numbers(found):
    """What must not depend on the form of the files."""
    numbers = [
        (row.model, pytest.approx(row.score, abs=1e-9), pytest.approx(row.score_low, abs=1e-7))
        for row in found.answer.leaderboard
    ]
    return numbers, found.verdict.outcome, pytest.approx(found.verdict.gain, abs=1e-9)


def with_probabilities(frame, no="probability_no", yes="probability_yes"):
    return frame.drop(columns="score").assign(**{no: 1 - frame["score"], yes: frame["score"]})


FORMS = {
    "probabilities": lambda frame: with_probabilities(frame),
    "names of classes": lambda frame: with_probabilities(frame, "no", "yes"),
    "p_": lambda frame: with_probabilities(frame, "p_no", "p_yes"),
    "one probability": lambda frame: with_probabilities(frame).drop(columns="probability_no"),
    "the other probability": lambda frame: with_probabilities(frame).drop(columns="probability_yes"),
    "with labels": lambda frame: with_probabilities(frame).assign(prediction="no", confidence=0.5),
    "numbers as ids": lambda frame: frame.assign(id=frame["id"].astype(float)),
    "other order": lambda frame: frame.sample(frac=1, random_state=3),
    "another index": lambda frame: frame.set_index(np.arange(N) + 7, drop=True),
    "polars": lambda frame: pytest.importorskip("polars").from_pandas(frame),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_answer(form):
    changed = FORMS[form](POOR)
    assert as_numbers(judged({"good": GOOD, "poor": changed})) == as_numbers(judged(BOTH))


RECORDS = {"orient": "records", "lines": True, "double_precision": 15}
WRITTEN = {
    "csv": (".csv", lambda f, path: f.to_csv(path, index=False)),
    "semicolons": (".csv", lambda f, path: f.to_csv(path, index=False, sep=";", decimal=",")),
    "tabs": (".tsv", lambda f, path: f.to_csv(path, index=False, sep="\t")),
    "gzip": (".csv.gz", lambda f, path: f.to_csv(path, index=False)),
    "parquet": (".parquet", lambda f, path: f.to_parquet(path)),
    "categories": (".parquet", lambda f, path: f.astype({"sick": "category"}).to_parquet(path)),
    "json lines": (
        ".jsonl",
        lambda f, path: f.to_json(path, orient="records", lines=True, double_precision=15),
    ),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_file_gives_the_same_answer(tmp_path, kind):
    ending, write = WRITTEN[kind]
    paths = [tmp_path / f"{name}{ending}" for name in BOTH]
    for path, frame in zip(paths, BOTH.values(), strict=True):
        write(frame, path)
    assert as_numbers(judged(paths)) == as_numbers(judged(BOTH))


def test_one_file_with_a_column_a_model():
    both = GOOD.rename(columns={"score": "good"}).assign(poor=POOR["score"])
    assert as_numbers(judged(both)) == as_numbers(judged(BOTH))
    long = pd.concat([GOOD.assign(model="good"), POOR.assign(model="poor")])
    assert as_numbers(judged(long)) == as_numbers(judged(BOTH))


def test_truth_in_a_file_of_its_own():
    truth, good, poor = GOOD[["id", "sick"]], GOOD.drop(columns="sick"), POOR.drop(columns="sick")
    assert as_numbers(judged({"truth": truth, "good": good, "poor": poor})) == as_numbers(judged(BOTH))


def test_without_ids_rows_have_the_same_order():
    bare = {name: frame.drop(columns="id") for name, frame in BOTH.items()}
    assert as_numbers(judged(bare)) == as_numbers(judged(BOTH))
    shuffled = {**bare, "poor": bare["poor"].sample(frac=1, random_state=0).reset_index(drop=True)}
    with pytest.raises(InputError, match=r"the target of row \d+ is .*name the ids with --id"):
        judged(shuffled)


@given(seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_changes_nothing(seed):
    """Every file in an order of its own, cross-validated and with repeats."""
    y, sick = binary(60)
    rows = [
        pd.DataFrame(
            {"id": np.arange(60), "repeat": r, "fold": (np.arange(60) * (r + 1) // 7) % 3, "sick": sick}
        )
        for r in range(2)
    ]
    frame = pd.concat(rows, ignore_index=True)
    twice = np.tile(y, 2)
    frames = {f"m{i}": frame.assign(score=score(twice, 1.0, i)) for i in range(3)}
    shuffled = {
        name: own.sample(frac=1, random_state=seed + i).reset_index(drop=True)
        for i, (name, own) in enumerate(frames.items())
    }
    one, other = judged(frames).answer, judged(shuffled).answer
    assert other.verdict == one.verdict
    assert other.leaderboard == one.leaderboard
    assert (other.plan.folds, other.plan.repeats) == (3, 2)
    assert other.dataset.fingerprint == one.dataset.fingerprint


def test_folds_are_scored_one_by_one():
    fold = np.arange(N) % 4
    found = judged({name: frame.assign(part=fold) for name, frame in BOTH.items()}, fold="part")
    auc = METRICS["roc_auc"]
    y, _ = binary()
    scores = [
        auc(Truth(y[fold == k], "binary", 2), np.stack([1 - s, s], 1)[fold == k])
        for k, s in itertools.product(range(4), [GOOD["score"].to_numpy()])
    ]
    assert board(found)["good"].score == pytest.approx(np.mean(scores))
    assert found.answer.plan.folds == 4
    assert not found.answer.plan.official_test


def test_groups_widen_the_interval():
    """Ten copies of every row are no more evidence than one."""
    copies = {name: pd.concat([frame] * 10).assign(id=np.arange(10 * N)) for name, frame in BOTH.items()}
    copies = {name: frame.assign(patient=np.tile(np.arange(N), 10)) for name, frame in copies.items()}
    once, tenfold = judged(BOTH).verdict, judged(copies).verdict
    grouped = judged(copies, groups="patient").verdict

    def width(v):
        return v.gain_high - v.gain_low

    assert width(tenfold) < 0.5 * width(once)
    assert width(grouped) == pytest.approx(width(once), rel=0.05)


def test_times_are_kept_with_the_rows():
    days = pd.date_range("2024-01-01", periods=N).astype(str)
    found = judged({name: frame.assign(day=days[::-1]) for name, frame in BOTH.items()}, time="day")
    assert found.results.labels.times.tolist() == list(range(N))[::-1]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_own_predictions_are_read_without_options(tmp_path, task):
    """What a run keeps, as Parquet and as CSV, gives the scores of the run."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(90, 2)), columns=["a", "b"])
    signal = X["a"] + rng.normal(0, 0.5, 90)
    y = {"binary": signal > 0, "multiclass": np.digitize(signal, [-0.7, 0.7]), "regression": signal}[task]
    models = (
        ["linear-regression", "constant"] if task == "regression" else ["naive-bayes", "logistic-regression"]
    )
    options = {"models": models, "folds": 3, "repeats": 2, "costs": False, "jobs": 0}
    run = compare(X.assign(y=y), target="y", store=tmp_path / "runs", **options)
    frame = run.predictions()
    frame.to_csv(tmp_path / "own.csv", index=False)
    for source in (tmp_path / "runs" / run.run / "predictions.parquet", tmp_path / "own.csv"):
        found = verdict(predictions=[source])
        expected = {row.model: pytest.approx(row.score) for row in run.answer.leaderboard}
        assert {row.model: row.score for row in found.answer.leaderboard} == expected
        assert (found.answer.plan.folds, found.answer.plan.repeats) == (3, 2)
        assert found.answer.plan.test_over_train == pytest.approx(run.answer.plan.test_over_train)


@pytest.mark.parametrize("options", [{}, {"groups": "patient"}, {"time": "day"}, {"split_column": "part"}])
def test_own_predictions_give_the_verdict_of_the_run(tmp_path, options):
    """Also of rows in groups or in order of time, and of an official test part."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"a": rng.normal(size=160), "b": rng.normal(size=160)})
    y = np.where(X["a"] + X["b"] + rng.normal(size=160) > 0, "yes", "no")
    columns = {
        "patient": np.repeat(np.arange(80), 2).astype(str),
        "day": pd.date_range("2024-01-01", periods=160).astype(str)[::-1],
        "part": np.where(np.arange(160) < 80, "train", "test"),
    }
    frame = X.assign(y=y, **{name: columns[name] for name in options.values()})
    pair = ("logistic-regression", "naive-bayes")
    run = compare(frame, target="y", models=pair, costs=False, jobs=0, store=tmp_path, **options)
    expected = verdict(run.run, between=pair, store=tmp_path).answer.between
    found = verdict(predictions=run.predictions(), between=pair).answer.verdict.test
    assert found.posterior.mean == pytest.approx(expected.posterior.mean)
    if "split_column" in options or "time" in options:  # how many rows were trained on is not known
        assert found.error == pytest.approx(expected.error, rel=0.3)
        assert found.uncertainty.rows == pytest.approx(1.0) or "time" in options
    else:
        assert found == expected


def test_scores_that_are_no_probabilities_only_rank():
    margins = {name: frame.assign(score=5 * np.log(frame["score"])) for name, frame in BOTH.items()}
    found = judged({**BOTH, "poor": margins["poor"]})
    assert as_numbers(found)[0] == as_numbers(judged(BOTH))[0]
    row = board(found)["poor"]
    assert row.metrics["log_loss"] is None
    assert row.metrics["average_precision"] is not None
    assert row.intervals["brier"] == (None, None)
    assert "gives scores that are no probabilities" in row.notes[0]
    with pytest.raises(InputError, match=r"log_loss does not apply: good, poor gives scores .*use roc_auc"):
        judged(margins, metric="log_loss")


def test_predicted_classes_have_metrics_of_classes():
    labels = POOR.assign(score=np.where(POOR["score"] > 0.5, "yes", "no"))
    found = judged({"good": GOOD, "poor": labels})
    assert found.metric.name == "accuracy"
    accuracy = np.mean((POOR["score"] > 0.5) == (POOR["sick"] == "yes"))
    assert board(found)["poor"].score == pytest.approx(accuracy)
    assert board(found)["poor"].metrics["roc_auc"] is None
    assert board(found)["good"].metrics["roc_auc"] is not None
    with pytest.raises(InputError, match="no metric applies to all models"):
        judged({"ranks": GOOD.assign(score=10 * GOOD["score"]), "labels": labels})


def test_classes_of_numbers_and_of_booleans_have_one_spelling():
    y, _ = binary()
    whole = pd.DataFrame({"y": y, "a": score(y, 1, 1), "b": (score(y, 1, 2) > 0.5).astype(float)})
    assert judged(whole, "y").answer.dataset.classes == ("0", "1")
    assert board(judged(whole, "y"))["b"].metrics["roc_auc"] is None
    truth = pd.DataFrame({"y": y.astype(bool), "p_True": score(y, 1, 1), "p_False": 1 - score(y, 1, 1)})
    other = truth.assign(y=np.where(y, "true", "false"))
    assert judged({"a": truth, "b": other}, "y").verdict.gain == 0


def test_several_classes_in_every_layout():
    rng = np.random.default_rng(3)
    y = rng.integers(0, 3, 300)
    names = np.array(["cat", "dog", "hen"])
    one, two = (rng.dirichlet([1, 1, 1], 300) + 2 * rng.random((300, 1)) * np.eye(3)[y] for _ in range(2))
    one, two = (p / p.sum(axis=1, keepdims=True) for p in (one, two))
    truth = pd.DataFrame({"y": names[y]})
    apart = {
        "net": truth.assign(**{f"probability_{c}": one[:, i] for i, c in enumerate(names)}),
        "svm": truth.assign(**{c: two[:, i] for i, c in enumerate(names[::-1])}).rename(
            columns=dict(zip(names[::-1], names, strict=True))
        ),
    }
    together = truth.assign(**{f"net_{c}": one[:, i] for i, c in enumerate(names)},
                            **{f"svm_{c}": two[:, i] for i, c in enumerate(names)})  # fmt: skip
    assert as_numbers(judged(together, "y")) == as_numbers(judged(apart, "y"))
    expected = -np.log(one[np.arange(300), y]).mean()
    assert board(judged(together, "y"))["net"].score == pytest.approx(expected)


def test_values_are_compared_too():
    rng = np.random.default_rng(0)
    price = rng.normal(100, 20, 500)
    frame = pd.DataFrame(
        {"price": price, "a": price + rng.normal(0, 5, 500), "b": price + rng.normal(0, 9, 500)}
    )
    found = judged(frame, "price")
    assert found.metric.name == "rmse"
    assert found.verdict.outcome == "first"
    assert board(found)["a"].score == pytest.approx(np.sqrt(np.mean((frame["a"] - price) ** 2)))


def test_names_of_models_tell_files_apart(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        GOOD.to_csv(tmp_path / folder / "pred.csv", index=False)
    found = judged([tmp_path / "one" / "pred.csv", tmp_path / "two" / "pred.csv"])
    assert {row.model for row in found.answer.leaderboard} == {"one/pred", "two/pred"}
    several = [GOOD.rename(columns={"score": "net"}).assign(svm=0.5)] * 2
    found = judged(several)
    assert {row.model for row in found.answer.leaderboard} == {
        "table 1/net", "table 1/svm", "table 2/net", "table 2/svm"
    }  # fmt: skip


# How many rows


@given(
    gain=st.floats(0.001, 0.1),
    error=st.floats(0.0005, 0.05),
    margin=st.floats(0, 0.05),
    factor=st.floats(0.5, 20),
)
def test_planned_rows_are_the_fewest_with_the_power(gain, error, margin, factor):
    rule = Rule(margin, 0.95)
    n = rows_needed(rule, gain, error, 1000)
    if n is None:
        assert abs(gain - margin) < 0.05 * margin
        return
    if n > 50:
        assert rule.power(gain, error * np.sqrt(1000 / n)) >= 0.8 - 1e-6
        assert rule.power(gain, error * np.sqrt(1000 / (0.95 * n))) < 0.8
    told = smallest_gain(rule, error)
    assert rule.power(told, error) == pytest.approx(0.8)
    if n * factor**2 < MOST_ROWS / 2:
        more = rows_needed(rule, gain, factor * error, 1000)
        assert more == pytest.approx(n * factor**2, rel=0.02, abs=factor**2 + 2)


def test_planned_rows_give_the_power_in_simulation():
    """A pilot of 1,000 rows plans for a true gain in accuracy; so many rows decide in about 80 % of cases."""
    rng = np.random.default_rng(0)

    def drawn(n):
        right = np.stack([rng.random(n) < 0.85, rng.random(n) < 0.80], axis=1)
        y = rng.integers(0, 2, n)
        said = np.where(right, y[:, None], 1 - y[:, None])
        return pd.DataFrame({"y": y, "a": said[:, 0], "b": said[:, 1]})

    options = {"target": "y", "margin": 0.01, "metric": "accuracy"}
    planned = [
        verdict(predictions=drawn(1000), gain=0.05, **options).verdict.rows_needed.rows_needed
        for _ in range(10)
    ]
    n = int(np.mean(planned))
    assert max(planned) < 1.15 * min(planned)
    decided = [verdict(predictions=drawn(n), **options).verdict.outcome == "first" for _ in range(200)]
    assert 0.71 < np.mean(decided) < 0.88


# Arguments


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"run": "last", "target": "y"}, "target is for predictions"),
        ({"predictions": BOTH, "target": "sick", "budget": ["size=1MB"]}, "budget is for a run"),
        ({"predictions": BOTH, "target": "sick", "run": "2026"}, "run is for a run"),
        ({"predictions": 5}, "predictions must be files or tables"),
        ({"predictions": [5]}, "predictions must be files or tables"),
        ({"predictions": []}, "no predictions"),
        ({"predictions": BOTH, "target": "sick", "gain": -1}, "gain must be a number of at least 0"),
        ({"predictions": BOTH, "target": "sick", "margin": -1}, "margin must be a number of at least 0"),
        ({"predictions": BOTH, "target": "sick", "confidence_level": 2}, "confidence level must be"),
        ({"predictions": BOTH, "target": "sick", "between": ("good", "por")}, "did you mean poor"),
    ],
)
def test_arguments_that_cannot_be_used(options, words):
    with pytest.raises(InputError, match=words):
        verdict(**options)


def test_nothing_that_trains_is_imported(tmp_path):
    paths = files(tmp_path, good=GOOD, poor=POOR)
    words = ["verdict", "--predictions", *map(str, paths), "-t", "sick"]
    code = f"""
import sys
sys.argv = ["deepworth", *{words!r}]
from deepworth.cli import main
main(standalone_mode=False)
heavy = {{"tensorflow", "keras", "sklearn", "skimage", "matplotlib", "lightgbm", "xgboost", "catboost"}}
print(sorted({{name.partition(".")[0] for name in sys.modules}} & heavy))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stdout.splitlines()[-1] == "[]", result.stderr
