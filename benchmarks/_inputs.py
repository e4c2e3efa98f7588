"""Data files that were changed: cells, names, lines and bytes of every format, and files that unfold."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _mutations import changed_bytes

CELLS = [
    *(
        "",
        " ",
        "NA",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "1e-999",
        "9" * 400,
        "-0",
        "0x1F",
        "1_000",
        "1,5",
        "1.000,5",
    ),
    *("0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "99999999-01-01", "2020-02-30", "2020-13-45"),
    *("24:00", "2020-01-01T25:61:61", "2020-01-01T00:00:00+99:99", "31/12/0000", "1677-09-21", "2262-04-12"),
    *("253402300800", "-62135596801", "1e18", "Jan 32 2020", "00:00:00", "2020-W60-9", "12/2020", "-1-1-1"),
    *("\x00", "\x1b[31mred\x1b[0m", "\r", "\n", '"', '""', "'", "\t", ";", ",", "\ufeff", "\u202e", "\ud83d"),
    *(
        "=1+1",
        "+1",
        "-1",
        "@x",
        "<script>",
        "../../x",
        "$5",
        "5 %",
        "5 kg",
        "€ 3",
        "1/2",
        "½",
        "١٢",
        "Ⅳ",
        "NULL",
    ),
    *(
        "a" * 10_000,
        "[" * 2000,
        "{}",
        "true",
        "TRUE",
        "t",
        "yes",
        "None",
        "1e5",
        "1E+5",
        ".",
        "-",
        "--",
        "1-2-3",
    ),
]


def table(rng: random.Random) -> dict[str, list[Any]]:
    """A sound table of all kinds of columns with a target."""
    n = rng.choice([12, 30, 60])
    return {
        "age": [round(rng.gauss(40, 10), 1) for _ in range(n)],
        "when": [
            f"20{rng.randrange(10, 24)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}" for _ in range(n)
        ],
        "port": [rng.choice(["north", "south", "east"]) for _ in range(n)],
        "note": [
            " ".join(rng.choice(["calm", "rough", "sea", "wind", "late"]) for _ in range(6)) for _ in range(n)
        ],
        "y": [rng.choice(["yes", "no"]) if n != 30 else round(rng.random(), 3) for _ in range(n)],
    }


def _changed_cells(rng: random.Random) -> dict[str, list[Any]]:
    found = table(rng)
    for _ in range(rng.choice([1, 1, 2, 5, 40])):
        name = rng.choice(list(found))
        way, odd = rng.random(), rng.choice(CELLS)
        if way < 0.5:
            found[name][rng.randrange(len(found[name]))] = odd
        elif way < 0.7:
            found[name] = [odd] * len(found[name])
        elif way < 0.85:
            found[name] = [rng.choice(CELLS) for _ in found[name]]
        else:
            found = {(odd if key == name else key): values for key, values in found.items()}
    return found


def _csv(values: dict[str, list[Any]], rng: random.Random) -> bytes:
    """Quoted where needed, or carelessly."""
    mark = rng.choice([",", ",", ";", "\t"])

    def cell(value: Any) -> str:
        text = str(value)
        needs = any(c in text for c in (mark, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if needs and rng.random() < 0.9 else text

    lines = [
        mark.join(map(cell, values)),
        *(mark.join(map(cell, row)) for row in zip(*values.values(), strict=True)),
    ]
    end = rng.choice(["\n", "\n", "\r\n"])
    return (end.join(lines) + end).encode("utf-8", "surrogatepass" if rng.random() < 0.2 else "replace")


def write_cells(folder: Path, rng: random.Random) -> Path:
    """A table with odd cells and names, as text, JSON lines, Parquet or ARFF."""
    values = _changed_cells(rng)
    kind = rng.choice(["csv", "csv", "csv", "jsonl", "json", "parquet", "arff"])
    path = folder / f"data.{kind}"
    rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    if kind == "csv":
        path.write_bytes(_csv(values, rng))
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    elif kind == "json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    elif kind == "parquet":
        import pandas as pd

        plain = {
            str(k).encode("utf-8", "replace").decode(): [_plain(x) for x in v] for k, v in values.items()
        }
        pd.DataFrame(plain).to_parquet(path)
    else:
        head = "".join(f"@attribute '{str(k)[:50]}' string\n" for k in values)
        text = f"@relation x\n{head}@data\n" + _csv(values, rng).decode("utf-8", "replace").split("\n", 1)[1]
        path.write_text(text, encoding="utf-8", errors="replace")
    return path


def _plain(value: Any) -> str:
    return str(value).encode("utf-8", "replace").decode()


def write_bytes(folder: Path, rng: random.Random) -> Path:
    """Bytes changed in files of every format, packed ones too."""
    import pandas as pd

    values = table(rng)
    text = _csv(values, random.Random(1))
    kind = rng.choice(
        ["csv", "csv.gz", "csv.bz2", "csv.xz", "zip", "parquet", "feather", "npz", "jsonl", "arff"]
    )
    path = folder / f"data.{kind}"
    if kind in ("parquet", "feather"):
        buffer = io.BytesIO()
        frame = pd.DataFrame({k: [str(x) for x in v] for k, v in values.items()})
        frame.to_parquet(buffer) if kind == "parquet" else frame.to_feather(buffer)
        data = buffer.getvalue()
    elif kind == "npz":
        buffer = io.BytesIO()
        np.savez(buffer, X=np.random.default_rng(0).normal(size=(30, 3)), y=np.arange(30) % 2)
        data = buffer.getvalue()
    elif kind == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("data.csv", text)
        data = buffer.getvalue()
    elif kind == "jsonl":
        data = "\n".join(
            json.dumps(dict(zip(values, row, strict=True))) for row in zip(*values.values(), strict=True)
        ).encode()
    elif kind == "arff":
        data = b"@relation x\n@attribute a numeric\n@attribute y {0,1}\n@data\n" + b"1.5,0\n2.5,1\n" * 10
    else:
        pack = {"csv": bytes, "csv.gz": gzip.compress, "csv.bz2": bz2.compress, "csv.xz": lzma.compress}[kind]
        data = pack(text)
    path.write_bytes(changed_bytes(data, rng))
    return path


def write_lines(folder: Path, rng: random.Random) -> Path:
    """Lines of JSON and CSV that are deep, long, of other lengths, or twice."""
    path = folder / rng.choice(["data.jsonl", "data.csv", "data.json"])
    deep = 10 ** rng.randrange(1, 6)
    odd = rng.choice(
        [
            "[" * deep,
            "{" * deep,
            '{"a":' * deep + "1" + "}" * deep,
            "[" * deep + "]" * deep,
            '{"y": ' + "9" * deep + "}",
            '{"y": 1e' + "9" * rng.randrange(1, 20) + "}",
            '{"y": NaN, "y": Infinity}',
            '{"y": {"z": [1, {"w": null}]}}',
            "null",
            '"' * deep,
            "," * deep,
            "\\" * deep,
            "[]",
        ]
    )
    sound = (
        [json.dumps({"x": i, "y": i % 2}) for i in range(20)]
        if path.suffix != ".csv"
        else ["x,y"] + ["1,2"] * 20
    )
    sound.insert(rng.randrange(len(sound) + 1), odd)
    text = "\n".join(sound) if path.suffix != ".json" else "[" + ",".join(sound) + "]"
    path.write_text(text, encoding="utf-8")
    return path


def write_arrays(folder: Path, rng: random.Random) -> Path:
    """Arrays whose headers state other shapes and types than they have."""
    path = folder / "data.npz"
    shape = rng.choice(
        [(10**12,), (-1,), (2**63,), (10**6, 10**6), (0,), (), (30, 0), (30, 3, 0), (5,) * 30, (30, 3)]
    )
    kind = rng.choice(["<f8", "|O", "<U100000000", "|V8", "<M8[ns]", "<c16", "|b1", "|S5", "<f2", "|u1"])
    header = f"{{'descr': '{kind}', 'fortran_order': {rng.choice(['True', 'False'])}, 'shape': {shape}, }}"
    header = header.ljust(117) + "\n"
    array = (
        b"\x93NUMPY\x01\x00"
        + len(header).to_bytes(2, "little")
        + header.encode()
        + bytes(rng.choice([0, 720]))
    )
    sound = io.BytesIO()
    np.save(sound, np.arange(30) % 2)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in zip(
            rng.choice([("X", "y"), ("y", "X")]), (array, sound.getvalue()), strict=True
        ):
            archive.writestr(f"{name}.npy", content)
    return path


KINDS: dict[str, Callable[[Path, random.Random], Path]] = {
    "cells": write_cells,
    "cells again": write_cells,
    "cells once more": write_cells,
    "bytes": write_bytes,
    "lines": write_lines,
    "arrays": write_arrays,
}


def changed_input(folder: Path, rng: random.Random) -> tuple[Path, str]:
    """Write one changed file."""
    kind = rng.choice(list(KINDS))
    return KINDS[kind](folder, rng), kind.split()[0]


def use_input(path: Path, rng: random.Random) -> None:
    """Read a file as a user would: what it holds, as data to learn from, as rows to predict."""
    import deepworth
    from deepworth.datasets import check_dataset, describe_dataset, open_rows

    options: dict[str, Any] = {"target": "y"} if rng.random() < 0.9 else {}
    if rng.random() < 0.2:
        options |= rng.choice(
            [
                *({"time": "when"}, {"groups": "port"}, {"dayfirst": True}, {"decimal": ","}),
                *({"text": "note"}, {"task": "regression"}, {"task": "classification"}),
                *({"categorical": ["age"]}, {"numeric": ["port"]}),
            ]
        )
    try:
        dataset = deepworth.load_dataset(path, **options)
        check_dataset(dataset)
        describe_dataset(dataset)
    finally:
        if path.suffix != ".npz":
            for _ in open_rows(str(path)).parts:
                pass
