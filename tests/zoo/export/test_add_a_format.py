"""The format that docs/adding.md shows, put into a copy of the package: it passes the contract and works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = Path(__file__).with_name("test_formats.py")
PAGE = ROOT / "docs" / "adding.md"
FORMAT = re.search(r"`zoo/export/linear_json\.py`.*?```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[
    1
]
PLACE = "import deepworth; print(deepworth.__file__)"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A folder with a copy of the package that has one more format."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("zoo", "datasets"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / "deepworth" / name, ignore=ignored)
    for name in ("__init__.py", "__init__.pyi", "cli.py"):
        shutil.copy(ROOT / name, folder / "deepworth")
    (folder / "deepworth" / "zoo" / "export" / "linear_json.py").write_text(FORMAT, encoding="utf-8")
    return folder


def run(copy, *arguments):
    """Python with the copy in place of the package."""
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    return subprocess.run(
        [sys.executable, "-B", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=copy,
        env=environment,
    )


def test_it_passes_the_contract(copy, kept_models):
    assert run(copy, "-c", PLACE).stdout.startswith(str(copy))
    options = ("-q", "-p", "no:cacheprovider", "-k", "linear_json or no_other_file")
    done = run(copy, "-m", "pytest", *options, str(CONTRACT))
    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) == 7


def test_it_works_in_the_command(copy, kept_models, tmp_path):
    with zipfile.ZipFile(kept_models / "logistic-regression.zip") as archive:
        archive.extractall(tmp_path / "model")
    command = "import sys; from deepworth.cli import main; main(sys.argv[1:])"
    arguments = ["export", str(tmp_path / "model"), "-o", str(tmp_path / "x"), "--format", "linear_json"]
    done = run(copy, "-W", "ignore", "-c", command, *arguments, "-q", "--json")
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)["formats"]["linear_json"]
    assert row["status"] == "works from encoded numbers"
    assert row["largest_difference"] < 1e-9
    assert not row["needs_deepworth"]
    assert "linear_json" in run(copy, "-c", command, "export", "--help").stdout
