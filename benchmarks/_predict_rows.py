"""How fast `deepworth predict` answers a long CSV file, and whether its memory grows with the rows."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")
WARM = 200_000  # rows after which memory is taken as what the program needs


def figures(artefact: Path, quick: bool) -> dict[str, Any]:
    """:func:`measure` in a fresh process, whose memory nothing else has touched."""
    command = [sys.executable, __file__, str(artefact), str(20_000 if quick else 5_000_000)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stderr[-2000:])
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def measure(artefact: str, n_rows: int = 5_000_000) -> dict[str, Any]:
    """Rows a second of predict and of a plain pandas read of the file, and the growth of resident memory.

    Parameters
    ----------
    artefact : folder of a saved table model
    n_rows : rows of the file; growth is counted from row 200,000 (or half of them) on, in bytes
    """
    import pandas as pd

    from deepworth.zoo.artefact.loading import load
    from deepworth.zoo.artefact.predicting import answers_to, predict_parts

    model = load(artefact)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        _write_rows(path, model.manifest["inputs"], n_rows)
        count, before, started = 0, None, time.perf_counter()
        with answers_to(str(Path(folder) / "answers.csv"), "csv") as write:
            for columns in predict_parts(model, [str(path)], lambda note: None):
                write(columns)
                count += len(columns["prediction"])
                if before is None and count >= min(WARM, n_rows // 2):
                    before = _resident()
        seconds, after = time.perf_counter() - started, _resident()
        started = time.perf_counter()
        read = sum(len(part) for part in pd.read_csv(path, chunksize=WARM))
        plain = time.perf_counter() - started
    assert count == read == n_rows
    return {
        "predict_rows": n_rows,
        "predict_rows_per_second": n_rows / seconds,
        "predict_memory_growth": after - (before or after),
        "pandas_read_rows_per_second": n_rows / plain,
    }


def _write_rows(path: Path, inputs: list[dict[str, Any]], n_rows: int) -> None:
    """Rows of the model's columns; a thousand different ones, over and over."""
    draw = random.Random(0)
    draws = {
        "number": lambda: draw.choice(["", f"{draw.gauss(40, 12):.2f}"]),
        "category": lambda: draw.choice(["", "a", "b", "True"]),
        "date": lambda: f"20{draw.randint(10, 25)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
        "text": lambda: " ".join(draw.choices(["a", "few", "words", "more"], k=6)),
    }
    block = [[draws[c["kind"]]() for c in inputs] for _ in range(1000)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([c["name"] for c in inputs])
        for start in range(0, n_rows, 1000):
            writer.writerows(block[: n_rows - start])


def _resident() -> int:
    """Bytes of this process in memory now."""
    lines = STATUS.read_text().splitlines() if STATUS.is_file() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS")), 0)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
