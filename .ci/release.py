"""The release checklist, as a script: every step must pass before the next one begins.

    python .ci/release.py [--tag] [--from STEP] [--list]

Run it in a clean checkout with the development environment (``make release``). ``--from`` starts again at a
step after an earlier one was mended. ``--tag`` sets the annotated tag at the end; without it the last step
only says that everything is ready. Nothing is uploaded: pushing the tag and publishing the files of ``dist``
are left to whoever releases.
"""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BRANCH = "main"


class Failed(Exception):
    """A step that did not pass, and what to do."""


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def run(*command: str, cwd: Path = ROOT) -> str:
    """Standard output of a command; Failed if it ends with an error."""
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if result.returncode:
        shown = (result.stdout + result.stderr).strip()[-3000:]
        raise Failed(f"{' '.join(command)} ended with {result.returncode}:\n{shown}")
    return result.stdout.strip()


def version() -> str:
    """The version in ``__init__.py``, which is the only place that the package takes it from."""
    found = re.search(r'^__version__ = "(.+)"$', read("__init__.py"), flags=re.MULTILINE)
    if found is None or not re.fullmatch(r"\d+\.\d+\.\d+", found[1]):
        raise Failed("__version__ in __init__.py must be MAJOR.MINOR.PATCH")
    return found[1]


def check_tree() -> str:
    """No uncommitted change, and on the main branch."""
    changed = run("git", "status", "--porcelain")
    if changed:
        raise Failed(f"commit or remove these first:\n{changed}")
    branch = run("git", "rev-parse", "--abbrev-ref", "HEAD")
    if branch != BRANCH:
        raise Failed(f"releases are made from {BRANCH}, this is {branch}")
    return run("git", "rev-parse", "--short", "HEAD")


def check_version() -> str:
    """A new version, the same in CITATION.cff."""
    now = version()
    if run("git", "tag", "--list", now):
        raise Failed(f"the tag {now} exists: raise __version__ in __init__.py")
    if f"\nversion: {now}\n" not in read("CITATION.cff"):
        raise Failed(f"CITATION.cff must say version: {now}")
    return now


def check_changelog() -> str:
    """A section of this version with today's date, and nothing left under Unreleased."""
    text, now, today = read("CHANGELOG.md"), version(), datetime.datetime.now(datetime.UTC).date()
    heading = rf"^## \[{re.escape(now)}\] - (\S+)\n"
    section = re.search(heading + r"(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    if section is None or section[1] != today.isoformat() or "- " not in section[2]:
        raise Failed(f'CHANGELOG.md needs a section "## [{now}] - {today}" with what changed')
    unreleased = re.search(r"^## \[Unreleased\]\n(.*?)(?=^## )", text, re.DOTALL | re.MULTILINE)
    if unreleased and unreleased[1].strip():
        raise Failed(f"move what stands under Unreleased in CHANGELOG.md to {now}")
    return f"{section[2].count(chr(10) + '- ')} entries"


def check_code() -> str:
    """Lint, format, types and the direction of imports."""
    run("make", "check")
    return "make check"


def check_pages() -> str:
    """Generated tables and the outputs that pages show are current."""
    run(sys.executable, "benchmarks/readme.py", "--check")
    run(sys.executable, "docs/outputs.py")
    return "tables and outputs"


def check_tests() -> str:
    """All tests, including the nightly ones."""
    return run("make", "test-all").splitlines()[-1]


def check_oldest() -> str:
    """The tests on the oldest supported versions of the dependencies."""
    return run("make", "test-oldest").splitlines()[-1]


def build() -> str:
    """Wheel and sdist of this version, and nothing else, in dist."""
    for old in (ROOT / "dist").glob("*"):
        old.unlink()
    run("make", "build")
    names = sorted(file.name for file in (ROOT / "dist").iterdir())
    expected = [f"deepworth-{version()}-py3-none-any.whl", f"deepworth-{version()}.tar.gz"]
    if names != expected:
        raise Failed(f"dist holds {names}, expected {expected}")
    return ", ".join(names)


def try_wheel() -> str:
    """The wheel in a fresh environment, outside the checkout: its version, and a comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        programs = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        wheel = next((ROOT / "dist").glob("*.whl"))
        run(str(programs / "python"), "-m", "pip", "install", "-q", str(wheel), cwd=folder)
        shown = run(str(programs / "deepworth"), "--version", cwd=folder)
        if version() not in shown:
            raise Failed(f"the installed wheel says {shown!r}")
        options = ("-q", "--no-store", "--no-costs", "--folds", "2", "-m", "naive-bayes,perceptron")
        run(str(programs / "deepworth"), "compare", "iris", *options, cwd=folder)
    return shown


STEPS: dict[str, Callable[[], str]] = {
    "tree": check_tree,
    "version": check_version,
    "changelog": check_changelog,
    "check": check_code,
    "pages": check_pages,
    "tests": check_tests,
    "oldest": check_oldest,
    "build": build,
    "wheel": try_wheel,
}


def tag() -> str:
    """An annotated tag of this version, on the commit that was checked."""
    check_tree()
    run("git", "tag", "-a", version(), "-m", f"deepworth {version()}")
    return f"tagged {version()}; to publish: git push origin {version()}, then upload the files in dist"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--tag", action="store_true", help="set the tag when every step has passed")
    options.add_argument("--from", dest="first", choices=STEPS, default="tree", help="start at this step")
    options.add_argument("--list", action="store_true", help="print the steps and stop")
    chosen = options.parse_args()
    if chosen.list:
        print("\n".join(f"{name:10} {step.__doc__}" for name, step in STEPS.items()))
        return
    if chosen.tag and chosen.first != "tree":
        sys.exit("Error: a tag needs all steps in one run; remove --from")
    names = list(STEPS)
    for name in names[names.index(chosen.first) :]:
        print(f"{name:10} ", end="", flush=True)
        try:
            print(f"ok: {STEPS[name]()}")
        except Failed as failure:
            sys.exit(f"failed\n{failure}\nThen: python .ci/release.py --from {name}")
    print(tag() if chosen.tag else f"{version()} is ready: python .ci/release.py --tag")


if __name__ == "__main__":
    main()
