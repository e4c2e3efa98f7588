"""Saved models of every released format can be loaded; versions of libraries are compared by rule."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepworth import InputError
from deepworth.zoo.artefact import inspecting as versions
from deepworth.zoo.artefact import load, read_manifest
from deepworth.zoo.artefact.manifest import FORMAT

KEPT = Path(__file__).resolve().parents[2] / "fixtures" / "artefacts"
VERSIONS = sorted(p.name for p in KEPT.iterdir())


def test_models_of_this_format_are_kept():
    assert FORMAT in VERSIONS, "run tests/fixtures/make_artefacts.py and keep what it writes"


@pytest.mark.filterwarnings("ignore:the model was saved with")
@pytest.mark.parametrize("name", ["shallow-mlp", "logistic-regression"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_released_format_is_read(version, name, unpacked):
    model = load(unpacked(version, name))
    rows = pd.read_csv(KEPT / version / "rows.csv")
    expected = json.loads((KEPT / version / "answers.json").read_text())[name]
    np.testing.assert_allclose(model.predict_proba(rows), expected, atol=1e-5)
    assert set(model.predict(rows)) <= {"ill", "well"}


@pytest.mark.parametrize("version", ["2.0", "0.9"])
def test_another_major_format_is_refused(version, pipeline, edit):
    edit(pipeline, format=version)
    with pytest.raises(InputError, match="update deepworth"):
        read_manifest(pipeline)


def test_a_newer_minor_format_is_read_with_a_warning_and_a_patch_without(pipeline, edit):
    edit(pipeline, format="1.99", invented={"a": 1})
    with pytest.warns(UserWarning, match=r"format 1\.99 is newer"):
        assert read_manifest(pipeline)["invented"] == {"a": 1}
    edit(pipeline, format=f"{FORMAT}.7", invented=...)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_manifest(pipeline)


def pretend(monkeypatch, **installed):
    """Other versions of installed libraries; underscores stand for hyphens."""
    monkeypatch.setattr(versions, "_version", lambda name: installed.get(name.replace("-", "_"), "1.0"))


RULES = [  # library, saved with, installed, message
    ("keras", "3.15.1", "3.15.9", None),
    ("keras", "3.15.1", "3.16.0", None),
    ("keras", "3.15.1", "3.14.0", "newer keras 3.15.1"),
    ("keras", "3.15.1", "4.0.0", "is read by 4.0.0"),
    ("keras", "4.0.0", "3.15.1", "InputError"),
    ("scikit-learn", "1.6.1", "1.6.0", None),
    ("scikit-learn", "1.6.1", "1.9.1", "is read by 1.9.1"),
    ("scikit-learn", "1.9.1", "1.6.0", "newer scikit-learn 1.9.1"),
    ("scikit-learn", "2.0.0", "1.9.1", "InputError"),
    ("scikit-learn", "no version", "1.9.1", None),
]


@pytest.mark.parametrize(("library", "saved_with", "installed", "message"), RULES)
def test_libraries_are_compared_by_rule(library, saved_with, installed, message, monkeypatch):
    pretend(monkeypatch, **{library.replace("-", "_"): installed})
    file = "model.keras" if library == "keras" else "model.skops"
    manifest = {"files": {file: ""}, "versions": {library: saved_with}}
    if message == "InputError":
        with pytest.raises(InputError, match="pip install -U"):
            versions.check_libraries(manifest)
    elif message:
        with pytest.warns(UserWarning, match=message):
            versions.check_libraries(manifest)
    else:
        assert versions.library_notes(manifest) == []


def test_a_library_that_is_too_old_is_refused_before_the_model_is_built(network, monkeypatch):
    pretend(monkeypatch, keras="2.15.0")
    monkeypatch.setattr(
        "deepworth.zoo.artefact.loading.load_keras", lambda path: pytest.fail("it was opened")
    )
    with pytest.raises(InputError, match=r"keras 3.*keras 2\.15\.0 cannot read.*pip install"):
        load(network)
