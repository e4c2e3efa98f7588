"""Saved models changed by hand and at random: refused in one line, nothing built, nothing run."""

from __future__ import annotations

import io
import json
import random
import shutil
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepworth import InputError
from deepworth.zoo.artefact.keras_archive import read_arrays
from deepworth.zoo.artefact.loading import load
from deepworth.zoo.artefact.manifest import read_manifest
from deepworth.zoo.artefact.native import check_native

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from _mutations import mutate, rehash


@pytest.fixture(scope="module")
def weights(kept):
    with zipfile.ZipFile(kept["shallow-mlp"] / "model.keras") as archive:
        return archive.read("model.weights.h5")


def refusal(call):
    """What is said against it; empty if nothing is. No other error is one."""
    try:
        call()
    except InputError as error:
        return str(error)
    return ""


def rewritten(folder, name, change):
    """The archive with one member changed, and the hashes put right."""
    path = next(folder.glob("model.*"))
    with zipfile.ZipFile(path) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(path, "w") as archive:
        for n, content in members.items():
            archive.writestr(n, content)
    rehash(folder)


def test_our_reader_of_weights_agrees_with_the_library(weights):
    h5py = pytest.importorskip("h5py")
    expected = {}
    with h5py.File(io.BytesIO(weights)) as file:
        file.visititems(lambda n, o: expected.update({n: np.array(o)}) if hasattr(o, "shape") else None)
    found = read_arrays(weights)
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def as_hdf5(fill, **options):
    h5py = pytest.importorskip("h5py")
    data = io.BytesIO()
    with h5py.File(data, "w", **options) as file:
        fill(file, h5py)
    return data.getvalue()


LAYOUTS = {
    "packed": lambda f, h: f.create_dataset("a", data=np.zeros(10**6), compression="gzip"),
    "other file": lambda f, h: f.__setitem__("a", h.ExternalLink("/etc/passwd", "/")),
    "soft link": lambda f, h: f.__setitem__("a", h.SoftLink("/b")),
    "bytes elsewhere": lambda f, h: f.create_dataset("a", (10,), "u1", external=[("/etc/passwd", 0, 10)]),
    "strings": lambda f, h: f.create_dataset("a", data=["x"], dtype=h.string_dtype()),
    "references": lambda f, h: f.create_dataset("a", (3,), h.ref_dtype),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_weights_that_keras_never_writes_are_refused(case):
    with pytest.raises(ValueError, match="weights"):
        read_arrays(as_hdf5(LAYOUTS[case]))


def test_names_that_share_their_bytes_do_not_unfold():
    """60,000 members whose names are the same 60,000 bytes: 3.6 GB from a file of 3 MB."""
    sound = as_hdf5(lambda file, h5py: file.create_dataset("n" * 60_000, data=np.zeros(1)))
    assert len(read_arrays(sound)) == 1
    data, node, tree = bytearray(sound), sound.index(b"SNOD"), sound.index(b"TREE")
    entry = data[node + 8 : node + 48]
    struct.pack_into("<Q", data, tree + 32, len(data))  # the first child of the root's tree
    data += struct.pack("<4sBBH", b"SNOD", 1, 0, 60_000) + entry * 60_000
    with pytest.raises(ValueError, match="overlap"):
        read_arrays(bytes(data))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_weights_are_refused_or_read(data, weights):
    """Whatever the bytes: an answer, or one kind of error, and no more memory than the file has."""
    changed = bytearray(weights)
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_arrays(bytes(changed[: data.draw(st.integers(0, len(changed)))]))
    except ValueError:
        return
    assert sum(a.nbytes for a in found.values()) <= len(weights)


SIZES = {
    "units": (b'"units": 4', b'"units": 1000000000000', "cannot be loaded as a Keras model"),
    "one-hot": (b'"depth": 4', b'"depth": 1000000000000', "numbers for one row|cannot be loaded"),
}


@pytest.mark.parametrize("case", SIZES)
def test_absurd_shapes_are_refused_without_taking_the_memory(case, network):
    old, new, words = SIZES[case]
    rewritten(network, "config.json", lambda config: config.replace(old, new))
    with pytest.raises(InputError, match=words):
        load(network)


def test_a_tree_that_leads_to_itself_is_refused():
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 3)), rng.integers(0, 2, 200)
    boosted = HistGradientBoostingClassifier(max_iter=2).fit(X, y)
    forest = RandomForestClassifier(2, random_state=0).fit(X, y)
    for model in (boosted, forest):
        check_native(model)
    boosted._predictors[0][0].nodes["left"][0] = 0
    forest.estimators_[0].tree_.children_left[0] = 0
    for model in (boosted, forest):
        with pytest.raises(ValueError, match="broken"):
            check_native(model)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    field=st.sampled_from(
        ["format", "task", "modality", "inputs", "classes", "scores", "dataset", "versions", "files", "seed",
         "confidence", "findings", "target", "params"]
    ),
    value=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.floats(allow_nan=False)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner)),
        max_leaves=5,
    ),
)  # fmt: skip
def test_any_value_of_any_field_is_read_or_refused(field, value, kept, tmp_path):
    path = tmp_path / "model"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(kept["logistic-regression"], path)
    manifest = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**manifest, field: value}))
    said = refusal(lambda: read_manifest(path))
    assert "\n" not in said


@pytest.mark.parametrize("left", [None, 5, []])
def test_a_pipeline_whose_classes_are_gone_is_refused(left, pipeline):
    def change(text):
        schema = json.loads(text)
        attributes = schema["content"]["content"]["steps"]["content"][-1]["content"][-1]["content"]["content"]
        gone = attributes.pop("classes_")
        if left is not None:
            attributes["classes_"] = {**gone, "__class__": "str", "__module__": "builtins",
                                      "__loader__": "JsonNode", "content": json.dumps(left)}  # fmt: skip
        return json.dumps(schema).encode()

    rewritten(pipeline, "schema.json", change)
    said = refusal(lambda: load(pipeline))
    assert "classes" in said
    assert "\n" not in said


@pytest.mark.parametrize("name", ["9" * 5000, "a\0b", "../model.skops"])
def test_hashes_are_updated_beside_names_that_no_disk_takes(name, pipeline, edit):
    edit(pipeline, files={**json.loads((pipeline / "manifest.json").read_text())["files"], name: "0" * 64})
    rehash(pipeline)
    assert "unexpected file name" in refusal(lambda: load(pipeline))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["shallow-mlp", "logistic-regression"])
def test_mutations_end_in_one_line_or_an_answer(name, kept, tmp_path):
    """A few of those that benchmarks/hostile.py tries by the thousand."""
    canary = tmp_path / "canary"
    canary.mkdir()
    refused = 0
    for number in range(25):
        path = tmp_path / str(number)
        shutil.copytree(kept[name], path)
        mutate(path, random.Random(number), canary)
        before = sorted(p.name for p in path.iterdir())
        said = refusal(lambda path=path: load(path))
        refused += bool(said)
        assert "\n" not in said
        assert sorted(p.name for p in path.iterdir()) == before
    assert refused > 10
    assert not list(canary.iterdir())
