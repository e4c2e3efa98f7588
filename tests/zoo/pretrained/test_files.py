"""Files of weights are read strictly, and nothing in them is run."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile

import numpy as np
import pytest

from deepworth.datasets import InputError
from deepworth.zoo.pretrained.weight_files import read_safetensors, read_torch


def test_arrays_come_back_as_they_were(tiny, tmp_path):
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.ones(2, np.float16),
        "c": np.zeros((0, 4), "f4"),
    }
    tiny.write_safetensors(tmp_path / "x.safetensors", arrays)
    found = read_safetensors(tmp_path / "x.safetensors")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array.astype(np.float32))


BROKEN = {
    "longer than the file": (10**6, {}),
    "beyond the data": (None, {"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}),
    "not of its shape": (None, {"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 16]}}),
    "a gap": (None, {"a": {"dtype": "F32", "shape": [3], "data_offsets": [4, 16]}}),
    "an overlap": (None, {n: {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]} for n in "ab"}),
    "bytes of nobody": (None, {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}),
    "an unknown kind": (None, {"a": {"dtype": "F8", "shape": [16], "data_offsets": [0, 16]}}),
    "a negative side": (None, {"a": {"dtype": "F32", "shape": [-2, -2], "data_offsets": [0, 16]}}),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_damaged_file_is_refused(fault, tmp_path):
    length, header = BROKEN[fault]
    text = json.dumps(header).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + bytes(16))
    with pytest.raises(InputError, match="not a sound safetensors file"):
        read_safetensors(path)


def _pickled(tensors, names=("torch._utils", "_rebuild_tensor_v2")):
    """data.pkl and the numbers, as torch.save writes them; protocol 2, opcodes by hand."""
    out = io.BytesIO()
    out.write(b"\x80\x02}(")
    for key, (name, array) in enumerate(tensors.items()):
        strides = [s // array.itemsize for s in array.strides]
        out.write(b"X" + struct.pack("<I", len(name)) + name.encode())
        out.write(f"c{names[0]}\n{names[1]}\n".encode() + b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\n")
        out.write(b"X\x01\x00\x00\x00" + str(key).encode() + b"X\x03\x00\x00\x00cpu")
        out.write(b"J" + struct.pack("<i", array.size) + b"tQK\x00(")
        out.write(b"".join(b"J" + struct.pack("<i", n) for n in array.shape) + b"t(")
        out.write(
            b"".join(b"J" + struct.pack("<i", n) for n in strides) + b"t\x89ccollections\nOrderedDict\n)RtR"
        )
    out.write(b"u.")
    return out.getvalue()


def _archive(path, pickled, arrays):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        for key, array in enumerate(arrays):
            archive.writestr(f"archive/data/{key}", array.tobytes())
    return path


def test_tensors_of_an_archive_come_back(tmp_path):
    arrays = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(3, np.float32)}
    found = read_torch(_archive(tmp_path / "x.pth", _pickled(arrays), arrays.values()))
    assert found.keys() == arrays.keys()
    np.testing.assert_array_equal(found["w"], arrays["w"])


def test_tensors_of_the_older_layout_come_back(tmp_path):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    heads = [pickle.dumps(v, 2) for v in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    tail = pickle.dumps(["0"], 2) + struct.pack("<q", array.size) + array.tobytes()
    (tmp_path / "x.pth").write_bytes(b"".join(heads) + _pickled({"w": array}) + tail)
    np.testing.assert_array_equal(read_torch(tmp_path / "x.pth")["w"], array)


@pytest.mark.parametrize(
    "names", [("os", "system"), ("builtins", "eval"), ("torch", "load"), ("torch._utils", "x")]
)
def test_a_pickle_that_names_anything_else_is_refused(names, tmp_path):
    array = np.ones(1, np.float32)
    path = _archive(tmp_path / "x.pth", _pickled({"w": array}, names), [array])
    with pytest.raises(InputError, match="not needed to rebuild tensors"):
        read_torch(path)


class _Runs:
    def __reduce__(self):
        return (open, ("touched", "w"))


def test_nothing_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = _archive(tmp_path / "x.pth", pickle.dumps({"w": _Runs()}, 2), [])
    with pytest.raises(InputError):
        read_torch(path)
    assert not (tmp_path / "touched").exists()


def test_a_tensor_beyond_its_storage_is_refused(tmp_path):
    array = np.arange(4, dtype=np.float32)
    pickled = _pickled({"w": array}).replace(b"(J\x04\x00\x00\x00t(", b"(J\x09\x00\x00\x00t(")
    with pytest.raises(InputError, match="beyond its storage"):
        read_torch(_archive(tmp_path / "x.pth", pickled, [array]))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x02N.", bytes(100)])
def test_something_else_is_refused(content, tmp_path):
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as weights"):
        read_torch(tmp_path / "x.pth")
