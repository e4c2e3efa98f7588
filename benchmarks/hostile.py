"""Open saved models that were changed at random: nothing may run, crash, hang or be written elsewhere.

Every mutation is opened, and asked about one row, in a process of its own that an audit hook watches
(``sys.addaudithook``): a started program, a connection, an unpickled class, a loaded library or a file
written outside the folder for temporary files is an escape. Commands that attackers would hide are in the
mutations, and would touch a canary. Any exception but ``InputError``, a dead process, a minute without an
answer or a GiB of memory is a crash.
"""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.connection
import os
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from _common import keep, parser, table
from _mutations import mutate

FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "artefacts"
PATIENCE = 60.0  # seconds
MOST_MEMORY = 2**30  # bytes above what sound models took
STARTS = ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty")
OTHERS = ("socket.connect", "socket.bind", "pickle.find_class", "ctypes.dlopen", "webbrowser.open")
CHANGES = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.chmod",
    "os.symlink",
    "os.link",
    "os.truncate",
)
TRAINED = {
    "random-forest": ("sick-healthy", {"n_estimators": 5}),
    "hist-gradient-boosting": ("sick-healthy", {}),
    "rbf-svm": ("sick-healthy", {}),
    "k-nearest-neighbours": ("sick-healthy", {}),
    "cnn": ("digits", {"epochs": 1}),
    "rnn": ("triage-notes", {"epochs": 1}),
}


def sound_models(folder: Path, quick: bool) -> list[Path]:
    """Models of both families to start from."""
    newest = max(FIXTURES.iterdir(), key=lambda p: tuple(map(int, p.name.split("."))))
    for archive in newest.glob("*.zip"):
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder / archive.stem)
    for name, (data, params) in {} if quick else TRAINED.items():
        _train(folder / name, name, data, params)
    return sorted(folder.iterdir())


def _train(path: Path, name: str, data: str, params: dict[str, Any]) -> None:
    import deepworth
    from deepworth.zoo import registry

    dataset = deepworth.load_dataset(data, rows=120)
    try:
        model = registry.create(name, dataset.task, dataset.modality, random_state=0, **params)
    except TypeError:
        model = registry.create(name, dataset.task, dataset.modality, random_state=0)
    deepworth.save(model.fit(dataset.X, dataset.y), path, dataset=dataset, name=name)


class Watch:
    """The audit hook; it cannot be taken away again, so it is armed and disarmed."""

    def __init__(self, allowed: Path) -> None:
        self.allowed, self.armed, self.seen = str(allowed), False, []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event in STARTS or event in OTHERS:
            self.seen.append(f"{event} {args!r}"[:200])
        elif event == "open" and _writes(args) and not self._inside(args[0]):
            self.seen.append(f"open {args!r}"[:200])
        elif event in CHANGES and not self._inside(_whole_path(event, args)):
            self.seen.append(f"{event} {args!r}"[:200])

    def _inside(self, path: Any) -> bool:
        if isinstance(path, int):
            return True  # opened before, and seen then
        return os.path.realpath(os.fsdecode(path)).startswith(self.allowed)


def _whole_path(event: str, args: tuple[Any, ...]) -> Any:
    """What is removed may be named relative to an open folder."""
    if event in ("os.remove", "os.rmdir") and isinstance(args[1], int) and args[1] >= 0:
        return os.path.join(os.readlink(f"/proc/self/fd/{args[1]}"), os.fsdecode(args[0]))
    return args[0]


def _writes(args: tuple[Any, ...]) -> bool:
    mode, flags = args[1], args[2]
    text = isinstance(mode, str) and any(sign in mode for sign in "wax+")
    return text or bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def worker(pipe: Any, models: list[str], place: str, numbers: list[int]) -> None:
    """Try the mutations of these numbers and tell what became of each."""
    root = Path(place)
    os.environ["TMPDIR"] = tempfile.tempdir = str(root / "temporary")
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", OMP_NUM_THREADS="1", TF_NUM_INTRAOP_THREADS="1")
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    from deepworth.zoo.artefact import load

    rows = {path: one_row(load(path)) for path in models}
    for path, X in rows.items():
        load(path).predict_rows(X)
    usual = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    watch = Watch(root / "temporary")
    for number in numbers:
        pipe.send(("start", number))
        target = root / "model"
        try:
            path, kind = prepared(number, models, target, root / "canary")
        except Exception:  # a fault of this script says nothing about the program that it tests
            pipe.send(("fault", number, traceback.format_exc()))
            return
        before = sorted(p.name for p in target.iterdir())
        watch.seen, watch.armed = [], True
        outcome, why = _tried(load, target, rows[path])
        watch.armed = False
        escapes = list(watch.seen)
        if sorted(p.name for p in target.iterdir()) != before or list((root / "canary").iterdir()):
            escapes.append("a file was made")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if peak > usual + MOST_MEMORY:
            outcome, why = "crash", f"{(peak - usual) / 2**30:.1f} GiB of memory"
            usual = peak
        pipe.send(("end", number, kind, Path(path).name, outcome, why, escapes))
    pipe.send(("done", -1))


def prepared(number: int, models: list[str], target: Path, canary: Path) -> tuple[str, str]:
    """Make the mutation of this number at ``target``: which model it was, and how it was changed."""
    rng = random.Random(number)
    path = rng.choice(models)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(path, target)
    return path, mutate(target, rng, canary)


def _tried(load: Any, target: Path, X: Any) -> tuple[str, str]:
    from deepworth import InputError

    try:
        load(target).predict_rows(X)
    except InputError as error:
        return ("refused", str(error)) if "\n" not in str(error) else ("crash", "a message of many lines")
    except BaseException as error:
        return "crash", f"{type(error).__name__}: {error}"[:300]
    return "opened", ""


def one_row(model: Any) -> Any:
    import numpy as np
    import pandas as pd

    if model.manifest["modality"] == "image":
        return np.zeros((1, 8, 8, 1), np.uint8)
    if model.manifest["modality"] == "text":
        return pd.Series(["chest pain since the morning"])
    values = {"number": 1.0, "category": "a", "date": "2020-01-01", "text": "a few words"}
    return pd.DataFrame([{c["name"]: values[c["kind"]] for c in model.manifest["inputs"]}])


class Runner:
    """Processes that try mutations; one that dies or hangs loses one mutation and is replaced."""

    def __init__(self, models: list[Path], place: Path, count: int, processes: int) -> None:
        self.results: list[tuple[Any, ...]] = []
        self._models, self._place = [str(m) for m in models], place
        self._context = multiprocessing.get_context("spawn")
        self._lists = [list(range(i, count, processes)) for i in range(processes)]
        self._running = [self._started(i) for i in range(processes)]

    def _started(self, i: int) -> dict[str, Any]:
        root = self._place / f"worker {i}"
        for name in ("temporary", "canary"):
            (root / name).mkdir(parents=True, exist_ok=True)
        ours, theirs = self._context.Pipe()
        args = (theirs, self._models, str(root), self._lists[i])
        process = self._context.Process(target=worker, args=args, daemon=True)
        process.start()
        theirs.close()
        return {"process": process, "pipe": ours, "at": None, "since": time.monotonic(), "done": False}

    def run(self, progress: bool) -> None:
        """Until every mutation has a result."""
        told = time.monotonic()
        while not all(r["done"] for r in self._running):
            waiting = [r["pipe"] for r in self._running if not r["done"]]
            multiprocessing.connection.wait(waiting, 1.0)
            for i, r in enumerate(self._running):
                if not r["done"]:
                    self._heard(i, r)
            if progress and time.monotonic() - told > 20:
                told = time.monotonic()
                print(f"{len(self.results):,} tried", file=sys.stderr, flush=True)

    def _heard(self, i: int, r: dict[str, Any]) -> None:
        try:
            while r["pipe"].poll():
                message = r["pipe"].recv()
                r["since"] = time.monotonic()
                if message[0] == "start":
                    r["at"] = message[1]
                elif message[0] == "end":
                    self.results.append(message[1:])
                    r["at"] = None
                elif message[0] == "fault":
                    raise RuntimeError(f"mutation {message[1]} could not be made:\n{message[2]}")
                else:
                    r["done"] = True
        except EOFError:
            self._replaced(i, r, "the process died")
            return
        patience = PATIENCE if r["at"] is not None else 10 * PATIENCE
        if not r["done"] and time.monotonic() - r["since"] > patience:
            r["process"].kill()
            self._replaced(i, r, "no answer in a minute")

    def _replaced(self, i: int, r: dict[str, Any], why: str) -> None:
        r["process"].join()
        if r["at"] is None:
            raise RuntimeError(f"a process ended before it began: {why}, exit code {r['process'].exitcode}")
        self.results.append((r["at"], "?", "?", "crash", f"{why} ({r['process'].exitcode})", []))
        self._lists[i] = [n for n in self._lists[i] if n > r["at"]]
        self._running[i] = self._started(i)


def measure(count: int, quick: bool, processes: int = 3) -> dict[str, Any]:
    """Try so many mutations; the named figures."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sound").mkdir()
        models = sound_models(Path(folder) / "sound", quick)
        runner = Runner(models, Path(folder), count, processes)
        runner.run(progress=not quick)
    results = sorted(runner.results)
    outcomes = Counter(r[3] for r in results)
    return {
        "mutations": len(results),
        "escapes": sum(bool(r[5]) for r in results),
        "crashes": outcomes["crash"],
        "refused": outcomes["refused"],
        "opened": outcomes["opened"],
        "kinds": dict(sorted(Counter(r[1] for r in results).items())),
        "models": sorted(p.name for p in models),
        "faults": [[r[0], r[1], r[2], r[4], *r[5]] for r in results if r[3] == "crash" or r[5]][:50],
        "seconds": round(time.perf_counter() - started, 1),
    }


def main() -> None:
    """Measure, keep, print."""
    options = parser(__doc__ or "").parse_args()
    result = measure(60 if options.quick else 10_000, options.quick, 2 if options.quick else 3)
    if not options.quick:
        keep("hostile", result)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        names = ("mutations", "refused", "opened", "crashes", "escapes")
        print(table(list(names), [[f"{result[name]:,}" for name in names]]))
        for fault in result["faults"]:
            print(*fault, sep=" | ")
    sys.exit(1 if result["crashes"] or result["escapes"] else 0)


if __name__ == "__main__":
    main()
