"""Models of every released format open for ever; versions are told apart by rule."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepworth import InputError
from deepworth.zoo.artefact import versions as _versions
from deepworth.zoo.artefact.loading import load
from deepworth.zoo.artefact.manifest import FORMAT, read_manifest

KEPT = Path(__file__).resolve().parents[2] / "fixtures" / "artefacts"
VERSIONS = sorted(p.name for p in KEPT.iterdir())


def test_a_model_of_this_format_is_kept():
    assert (KEPT / FORMAT).is_dir(), "run tests/fixtures/make_artefacts.py and keep what it writes"
    assert {"1.0", "1.1", "1.2"} <= set(VERSIONS)


@pytest.mark.filterwarnings("ignore:the model was saved with")
@pytest.mark.parametrize("name", ["shallow-mlp", "logistic-regression"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_format_opens_for_ever(version, name, unpacked):
    model = load(unpacked(version, name))
    rows = pd.read_csv(KEPT / version / "rows.csv")
    expected = json.loads((KEPT / version / "answers.json").read_text())[name]
    np.testing.assert_allclose(model.predict_proba(rows), expected, atol=1e-5)
    assert set(model.predict(rows)) <= {"ill", "well"}


@pytest.mark.parametrize(("version", "words"), [("2.0", "update deepworth"), ("0.9", "update deepworth")])
def test_another_major_format_is_refused(version, words, pipeline, edit):
    edit(pipeline, format=version)
    with pytest.raises(InputError, match=words):
        read_manifest(pipeline)


def test_a_newer_minor_format_is_read_with_a_warning_and_a_patch_without(pipeline, edit):
    edit(pipeline, format="1.99", invented={"a": 1})
    with pytest.warns(UserWarning, match=r"format 1\.99 is newer"):
        assert read_manifest(pipeline)["invented"] == {"a": 1}
    edit(pipeline, format=f"{FORMAT}.7", invented=...)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_manifest(pipeline)


def here(monkeypatch, **found):
    """Other versions of installed libraries; underscores stand for hyphens."""
    monkeypatch.setattr(_versions, "_version", lambda name: found.get(name.replace("-", "_"), "1.0"))


RULES = [  # library, made with, installed, what is said
    ("keras", "3.15.1", "3.15.9", None),
    ("keras", "3.15.1", "3.16.0", None),
    ("keras", "3.15.1", "3.14.0", "newer keras 3.15.1"),
    ("keras", "3.15.1", "4.0.0", "is read by 4.0.0"),
    ("keras", "4.0.0", "3.15.1", "InputError"),
    ("scikit-learn", "1.6.1", "1.6.0", None),
    ("scikit-learn", "1.6.1", "1.9.1", "is read by 1.9.1"),
    ("scikit-learn", "1.9.1", "1.6.0", "newer scikit-learn 1.9.1"),
    ("scikit-learn", "2.0.0", "1.9.1", "InputError"),
    ("scikit-learn", "made up", "1.9.1", None),
]


@pytest.mark.parametrize(("library", "made", "installed", "said"), RULES)
def test_libraries_are_compared_by_rule(library, made, installed, said, monkeypatch):
    here(monkeypatch, **{library.replace("-", "_"): installed})
    file = "model.keras" if library == "keras" else "model.skops"
    manifest = {"files": {file: ""}, "versions": {library: made}}
    if said == "InputError":
        with pytest.raises(InputError, match="pip install -U"):
            _versions.check_libraries(manifest)
    elif said:
        with pytest.warns(UserWarning, match=said):
            _versions.check_libraries(manifest)
    else:
        assert _versions.library_notes(manifest) == []


def test_a_library_that_is_too_old_is_refused_before_the_model_is_built(network, monkeypatch):
    here(monkeypatch, keras="2.15.0")
    monkeypatch.setattr(
        "deepworth.zoo.artefact.loading.load_keras", lambda path: pytest.fail("it was opened")
    )
    with pytest.raises(InputError, match=r"keras 3.*keras 2\.15\.0 cannot read.*pip install"):
        load(network)
