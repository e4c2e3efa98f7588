"""Type checkers see the types of the public API: ``mypy --strict`` on scripts of users.

The scripts see the package as an installed one, by the name ``deepworth`` and with ``py.typed``. One call of
mypy checks all of them. pandas has no types of its own, so that without pandas-stubs its names are Any; a
stub of two classes stands in for pandas-stubs here, and shows that DataFrames are declared as such. Classes
of scikit-learn have no types either: an attribute that an estimator does not have is Any and no error.
"""

import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("typed_api")

ROOT = Path(__file__).resolve().parents[1]
PANDAS = "class DataFrame: ...\nclass Series: ...\n"

# An expression, and the type that reveal_type shows, without the names of modules.
TYPES = {
    'deepworth.compare("iris", models=["constant"], folds=2)': "Comparison",
    'deepworth.compare("iris").verdict': "Verdict",
    'deepworth.compare("iris").verdict.gain': "float | None",
    'deepworth.compare("iris").answer.leaderboard[0].model': "str",
    'deepworth.compare("iris").answer.leaderboard[0].metrics': "dict[str, float | None]",
    'deepworth.compare("iris").answer.findings[0].severity': "Literal",
    'deepworth.compare("iris").leaderboard()': "DataFrame",
    'deepworth.compare("iris").predictions()': "DataFrame",
    'deepworth.preview("iris").estimate.seconds': "float",
    'deepworth.resume("last")': "Comparison",
    'deepworth.verdict("last", margin=0.01).verdict.outcome': "str",
    "deepworth.runs()": "list[RunSummary]",
    'deepworth.runs("last")': "Comparison",
    'deepworth.report("last", format="md")': "str",
    "deepworth.calibration()": "CalibrationAnswer",
    'deepworth.benchmark("suite.yaml", jobs=2)': "SuiteAnswer",
    'deepworth.learning_curve("iris").crossover.outcome': "str",
    'deepworth.learning_curve("iris").frame()': "DataFrame",
    'deepworth.capacity("iris", layers=[0, 1]).answers[0].sentence': "str",
    'deepworth.train("iris", output="model").path': "str",
    'deepworth.evaluate("model", "iris").scores': "dict[str, ScoreWithInterval]",
    'deepworth.predict("model", "rows.csv")': "DataFrame",
    'deepworth.cost("model")': "SavedModelCost",
    'deepworth.export("model", "out", format=["onnx"])': "ExportReport",
    'deepworth.inspect("model")': "Inspection",
    'deepworth.explain("model", "iris").importance': "Importance | None",
    'deepworth.explain_run("last")': "RunExplanation",
    'deepworth.check("iris")["errors"]': "int",
    'deepworth.models("deep-mlp")': "ModelCard",
    'deepworth.save_best(deepworth.compare("iris"), "model")': "Path",
    'deepworth.load("model")': "SavedModel",
    'deepworth.load_dataset("iris", drop=["a"])': "Dataset",
    'deepworth.load_dataset("iris").schema': "Schema",
    'deepworth.list_datasets()[0]["rows"]': "int",
    'deepworth.Setup.of("iris", metric="f1").criteria.metric': "str | None",
    "DeepMLPClassifier(epochs=3, hidden_units=(8, 8))": "DeepMLPClassifier",
    "DeepMLPClassifier(epochs=3).fit([[0.0], [1.0]], [0, 1])": "DeepMLPClassifier",
    "DeepMLPClassifier().predict_proba([[0.0]])": "ndarray",
    "deepworth.zoo.TabmRegressor().fit_seconds_": "float",
    'deepworth.datasets.make_splits(deepworth.load_dataset("iris").y, task="binary")[0]': "Split",
}

# A line with a mistake, and the code of the error that mypy reports.
MISTAKES = {
    "deepworth.compare(nonsense=3)": "call-arg",
    "deepworth.no_such_thing": "attr-defined",
    "from deepworth import no_such_thing": "attr-defined",
    "from deepworth.zoo import NoSuchClassifier": "attr-defined",
    "from deepworth.datasets import no_such_thing": "attr-defined",
    "deepworth.DeepMLP": "attr-defined",
    'deepworth.compare("x", preset="fast")': "arg-type",
    'deepworth.compare("x", calibrate="yes")': "arg-type",
    'deepworth.compare("x", models=3)': "arg-type",
    'deepworth.compare("x", budget=5.0)': "arg-type",
    'deepworth.compare("x", folds="5")': "arg-type",
    'deepworth.compare("x", "y")': "call-arg",
    "deepworth.compare(5)": "arg-type",
    'deepworth.compare("x", progress=print, jobs="2")': "arg-type",
    'deepworth.preview("x", nonsense=3)': "call-arg",
    'deepworth.Setup.of("x", nonsense=3)': "call-arg",
    'deepworth.compare("x").no_such_thing': "attr-defined",
    'deepworth.compare("x").verdict.gian': "attr-defined",
    'deepworth.compare("x").verdict.gain + 1': "operator",
    'deepworth.compare("x").answer.leaderboard[0].accuracy': "attr-defined",
    'deepworth.train("x")': "call-arg",
    'deepworth.train("x", output="m", epochs=3)': "call-arg",
    'deepworth.evaluate("m", "x").scores.accuracy': "attr-defined",
    'deepworth.load_dataset("x", task="ranking")': "arg-type",
    'deepworth.report("last", format="pdf")': "arg-type",
    "DeepMLPClassifier(epoch=3)": "call-arg",
    'DeepMLPClassifier(epochs="many")': "arg-type",
    'DeepMLPClassifier(schedule="fast")': "arg-type",
}

TOP = "import deepworth\nfrom deepworth.zoo import DeepMLPClassifier\n\nDeepMLPClassifier\n"
FIRST = TOP.count("\n") + 1


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[int, list[str]]]:
    """The messages of mypy about the scripts, by file and line."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "site").mkdir()
    (folder / "site" / "deepworth").symlink_to(ROOT)
    (folder / "site" / "pandas").mkdir()
    (folder / "site" / "pandas" / "__init__.pyi").write_text(PANDAS)
    scripts = {
        "good.py": [f"reveal_type({text})" for text in TYPES],
        "bad.py": list(MISTAKES),
    }
    for name, lines in scripts.items():
        (folder / name).write_text(TOP + "\n".join(lines) + "\n")
    return by_line(run_mypy(folder, list(scripts)))


def run_mypy(folder: Path, scripts: list[str]) -> str:
    (folder / "mypy.ini").write_text("[mypy]\nmypy_path = site\n")
    options = ["--strict", "--cache-dir=cache", "--follow-imports=silent", "--config-file=mypy.ini"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--show-error-codes", "--no-error-summary", *scripts],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert not done.stderr, done.stderr
    return done.stdout


def by_line(output: str) -> dict[str, dict[int, list[str]]]:
    found: dict[str, dict[int, list[str]]] = {}
    for line in output.splitlines():
        name, number, message = line.split(":", 2)
        found.setdefault(name, {}).setdefault(int(number), []).append(message.strip())
    return found


def test_packages_of_the_border_are_checked_strictly():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert settings["strict"]
    modules = [override["module"] for override in settings["overrides"]]
    exempt = {name for names in modules for name in ([names] if isinstance(names, str) else names)}
    for package in ("setup", "results", "judging", "metrics", "workflows"):
        assert not any(fnmatch(f"deepworth.zoo.{package}.module", name) for name in exempt), package


def test_right_use_has_no_error(checked):
    lines = [*TOP.splitlines(), *TYPES]
    errors = [
        f"{lines[number - 1]}: {message}"
        for number, messages in checked["good.py"].items()
        for message in messages
        if message.startswith("error")
    ]
    assert not errors


@pytest.mark.parametrize("expression", TYPES)
def test_type_of_a_result(checked, expression):
    messages = checked["good.py"].get(FIRST + list(TYPES).index(expression), [])
    shown = [re.sub(r'note: Revealed type is "(.*)"', r"\1", message) for message in messages]
    types = [re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text) for text in shown]
    assert [re.sub(r"^(ndarray|Literal)\[.*", r"\1", text) for text in types] == [TYPES[expression]]


@pytest.mark.parametrize("line", MISTAKES)
def test_mistake_is_an_error(checked, line):
    messages = checked["bad.py"].get(FIRST + list(MISTAKES).index(line), [])
    errors = [message for message in messages if message.startswith("error")]
    assert any(error.endswith(f"[{MISTAKES[line]}]") for error in errors), messages or "no error"
