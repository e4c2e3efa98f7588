"""Saved models of the released formats, unpacked; none of them is trained here."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

KEPT = Path(__file__).resolve().parents[2] / "fixtures" / "artefacts"
NEWEST = max((p.name for p in KEPT.iterdir()), key=lambda v: tuple(map(int, v.split("."))))
FAMILIES = ("shallow-mlp", "logistic-regression")


def unpack(version: str, name: str, folder: Path) -> Path:
    """One kept model as a folder."""
    with zipfile.ZipFile(KEPT / version / f"{name}.zip") as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def kept(tmp_path_factory, kept_models):
    """Folders of the newest format by name of the model; copy before you change one."""
    place = tmp_path_factory.mktemp("kept")
    return {name: unpack(NEWEST, name, place / name) for name in FAMILIES}


@pytest.fixture
def unpacked(tmp_path, kept_models):
    """A function that unpacks a kept model of a format version."""
    return lambda version, name: unpack(version, name, tmp_path / "model")


@pytest.fixture
def network(kept, tmp_path):
    """A copy of a saved network that a test may spoil."""
    return Path(shutil.copytree(kept["shallow-mlp"], tmp_path / "model"))


@pytest.fixture
def pipeline(kept, tmp_path):
    """A copy of a saved scikit-learn model that a test may spoil."""
    return Path(shutil.copytree(kept["logistic-regression"], tmp_path / "model"))


@pytest.fixture
def edit():
    """A function that changes a manifest."""

    def change(folder: Path, **fields):
        path = folder / "manifest.json"
        manifest = {**json.loads(path.read_text(encoding="utf-8")), **fields}
        path.write_text(json.dumps({k: v for k, v in manifest.items() if v is not ...}), encoding="utf-8")

    return change
