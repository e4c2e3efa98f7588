"""The confidence of a run's models, from what the run kept."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from deepworth import InputError, Setup, calibration, compare
from deepworth.cli import main
from deepworth.datasets import load_dataset
from deepworth.zoo import registry
from deepworth.zoo.calibration.estimators import Calibrated
from deepworth.zoo.report import calibration as calibration_plots
from deepworth.zoo.runs.fitting import run_fleet, run_job
from deepworth.zoo.runs.limits import Limits
from deepworth.zoo.runs.plan import make_plan

pytestmark = pytest.mark.xdist_group("calibration")

MODELS = ["constant", "naive-bayes", "logistic-regression"]


def invoke(*arguments):
    runner = CliRunner()
    runner.mix_stderr = False  # click 8.1 mixes the streams unless told; later versions never do
    return runner.invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder of runs: two classes, three classes, numbers, and two repeats."""
    store = tmp_path_factory.mktemp("runs")
    options = {"store": store, "folds": 4, "costs": False}
    sick = compare("sick-healthy", rows=600, models=[*MODELS, "perceptron"], **options,
                   params={"perceptron": {"epochs": 5}})  # fmt: skip
    runs = {
        "sick": sick,
        "iris": compare("iris", models=MODELS, **options),
        "diabetes": compare("diabetes", models=["constant", "linear-regression"], **options),
        "repeats": compare("sick-healthy", rows=300, models=MODELS[:2], repeats=2, **options),
    }
    return store, {name: result.run for name, result in runs.items()}, sick


def judged(stored, name, **options):
    store, runs, _ = stored
    return calibration(runs[name], store=store, **options)


def by_name(answer):
    return {model.model: model for model in answer.models}


def test_brier_scores_and_losses_are_those_of_the_leaderboard(stored):
    """Folds of equal size: the mean over rows is the mean over folds."""
    found = by_name(judged(stored, "sick"))
    for row in stored[2].answer.leaderboard:
        model = found[row.model]
        for score, mean in ((model.brier, row.metrics["brier"]), (model.log_loss, row.metrics["log_loss"])):
            assert score.value == pytest.approx(mean, abs=1e-9)
            assert score.low < mean < score.high


@pytest.mark.parametrize("name", ["sick", "iris", "repeats"])
def test_sets_hold_the_level_out_of_fold(stored, name):
    for model in judged(stored, name, confidence_level=0.8).models:
        assert model.sets.coverage.high >= 0.8, model.model
        assert 0 <= model.sets.referred <= 1


def test_calibrators_out_of_fold_are_no_worse_than_nothing_when_chosen(stored):
    for model in judged(stored, "sick").models:
        found = model.calibrators
        assert set(found) == {"none", "temperature", "platt", "isotonic"}
        assert found[model.best_calibrator].log_loss.value <= found["none"].log_loss.value + 1e-9


def test_the_matrix_is_tried_from_three_classes_on(stored):
    for model in judged(stored, "iris").models:
        assert "matrix" in model.calibrators


def test_costs_choose_the_threshold_and_save(stored):
    answer = judged(stored, "sick", cost_false_negative=9, cost_false_positive=1)
    assert answer.costs.threshold == pytest.approx(0.1)
    found = by_name(answer)["naive-bayes"].decisions
    assert found.saved.value == pytest.approx(found.expected_cost_at_half.value - found.expected_cost.value)
    assert found.saved.low > 0


def test_intervals_of_a_regression(stored):
    answer = judged(stored, "diabetes", confidence_level=0.8)
    for model in answer.models:
        assert model.intervals.coverage.value == pytest.approx(0.8, abs=0.04)
        widths = [point.half_width for point in model.levels]
        assert widths == sorted(widths)
    found = by_name(answer)
    assert found["linear-regression"].intervals.half_width < found["constant"].intervals.half_width


def test_the_answer_names_the_run_its_data_and_the_champions(stored):
    answer = judged(stored, "sick")
    run = stored[2].answer
    assert answer.run == run.run
    assert (answer.dataset.name, answer.dataset.rows) == (run.dataset.name, run.dataset.rows)
    assert (answer.dataset.classes, answer.dataset.positive) == (run.dataset.classes, run.dataset.positive)
    assert answer.champions == (run.verdict.deep_champion, run.verdict.classical_champion)
    assert [model.rows for model in answer.models] == [600] * 4
    json.dumps(answer.to_dict(), allow_nan=False)


def test_an_official_test_part_is_split_for_the_purpose(tmp_path):
    dataset = load_dataset("sick-healthy", rows=400)
    dataset.test = np.arange(400) % 2 == 0
    run = compare(dataset, models=["naive-bayes"], store=tmp_path).run
    model = calibration(run, store=tmp_path).models[0]
    assert model.rows == 200
    assert model.sets.coverage.high >= 0.9


def test_models_may_be_chosen_and_are_named_when_wrong(stored):
    answer = judged(stored, "sick", models=["naive-bayes"])
    assert [m.model for m in answer.models] == ["naive-bayes"]
    with pytest.raises(InputError, match="did you mean naive-bayes"):
        judged(stored, "sick", models=["naiv-bayes"])
    with pytest.raises(InputError, match="need two classes"):
        judged(stored, "iris", cost_false_negative=2, cost_false_positive=1)


@pytest.mark.parametrize("name", ["sick", "iris", "diabetes"])
def test_the_command_prints_draws_and_gives_json(stored, name, tmp_path):
    store, runs, _ = stored
    picture = tmp_path / "reliability.svg"
    result = invoke("calibration", runs[name], "--store", store, "--plot", picture)
    assert result.exit_code == 0, result.output
    assert "nominal 0.9" in result.stdout
    assert picture.read_text().startswith("<?xml")
    assert [p.name for p in tmp_path.iterdir()] == ["reliability.svg"], "no draft is left"
    answer = json.loads(invoke("calibration", runs[name], "--store", store, "--json").stdout)
    assert {"run", "dataset", "confidence_level", "models", "champions"} <= set(answer)
    shown = invoke("calibration", runs["sick"], "--store", store, "--cost-false-negative", 9,
                   "--cost-false-positive", 1)  # fmt: skip
    assert "Says sick from a probability of 0.1 on" in shown.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--plot", "figure.bmp"], ".svg"),
        (["--plot", "no/such/folder/figure.svg"], "does not exist"),
        (["--confidence-level", "0"], "between 0 and 1"),
        (["-m", "deep-mlp"], "no model in this run 'deep-mlp'"),
        (["--cost-false-positive", "1"], "add --cost-false-negative"),
    ],
)
def test_bad_options_end_in_one_line(stored, options, words):
    result = invoke("calibration", stored[1]["sick"], "--store", stored[0], *options)
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""


def test_a_picture_leaves_no_global_state(stored):
    figure = calibration_plots.draw(judged(stored, "sick"))
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert any("naive-bayes" in label for label in labels)
    assert any("perceptron" in label for label in labels), "both families"
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_a_plan_wraps_every_model_alike():
    dataset = load_dataset("sick-healthy", rows=240)
    setup = Setup.of("sick-healthy", models=["naive-bayes", "perceptron"], folds=2, repeats=1,
                     params={"perceptron": {"epochs": 3}}, calibrate="platt")  # fmt: skip
    plan = make_plan(dataset, setup, Limits())
    assert plan.calibrate == plan.facts().calibrate == "platt"
    jobs = {name: [j for j in plan.jobs if j.model == name] for name in plan.models}
    single = [run_job(job, dataset, 0, {}) for job in jobs["naive-bayes"]]
    fleet = list(run_fleet(jobs["perceptron"], dataset, 0, plan.params["perceptron"]))
    for result in [*single, *fleet]:
        assert result.status == "ok", result.reason
    assert fleet[0].fit_seconds > 0
    assert single[0].size_bytes > 0
    split = jobs["naive-bayes"][0].split
    model = Calibrated(registry.create("naive-bayes", "binary", "tabular"), "platt", confidence_level=None)
    fitted = model.fit(dataset.X.iloc[split.train], dataset.y[split.train])
    np.testing.assert_allclose(single[0].prediction, fitted.predict_proba(dataset.X.iloc[split.test]))


def test_a_plan_refuses_to_calibrate_numbers_and_unknown_methods():
    with pytest.raises(InputError, match="the target is a number"):
        make_plan(load_dataset("diabetes"), Setup.of("diabetes", calibrate="platt"), Limits())
    with pytest.raises(InputError, match="did you mean platt"):
        make_plan(load_dataset("iris"), Setup.of("iris", calibrate="plat"), Limits())
