"""Keras archives: ours open, hostile and damaged ones are refused in one line and run nothing."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepworth import InputError
from deepworth.datasets import load_dataset
from deepworth.zoo import registry
from deepworth.zoo.artefact import keras_archive
from deepworth.zoo.artefact.formats import load_keras
from deepworth.zoo.artefact.keras_archive import DENIED_LAYERS, check_archive
from deepworth.zoo.artefact.loading import load
from deepworth.zoo.artefact.saving import save


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """The files of a small sound archive, by name."""
    path = tmp_path_factory.mktemp("sound") / "model.keras"
    x = keras.Input((1,), name="x")
    keras.Model({"x": x}, keras.layers.Dense(1, activation="relu", name="y")(x - 1.0)).save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def with_config(members, change):
    config = json.loads(members["config.json"])
    change(config)
    return {**members, "config.json": json.dumps(config)}


def with_layer(members, layer):
    """One more layer, called with the model's input."""
    tensor = {"shape": [None, 1], "dtype": "float32", "keras_history": ["x", 0, 0]}
    call = {"args": [{"class_name": "__keras_tensor__", "config": tensor}], "kwargs": {}}
    added = {"name": "added", "inbound_nodes": [call], **layer}
    return with_config(members, lambda c: c["config"]["layers"].append(added))


def refusal(path):
    with pytest.raises(InputError) as caught:
        load_keras(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def named(module, name, config=None):
    return {"module": module, "class_name": name, "config": config or {}, "registered_name": None}


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def dense(**changed):
    return named("keras.layers", "Dense", {"units": 1, "name": "added", **changed})


def lookup(vocabulary):
    return named("keras.layers", "StringLookup", {"name": "added", "vocabulary": vocabulary})


def value(kind, content):
    return dense(units={"class_name": kind, "config": {"value": content}})


HOSTILE = {
    "graph from elsewhere": (
        lambda f: named("keras.layers", "TFSMLayer", {"name": "added", "filepath": str(f / "graph")}),
        "contains the layer TFSMLayer, which runs a graph",
    ),
    "unpickling": (
        lambda f: named("keras.layers", "TorchModuleWrapper", {"name": "added", "module": "gASV"}),
        "contains the layer TorchModuleWrapper, which unpickles",
    ),
    "command as layer": (lambda f: named("os", "system", {"command": f"touch {f}/owned"}), "'os.system'"),
    "command as function": (lambda f: function("os", "system"), "'os.system'"),
    "command as activation": (lambda f: dense(activation=function("os", "system")), "'os.system'"),
    "process as regulariser": (
        lambda f: dense(
            kernel_regularizer=named("subprocess", "Popen", {"args": ["touch", str(f / "owned")]})
        ),
        "'subprocess.Popen'",
    ),
    "deep inside": (
        lambda f: named(
            "keras.layers", "TimeDistributed", {"layer": dense(activation=function("os", "abort"))}
        ),
        "'os.abort'",
    ),
    "evaluation": (lambda f: dense(activation=function("builtins", "eval")), "'builtins.eval'"),
    "own file as module": (lambda f: named("deepworth.cli", "main"), "'deepworth.cli.main'"),
    "download": (lambda f: function("keras.utils", "get_file"), "'keras.utils.get_file'"),
    "other archive": (lambda f: function("keras.saving", "load_model"), "'keras.saving.load_model'"),
    "builder of objects": (
        lambda f: dense(activation=function("keras.activations", "deserialize")),
        "'keras.activations.deserialize'",
    ),
    "no layer": (lambda f: named("keras.optimizers", "Adam"), "'keras.optimizers.Adam'"),
    "other path to the same": (
        lambda f: named("keras.src.layers.core.lambda_layer", "Lambda"),
        "not trusted",
    ),
    "no module": (lambda f: {"class_name": "Lambda", "config": {"function": "x"}}, "names 'Lambda'"),
    "module is a list": (lambda f: named(["os"], "system"), "not trusted"),
    "unknown own layer": (
        lambda f: {**named("deepworth.zoo", "Shell"), "registered_name": "deepworth>Shell"},
        "'deepworth.zoo.Shell'",
    ),
    "another package's layer": (
        lambda f: {**dense(), "registered_name": "elsewhere>Registered"},
        "'keras.layers.Dense', which is not trusted",
    ),
    "code as value": (lambda f: value("__lambda__", "4wAA"), "'__lambda__'"),
    "any type as value": (lambda f: value("__typespec__", "x"), "'__typespec__'"),
    "vocabulary elsewhere": (lambda f: lookup("/etc/passwd"), "vocabulary from another file, '/etc/passwd'"),
    "name of many lines": (lambda f: named("os", "a\n" * 500), "not trusted"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_an_object_that_is_not_trusted_is_refused_by_name(case, members, tmp_path):
    keras.saving.register_keras_serializable("elsewhere")(type("Registered", (keras.layers.Layer,), {}))
    layer, words = HOSTILE[case]
    path = write(tmp_path / "model.keras", with_layer(members, layer(tmp_path)))
    message = refusal(path)
    assert words in message
    assert len(message) < 300 + len(str(path))
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


def test_code_in_a_lambda_layer_does_not_run(tmp_path):
    owned = tmp_path / "owned"
    x = keras.Input((1,))
    layer = keras.layers.Lambda(eval(f"lambda x: (open({str(owned)!r}, 'w').close(), x)[1]"))
    keras.Model(x, layer(x)).save(path := tmp_path / "model.keras")
    owned.unlink()
    assert "contains the layer Lambda, which runs code from the file" in refusal(path)
    assert not owned.exists()
    keras.saving.load_model(path, safe_mode=False)
    assert owned.exists(), "the code is one that would have run"


def test_the_compile_config_is_checked_too(members, tmp_path):
    path = tmp_path / "model.keras"
    write(path, with_config(members, lambda c: c.update(compile_config={"loss": function("os", "system")})))
    assert "'os.system'" in refusal(path)


def declare(path, name, n_bytes):
    """Another size of a file in the archive's table of contents."""
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    assert content[entry + 46 :].startswith(name.encode())
    struct.pack_into("<II", content, entry + 20, n_bytes, n_bytes)
    path.write_bytes(content)


def packed(path, members, method=zipfile.ZIP_STORED, twice=None):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        if twice:
            archive.writestr(twice, members[twice])


def without(members, *names):
    return {k: v for k, v in members.items() if k not in names}


def first(members, name):
    return {name: members[name], **members}


DAMAGED = {
    "no weights": (lambda p, m: packed(p, without(m, "model.weights.h5")), "lacks model.weights.h5"),
    "no configuration": (lambda p, m: packed(p, without(m, "config.json")), "lacks config.json"),
    "truncated": (
        lambda p, m: write(p, m).write_bytes(p.read_bytes()[:-40]),
        "damaged or not a Keras archive",
    ),
    "empty": (lambda p, m: p.write_bytes(b""), "damaged or not a Keras archive"),
    "no zip": (lambda p, m: p.write_bytes(b"\x89HDF\r\n\x1a\n" * 20), "damaged or not a Keras archive"),
    "huge configuration": (
        lambda p, m: (write(p, first(m, "config.json")), declare(p, "config.json", 2**31)),
        "declares more bytes for config.json than it has",
    ),
    "compressed": (
        lambda p, m: packed(p, {**m, "config.json": " " * 10**7}, zipfile.ZIP_DEFLATED),
        "compressed, which Keras never does",
    ),
    "twice": (lambda p, m: packed(p, m, twice="config.json"), "config.json more than once"),
    "asset": (
        lambda p, m: packed(p, {**m, "assets/vocabulary.txt": b"a"}),
        "unexpected file 'assets/vocabulary.txt'",
    ),
    "path out of the archive": (
        lambda p, m: packed(p, {**m, "../../owned": b"a"}),
        "unexpected file '../../owned'",
    ),
    "pickled weights": (
        lambda p, m: packed(p, {**without(m, "model.weights.h5"), "model.weights.npz": b"a"}),
        "unexpected file 'model.weights.npz'",
    ),
    "configuration no JSON": (lambda p, m: packed(p, {**m, "config.json": b"{"}), "damaged"),
    "configuration no object": (lambda p, m: packed(p, {**m, "config.json": b"[]"}), "a list, not an object"),
    "endless nesting": (lambda p, m: packed(p, {**m, "config.json": b"[" * 10**6}), "damaged"),
    "weights no HDF5": (lambda p, m: packed(p, {**m, "model.weights.h5": b"x" * 999}), "cannot be loaded"),
    "weights of another model": (
        lambda p, m: packed(p, with_config(m, lambda c: c["config"]["layers"].pop())),
        "cannot be loaded",
    ),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_or_unusual_archive_is_refused(case, members, tmp_path):
    spoil, words = DAMAGED[case]
    path = tmp_path / "model.keras"
    spoil(path, members)
    assert words in refusal(path)
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


def test_a_configuration_beyond_the_limit_is_not_read(members, tmp_path, monkeypatch):
    monkeypatch.setattr(keras_archive, "LARGEST_CONFIG", 100)
    assert "at most 100 are read" in refusal(write(tmp_path / "model.keras", members))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_part_of_an_archive_is_refused_wherever_it_ends(share, members, tmp_path):
    path = write(tmp_path / "model.keras", members)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "damaged or not a Keras archive" in refusal(path)


def test_the_valid_archive_of_these_tests_is_read(members, tmp_path):
    model = load_keras(write(tmp_path / "model.keras", with_layer(members, dense())))
    layer = model.get_layer("y")
    layer.set_weights([np.array([[2.0]]), np.array([1.0])])
    assert model({"x": np.array([[3.0], [-5.0]])}).numpy().ravel().tolist() == [5.0, 0.0]


def test_every_layer_of_keras_that_only_computes_is_trusted(members, tmp_path):
    """A model file with ordinary layers needs no entry in any list."""
    kinds = {
        name
        for name, kind in vars(keras.layers).items()
        if isinstance(kind, type) and issubclass(kind, keras.layers.Layer)
    }
    assert {"Dense", "Conv1D", "MultiHeadAttention", "LayerNormalization", *DENIED_LAYERS} <= kinds
    layers = [named("keras.layers", name) for name in sorted(kinds - set(DENIED_LAYERS))]
    parts = [named("keras.initializers", "HeNormal"), named("keras.regularizers", "L2")]
    parts += [named("keras.constraints", "MaxNorm"), function("keras.activations", "gelu")]
    parts += [function("keras.ops", "clip"), function("builtins", "relu"), named("keras", "DTypePolicy")]
    changed = with_config(members, lambda c: c["config"].update(layers=layers + parts))
    check_archive(write(tmp_path / "model.keras", changed))


MADE = {"tabular": "sick-healthy", "image": "digits", "text": "triage-notes"}
NETWORKS = [
    (name, params)
    for name, entry in registry.entries("deep").items()
    for params in ({}, {"ensemble": True, "ensemble_size": 2})
    if not params or name in ("deep-mlp", "rnn")
]


@pytest.mark.parametrize(("name", "params"), NETWORKS, ids=lambda v: v if isinstance(v, str) else len(v))
def test_every_network_that_is_saved_can_be_loaded(name, params, tmp_path):
    modality = registry.entry(name).constant("MODALITIES")[0]
    dataset = load_dataset(MADE[modality], rows=60)
    model = registry.create(name, dataset.task, modality, random_state=0, epochs=1, **params)
    model.fit(dataset.X, dataset.y)
    folder = save(model, tmp_path / "model", dataset=dataset, name=name)
    np.testing.assert_allclose(
        load(folder).predict_proba(dataset.X), model.predict_proba(dataset.X), atol=1e-5
    )


def test_columns_may_be_called_as_the_format_calls_its_parts(tmp_path):
    rng = np.random.default_rng(0)
    names = ["class_name", "config", "module", "registered_name", "vocabulary"]
    X = pd.DataFrame(rng.normal(size=(40, 5)), columns=names)
    X["vocabulary"] = rng.choice(["os.system", "Lambda"], 40)
    dataset = load_dataset(X.assign(y=np.where(X["config"] > 0, "a", "b")), target="y")
    model = registry.create("perceptron", "binary", "tabular", random_state=0, epochs=1)
    model.fit(dataset.X, dataset.y)
    folder = save(model, tmp_path / "model", dataset=dataset)
    assert load(Path(folder)).predict(dataset.X).tolist() == model.predict(dataset.X).tolist()
