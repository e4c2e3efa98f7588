"""Nothing heavy is imported before it is needed: names of modules, watched in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import deepworth

HEAVY = ("tensorflow", "keras", "sklearn", "pandas", "scipy", "lightgbm", "xgboost", "catboost", "skimage")

RUN = """
import contextlib, io, json, sys
sys.argv = ["deepworth", *{arguments!r}]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    from deepworth.cli import main
    main()
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""

IMPORT_ALL = """
import json, sys
import deepworth, deepworth.zoo, deepworth.datasets
from deepworth.zoo import registry
from deepworth.datasets._catalogue import catalogue
assert registry.entries() and catalogue("deepworth.datasets", "load")
import deepworth.zoo.runs, deepworth.zoo.judging, deepworth.zoo.workflows
import deepworth.zoo.artefact, deepworth.zoo.report
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def modules_after(code: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/"
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments", [["--help"], ["compare", "--help"], ["--version"], ["models"], ["datasets"], ["runs"]]
)
def test_light_commands_import_nothing_heavy(arguments):
    loaded = modules_after(RUN.format(arguments=arguments))
    assert "click" in loaded
    assert not loaded & set(HEAVY)


def test_help_does_not_even_import_rich_or_numpy():
    loaded = modules_after(RUN.format(arguments=["--help"]))
    assert not loaded & {"rich", "numpy"}


def test_entries_and_packages_import_nothing_heavy():
    assert not modules_after(IMPORT_ALL) & {*HEAVY, "numpy"}


def test_a_classical_comparison_never_imports_tensorflow():
    loaded = modules_after(
        RUN.format(
            arguments=[
                "compare",
                "iris",
                "-q",
                "--no-store",
                "-m",
                "constant,logistic-regression",
                "--folds",
                "2",
            ]
        )
    )
    assert "sklearn" in loaded
    assert "tensorflow" not in loaded


def test_public_names_resolve():
    for name in deepworth.__all__:
        assert getattr(deepworth, name) is not None
    assert dir(deepworth) == sorted(deepworth.__all__)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="deepworth attribute nothing"):
        deepworth.nothing  # noqa: B018


def test_estimator_classes_are_public():
    from deepworth.zoo import CNNClassifier, DeepMLPClassifier, DeepMLPRegressor, RNNClassifier

    assert DeepMLPClassifier.__module__ == "deepworth.zoo"
    assert {c.__name__ for c in (CNNClassifier, DeepMLPRegressor, RNNClassifier)} == {
        "CNNClassifier",
        "DeepMLPRegressor",
        "RNNClassifier",
    }
