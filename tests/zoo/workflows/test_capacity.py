"""capacity(): depth and width of a network, with stand-ins and one real grid."""

import json

import numpy as np
import pandas as pd
import pytest

import deepworth
from deepworth.datasets import Dataset, InputError
from deepworth.zoo import registry
from deepworth.zoo.judging.curves import judge_capacity
from deepworth.zoo.results.curves import CapacityAnswer, CapacityPlanFacts, ScoredFit, ScoringRows, SweepFacts
from deepworth.zoo.results.facts import dataset_facts
from deepworth.zoo.results.rows import Result
from deepworth.zoo.results.runs import Interrupted
from deepworth.zoo.setup import Criteria
from deepworth.zoo.workflows.capacity import Capacity, capacity


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def table(n=600, seed=0, **fields):
    rng = np.random.default_rng(seed)
    y = rng.choice(["x", "y"], n)
    X = pd.DataFrame({"answer": (y == "y").astype(float), "noise": rng.normal(size=n)})
    return Dataset("made", X, y, "binary", "tabular", **fields)


class Network:
    """Right in a share of rows that its shape decides."""

    def __init__(self, hidden_units, random_state=0):
        self.hidden_units, self.random_state = hidden_units, random_state

    def set_params(self, **_):
        return self

    def get_params(self):
        return {"random_state": self.random_state, "hidden_units": self.hidden_units}

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def error(self):
        return {0: 0.4, 1: 0.1}.get(len(self.hidden_units), 0.1)

    def predict_proba(self, X):
        told = X["answer"].to_numpy()
        own = int(
            abs(X["noise"].iloc[0]) * 1e6
        )  # of the fold: the same rows for all shapes, as with a real table
        rng = np.random.default_rng([own, self.random_state % 1000])
        wrong = rng.random(len(X)) < self.error()
        p = np.where(wrong, 1 - told, told) * 0.8 + 0.1
        return np.stack([1 - p, p], axis=1)


@pytest.fixture
def network(monkeypatch):
    def install(kind=Network):
        def create(name, task, modality, *, hidden_units=(), random_state=0, **_):
            return kind(hidden_units, random_state)

        monkeypatch.setattr(registry, "create", create)

    return install


def grid(data=None, **options):
    return capacity(table() if data is None else data, **{"layers": (0, 1, 2), "units": (4, 16), **options})


def outcomes(result, axis="layers"):
    return {a.value: a.outcome for a in result.answers if a.axis == axis}


def test_one_hidden_layer_is_enough_where_more_bring_nothing(network):
    network()
    result = grid(metric="accuracy")
    assert isinstance(result, Capacity)
    assert outcomes(result) == {0: "no", 1: "yes"}
    assert result.headline == "One hidden layer is enough"
    assert outcomes(result, "units") == {4: "yes"}
    no = result.answers[0]
    assert no.gain == pytest.approx(0.3, abs=0.1)
    assert no.gain_low > 0
    assert "A network without hidden layers is not enough" in no.sentence


def test_depth_that_pays_is_seen(network):
    class Deep(Network):
        def error(self):
            return 0.4 - 0.1 * len(self.hidden_units)

    network(Deep)
    result = grid(metric="accuracy", layers=(1, 2, 3))
    assert outcomes(result) == {1: "no", 2: "no"}
    assert result.headline == "Two hidden layers are not enough"


def guessed(rng, fold):
    """A fit that is right in half of 40 rows."""
    right = rng.integers(0, 2, 40).astype(float)
    return ScoredFit(Result("plain-mlp", "deep", fold, 0), float(right.mean()), right - right.mean())


def test_noise_alone_is_no_depth():
    """The best of several guessing networks must not pass for a gain: at 95 %, hardly ever."""
    plan = CapacityPlanFacts("plain-mlp", (0, 1, 2), (4, 16), 5, 1, 0, 0.25, 0, {}, 1)
    rng, is_no = np.random.default_rng(0), []
    rows = ScoringRows(tuple(np.arange(40) + 40 * fold for fold in range(5)))
    facts = SweepFacts(dataset_facts(table()), (), {}, rows)
    for _ in range(400):
        cells = [[guessed(rng, fold) for fold in range(5)] for _ in plan.networks]
        answers = judge_capacity(cells, plan, facts, Criteria("accuracy", margin=0.0)).answers
        is_no += [a.outcome == "no" for a in answers]
    assert len(is_no) == 3 * 400
    assert np.mean(is_no) <= 0.05


def test_every_network_is_a_row_with_score_interval_and_time(network):
    network()
    result = grid()
    frame = result.frame()
    assert list(zip(frame["layers"], frame["units"].fillna(0), strict=True)) == [
        (0, 0),
        (1, 4),
        (1, 16),
        (2, 4),
        (2, 16),
    ]
    assert (frame["score_low"] <= frame["score"]).all()
    assert (frame["score"] <= frame["score_high"]).all()
    assert (frame["fit_seconds"] >= 0).all()
    answer = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert len(answer["networks"]) == 5
    assert [a["axis"] for a in answer["answers"]] == ["layers", "layers", "units"]
    assert CapacityAnswer.from_dict(answer) == result.answer


def test_an_official_test_part_gives_intervals_too(network):
    network()
    result = grid(table(test=np.arange(600) >= 400), metric="accuracy")
    assert result.answer.plan.official_test == 1
    assert outcomes(result)[0] == "no"
    assert result.frame()["score_low"].notna().all()


def test_a_failed_network_is_a_row_with_its_reason(network):
    class Shy(Network):
        def fit(self, X, y):
            if len(self.hidden_units) == 2:
                raise MemoryError("too wide for me")
            return super().fit(X, y)

    network(Shy)
    result = grid()
    assert result.exit_code == 1
    frame = result.frame().set_index("layers")
    assert set(frame.loc[2, "status"]) == {"out_of_memory"}
    assert "too wide for me" in frame.loc[2, "reason"].iloc[0]
    assert outcomes(result)[0] == "no"
    assert outcomes(result)[1] == "undecided"
    assert "some fits have no score" in result.answers[1].sentence


def test_an_interruption_keeps_what_is_finished(network):
    class Impatient(Network):
        def fit(self, X, y):
            if self.hidden_units == (4, 4):
                raise KeyboardInterrupt
            return super().fit(X, y)

    network(Impatient)
    with pytest.raises(Interrupted) as caught:
        grid()
    frame = caught.value.result.frame()
    assert list(frame["status"]) == ["ok", "ok", "ok", "interrupted", "interrupted"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": (-1,)}, "layers must be whole numbers of at least 0"),
        ({"units": (0,)}, "units must be whole numbers of at least 1"),
        ({"units": ()}, "units"),
        ({"model": "shallow-mlp"}, "no list of hidden layers; use .*plain-mlp"),
        ({"model": "random-forest"}, "no list of hidden layers"),
        ({"folds": 1}, "folds must be at least 2"),
        ({"margin": -1.0}, "margin"),
    ],
)
def test_bad_options_end_in_one_line(options, words):
    with pytest.raises(InputError, match=words):
        grid(**options)


def test_images_have_no_hidden_layers_to_count():
    with pytest.raises(InputError, match="for tables, this is image data"):
        capacity("digits")


def test_it_is_public():
    assert deepworth.capacity is capacity


def test_real_networks_without_and_with_a_hidden_layer():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(-1, 1, (300, 2)), columns=["a", "b"])
    y = np.where(X["a"] * X["b"] > 0, "same", "other")  # no line parts the signs' product
    data = Dataset("signs", X, y, "binary", "tabular")
    result = capacity(data, layers=(0, 1), units=(64,), folds=3)
    scores = result.frame().set_index("layers")["score"]
    assert result.exit_code == 0
    assert scores[0] < 0.7 < 0.85 < scores[1]
    assert result.frame()["parameters"].is_monotonic_increasing
