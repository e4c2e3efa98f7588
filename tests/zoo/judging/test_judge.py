"""judge() on result rows: of a run that just ended and of the same run read from its store, to the bit."""

import json
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepworth import InputError, compare
from deepworth.datasets import Dataset, load_dataset
from deepworth.zoo import registry
from deepworth.zoo.judging.judge import judge
from deepworth.zoo.metrics import of_task
from deepworth.zoo.results.answer import Answer
from deepworth.zoo.results.rows import CostSheet, Labels
from deepworth.zoo.runs.store import load_results, need_answer, read_run
from deepworth.zoo.setup import Criteria

pytestmark = pytest.mark.xdist_group("judge")


def table(n=120, task="binary", **fields):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)})
    signal = X["a"].to_numpy() + rng.normal(size=n)
    y = signal if task == "regression" else np.where(signal > 0, "yes", "no")
    return Dataset("made", X, y, task, "tabular", **fields)


class Network:
    """A random forest in the place of a network; one of its fits may fail or be interrupted."""

    def __init__(self, forest, on_fit):
        self._forest, self._on_fit = forest, on_fit

    def __getattr__(self, name):
        return getattr(self._forest, name)

    def fit(self, X, y):
        self._on_fit()
        return self._forest.fit(X, y)


def run(store, data, *, error=None, **options):
    """A comparison of both families that needs no TensorFlow; ``error`` ends the third fit of the network."""
    create, fits = registry.create, []

    def on_fit():
        fits.append(1)
        if len(fits) == 3 and error is not None:
            raise error

    def created(name, task, modality, **params):
        if name != "deep-mlp":
            return create(name, task, modality, **params)
        return Network(create("random-forest", task, modality, n_estimators=5, **params), on_fit)

    linear = "linear-regression" if data.task == "regression" else "logistic-regression"
    options = {"models": ["constant", linear, "deep-mlp"], "folds": 4, "costs": False, **options}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "create", created)
        patch.setenv("OMP_NUM_THREADS", "1")
        return compare(data, store=store, **options)


KINDS = ["folds", "test part", "partial", "regression", "costs", "one split", "time"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of each kind."""
    store = tmp_path_factory.mktemp("runs")
    groups = np.repeat(np.arange(30), 4).astype(str)
    return {
        "folds": run(store, table(), repeats=2, margin=0.03, confidence_level=0.9),
        "test part": run(store, table(200, test=np.arange(200) >= 120), folds=None, metric="brier"),
        "partial": run(store, table(), error=ValueError("no luck")),
        "regression": run(store, table(task="regression", groups=groups)),
        "costs": run(store, table(), folds=2, models=["constant", "naive-bayes"], costs=True,
                     budget="size=1GB"),
        "one split": run(store, table(), folds=None, holdout=0.3, repeats=1),
        "time": run(store, table(time=np.repeat(np.arange(60.0)[::-1], 2))),
    }  # fmt: skip


def with_costs(results):
    """The rows with a small cost sheet for each model."""
    kept = {row.model: replace(row, kind="cost", prediction=None) for row in results.folds}
    sheets = [replace(row, costs=CostSheet(size_bytes=500)) for row in kept.values()]
    return replace(results, rows=(*results.rows, *sheets))


def criteria_of(result):
    return read_run(Path(result.path)).need_setup().criteria


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_the_store_are_those_of_the_run(runs, kind):
    live, loaded = runs[kind].results, load_results(runs[kind].path)
    assert loaded.rows == live.rows
    for ours, theirs in zip(loaded.rows, live.rows, strict=True):
        assert (ours.prediction is None) == (theirs.prediction is None)
        if ours.prediction is not None:
            assert ours.prediction.dtype == theirs.prediction.dtype == np.float64
            assert ours.prediction.tobytes() == theirs.prediction.tobytes()
    assert loaded.test_rows.keys() == live.test_rows.keys()
    for fold, rows in live.test_rows.items():
        assert rows.tolist() == loaded.test_rows[fold].tolist()
        assert live.labels.y[rows].tolist() == loaded.labels.y[rows].tolist()
    assert replace(loaded.labels, y=None) == replace(live.labels, y=None)
    tested = np.unique(np.concatenate(list(live.test_rows.values())))
    for name, kinds in (("groups", ["regression"]), ("times", ["time"])):
        ours, theirs = getattr(loaded.labels, name), getattr(live.labels, name)
        assert (ours is not None) == (theirs is not None) == (kind in kinds)
        assert ours is None or ours[tested].tolist() == theirs[tested].tolist()
    assert loaded.predictions().equals(live.predictions())


def test_labels_know_groups_and_times_of_rows():
    groups, times = np.array(["b", "a", "b", "c"]), np.array([3.5, 1.0, 1.0, 2.0])
    labels = Labels.of(table(4, groups=groups, time=times))
    assert labels.groups.tolist() == [1, 0, 1, 2]
    assert labels.times.tolist() == [2, 0, 0, 1]
    assert Labels.of(table()).groups is None


def test_near_duplicates_are_groups():
    frame = table(40).X.assign(y=["no", "yes"] * 20)
    doubled = pd.concat([frame, frame], ignore_index=True)
    labels = Labels.of(load_dataset(doubled, target="y", group_duplicates=True))
    assert (labels.groups[:40] == labels.groups[40:]).all()
    assert len(np.unique(labels.groups)) == 40


@pytest.mark.parametrize("kind", KINDS)
def test_live_and_kept_rows_give_the_same_answer_to_the_bit(runs, kind):
    result = runs[kind]
    criteria = criteria_of(result)
    assert judge(result.results, criteria) == result.answer
    assert judge(load_results(result.path), criteria) == result.answer
    assert need_answer(read_run(Path(result.path))) == result.answer
    assert Answer.from_dict(result.to_dict()) == result.answer, "no number that JSON does not have"
    assert result.exit_code == (kind == "partial")


@pytest.mark.parametrize("kind", KINDS)
def test_other_questions_have_one_answer_too(runs, kind):
    live, loaded = runs[kind].results, load_results(runs[kind].path)
    first, second = runs[kind].answer.plan.models[:2]
    for metric in of_task(live.labels.task):
        criteria = Criteria(metric.name, margin=0.05, confidence_level=0.8)
        assert judge(live, criteria) == judge(loaded, criteria)
    if kind != "one split":
        pair = [judge(r, Criteria(), between=(first, second)).between for r in (live, loaded)]
        assert pair[0] == pair[1]
        assert (pair[0].first, pair[0].second) == (first, second)
    few = [judge(r, Criteria(), models=[first, second]) for r in (live, loaded)]
    assert few[0] == few[1]
    assert {row.model for row in few[0].leaderboard} == {first, second}


def test_a_partial_run_is_judged_without_the_model_that_failed(runs):
    answer = runs["partial"].answer
    row = next(row for row in answer.leaderboard if row.model == "deep-mlp")
    assert (row.status, row.score, row.reason) == ("partial", None, "ValueError: no luck")
    assert (row.jobs_ok, row.jobs_planned) == (3, 4)
    assert row.metrics["roc_auc"] is not None, "what is known of it is shown"
    assert answer.verdict.missing == ("deep-mlp",)
    assert answer.verdict.outcome == "undecided"
    assert judge(runs["partial"].results, Criteria(), models=["constant"]).exit_code == 0


def test_an_interrupted_run_is_kept_as_it_was_judged(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, table(), error=KeyboardInterrupt())
    (folder,) = tmp_path.iterdir()
    kept = read_run(folder)
    results = load_results(folder)
    assert [row.status for row in results.folds] == ["ok"] * 10 + ["interrupted"] * 2
    assert judge(results, kept.need_setup().criteria) == kept.answer
    assert kept.answer.verdict.missing == ("deep-mlp",)
    assert kept.answer.estimate.real_seconds is None, "what was cut off is not held against the clock"


def test_a_run_of_which_nothing_is_left_has_an_answer(runs):
    """Folds, and one official test part."""
    for kind in ("folds", "test part"):
        results = runs[kind].results
        rows = tuple(replace(row, status="failed", reason="gone", prediction=None) for row in results.rows)
        answer = judge(replace(results, rows=rows), Criteria())
        assert [row.score for row in answer.leaderboard] == [None] * 3
        assert (answer.verdict.outcome, answer.exit_code) == ("undecided", 1)
        assert set(answer.verdict.missing) == set(answer.plan.models)
        assert Answer.from_dict(answer.to_dict()) == answer


def test_one_split_has_scores_and_no_intervals_by_folds(runs):
    by_folds = Criteria(inference="corrected-t")
    best = judge(runs["one split"].results, by_folds).leaderboard[0]
    assert (best.score_low, best.score_high) == (None, None)
    limits = replace(by_folds, budget=("size=1kB",))
    budget = judge(with_costs(runs["one split"].results), limits).budget
    assert (budget.model, budget.score, budget.low, budget.high) == (best.model, best.score, None, None)
    with pytest.raises(InputError, match="too few folds have a score of both"):
        judge(runs["one split"].results, by_folds, between=("constant", "logistic-regression"))


def test_the_rows_of_one_split_give_intervals(runs):
    best = runs["one split"].answer.leaderboard[0]
    assert best.score_low < best.score < best.score_high
    pair = judge(runs["one split"].results, Criteria(), between=("constant", best.model)).between
    assert pair.posterior.low < pair.posterior.mean < pair.posterior.high


@pytest.fixture(scope="module")
def one_case(tmp_path_factory):
    """A test part with a single sick patient."""
    data = table(200)
    sick, healthy = (np.flatnonzero(data.y == name) for name in ("yes", "no"))
    data.test = np.isin(np.arange(200), [*healthy[:40], sick[0]])
    store = tmp_path_factory.mktemp("runs")
    return run(store, data, folds=None)


def test_a_test_part_with_one_case_of_a_class_gives_no_verdict(one_case):
    """That case is in every bootstrap sample, so that nothing is known of the scores on other cases."""
    answer = one_case.answer
    scores = [row.score for row in answer.leaderboard]
    assert max(scores) - min(scores) > 0.1
    verdict = answer.verdict
    assert (verdict.outcome, verdict.gain, verdict.p_equivalent) == ("undecided", None, None)
    assert verdict.sentence.startswith("Models were tested on only 1 row of class yes")
    budget = judge(with_costs(one_case.results), Criteria(budget=("size=1kB",))).budget
    assert (budget.model, budget.low) == (answer.leaderboard[0].model, None)
    assert Answer.from_dict(answer.to_dict()) == answer
    pair = ("logistic-regression", "deep-mlp")
    with pytest.raises(InputError, match="cannot be compared by ROC AUC: only 1 tested row is of class yes"):
        judge(one_case.results, Criteria(), between=pair)
    by_accuracy = judge(one_case.results, Criteria("accuracy"), between=pair)
    assert by_accuracy.between.test == "row-level t"
    assert by_accuracy.verdict.gain is not None


def test_a_model_without_scores_is_compared_with_none_and_says_why(runs):
    results = runs["one split"].results
    rows = [
        replace(row, status="skipped", reason="needs a library", prediction=None)
        if row.model == "constant"
        else row
        for row in results.rows
    ]
    with pytest.raises(InputError, match="constant has no scores in this run: needs a library"):
        judge(replace(results, rows=tuple(rows)), Criteria(), between=("constant", "logistic-regression"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_asked_wrongly_is_one_line(runs, kind):
    results = runs[kind].results
    task = results.labels.task
    for criteria, options, words in (
        (Criteria("no_such"), {}, "no metric 'no_such'"),
        (Criteria(margin=-1.0), {}, "margin must be a number of at least 0"),
        (Criteria(confidence_level=1.0), {}, "confidence level must be"),
        (Criteria("rmse" if task == "binary" else "f1"), {}, f"does not apply to {task}"),
        (Criteria(), {"models": ["constnt"]}, "did you mean constant"),
        (Criteria(), {"between": ("constant", "svm")}, "no model of this run 'svm'"),
    ):
        with pytest.raises(InputError, match=words) as error:
            judge(results, criteria, **options)
        assert "\n" not in str(error.value)


ALONE = """
import importlib, json, pickle, pkgutil, sys
import deepworth.zoo.judging as judging
from deepworth.zoo.judging.judge import judge
for module in pkgutil.iter_modules(judging.__path__, judging.__name__ + "."):
    importlib.import_module(module.name)
results, criteria = pickle.load(sys.stdin.buffer)
print(json.dumps([judge(results, criteria).to_dict(), sorted(sys.modules)]))
"""
BELOW = ("runs", "registry", "estimators", "models", "baselines", "artefact", "workflows", "report")


def test_judging_needs_rows_and_criteria_and_no_room_beside_or_above(runs):
    """In a process of its own, which gets nothing but the rows."""
    result = runs["folds"]
    given = pickle.dumps((result.results, criteria_of(result)))
    done = subprocess.run([sys.executable, "-c", ALONE], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    answer, modules = json.loads(done.stdout)
    assert Answer.from_dict(answer) == result.answer
    rooms = {name.split(".")[2] for name in modules if name.startswith("deepworth.zoo.")}
    assert "judging" in rooms
    assert not rooms & set(BELOW)
    assert "tensorflow" not in modules
