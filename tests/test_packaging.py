"""The wheel and the sdist, built and installed outside the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytest.importorskip("build", reason="the build frontend is not installed")

pytestmark = pytest.mark.xdist_group("packaging")


def run(*command, cwd):
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return result.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory, source_files):
    """Built from a copy, so that the checkout stays clean: the wheel comes from the sdist."""
    folder = tmp_path_factory.mktemp("build")
    for file in source_files:
        (folder / "source" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / "source" / file)
    run(sys.executable, "-m", "build", "--outdir", str(folder / "dist"), str(folder / "source"), cwd=folder)
    return folder / "dist"


@pytest.fixture(scope="module")
def wheel_names(dist):
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as archive:
        return archive.namelist()


def test_wheel_puts_only_deepworth_into_site_packages(wheel_names):
    tops = {name.partition("/")[0] for name in wheel_names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"deepworth"}


def test_wheel_holds_every_module(wheel_names, source_files):
    """Modules, the stubs that type checkers and lazy names need, and the templates of reports."""
    shipped = [f for f in source_files if len(f.parts) == 1 or f.parts[0] in ("datasets", "zoo")]
    code = [f for f in shipped if f.suffix in (".py", ".pyi") or f.name == "py.typed"]
    templates = [f for f in shipped if f.parent.name == "templates"]
    assert Path("zoo/report/html/templates/page.html") in templates
    assert Path("__init__.pyi") in code
    expected = {f"deepworth/{f.as_posix()}" for f in (*code, *templates)}
    assert expected == {n for n in wheel_names if n.startswith("deepworth/")}


def test_sdist_holds_tests_and_no_results_of_tools(dist):
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert "tests/conftest.py" in names
    assert not [n for n in names if "__pycache__" in n or n.startswith(".git/")]


def test_installed_wheel_works_outside_the_checkout(dist, tmp_path):
    target = tmp_path / "site"
    wheel = str(next(dist.glob("*.whl")))
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(target),
        wheel,
        cwd=tmp_path,
    )
    code = f"import sys; sys.path.insert(0, {str(target)!r}); import deepworth.cli; print(deepworth.__file__)"
    assert run(sys.executable, "-c", code, cwd=tmp_path).strip().startswith(str(target))


@pytest.mark.parametrize("command", [["cli.py"], ["./cli.py"]])
def test_cli_runs_as_a_script_in_the_checkout(command):
    assert "Is deep learning worth it" in run(sys.executable, *command, "--help", cwd=ROOT)
