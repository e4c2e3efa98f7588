"""Files that unfold, lead outside of their memory or hold what no table has: one line, early."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepworth import InputError, load_dataset
from deepworth.datasets import _budget, _files, _stream, open_rows

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from _inputs import changed_input, use_input

ROWS = b"1.5,yes\n2.5,no\n" * 200_000


@pytest.fixture
def small(monkeypatch):
    """Limits that tests can reach."""
    monkeypatch.setattr(_budget, "FREE_BYTES", 2**20)
    for module in (_budget, _stream):
        monkeypatch.setattr(module, "LONGEST_LINE", 2**20)


def _npz(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("X", "y"):
            data = io.BytesIO()
            np.save(data, np.zeros(4_000_000, np.uint8))
            archive.writestr(f"{name}.npy", data.getvalue())


def _zip(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", b"a,y\n" + ROWS)


PACKED = {
    "data.csv.gz": lambda path: path.write_bytes(gzip.compress(b"a,y\n" + ROWS)),
    "data.csv.bz2": lambda path: path.write_bytes(bz2.compress(b"a,y\n" + ROWS)),
    "data.csv.xz": lambda path: path.write_bytes(lzma.compress(b"a,y\n" + ROWS)),
    "two.csv.gz": lambda path: path.write_bytes(gzip.compress(b"a,y\n") + gzip.compress(ROWS)),
    "data.zip": _zip,
    "data.npz": _npz,
}


@pytest.mark.parametrize("name", PACKED)
def test_a_small_file_does_not_unfold_to_a_large_one(name, small, tmp_path):
    PACKED[name](tmp_path / name)
    with pytest.raises(InputError, match="unfolds to more than"):
        load_dataset(tmp_path / name, target="y")


def test_tables_that_pack_as_usual_are_read(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=500), "y": rng.choice(["yes", "no"], 500)})
    frame.to_csv(tmp_path / "data.csv.gz", index=False)
    assert len(load_dataset(tmp_path / "data.csv.gz", target="y").X) == 500


def test_what_is_larger_than_the_memory_allows_is_refused_by_its_size(monkeypatch, tmp_path):
    for module in (_budget, _files):
        monkeypatch.setattr(module, "most_bytes", lambda: 100)
    (tmp_path / "data.csv").write_bytes(b"a,y\n" + ROWS)
    with pytest.raises(InputError, match="one file may take on this machine"):
        load_dataset(tmp_path / "data.csv", target="y")


def test_parquet_of_a_repeated_number_is_counted_by_its_cells(monkeypatch, tmp_path):
    pd.DataFrame({"a": np.zeros(10**6), "y": ["yes", "no"] * (10**6 // 2)}).to_parquet(
        tmp_path / "data.parquet"
    )
    assert (tmp_path / "data.parquet").stat().st_size < 10**5
    monkeypatch.setattr(_budget, "most_bytes", lambda: 10**6)
    with pytest.raises(InputError, match="unfolds to"):
        load_dataset(tmp_path / "data.parquet", target="y")


@pytest.mark.parametrize("name", ["data.csv", "data.jsonl"])
def test_a_line_that_is_no_row_is_refused(name, small, tmp_path):
    line = b"x" * 3_000_000
    text = {"data.csv": b"a,y\n1,2\n" + line + b",1\n", "data.jsonl": b'{"a":"' + line + b'","y":1}\n'}[name]
    (tmp_path / name).write_bytes(text)
    with pytest.raises(InputError, match="MiB"):
        load_dataset(tmp_path / name, target="y")


def test_rows_that_are_read_in_parts_have_a_limit_too(small, tmp_path):
    (tmp_path / "data.jsonl").write_bytes(b'{"a":"' + b"x" * 3_000_000 + b'","y":1}\n')
    with pytest.raises(InputError, match="MiB"):
        open_rows(str(tmp_path / "data.jsonl"))


def test_names_that_would_be_cut_are_refused(tmp_path):
    names = ",".join(f"column {i}" for i in range(30_000))
    (tmp_path / "data.csv").write_text(f"y,{names}\n" + ("yes," + ",".join("1" * 30_000) + "\n") * 12)
    with pytest.raises(InputError, match=r"first line has .* characters"):
        load_dataset(tmp_path / "data.csv", target="y")


def test_a_name_for_each_record_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(_budget, "most_bytes", lambda: 10**6)
    (tmp_path / "data.jsonl").write_text("\n".join(json.dumps({"y": i % 2, f"k{i}": 1}) for i in range(3000)))
    with pytest.raises(InputError, match="3,001 columns"):
        load_dataset(tmp_path / "data.jsonl", target="y")


@pytest.mark.parametrize(
    "odd", ["[" * 100_000, '{"a":' * 100_000, '{"y": ' + "9" * 5000 + "}", "[" * 3000 + "]" * 3000]
)
@pytest.mark.parametrize("name", ["data.jsonl", "data.json"])
def test_json_that_no_table_has_is_one_line(name, odd, tmp_path):
    sound = [json.dumps({"x": i, "y": i % 2}) for i in range(20)]
    text = "\n".join([*sound, odd]) if name.endswith("l") else f"[{','.join([*sound, odd])}]"
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as refusal:
        load_dataset(tmp_path / name, target="y")
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(1000000, 1000000)", "(-5,)", "()"])
def test_arrays_that_are_not_as_large_as_they_say(shape, tmp_path):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(80)
    sound = io.BytesIO()
    np.save(sound, np.arange(10) % 2)
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        archive.writestr("X.npy", array)
        archive.writestr("y.npy", sound.getvalue())
    with pytest.raises(InputError):
        load_dataset(tmp_path / "data.npz")


def test_offsets_of_a_damaged_feather_file_are_not_followed(tmp_path):
    frame = pd.DataFrame({"a": ["one", "two", "three"] * 20, "y": ["yes", "no"] * 30})
    frame.to_feather(tmp_path / "sound.feather", compression="uncompressed")
    data = (tmp_path / "sound.feather").read_bytes()
    for number in range(60):
        rng = random.Random(number)
        found = bytearray(data)
        start = rng.randrange(0, len(found) - 8, 4)
        found[start : start + 4] = rng.choice([b"\xff\xff\xff\x7f", b"\0\0\1\0", b"\xff\xff\xff\xff"])
        (tmp_path / "data.feather").write_bytes(bytes(found))
        with suppress(InputError):
            load_dataset(tmp_path / "data.feather", target="y")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("block", range(4))
def test_changed_files_are_read_or_refused_in_one_line(block, tmp_path):
    """A few of those that benchmarks/hostile.py tries by the thousand."""
    for number in range(30 * block, 30 * block + 30):
        rng = random.Random(number)
        try:
            path, _ = changed_input(tmp_path, rng)
        except (ValueError, KeyError, OverflowError, TypeError):  # no file can hold the change
            continue
        with suppress(InputError):
            use_input(path, rng)
