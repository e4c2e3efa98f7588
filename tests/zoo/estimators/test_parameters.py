"""Parameters of the networks' classes: what help shows, what type checkers see, and that examples run."""

from __future__ import annotations

import doctest
import inspect
import os
import pydoc
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from deepworth import zoo
from deepworth.zoo import registry
from deepworth.zoo.estimators.parameters import TrainingParameters, parameter_texts, parameters_of, words_of
from deepworth.zoo.training.settings import SCHEDULES, TRAINING_RULES, Schedule, rule_of

ROOT = Path(__file__).resolve().parents[3]
CLASSES = sorted(registry.estimator_classes())


@pytest.mark.parametrize("name", CLASSES)
def test_help_lists_every_parameter_with_its_default(name):
    estimator = getattr(zoo, name)
    text = pydoc.plain(pydoc.render_doc(estimator))
    section = text.partition("Parameters\n")[2].partition("Attributes\n")[0]
    for parameter in list(inspect.signature(estimator).parameters.values()):
        shown = repr(parameter.default).replace("'", '"')
        line = re.search(rf"^[ |]*{parameter.name} : (.*), default=(.*)$", section, flags=re.MULTILINE)
        assert line, parameter.name
        assert line[2] == shown


@pytest.mark.parametrize("name", CLASSES)
def test_parameters_are_described_and_have_types(name):
    estimator = getattr(zoo, name)
    kind = "Classifier" if name.endswith("Classifier") else "Regressor"
    for parameter in parameters_of(estimator._entry, kind):
        assert parameter.text.endswith("."), parameter.name
        assert parameter.annotation is not object, parameter.name


def test_schedules_are_documented_as_they_are():
    assert set(SCHEDULES) == set(get_args(Schedule))
    assert words_of(Schedule) in zoo.DeepMLPClassifier.__doc__
    assert zoo.DeepMLPClassifier().schedule == "coslog4"
    described = parameter_texts(inspect.cleandoc(TrainingParameters.__doc__))["schedule"]
    assert all(f'"{name}"' in described for name in SCHEDULES)


def test_settings_that_are_no_parameters_are_in_the_notes():
    assert "- ``decay_schedule = 'flat-cosine'``" in zoo.DeepMLPClassifier.__doc__
    assert "Notes\n-----" not in zoo.PerceptronClassifier.__doc__


@pytest.mark.parametrize("name", [*CLASSES, "KerasClassifier", "KerasRegressor"])
def test_examples_run(name):
    network = getattr(getattr(zoo, name), "_entry", None)
    if network is not None and (lacking := registry.missing_requirement(network.name)):
        pytest.skip(lacking)
    [test] = doctest.DocTestFinder(recurse=False).find(getattr(zoo, name), name)
    assert test.examples
    result = doctest.DocTestRunner(verbose=False).run(test)
    assert result.failed == 0


def test_base_classes_are_no_estimators():
    with pytest.raises(TypeError, match="KerasRegressor is a base class; use the class of a network"):
        zoo.KerasRegressor(epochs=3)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "int"),
        (tuple[int, ...], "tuple of int"),
        (int | None, "int or None"),
        (Schedule, '{"constant", "cosine", "flat-cosine", "coslog4", "triangular"}'),
        (int | Schedule | None, 'int, "constant", "cosine", "flat-cosine", "coslog4", "triangular" or None'),
    ],
    ids=str,
)
def test_types_in_words(annotation, words):
    assert words_of(annotation) == words


def test_a_network_without_limits_is_checked_by_its_defaults():
    assert rule_of("heads", 4, {}).words == "an integer of at least 1"
    assert rule_of("widths", (4, 4), {}).words.startswith("the sizes of the layers")
    assert rule_of("warm_start", False, {}) is None
    assert rule_of("offset", 0, {}) is None, "the default itself must be allowed"
    assert rule_of("alpha", 0.5, {"alpha": (0, 1)}).words == "a number from 0 to below 1"
    assert set(TRAINING_RULES) <= {*TrainingParameters.__dataclass_fields__}


def test_the_stub_is_current():
    command = [sys.executable, "benchmarks/stubs.py", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


SCRIPT = """\
import numpy as np
from deepworth.zoo import Calibrated, DeepMLPClassifier, RNNRegressor

model = DeepMLPClassifier(hidden_units=(8,), schedule="cosine", class_weight={"yes": 2.0})
reveal_type(model.fit(np.zeros((4, 2)), ["yes", "no"] * 2))
reveal_type(model.predict_proba(np.zeros((4, 2))))
reveal_type(Calibrated(model, "platt").predict_set([[0.0, 1.0]]))
DeepMLPClassifier(neurons=3)
DeepMLPClassifier(schedule="linear")
RNNRegressor(class_weight="balanced")
from deepworth.zoo import DeeperMLPClassifier
"""
SEEN = {
    5: 'note: Revealed type is "deepworth.zoo.DeepMLPClassifier"',
    6: "numpy.dtype[numpy.float",  # float64, or floating of 64 bits before NumPy 2
    7: "numpy.dtype[numpy.bool",
    8: 'error: Unexpected keyword argument "neurons" for "DeepMLPClassifier"',
    9: 'error: Argument "schedule" to "DeepMLPClassifier" has incompatible type',
    10: 'error: Unexpected keyword argument "class_weight" for "RNNRegressor"',
    11: 'error: Module "deepworth.zoo" has no attribute "DeeperMLPClassifier"',
}


def test_a_type_checker_sees_parameters_and_results(tmp_path):
    pytest.importorskip("mypy", reason="mypy is not installed (deepworth[dev])")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "deepworth").symlink_to(ROOT)
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "script.py"],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in result.stdout.splitlines() if line.startswith("script.py:")]
    for number, words in SEEN.items():
        shown = [line for line in lines if line.startswith(f"script.py:{number}:")]
        assert any(words in line for line in shown), result.stdout[-3000:]
    assert {int(line.split(":")[1]) for line in lines if ": error:" in line} == {8, 9, 10, 11}
