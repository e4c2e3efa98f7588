"""Answers of learning curves and of capacity from scored fits alone: no data, no job, no model."""

import json

import numpy as np
import pytest

from deepworth.datasets import InputError, Provenance
from deepworth.zoo.judging.curves import error_of, judge_capacity, judge_learning_curve, score_of
from deepworth.zoo.metrics import METRICS
from deepworth.zoo.results.curves import (
    CapacityAnswer,
    CapacityPlanFacts,
    CurvePlanFacts,
    LearningCurveAnswer,
    ScoredFit,
    ScoringRows,
    SweepFacts,
)
from deepworth.zoo.results.facts import DatasetFacts
from deepworth.zoo.results.rows import Result
from deepworth.zoo.setup import Criteria

SIZES = (100, 200, 400, 800, 1600, 3200)
REPEATS, N_ROWS = 5, 200
LAWS = {"deep-mlp": ("deep", 0.1, 5.0), "random-forest": ("classical", 0.2, 1.0)}  # they cross at 1,600 rows
GRID = CapacityPlanFacts("plain-mlp", (0, 1, 2), (4, 8), 5, 1, 0, 0.25, 0, {}, 1)


@pytest.fixture
def facts():
    data = DatasetFacts(
        *("made", 4000, 2, 2.0, "binary", "tabular", "y", ("a", "b"), {"a": 2000, "b": 2000}, "b"),
        target_std=None,
        test_rows=None,
        fingerprint="0",
        provenance=Provenance("memory"),
    )
    return SweepFacts(data, (), {"numpy": "2"}, rows(), 1.5)


def rows():
    """Two hundred rows score each repeat, other ones each."""
    return ScoringRows(tuple(np.arange(N_ROWS) + N_ROWS * repeat for repeat in range(REPEATS)))


def influence(rng, spread):
    """Influence values that give the score of one repeat a standard deviation of ``spread``."""
    values = rng.normal(size=N_ROWS)
    return ((values - values.mean()) / values.std() * spread * np.sqrt(N_ROWS)).astype(np.float32)


def plan():
    fits = len(LAWS) * len(SIZES) * REPEATS
    return CurvePlanFacts(SIZES, REPEATS, 5, 800, 0.25, 0, {}, tuple(LAWS), 1, 0, 0, fits)


def cells(seed=0):
    """Accuracies of both models at every size: each follows its power law, with common and own noise."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.01, REPEATS)
    shared = [influence(rng, 0.01) for _ in range(REPEATS)]
    return [
        [
            ScoredFit(Result(name, family, repeat, position, fit_seconds=2.0), 1 - error, shared[repeat])
            for repeat, error in enumerate(a + b * size**-0.5 + common + rng.normal(0, 0.002, REPEATS))
        ]
        for name, (family, a, b) in LAWS.items()
        for position, size in enumerate(SIZES)
    ]


def grid():
    """Accuracies of networks of which those without hidden layers are worse."""
    rng = np.random.default_rng(0)
    shared = [influence(rng, 0.01) for _ in range(REPEATS)]
    return [
        [
            ScoredFit(
                Result("plain-mlp", "deep", repeat, 0, parameters=10),
                (0.9 if shape else 0.6) + noise,
                shared[repeat] + influence(rng, 0.005),
            )
            for repeat, noise in enumerate(rng.normal(0, 0.005, 5))
        ]
        for shape in GRID.networks
    ]


def lost(fits, status, reason):
    """The same fits, the last of which did not end well."""
    last = fits[-1].result
    bad = Result(last.model, last.family, last.repeat, last.fold, status=status, reason=reason)
    return [*fits[:-1], ScoredFit(bad, None)]


def test_a_known_crossover_is_found_in_rows(facts):
    answer = judge_learning_curve(cells(), plan(), facts, Criteria("accuracy"))
    assert (answer.crossover.outcome, answer.crossover.overtaker) == ("crossover", "deep")
    assert answer.crossover.low < 1600 < answer.crossover.high
    assert answer.crossover.sentence
    assert answer.curves["deep"].asymptote == pytest.approx(0.1, abs=0.05)
    assert [row.champion for row in answer.families] == ["deep-mlp"] * 6 + ["random-forest"] * 6
    assert (answer.exit_code, answer.wall_seconds) == (0, 1.5)
    assert {row.fit_seconds for row in answer.models} == {2.0}


def test_a_missing_score_leaves_its_size_out_and_is_named(facts):
    own = cells()
    own[0] = lost(own[0], "timeout", "took more than 5 s")
    answer = judge_learning_curve(own, plan(), facts, Criteria("accuracy"))
    row = answer.models[0]
    assert (row.status, row.reason, row.fits_ok, row.fits_planned) == (
        "partial",
        "took more than 5 s",
        4,
        5,
    )
    assert row.score is None
    assert [r.size for r in answer.families if r.family == "deep"] == list(SIZES[1:])
    assert answer.exit_code == 1


def test_capacity_is_judged_from_rows(facts):
    answer = judge_capacity(grid(), GRID, facts, Criteria("accuracy", margin=0.02))
    assert [(a.axis, a.value, a.outcome) for a in answer.answers] == [
        ("layers", 0, "no"),
        ("layers", 1, "yes"),
        ("units", 4, "yes"),
    ]
    assert answer.headline == "One hidden layer is enough"
    assert answer.margin == 0.02
    assert "(95% interval " in answer.answers[0].sentence


def test_networks_without_a_score_are_not_compared(facts):
    own = grid()
    own[-2:] = [lost(fits, "failed", "ValueError: no") for fits in own[-2:]]
    answer = judge_capacity(own, GRID, facts, Criteria("accuracy"))
    assert [n.status for n in answer.networks] == ["ok"] * 3 + ["partial"] * 2
    assert answer.answers[1].outcome == "undecided"
    assert "some fits have no score" in answer.answers[1].sentence


def test_answers_are_read_back_from_their_json(facts):
    curve = judge_learning_curve(cells(), plan(), facts, Criteria("accuracy"))
    networks = judge_capacity(grid(), GRID, facts, Criteria("accuracy"))
    for kind, answer in ((LearningCurveAnswer, curve), (CapacityAnswer, networks)):
        plain = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
        assert kind.from_dict(plain) == answer
        del plain["plan"]["seed"]
        with pytest.raises(ValueError, match=r"seed.*plan"):
            kind.from_dict(plain)


@pytest.mark.parametrize("criteria", [Criteria("rmse"), Criteria(confidence_level=0.3)])
def test_criteria_that_cannot_be_used_are_refused(facts, criteria):
    with pytest.raises(InputError):
        judge_learning_curve(cells(), plan(), facts, criteria)
    with pytest.raises(InputError):
        judge_capacity(grid(), GRID, facts, criteria)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_errors_are_distances_from_the_best_score(metric):
    scores = np.array([0.25, 0.5])
    errors = error_of(metric, scores)
    assert (errors >= 0).all()
    assert (np.diff(errors)[0] < 0) == metric.greater_is_better
    assert score_of(metric, errors) == pytest.approx(scores)


@pytest.fixture
def pretrained(monkeypatch, facts):
    """A third model on pretrained weights, ahead of the other two up to 2,600 rows."""
    monkeypatch.setitem(LAWS, "sentence-encoder", ("pretrained", 0.19, 0.4))
    return judge_learning_curve(cells(), plan(), facts, Criteria("accuracy"))


def test_pretraining_is_a_curve_of_its_own_and_decides_with_few_rows(pretrained):
    gained = pretrained.pretraining
    assert set(pretrained.curves) == {"deep", "classical", "pretrained"}
    assert [row.champion for row in pretrained.families][12:] == ["sentence-encoder"] * 6
    assert [span.ahead for span in gained.spans] == ["pretrained", None, "others"]
    assert 1600 < gained.decides_to < 2600
    assert gained.claim == "Pretraining is ahead from 100 to 2,200 rows (95% confidence)"
    assert "It is behind from 3,100 to 3,200 rows." in gained.sentence
    assert all(gain.low < gain.gain < gain.high for gain in gained.gains)
    assert gained.gains[0].gain == pytest.approx(0.07, abs=0.01)
    assert LearningCurveAnswer.from_dict(json.loads(json.dumps(pretrained.to_dict()))) == pretrained


def test_pretraining_changes_nothing_of_the_other_families(pretrained, facts, monkeypatch):
    monkeypatch.delitem(LAWS, "sentence-encoder")
    answer = judge_learning_curve(cells(), plan(), facts, Criteria("accuracy"))
    assert answer.pretraining is None
    assert pretrained.crossover == answer.crossover
    assert pretrained.gains == answer.gains
    assert pretrained.families[:12] == answer.families


def test_too_few_sizes_tell_nothing_of_pretraining(pretrained, facts):
    own = [lost(fits, "failed", "no") if fits[0].result.family == "pretrained" else fits for fits in cells()]
    gained = judge_learning_curve(own, plan(), facts, Criteria("accuracy")).pretraining
    assert (gained.gains, gained.band, gained.spans, gained.decides_to) == ((), None, (), None)
    assert gained.claim == "Cannot tell what pretraining gains: too few sizes have scores"
