"""The house: entries, packages, arrows."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deepworth.datasets._catalogue import catalogue
from deepworth.zoo import registry

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = {
    "tensorflow",
    "keras",
    "sklearn",
    "pandas",
    "numpy",
    "scipy",
    "lightgbm",
    "xgboost",
    "catboost",
    "skimage",
}

MODELS = registry.entries("deep")
BASELINES = registry.entries("classical")
DATASETS = catalogue("deepworth.datasets", "load")
ENTRIES = [*MODELS.values(), *BASELINES.values(), *DATASETS.values()]


def names(entry):
    return entry.module.__name__


@pytest.mark.parametrize("entry", ENTRIES, ids=names)
def test_entry_has_a_card_and_keyword_parameters(entry):
    assert re.match(r"[A-Z\d].{20,}\.$", entry.card), (
        "the first docstring line is one sentence that says what it is"
    )
    parameters = inspect.signature(entry.call).parameters.values()
    options = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    assert options, "parameters are keyword-only"
    assert all(p.default is not p.empty for p in options)


@pytest.mark.parametrize("entry", [*MODELS.values(), *BASELINES.values()], ids=names)
def test_model_says_what_it_is_for(entry):
    assert set(entry.constant("MODALITIES")) <= {"tabular", "image", "text"}
    assert set(entry.constant("TASKS")) <= {"binary", "multiclass", "regression"}
    assert entry.constant("MODALITIES")
    assert entry.constant("TASKS")


@pytest.mark.parametrize("entry", ENTRIES, ids=names)
def test_entry_is_light(entry):
    """Heavy libraries are imported inside the function, not by whoever lists the entries."""
    tree = ast.parse(Path(entry.module.__file__).read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    assert not found & HEAVY


def test_each_family_serves_each_modality():
    for family in ("deep", "classical"):
        served = {m for e in registry.entries(family).values() for m in e.constant("MODALITIES")}
        assert served == {"tabular", "image", "text"}


def test_issue_names_are_registered():
    assert {"perceptron", "shallow-mlp", "deep-mlp", "cnn", "rnn"} <= set(MODELS)
    assert {"constant", "logistic-regression", "hist-gradient-boosting", "nb-svm", "hog-svm"} <= set(
        BASELINES
    )
    assert {"sick-healthy", "triage-notes", "docstrings", "iris", "20newsgroups"} <= set(DATASETS)


def test_every_package_is_installed():
    """A folder that the hand-kept list forgets would be missing from the wheel only."""
    folders = [
        p.parent for p in ROOT.glob("**/__init__.py") if ".venv" not in p.parts and "build" not in p.parts
    ]
    found = {".".join(("deepworth", *f.relative_to(ROOT).parts)) for f in folders}
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


def test_root_holds_two_modules():
    """Every other module in the root would land in the wheel."""
    assert {p.name for p in ROOT.glob("*.py")} == {"__init__.py", "cli.py"}


def test_imports_go_down_only():
    program = Path(sys.executable).with_name("lint-imports")
    if not program.exists():
        pytest.skip("import-linter is not installed")
    result = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:]
    assert "0 broken" in result.stdout
