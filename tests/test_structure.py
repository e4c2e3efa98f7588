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

# Folders whose public files are entries, and whose underscore files are their machinery.
ENTRY_FOLDERS = ("datasets", *(f"zoo/{name}" for name in ("models", "baselines", "metrics", "export")))
VERB_FOLDERS = ("zoo/commands", "zoo/workflows")

MODELS = registry.entries("deep")
BASELINES = registry.entries("classical")
DATASETS = catalogue("deepworth.datasets", "load")
ENTRIES = [*MODELS.values(), *BASELINES.values(), *DATASETS.values()]
FILES = [f for folder in ENTRY_FOLDERS for f in sorted((ROOT / folder).glob("[!_]*.py"))]


def names(entry):
    return entry.module.__name__


def path_name(path):
    return path.relative_to(ROOT).as_posix()


def parsed(path):
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=path_name)
def test_entry_has_a_card(path):
    card = (ast.get_docstring(parsed(path)) or "").partition("\n")[0]
    assert re.match(r"[A-Z\d].{20,}\.$", card), (
        "the first docstring line is one sentence that says what it is"
    )


@pytest.mark.parametrize("entry", ENTRIES, ids=names)
def test_entry_has_keyword_parameters(entry):
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


@pytest.mark.parametrize("path", FILES, ids=path_name)
def test_entry_is_light(path):
    """Heavy libraries are imported inside the function, not by whoever lists the entries."""
    found = set()
    for node in parsed(path).body:
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


def test_every_package_is_installed(source_files):
    """A folder that the hand-kept list forgets would be missing from the wheel only."""
    folders = [f.parent for f in source_files if f.name == "__init__.py"]
    found = {".".join(("deepworth", *folder.parts)) for folder in folders}
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


def test_every_stub_is_installed(source_files):
    """Lazy names are read from stubs when a package is imported, so wheels need them."""
    assert "*.pyi" in PROJECT["tool"]["setuptools"]["package-data"]["*"]
    stubs = [f for f in source_files if f.suffix == ".pyi"]
    assert Path("__init__.pyi") in stubs
    assert all(ROOT.joinpath(stub.with_suffix(".py")).is_file() for stub in stubs)


def test_root_holds_two_modules(source_files):
    """Every other module in the root would land in the wheel."""
    found = {f.name for f in source_files if len(f.parts) == 1 and f.suffix in (".py", ".pyi")}
    assert found == {"__init__.py", "__init__.pyi", "cli.py"}


def shipped(source_files):
    """Modules of datasets and zoo, and cli.py."""
    found = [f for f in source_files if f.suffix == ".py" and f.parts[0] in ("datasets", "zoo", "cli.py")]
    assert len(found) > 200
    return found


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def test_underscore_files_stand_beside_entries_only(source_files):
    """Elsewhere every file is public inside the package, so an underscore would say nothing."""
    private = [f for f in shipped(source_files) if is_private(f.name)]
    allowed = {*ENTRY_FOLDERS, *VERB_FOLDERS}
    assert not [f.as_posix() for f in private if f.parent.as_posix() not in allowed]


def imports(file):
    """Dotted name of every module or name of this package that a file imports, without the package's name."""
    here = file.parent.parts
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            targets = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = ("deepworth", *here[: len(here) + 1 - node.level]) if node.level else ()
            module = (*above, *(node.module.split(".") if node.module else ()))
            targets = [(*module, alias.name) for alias in node.names]
        else:
            continue
        yield from (target[1:] for target in targets if target[0] == "deepworth")


def room(parts):
    """`datasets`, a folder of zoo, or one loose file."""
    return parts[:2] if parts[0] == "zoo" else parts[:1]


def test_no_private_name_is_imported_from_another_room(source_files):
    """What others use has a public name in the package that they import it from."""
    found = {
        (file.as_posix(), ".".join(target))
        for file in shipped(source_files)
        for target in imports(file)
        if any(map(is_private, target)) and room(target) != room(file.with_suffix("").parts)
    }
    assert not found


def test_imports_go_down_only():
    program = Path(sys.executable).with_name("lint-imports")
    if not program.exists():
        pytest.skip("import-linter is not installed")
    result = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:]
    assert "0 broken" in result.stdout
