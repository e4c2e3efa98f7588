"""The wheel and the sdist, built and installed outside the checkout."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import deepworth

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


def test_the_version_is_the_same_everywhere():
    version = deepworth.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    sections = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sections[:2] == ["Unreleased", version]


def test_oldest_versions_are_the_lower_bounds():
    shown = run(sys.executable, ".ci/oldest.py", cwd=ROOT).split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert all(requirement.replace(">=", "==") in shown for requirement in project["dependencies"])
    assert len(shown) == len({line.partition("==")[0] for line in shown})


@pytest.mark.parametrize("step", ["version", "changelog"])
def test_the_release_checklist_says_what_is_missing(step, tmp_path):
    """In a copy without a changelog of this version, and with a tag of it."""
    for name in ("__init__.py", "CITATION.cff"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n", encoding="utf-8")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    run(*git, "init", "-q", cwd=tmp_path)
    run(*git, "commit", "-q", "--allow-empty", "-m", "x", cwd=tmp_path)
    if step == "version":
        run(*git, "tag", deepworth.__version__, cwd=tmp_path)
    command = [sys.executable, ".ci/release.py", "--from", step]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    expected = {
        "version": "the tag .* exists: raise __version__",
        "changelog": "CHANGELOG.md needs a section",
    }
    assert re.search(expected[step], result.stderr), result.stderr
    assert result.stderr.endswith(f"python .ci/release.py --from {step}\n")
