"""Exports of strangers: operations that none of ours has are refused, and a proof may write nowhere else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import deepworth.zoo.export as room
from deepworth import InputError
from deepworth.zoo.export import _confinement, formats
from deepworth.zoo.export._allowed import CHECKPOINTS, LITERT, ONNX, STATEFUL, TENSORFLOW

REACHES_OUT = re.compile("file|path|descriptor_s|director|address|prefix|url|server|library")
LAUNCHER = Path(room.__file__).with_name("_confinement.py")
WRITES = """
import os, pathlib, socket, sys, tempfile
inside, outside = map(pathlib.Path, sys.argv[1:])
(inside / "own").write_text("x")
tempfile.TemporaryFile().close()
refused = []
for tried in (
    lambda: (outside / "new").write_text("x"),
    lambda: (outside / "there").open("a"),
    lambda: os.truncate(outside / "there", 0),
    lambda: (outside / "there").unlink(),
    lambda: (outside / "folder").mkdir(),
    lambda: os.symlink("/", outside / "link"),
    lambda: os.replace(inside / "own", outside / "moved"),
    lambda: os.execl("/bin/sh", "sh", "-c", f"echo x > {outside}/by-another; test ! -e {outside}/by-another"),
):
    try:
        tried()
    except OSError:
        refused.append(True)
print(len(refused), os.environ["DEEPWORTH_CONFINED"])
"""


def test_operations_of_tensorflow_reach_nothing_outside():
    from tensorflow.python.framework import op_def_registry

    known = {name: op_def_registry.get(name) for name in TENSORFLOW}
    there = {name: op for name, op in known.items() if op is not None}
    assert len(there) > 250  # others belong to other versions
    for name, op in there.items():
        assert op.is_stateful == (name in STATEFUL), name
        words = [part.name for part in (*op.attr, *op.input_arg)]
        assert not any(REACHES_OUT.search(word.lower()) for word in words), (name, words)
    assert all(op_def_registry.get(name) for name in CHECKPOINTS)
    assert not CHECKPOINTS & TENSORFLOW


def test_operators_of_onnx_have_no_graphs_and_no_paths():
    onnx = pytest.importorskip("onnx")
    kinds = onnx.defs.OpSchema.AttrType
    schemas = {(s.domain, s.name): s for s in onnx.defs.get_all_schemas()}
    for domain in ("", "ai.onnx.ml"):
        missing = [name for name in ONNX[domain] if (domain, name) not in schemas]
        assert len(missing) < 3, missing
        for name in ONNX[domain] - set(missing):
            attributes = schemas[domain, name].attributes
            assert not any(a.type in (kinds.GRAPH, kinds.GRAPHS) for a in attributes.values()), name
            assert not any(REACHES_OUT.search(a) for a in attributes), name


def test_operations_of_litert_are_known_to_it_and_none_is_custom():
    from tensorflow.lite.python import schema_py_generated as schema

    assert set(vars(schema.BuiltinOperator)) >= LITERT
    assert not LITERT & {"CUSTOM", "CALL", "DELEGATE", "CALL_ONCE", "STABLEHLO_CUSTOM_CALL"}


def _writes(tf, path):
    tf.io.write_file(str(path), "x")


def _saves(tf, path):
    tf.raw_ops.SaveV2(prefix=str(path), tensor_names=["a"], shape_and_slices=[""], tensors=[tf.constant(1.0)])


def _saves_of_old(tf, path):
    tf.raw_ops.Save(filename=str(path), tensor_names=["a"], data=[tf.constant(1.0)])


def _restores(tf, path):
    tf.raw_ops.RestoreV2(prefix=str(path), tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.float32])


def _merges(tf, path):
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[str(path)], destination_prefix=str(path) + "x")


def _reads(tf, path):
    tf.io.read_file(str(path))


def _matches(tf, path):
    tf.raw_ops.MatchingFiles(pattern="/*")


def _prints(tf, path):
    tf.print("hello", output_stream=f"file://{path}")


def _decodes(tf, path):
    tf.raw_ops.DecodeProtoV2(
        bytes=tf.constant([b""]),
        message_type="a.B",
        field_names=[],
        output_types=[],
        descriptor_source=str(path),
    )


def _remaps(tf, path):
    files = {"new_vocab_file": str(path), "old_vocab_file": str(path)}
    tf.raw_ops.GenerateVocabRemapping(**files, new_vocab_offset=0, num_new_vocab=1)


def _calls_python(tf, path):
    tf.numpy_function(lambda: np.float32(0), [], tf.float32)


def _maps_a_file(tf, path):
    tf.raw_ops.ImmutableConst(dtype=tf.float32, shape=[1], memory_region_name=str(path))


def _runs_a_dataset(tf, path):
    tf.raw_ops.TextLineDataset(filenames=str(path), compression_type="", buffer_size=0)


HOSTILE = {function.__name__: function for function in (
    _writes, _saves, _saves_of_old, _restores, _merges, _reads, _matches, _prints, _decodes, _remaps,
    _calls_python, _maps_a_file, _runs_a_dataset,
)}  # fmt: skip


def saved(folder, act):
    import tensorflow as tf

    module = tf.Module()
    module.weight = tf.Variable([2.0])

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32)])
    def serve(x):
        act(tf, folder.parent / "owned")
        return {"value": x * module.weight}

    module.serve = serve
    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve})
    return folder


@pytest.mark.parametrize("name", HOSTILE)
def test_a_saved_model_that_does_more_than_compute_is_refused(name, tmp_path):
    folder = saved(tmp_path / "export", HOSTILE[name])
    with pytest.raises(InputError, match="contains the operation"):
        formats()["saved_model"].module.check(folder)
    assert [p.name for p in tmp_path.iterdir()] == ["export"]


def _edited(folder, change):
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    model.ParseFromString((folder / "saved_model.pb").read_bytes())
    change(model.meta_graphs[0])
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())


def _savers(meta):
    return [f.signature.name for f in meta.graph_def.library.function if "traced_" in f.signature.name]


def _function(meta):
    return next(f for f in meta.graph_def.library.function if f.signature.name not in _savers(meta))


def _call_the_saver(meta):
    node = _function(meta).node_def.add(name="extra", op="StatefulPartitionedCall")
    node.attr["f"].func.name = _savers(meta)[0]


def _use_the_saver_as_an_operation(meta):
    _function(meta).node_def.add(name="extra", op=_savers(meta)[0])


def _offer_the_saver(meta):
    meta.object_graph_def.concrete_functions[_savers(meta)[0]].SetInParent()


def _asset(meta):
    meta.object_graph_def.nodes.add().asset.asset_file_def_index = 0


def _table_of_a_file(meta):
    meta.asset_file_def.add(filename="../../../etc/passwd")


def _own_saver(meta):
    meta.object_graph_def.nodes[0].registered_saver = "evil"


def _no_objects(meta):
    meta.ClearField("object_graph_def")


def _registered(meta):
    meta.object_graph_def.nodes[0].registered_name = "evil.Class"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_call_the_saver, "saves a checkpoint"),
        (_use_the_saver_as_an_operation, "contains the operation"),
        (_offer_the_saver, "saves a checkpoint"),
        (_asset, "kind asset"),
        (_table_of_a_file, "other files"),
        (_own_saver, "function of its own"),
        (_no_objects, "TensorFlow 2"),
        (_registered, "evil"),
    ],
)
def test_a_changed_saved_model_is_refused(change, message, tmp_path):
    folder = saved(tmp_path / "export", lambda tf, path: None)
    formats()["saved_model"].module.check(folder)
    _edited(folder, change)
    with pytest.raises(InputError, match=message):
        formats()["saved_model"].module.check(folder)


def test_an_operation_that_is_not_literts_is_refused(tmp_path):
    import flatbuffers
    import tensorflow as tf
    from tensorflow.lite.python import schema_py_generated as schema

    check, file = formats()["litert"].module.check, tmp_path / "model.tflite"
    model = schema.ModelT()
    model.operatorCodes = [schema.OperatorCodeT()]
    for number, custom in (
        (schema.BuiltinOperator.ADD, None),
        (schema.BuiltinOperator.CUSTOM, "FlexWriteFile"),
    ):
        (code,) = model.operatorCodes
        code.builtinCode, code.deprecatedBuiltinCode, code.customCode = number, min(number, 127), custom
        builder = flatbuffers.Builder()
        builder.Finish(model.Pack(builder), b"TFL3")
        file.write_bytes(bytes(builder.Output()))
        if custom is None:
            check(tmp_path)
    with pytest.raises(InputError, match="contains the operation CUSTOM"):
        check(tmp_path)
    assert tf.__version__


@pytest.mark.skipif(sys.platform != "linux", reason="no other system is known to confine a process so")
def test_a_confined_process_writes_into_its_folder_only(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
    (outside / "there").write_text("as it was")
    program = tmp_path / "program.py"
    program.write_text(WRITES)
    command = [sys.executable, "-P", LAUNCHER, inside, program, inside, outside]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.stdout.strip().endswith("0"):
        pytest.skip("this kernel has no Landlock")
    assert done.returncode == 0, done.stderr
    assert [p.name for p in outside.iterdir()] == ["there"]
    assert (outside / "there").read_text() == "as it was"


def test_where_the_system_confines_nothing_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(_confinement.sys, "platform", "darwin")
    assert _confinement.confine(tmp_path) is False
    (tmp_path / "free").write_text("x")
    assert os.listdir(tmp_path) == ["free"]
