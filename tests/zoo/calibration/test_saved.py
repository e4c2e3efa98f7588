"""Confidence on disk and on the command line: the same answers after loading, nothing hostile believed."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from deepworth import InputError, evaluate, export, load_dataset
from deepworth.cli import main
from deepworth.zoo import Calibrated, ConformalRegressor, registry
from deepworth.zoo.artefact.loading import load
from deepworth.zoo.artefact.manifest import read_manifest
from deepworth.zoo.artefact.saving import save

pytestmark = pytest.mark.xdist_group("saved")

FAST = {"perceptron": {"epochs": 8, "learning_rate": 0.05}, "naive-bayes": {}}
PATIENT = ["age_years=40", "sex=male", "height_cm=180", "weight_kg=80", "body_temperature_c=38.2",
           "heart_rate_bpm=90"]  # fmt: skip


def invoke(*arguments, stdin=None):
    runner = CliRunner()
    runner.mix_stderr = False  # click 8.1 mixes the streams unless told; later versions never do
    return runner.invoke(main, [str(a) for a in arguments], input=stdin)


def run(*arguments, code=0):
    result = invoke(*arguments)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


@pytest.fixture(scope="module")
def dataset():
    return load_dataset("sick-healthy", rows=300)


@pytest.fixture(scope="module")
def sick_csv(dataset, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "patients.csv"
    dataset.X.assign(condition=dataset.y).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module", params=[(n, m) for n in FAST for m in ("temperature", "platt", "isotonic")])
def saved(request, dataset, tmp_path_factory):
    name, method = request.param
    inner = registry.create(name, "binary", "tabular", random_state=0, **FAST[name])
    model = Calibrated(inner, method, cost_false_negative=5, cost_false_positive=1, positive="sick").fit(
        dataset.X, dataset.y
    )
    folder = tmp_path_factory.mktemp("models") / "model"
    save(model, folder, dataset=dataset, name=name, family=registry.family(name))
    return model, folder


def test_a_loaded_model_answers_as_the_fitted_one(saved, dataset):
    model, folder = saved
    loaded = load(folder)
    np.testing.assert_allclose(loaded.predict_proba(dataset.X), model.predict_proba(dataset.X), atol=1e-5)
    np.testing.assert_array_equal(loaded.predict(dataset.X), model.predict(dataset.X))
    np.testing.assert_array_equal(loaded.predict_set(dataset.X), model.predict_set(dataset.X))
    assert loaded.confidence.level == 0.9
    assert "Confidence" in (folder / "card.md").read_text()


def test_the_manifest_names_the_model_and_not_its_wrapping(saved):
    manifest = read_manifest(saved[1])
    assert manifest["model"] in FAST
    assert "estimator" not in manifest["params"]
    assert manifest["confidence"]["costs"] == {"false_negative": 5.0, "false_positive": 1.0}


@pytest.mark.parametrize("name", ["linear-regression", "perceptron"])
def test_intervals_are_kept(name, tmp_path):
    dataset = load_dataset("diabetes")
    inner = registry.create(name, "regression", "tabular", random_state=0, **FAST.get(name, {}))
    model = ConformalRegressor(inner, confidence_level=0.8).fit(dataset.X, dataset.y)
    loaded = load(save(model, tmp_path / "model", dataset=dataset, name=name))
    np.testing.assert_allclose(
        loaded.predict_interval(dataset.X), model.predict_interval(dataset.X), rtol=1e-4, atol=0.1
    )


@pytest.fixture(scope="module")
def growing():
    """Values of which the noise grows with them."""
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0, 1, (2, 600))
    y = 10 * a + 3 * b + (0.2 + 2 * a) * rng.normal(size=600)
    return load_dataset(pd.DataFrame({"a": a, "b": b, "y": y}), target="y")


@pytest.mark.parametrize("name", ["linear-regression", "perceptron"])
def test_widths_that_follow_the_row_are_kept_and_exported(name, growing, tmp_path):
    """The loaded model, evaluate, ONNX and, of a network, SavedModel have the same intervals."""
    inner = registry.create(name, "regression", "tabular", random_state=0)
    model = ConformalRegressor(inner, confidence_level=0.8).fit(growing.X, growing.y)
    assert not model.spread_.constant
    loaded = load(save(model, tmp_path / "model", dataset=growing, name=name))
    low, high = model.predict_interval(growing.X).T
    assert np.ptp(high - low) > 1
    np.testing.assert_allclose(loaded.predict_interval(growing.X).T, [low, high], rtol=1e-4, atol=1e-3)
    report = evaluate(tmp_path / "model", growing).confidence
    assert report.half_width == pytest.approx((high - low).mean() / 2, rel=1e-3)
    assert report.coverage.value == pytest.approx(np.mean((low <= growing.y) & (growing.y <= high)), abs=0.01)
    runtime = pytest.importorskip("onnxruntime")
    formats = ["onnx"] + ["saved_model"] * (name == "perceptron")
    export(tmp_path / "model", tmp_path / "out", format=formats)
    session = runtime.InferenceSession(next((tmp_path / "out").rglob("*.onnx")))
    columns = {column: growing.X[column].to_numpy(float) for column in "ab"}
    found = dict(zip([o.name for o in session.get_outputs()], session.run(None, columns), strict=True))
    np.testing.assert_allclose([found["low"], found["high"]], [low, high], rtol=1e-4, atol=1e-3)
    if name == "perceptron":
        import tensorflow as tf

        folder = next((tmp_path / "out").rglob("saved_model.pb")).parent
        serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
        found = serve(**{column: tf.constant(values) for column, values in columns.items()})
        np.testing.assert_allclose([found["low"], found["high"]], [low, high], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "spread",
    [3, {"knots": [0.0]}, {"knots": [1.0, 0.0], "sizes": [1.0, 1.0]}, {"knots": [0.0], "sizes": [0.0]},
     {"knots": [0.0], "sizes": ["1"]}, {"knots": [], "sizes": []}],
)  # fmt: skip
def test_a_spread_from_a_file_is_checked(spread, growing, tmp_path):
    inner = registry.create("linear-regression", "regression", "tabular")
    model = ConformalRegressor(inner).fit(growing.X, growing.y)
    path = save(model, tmp_path / "model", dataset=growing, name="linear-regression")
    edit(path, lambda m: m["confidence"].pop("spread"))
    assert np.ptp(np.diff(load(path).predict_interval(growing.X))) < 1e-9, "saved before there was a spread"
    edit(path, lambda m: m["confidence"].update(spread=spread))
    with pytest.raises(InputError, match="spread must be knots that rise"):
        load(path)


@pytest.fixture
def folder(dataset, tmp_path):
    model = Calibrated(registry.create("naive-bayes", "binary", "tabular"), "platt")
    return save(model.fit(dataset.X, dataset.y), tmp_path / "model", dataset=dataset, name="naive-bayes")


def edit(folder, change):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_a_model_saved_before_there_was_confidence_still_opens(folder, dataset):
    edit(folder, lambda m: (m.pop("confidence"), m.update(format="1.0")))
    loaded = load(folder)
    assert loaded.predict(dataset.X[:3]).shape == (3,)
    with pytest.raises(InputError, match="without prediction sets; train with --confidence-level"):
        loaded.predict_set(dataset.X[:3])


def test_a_field_of_a_newer_format_is_left_alone(folder):
    edit(folder, lambda m: m.update(format="1.9", colour="blue"))
    with pytest.warns(UserWarning, match="newer"):
        load(folder)


HOSTILE = {
    "calibrator": ({"calibrator": {"method": "os.system"}}, "unknown calibrator"),
    "number of classes": (
        {"calibrator": {"method": "platt", "slopes": [1, 2, 3], "intercepts": [0, 0, 0]}},
        "1 numbers",
    ),
    "level": ({"level": "high"}, "level must be a number from 0 to 1"),
    "threshold": ({"threshold": -3}, "threshold must be"),
    "bounds": ({"least_probabilities": [0.1]}, "2 numbers"),
    "bounds that are texts": ({"least_probabilities": ["a", "b"]}, "2 numbers"),
    "positive": ({"positive": "rich"}, "positive class 'rich'"),
    "costs": ({"costs": {"false_negative": 1}}, "costs must be two numbers"),
    "width": ({"half_width": -1.0}, "half_width"),
    "endless width": ({"half_width": float("inf")}, "Infinity is not valid JSON"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_manifest_says_is_checked(name, folder):
    change, words = HOSTILE[name]
    edit(folder, lambda m: m["confidence"].update(change))
    with pytest.raises(InputError, match=words) as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def test_confidence_must_be_an_object(folder):
    edit(folder, lambda m: m.update(confidence=[1]))
    with pytest.raises(InputError, match="'confidence' has the wrong type"):
        load(folder)


def test_train_predict_evaluate(sick_csv, tmp_path):
    folder = tmp_path / "model"
    options = ["--confidence-level", "0.9", "--cost-false-negative", "20", "--cost-false-positive", "1"]
    run("train", sick_csv, "-t", "condition", "-m", "naive-bayes", "-o", folder, "-q", *options)
    header = run("predict", folder, *PATIENT).stdout.splitlines()[0]
    assert header == "prediction,confidence,probability_healthy,probability_sick,prediction_set,refer"
    out = tmp_path / "answers.csv"
    run("predict", folder, sick_csv, "-o", out)
    answers = pd.read_csv(out)
    assert ((answers["probability_sick"] >= 1 / 21) == (answers["prediction"] == "sick")).all()
    assert set(answers["prediction_set"]) <= {"healthy", "sick", "healthy|sick"}
    one = ~answers["prediction_set"].str.contains("|", regex=False)
    sure = one & (answers["prediction_set"] == answers["prediction"])
    assert (answers["refer"] == ~sure).all()
    found = json.loads(run("evaluate", folder, sick_csv, "--json").stdout)["confidence"]
    assert found["coverage"]["low"] < 0.9 < found["coverage"]["high"]
    assert {"value", "low", "high", "by_chance"} == set(found["calibration_error"])
    assert found["expected_cost"] < found["expected_cost_at_half"]


def test_without_options_a_model_is_trained_and_answers_as_before(sick_csv, tmp_path):
    run("train", sick_csv, "-t", "condition", "-m", "naive-bayes", "-o", tmp_path / "model", "-q")
    assert "confidence" not in read_manifest(tmp_path / "model")
    header = run("predict", tmp_path / "model", *PATIENT).stdout.splitlines()[0]
    assert header == "prediction,confidence,probability_healthy,probability_sick"


def test_regression_answers_with_low_and_high(tmp_path):
    folder = tmp_path / "model"
    options = ["-m", "linear-regression", "-o", folder, "-q", "--confidence-level", "0.8"]
    run("train", "diabetes", *options)
    data = load_dataset("diabetes")
    data.X.to_csv(tmp_path / "rows.csv", index=False)
    run("predict", folder, tmp_path / "rows.csv", "-o", tmp_path / "out.csv")
    answers = pd.read_csv(tmp_path / "out.csv")
    assert list(answers) == ["prediction", "low", "high"]
    held = np.mean((answers["low"] <= data.y) & (data.y <= answers["high"]))
    assert held == pytest.approx(0.8, abs=0.05)


ERRORS = {
    "one cost": (["sick-healthy", "--cost-false-negative", "2"], "add --cost-false-positive"),
    "negative cost": (
        ["sick-healthy", "--cost-false-negative", "-2", "--cost-false-positive", "1"],
        "above 0",
    ),
    "costs of three classes": (
        ["iris", "--cost-false-negative", "2", "--cost-false-positive", "1"],
        "misclassification costs need two classes",
    ),
    "calibrated numbers": (["diabetes", "--calibrate", "platt"], "the target is a number"),
    "a certain level": (["sick-healthy", "--confidence-level", "1"], "between 0 and 1"),
    "too few rows for the level": (
        ["diabetes", "--rows", "60", "--confidence-level", "0.99"],
        "at least 99 rows",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_one_line_and_exit_code_2(name, tmp_path):
    arguments, words = ERRORS[name]
    model = "linear-regression" if "diabetes" in arguments else "logistic-regression"
    result = invoke("train", *arguments, "-m", model, "-o", tmp_path / "model", "-q")
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())
