"""What every test shares: a home of its own, no network, fixed seeds."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from packaging.version import Version

# Workers of a parallel run share the cores: more threads than that would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
# A shell may start what runs in the background deaf to Ctrl-C; programs that tests start would inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test depends on the speed of the machine: by default an example that takes 0.2 s fails.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Put the group of pytest-xdist where pytest 9.2 reads it.

    pytest-xdist 3.8 writes it to an attribute that pytest 9.2 no longer reads (its issue 1386), so
    `--dist loadgroup` would group nothing.
    """
    for item in items:
        name = getattr(item, "_nodeid", item.nodeid)
        if name != item.nodeid:
            item._id = type(item._id).parse(name)


@pytest.fixture(scope="session")
def source_files() -> list[Path]:
    """Files of the checkout, relative to its root, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = [Path(name) for name in listed.stdout.decode().split("\0") if name]
    return [name for name in names if (ROOT / name).is_file()] or _files_without_git()


def _files_without_git() -> list[Path]:
    """The same for an unpacked sdist: no hidden folders, no builds, no environments of any name."""
    found = []
    for folder, below, names in os.walk(ROOT):
        here = Path(folder)
        below[:] = [
            name
            for name in below
            if not name.startswith((".", "__pycache__"))
            and name not in ("build", "dist", "_build")
            and not name.endswith(".egg-info")
            and not (here / name / "pyvenv.cfg").exists()
        ]
        found += [(here / name).relative_to(ROOT) for name in names]
    return found


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """Caches and runs go to a temporary folder, and downloads are off."""
    home = tmp_path_factory.mktemp("home")
    folders = ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
    for name in (*folders, "DEEPWORTH_HOME", "DEEPWORTH_CACHE", "KERAS_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    monkeypatch.setenv("DEEPWORTH_OFFLINE", "1")
    # Stand-ins by monkeypatch live in this process only; tests of workers ask for them with --jobs 1.
    monkeypatch.setenv("DEEPWORTH_COMPARE_JOBS", "0")
    monkeypatch.setenv("DEEPWORTH_COMPARE_COSTS", "0")  # it fits every model once more
    return home


@pytest.fixture(autouse=True)
def fixed_seeds():
    """The same random numbers in every test, whatever ran before."""
    import numpy as np

    random.seed(0)
    np.random.seed(0)


@pytest.fixture(scope="session")
def kept_models() -> Path:
    """The newest kept models; skipped where libraries are older than those that saved them.

    Keras and scikit-learn open what older versions of them saved, and not what newer ones did.
    """
    folders = (ROOT / "tests" / "fixtures" / "artefacts").iterdir()
    newest = max(folders, key=lambda folder: tuple(map(int, folder.name.split("."))))
    for archive in newest.glob("*.zip"):
        with zipfile.ZipFile(archive) as file:
            saved_with = json.loads(file.read("manifest.json"))["versions"]
        for library in {"keras", "scikit-learn"} & set(saved_with):
            if Version(version(library)) < Version(saved_with[library]):
                pytest.skip(f"the kept models were saved with {library} {saved_with[library]}")
    return newest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the checkout; tests that need them are skipped where they are absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the development data in ../shared/data are absent")
    return folder
