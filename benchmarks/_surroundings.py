"""Surroundings in which programs fail: closed streams, no room, no home, nothing writable, data that go."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = f"{sys.executable} -m deepworth.cli"
SMALL = "compare {data} -t species -m constant,naive-bayes --folds 2 -j 1 --no-costs -q"
LIST = "datasets {data} -t species"
SECONDS = 240
QUICK = ("a pipe that ends early", "no home")


def make_data(folder: Path) -> Path:
    """The irises as a file."""
    from deepworth import load_dataset

    dataset = load_dataset("iris", rows=60)
    path = folder / "iris.csv"
    dataset.X.assign(species=dataset.y).to_csv(path, index=False)
    return path


# Lines of a shell: {run} compares, {list} reads. What must come out is 0 or 2 with one line, and no fault.
CASES: dict[str, str] = {
    "closed input": "{run} <&-",
    "closed output": "{run} >&-",
    "closed errors": "{run} 2>&-",
    "all closed": "{run} <&- >&- 2>&-",
    "output that is full": "{list} > /dev/full",
    "errors that are full": "{run} 2> /dev/full",
    "a pipe that ends early": "{list} | head -1",
    "a pipe that ends before": "{list} --json | true",
    "help into a pipe that ends": "{program} --help | head -1",
    "an encoding of ASCII": "PYTHONIOENCODING=ascii {list}",
    "no locale": "LC_ALL=C PYTHONUTF8=0 {list}",
    "no home": "env -u HOME -u XDG_DATA_HOME -u DEEPWORTH_HOME {list}",
    "a home that is not there": "HOME=/nonexistent {list}",
    "nothing in the environment": "env -i PYTHONPATH=$PYTHONPATH {run}",
    "a strict umask": "umask 077; {run}",
    "a umask of nothing": "umask 0; {run}",
    "no temporary folder": "TMPDIR=/nonexistent {run}",
    "a folder that is gone": "mkdir gone && cd gone && rmdir ../gone && {run}",
    "few open files": "ulimit -n 64; {run}",
    "small files only": "ulimit -f 20; {run}",
    "a core of nothing": "ulimit -c 0; {run}",
    "data that are removed": "(sleep 1; rm -f {data}) & {run}; wait",
    "data that are changed": "(sleep 1; echo x >> {data}) & {run}; wait",
}
# With mounts of their own, where the system lets us.
MOUNTED: dict[str, str] = {
    "no shared memory": "mount -t tmpfs -o ro none /dev/shm && {run}",
    "a folder that is read-only": "mkdir ro && mount -t tmpfs -o ro none ro && cd ro && {run}",
    "a store that is read-only": "mkdir -p {store} && mount -t tmpfs -o ro none {store} && {run}",
    "a store without room": "mkdir -p {store} && mount -t tmpfs -o size=16k none {store} && {run}",
    "a store that fills up": "mkdir -p {store} && mount -t tmpfs -o size=120k none {store} && {run}",
    "temporary files without room": "mkdir -p t && mount -t tmpfs -o size=16k none t && TMPDIR=$PWD/t {run}",
}


def can_mount() -> bool:
    """Whether this process may have mounts of its own."""
    if shutil.which("unshare") is None:
        return False
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    return done.returncode == 0


def cases() -> dict[str, str]:
    """The cases that can be tried here."""
    return {**CASES, **MOUNTED} if can_mount() else dict(CASES)


def try_case(name: str, folder: Path, data: Path) -> tuple[str, str]:
    """The outcome of a case and what was said; "crash" is any end but an answer or one line."""
    here = folder / name.replace(" ", "-")
    here.mkdir()
    own, store = here / "iris.csv", here / "runs"
    shutil.copyfile(data, own)
    words = {"data": str(own), "store": str(store), "program": PROGRAM}
    words["run"] = f"{PROGRAM} {SMALL.format(**words)} --store {store}"
    words["list"] = f"{PROGRAM} {LIST.format(**words)}"
    line = cases()[name].format(**words)
    command = ["unshare", "-m", "bash", "-c", line] if name in MOUNTED else ["bash", "-c", line]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=here, capture_output=True, text=True, errors="replace", check=False,
            timeout=SECONDS, env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "hangs", f"no answer within {SECONDS} s"
    said = done.stderr.strip()
    return _judged(done.returncode, said, done.stdout), f"{done.returncode}: {said[-300:]}"


def _judged(code: int, said: str, shown: str) -> str:
    faults = ("Traceback", "internal error", "fault of deepworth", "Exception ignored")
    if any(fault in said + shown for fault in faults) or code not in (0, 2):
        return "crashes"
    if code == 2:
        return (
            "refused" if said.splitlines()[-1:] and said.splitlines()[-1].startswith("Error: ") else "crashes"
        )
    return "opened"


def results(
    quick: bool, first: int = 0, seconds: float | None = None
) -> list[tuple[int, str, str, str, str, list[str]]]:
    """Number, kind, case, outcome and words of the cases from ``first`` on, as of mutations."""
    found, began = [], time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = make_data(folder)
        chosen = QUICK if quick else tuple(cases())
        for number, case in list(enumerate(chosen))[first:]:
            if seconds is not None and time.monotonic() - began > seconds:
                break
            outcome, said = try_case(case, folder, data)
            found.append((number, "surroundings", case, outcome, said, []))
    return found
