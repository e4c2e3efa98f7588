"""What every test shares: a home of its own, no network, fixed seeds."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

# Workers of a parallel run share the cores: more threads than that would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests that share what is dear to make go first, each group of them as a whole to one process.

    That is `--dist loadgroup` of pytest-xdist; the single tests fill up what time is left at the end.
    """
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


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
def shared_data() -> Path:
    """Real data beside the checkout; tests that need them are skipped where they are absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the development data in ../shared/data are absent")
    return folder
