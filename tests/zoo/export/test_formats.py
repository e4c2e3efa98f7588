"""Contract of export formats: facts in the file, light to import, a proof that another process repeats."""

from __future__ import annotations

import ast
import inspect
import json
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from deepworth import InputError
from deepworth.zoo import export as room
from deepworth.zoo.export import export, formats, verify

ROOM = Path(room.__file__).parent
MODELS = ("logistic-regression", "shallow-mlp")
ALONE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("export_format", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
heavy = {"deepworth", "keras", "numpy", "onnx", "onnxruntime", "pandas", "tensorflow"}
print(sorted(heavy & set(sys.modules)))
"""

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.xdist_group("formats")]


@pytest.fixture(scope="session")
def saved(tmp_path_factory, kept_models):
    """The kept models of the newest format, unpacked."""
    folder = tmp_path_factory.mktemp("kept")
    for name in MODELS:
        with zipfile.ZipFile(kept_models / f"{name}.zip") as archive:
            archive.extractall(folder / name)
    return folder


@pytest.fixture(scope="session", params=formats())
def exported(request, saved, tmp_path_factory):
    """A format, with its folder and result for each model."""
    folder = tmp_path_factory.mktemp(request.param)
    results = {
        name: export(saved / name, folder / name, only=[request.param]).formats[request.param]
        for name in MODELS
    }
    return request.param, folder, results


@pytest.mark.parametrize("name", formats())
def test_facts_are_in_the_file(name):
    entry = formats()[name]
    assert 0 < entry.constant("TOLERANCE") <= 1e-3
    for fact in ("REQUIRES", "LIBRARIES"):
        assert all(isinstance(library, str) for library in entry.constant(fact, ()))
    assert entry.constant("NEEDS_DEEPWORTH", False) in (True, False)
    if entry.constant("REQUIRES", ()):
        project = tomllib.loads((ROOM.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
        assert entry.constant("EXTRA") in project["project"]["optional-dependencies"]
    assert list(inspect.signature(entry.module.write).parameters)[:2] == ["source", "folder"]
    assert list(inspect.signature(entry.module.read).parameters) == ["folder", "request"]


@pytest.mark.parametrize("name", formats())
def test_a_file_can_be_read_alone_and_imports_nothing_heavy(name):
    command = [sys.executable, "-P", "-c", ALONE, str(formats()[name].module.__file__)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_every_format_holds_a_model_or_says_why_not(exported):
    name, _, results = exported
    for result in results.values():
        assert result.status.startswith("works") or (result.status == "cannot" and result.reason), result
        if result.holds is not None:
            assert result.holds
            assert result.largest_difference <= result.tolerance == formats()[name].constant("TOLERANCE")
            assert result.needs_deepworth == formats()[name].constant("NEEDS_DEEPWORTH", False)
            assert {1, 7} <= set(result.batches)
    assert any(result.holds for result in results.values()), "it holds neither a network nor a pipeline"


def test_a_proof_is_repeated_and_a_changed_file_is_refused(exported, tmp_path):
    name, folder, results = exported
    (model, *_) = [model for model, result in results.items() if result.holds]
    assert verify(folder / model).holds
    home = shutil.copytree(folder / model, tmp_path / "moved")
    changed = next(p for p in sorted((home / name).rglob("*")) if p.is_file())
    changed.write_bytes(changed.read_bytes() + b" ")
    found = verify(home).formats[name]
    assert found.holds is False
    assert "was changed" in found.reason


def test_wrong_predictions_are_found(exported, tmp_path):
    name, folder, results = exported
    (model, *_) = [model for model, result in results.items() if result.holds]
    home = shutil.copytree(folder / model, tmp_path / "moved")
    proof = json.loads((home / "proof.json").read_text())
    proof["expected"]["probabilities"][0] = [0.5, 0.5]
    (home / "proof.json").write_text(json.dumps(proof))
    assert verify(home).formats[name].holds is False


@pytest.mark.parametrize("name", formats())
def test_a_foreign_file_is_refused_or_holds_no_code(name, tmp_path):
    """What has a ``check`` refuses what is not its own before anything is loaded."""
    module = formats()[name].module
    if hasattr(module, "check"):
        for file in ("model.keras", "model.onnx", "saved_model.pb"):
            (tmp_path / file).write_bytes(b"cos\nsystem\n(S'true'\ntR.")
        with pytest.raises(InputError):
            module.check(tmp_path)


def words_of(path):
    """Strings in a file, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_no_other_file_lists_the_formats():
    """A list would have to be changed for a new format."""
    for path in sorted(ROOM.parent.rglob("*.py")):
        if path.parent == ROOM and path.stem in formats():
            continue
        listed = set(formats()) & set(words_of(path))
        assert not listed - {"keras", "onnx", "skops"}, f"{path} names {listed}"  # three are libraries too
