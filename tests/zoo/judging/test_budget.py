"""Budgets: how they are written, which models keep them, and a score corrected for model selection."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from runs import table

from deepworth import InputError
from deepworth.cli import main
from deepworth.zoo.judging.fold_level import FoldLevel
from deepworth.zoo.judging.leaderboard import parse_budget, within_budget
from deepworth.zoo.judging.scores import ModelScores
from deepworth.zoo.metrics import primary
from deepworth.zoo.results.answer import LeaderboardRow
from deepworth.zoo.results.rows import CostSheet, Result
from deepworth.zoo.workflows.compare import compare
from deepworth.zoo.workflows.verdict import verdict


def test_words():
    assert parse_budget(["latency=5ms", "size=1MB", "fit = 2 min", "memory=1.5GiB"]) == {
        "latency": 0.005,
        "size": 1e6,
        "fit": 120.0,
        "memory": 1.5 * 2**30,
    }
    assert parse_budget(None) == {}
    assert parse_budget("latency=20us") == {"latency": pytest.approx(2e-5)}


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("speed=5ms", "no budget 'speed'; choose from: latency=5ms"),
        ("latency=fast", "budget must be like latency=5ms, got 'latency=fast'"),
        ("size=5ms", "budget must be like size=1MB"),
        ("fit=0s", "budget must be like fit=10s"),
        ("fit", "budget must be like fit=10s"),
    ],
)
def test_other_words_are_refused(word, message):
    with pytest.raises(InputError, match=message):
        parse_budget([word])


def scores(name, folds):
    rows = [Result(name, "classical", 0, i) for i in range(len(folds))]
    return ModelScores(name, "classical", {"roc_auc": np.array(folds, dtype=float)}, rows)


def row(name, score, latency):
    unknown = dict.fromkeys(
        ("score_low", "score_high", "predict_seconds", "parameters", "fold_fit_seconds", "fleet_seconds")
    )
    return LeaderboardRow(
        model=name,
        family="classical",
        status="ok",
        score=score,
        metrics={},
        fit_seconds=1,
        size_bytes=5,
        contended=False,
        costs=CostSheet(fit_peak_bytes=10),
        jobs_ok=1,
        jobs_planned=1,
        reason="",
        notes=(),
        intervals={},
        latency_seconds=latency,
        **unknown,
    )


def asked(limits, folds, latencies):
    rows = []
    for (name, own), latency in zip(folds.items(), latencies, strict=True):
        rows.append(row(name, float(np.mean(own)), latency))
    models = [scores(name, own) for name, own in folds.items()]
    return within_budget(limits, rows, FoldLevel(models, primary("binary", None), 0.95, 0.25))


def test_the_best_within_is_named_and_a_model_too_dear_has_no_say():
    folds = {"dear": [0.9, 0.9, 0.9, 0.9], "good": [0.8, 0.8, 0.8, 0.8], "bad": [0.6, 0.6, 0.6, 0.6]}
    found = asked({"latency": 0.005}, folds, [0.1, 0.004, 0.001])
    assert (found.model, found.models) == ("good", ("good", "bad"))
    assert found.score == pytest.approx(0.8)
    assert asked({"latency": 0.5, "memory": 9}, folds, [0.1, 0.004, 0.001]).model is None


def test_when_none_is_within_it_says_what_the_least_is():
    found = asked({"latency": 0.005}, {"a": [0.9, 0.9], "b": [0.8, 0.8]}, [0.1, None])
    assert found.model is None
    assert found.cheapest == {"latency": 0.1}


def test_choosing_the_luckiest_of_many_equal_models_earns_nothing():
    """Twenty models of one true score, 300 times: the mean of the best is above it, the fair score is not."""
    rng = np.random.default_rng(0)
    fair, lucky = [], []
    for _ in range(300):
        folds = {f"m{i}": 0.7 + 0.02 * rng.normal(size=5) for i in range(20)}
        found = asked({"latency": 1.0}, folds, [0.1] * 20)
        fair.append(found.score)
        lucky.append(np.mean(folds[found.model]))
    assert np.mean(lucky) > 0.71
    assert np.mean(fair) == pytest.approx(0.7, abs=0.003)


def test_a_run_without_costs_has_no_answer(tmp_path):
    result = compare(table(), models=["constant"], folds=2, store=tmp_path, costs=False)
    with pytest.raises(InputError, match="a budget needs measured costs"):
        verdict(result.run, budget=["size=1MB"], store=tmp_path)
    with pytest.raises(InputError, match="remove --no-costs"):
        compare(table(), models=["constant"], costs=False, budget=["size=1MB"], store=tmp_path)


def test_the_command_answers_at_once_and_later(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    words = ["sick-healthy", "--rows", "200", "-m", "constant,logistic-regression", "--folds", "2", "-q"]

    def said(*command):
        done = CliRunner().invoke(main, [*command, "--store", str(tmp_path)])
        assert done.exit_code == 0, done.output
        return done.stdout

    first = said("compare", *words, "--costs", "-j", "0", "--budget", "latency=1h,size=1GB")
    assert "Best within latency up to 60 min 0 s and size up to 1 GB: logistic-regression, ROC AUC" in first
    answer = json.loads(said("verdict", "last", "--budget", "size=30kB", "--json"))["budget"]
    assert (answer["model"], answer["limits"]) == ("constant", {"size": 30_000})
    none = said("verdict", "last", "--budget", "fit=1us")
    assert "No model within fit up to 0.001 ms; the lowest of any model" in none
