"""What the runner loses, repeats, leaves behind and costs; 1 if anything was lost, repeated or left behind.

    python benchmarks/runner.py [--json] [--quick] [--force] [--part NAME]

The whole takes about half an hour on four quiet cores; every part says on stderr when it has ended. A part
can be measured apart; what is kept of the others stays.

``kills`` runs are killed with SIGKILL at a random moment and resumed: ``jobs_lost`` counts finished jobs
that were gone or changed after that, ``jobs_repeated`` those that were fitted again (by the journal, and by
what the models themselves wrote down), ``unequal`` the runs whose numbers differ from those of a run that
was never killed, ``corrupt`` the stores that failed SQLite's own check, ``orphans`` the worker processes
that outlived their parent by more than two seconds. ``hostile`` says whether each of a set of bad models
got a row with the right status next to working ones, ``full_disk`` and ``read_only`` whether these give an
error of one line.

``overhead`` is the wall time of a comparison in one worker process at a time that keeps its run, over that of
the same jobs in one process that keeps nothing (``bare_seconds``, 60 or more), minus one; the faster of two
runs of each, in turns. ``latency_repeat_error``, ``thousand_rows_repeat_error``
and ``fit_repeat_error`` are the medians over the models of how much the cost sheets of two consecutive runs
differ: time of one row, of a thousand, and of training.

``cluster_equal`` says whether four Dask workers on this machine gave every score and verdict of the local
runner on each of ``cluster_suite``, all of them ``cluster_jobs`` jobs.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zlib import crc32

from _common import keep, kept, parser, table
from _dask import cluster
from _times import answered, overhead, repeat_errors

STAND_INS = Path(__file__).resolve().parents[1] / "tests" / "zoo" / "stand_ins"
sys.path.append(str(STAND_INS))
from runs import numbers, rows, workers  # noqa: E402

PROGRAM = [sys.executable, "-m", "deepworth.cli"]
KINDS = {
    **dict.fromkeys(["good", "also-good", "prints", "hoards"], "ok"),
    **dict.fromkeys(["raises", "not-a-number", "wrong-shape"], "failed"),
    **dict.fromkeys(["segfaults", "exits"], "crashed"),
    "sleeps": "timeout",
    "eats": "out_of_memory",
}
KILLED = ["good", "also-good", "fleet"]  # and models of ours
_ORPHANS = ("hostile_orphans", "killed_orphans")
SECONDS = 0.15  # of a fit of a stand-in
SUITE = ["sick-healthy", "breast-cancer", "wine", "diabetes", "digits", "triage-notes", "docstrings"]


def started(*words: str, **options: Any) -> subprocess.Popen[str]:
    """The command line, with the stand-in models."""
    variables = {**os.environ, "PYTHONPATH": str(STAND_INS), "DEEPWORTH_OFFLINE": "1"}
    variables["DEEPWORTH_COMPARE_COSTS"] = "0"  # no file holds a stand-in, so its costs would be a failure
    pipes = {"env": variables, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*PROGRAM, *words], **{**pipes, **options})


def hostile(folder: Path, quick: bool) -> dict[str, Any]:
    """Failing models next to working ones: statuses, the time against its bound, the exit code, orphans."""
    # CI's machines are busy, and what eats memory must be caught for that before its time is over
    limit, folds, begin = 10.0 if quick else 3.0, 1 if quick else 2, time.monotonic()
    words = ["-m", ",".join(KINDS), "--rows", "300", "-q", "--json", "--store", str(folder)]
    words += ["--holdout", "0.3", "--repeats", "1"] if quick else ["--folds", str(folds)]
    limits = ["-j", "1", "--time-limit", str(limit), "--memory-limit", "1GB"]
    process = started("compare", *words, *limits)
    output, _ = process.communicate()
    seconds = time.monotonic() - begin
    found = {row["model"]: row["status"] for row in json.loads(output)["leaderboard"]}
    bound = 30 + len(KINDS) * folds * limit
    wrong = {name: status for name, status in found.items() if status != KINDS[name]}
    if wrong:
        print(f"hostile: wrong status: {wrong}", file=sys.stderr, flush=True)
    ok = found == KINDS and process.returncode == 1 and seconds < bound
    return {"hostile": ok, "hostile_seconds": seconds, "hostile_orphans": len(workers(process.pid))}


def plan_of(log: Path, deep: bool) -> list[str]:
    """A small comparison whose stand-ins write down every fit."""
    own = [f"--set={name}.seconds={SECONDS}" for name in KILLED]
    logs = [f"--set={name}.log={log}" for name in KILLED]
    names = [*KILLED, "constant", "logistic-regression", *(["perceptron"] if deep else [])]
    few = ["--set=perceptron.epochs=5"] if deep else []
    return [
        "-m",
        ",".join(names),
        "--folds",
        "4",
        "--rows",
        "300",
        "-j",
        "1",
        "-q",
        "--json",
        *own,
        *logs,
        *few,
    ]


def killed(folder: Path, deep: bool, whole: dict[str, Any], rng: random.Random) -> dict[str, int]:
    """One run, killed at a random moment of its jobs and resumed: what was lost, repeated, left behind."""
    log, store = folder / "log", folder / "runs"
    process = started("compare", *plan_of(log, deep), "--store", str(store))
    while process.poll() is None and not list(store.glob("[!.]*/run.sqlite")):
        time.sleep(0.01)
    time.sleep(rng.uniform(0, whole["seconds"]))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    time.sleep(0.2)
    ends = time.monotonic() + 2
    while workers(process.pid) and time.monotonic() < ends:
        time.sleep(0.1)
    found = {"killed_orphans": len(workers(process.pid)), "corrupt": int(not sound(store))}
    before, fits = finished(store), written(log)
    answer, _ = started("compare", "--resume", "last", "-q", "--json", "--store", str(store)).communicate()
    if not answer:  # it had ended before the signal came
        answer, _ = started("runs", "last", "--json", "--store", str(store)).communicate()
    after = finished(store)
    found["jobs_lost"] = sum(after.get(key) != row for key, row in before.items())
    again = written(log)[len(fits) :]
    seeds = {str(crc32(f"0|{model}|0|{fold}".encode()) % (2**31 - 1)) for model, fold in before}
    twice = sum(line.split()[2] in seeds for line in again)  # a seed belongs to one job
    found["jobs_repeated"] = max(twice, sum(row["attempts"] != 1 for row in before.values()))
    found["unequal"] = int(not answer or numbers(json.loads(answer)) != whole["numbers"])
    found["finished_when_killed"] = len(before)
    return found


def sound(store: Path) -> bool:
    """Whether the store's file passes SQLite's check, read from a copy so that nothing is mended."""
    (run,) = store.iterdir()
    with tempfile.TemporaryDirectory() as copy:
        for file in run.glob("run.sqlite*"):
            shutil.copy(file, copy)
        with contextlib.closing(sqlite3.connect(Path(copy) / "run.sqlite")) as db:
            return db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def finished(store: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """Rows of the jobs that ended."""
    (run,) = store.iterdir()
    return {(r["model"], r["fold"]): r for r in rows(run) if r["status"] not in ("planned", "running")}


def written(log: Path) -> list[str]:
    """What the stand-ins wrote down."""
    return log.read_text().splitlines() if log.exists() else []


def kills(folder: Path, count: int) -> dict[str, Any]:
    """So many killed runs, some at a time; one of ten trains networks too."""
    with_networks = [number % 10 == 9 for number in range(count)]
    wholes = {deep: uninterrupted(folder / f"whole-{deep}", deep) for deep in set(with_networks)}

    def one(number: int) -> dict[str, int]:
        own = folder / f"killed-{number}"
        own.mkdir()
        deep = with_networks[number]
        return killed(own, deep, wholes[deep], random.Random(number))

    total: dict[str, int] = {}
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1)) as pool:
        for number, found in enumerate(pool.map(one, range(count)), 1):
            total = {name: total.get(name, 0) + value for name, value in found.items()}
            print(f"killed {number} of {count}: {total}", file=sys.stderr, flush=True)
    return {"kills": count, **total}


def uninterrupted(folder: Path, deep: bool) -> dict[str, Any]:
    """Numbers of the same run when nobody kills it, and how long its jobs take."""
    folder.mkdir()
    process = started("compare", *plan_of(folder / "log", deep), "--store", str(folder / "runs"))
    while not list((folder / "runs").glob("[!.]*/run.sqlite")):
        time.sleep(0.01)
    begin = time.monotonic()
    output, _ = process.communicate()
    return {"numbers": numbers(json.loads(output)), "seconds": time.monotonic() - begin}


def full_disk(folder: Path) -> bool | None:
    """A small tmpfs that fills up: one line, what had ended can be read. None where none can be mounted."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=240k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        return None
    try:
        words = ["-m", "good,also-good", "--folds", "20", "--rows", "1500", "-j", "1", "-q"]
        process = started("compare", *words, "--store", str(disk / "runs"))
        _, message = process.communicate()
        done = finished(disk / "runs")
        line = message.startswith("Error: cannot keep the run") and message.count("\n") == 1
        return line and process.returncode == 2 and bool(done) and sound(disk / "runs")
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def read_only(folder: Path) -> bool:
    """A folder that cannot be written: one line."""
    closed = folder / "closed"
    closed.symlink_to("/proc/self")  # the superuser could write to any other
    process = started("compare", "-m", "good", "-q", "-j", "1", "--store", str(closed))
    _, message = process.communicate()
    one_line = message.startswith("Error: cannot keep the run") and message.count("\n") == 1
    return process.returncode == 2 and one_line


def on_a_cluster(folder: Path, quick: bool) -> dict[str, Any]:
    """The same comparisons by the local runner and by Dask workers: are the scores equal?"""
    suite = ["wine"] if quick else SUITE
    more = ["--no-costs", *(["-m", "constant,logistic-regression"] if quick else [])]
    jobs, unequal = 0, []
    with cluster(folder, workers=2 if quick else 4) as address:
        for data in suite:
            words = ["compare", data, "-q", "--json", "--no-store", *more]
            with ThreadPoolExecutor(2) as both:  # scores do not depend on what else runs
                here, there = both.map(
                    lambda where, words=words: answered(*words, *where), (["-j", "1"], ["--cluster", address])
                )
            jobs += here["plan"]["jobs"]
            unequal += [] if judged(here) == judged(there) else [data]
            print(f"cluster: {data}, unequal so far: {unequal}", file=sys.stderr, flush=True)
    return {"cluster_equal": not unequal, "cluster_jobs": jobs, "cluster_suite": ", ".join(suite)}


def judged(answer: dict[str, Any]) -> list[Any]:
    """Scores with their intervals, whether all jobs ended well, and the verdict."""
    names = ("model", "status", "score", "metrics")
    return [[[row[name] for name in names] for row in answer["leaderboard"]], answer["verdict"]]


PARTS: dict[str, Callable[[Path, bool], dict[str, Any]]] = {
    "hostile": lambda folder, quick: hostile(folder / "hostile", quick),
    "kills": lambda folder, quick: kills(folder, 1 if quick else 100),
    "disks": lambda folder, quick: {"full_disk": full_disk(folder), "read_only": read_only(folder)},
    "cluster": on_a_cluster,
    "overhead": lambda folder, quick: overhead(folder / "runs", quick),
    "costs": lambda folder, quick: repeat_errors(quick),
}


def measured(names: Sequence[str], quick: bool) -> dict[str, Any]:
    """The figures of some parts, one after another."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="deepworth-runner-") as folder:
        for name in names:
            begin = time.monotonic()
            figures = PARTS[name](Path(folder), quick)
            found |= figures
            print(f"{name}: {time.monotonic() - begin:.0f} s, {figures}", file=sys.stderr, flush=True)
    return found


def faults(found: dict[str, Any]) -> list[str]:
    """Figures that are not what they must be: something was lost, repeated, left behind or not caught."""
    none = ("orphans", "corrupt", "jobs_lost", "jobs_repeated", "unequal")
    kept = ("hostile", "full_disk", "read_only", "cluster_equal")
    wrong = [name for name in none if found.get(name, 0)]
    return wrong + [name for name in kept if found.get(name) is False]


def value(figure: Any) -> str:
    """A figure for a table."""
    return f"{figure:.3g}" if isinstance(figure, float) else str(figure)


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--part", choices=PARTS, action="append", help="measure this anew; may be repeated")
    chosen = options.parse_args()
    found = {} if chosen.quick or chosen.force else kept("runner") or {}
    names = chosen.part or ([] if found else list(PARTS))
    found |= measured(names, chosen.quick)
    found["orphans"] = sum(found.get(name, 0) for name in _ORPHANS)
    if names and not chosen.quick:
        keep("runner", found)
    print(
        json.dumps(found)
        if chosen.json
        else table(["figure", "value"], [[k, value(v)] for k, v in found.items()])
    )
    if wrong := faults(found):
        sys.exit(f"failed: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
