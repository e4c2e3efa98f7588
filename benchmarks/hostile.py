"""Attack the product with what was changed at random: nothing may run, crash, hang or be written elsewhere.

    python benchmarks/hostile.py [--json] [--quick] [--part NAME] [--more N]

``mutations`` are saved models whose files were changed, ``native_mutations`` saved pipelines whose
attributes were (what compiled code would follow out of its arrays), ``store_mutations`` stores of runs,
``input_mutations`` data files, and ``surroundings`` closed streams, full disks and the like. Of each are
told ``tried`` and, by number, ``escapes`` (a started program, a connection, an unpickled class, a loaded
library, or a file written outside the folder for temporary files, seen by an audit hook; commands that
attackers would hide are in the mutations, and would touch a canary), ``crashes`` (any exception but
``InputError``, a message of several lines, a dead process, "fault of deepworth"), ``hangs`` (ten seconds of
computing, or a minute) and ``memory_over`` (a GiB above what sound ones took).

Each part can be measured apart, and ``--more`` tries further ones; what is kept of the others stays.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import multiprocessing.connection
import os
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from _common import keep, kept, parser, table
from _hostile_parts import PARTS, one_row

__all__ = ["one_row"]  # tests take it from here

PATIENCE = 60.0  # seconds
COMPUTING = 10.0  # seconds of the processor
MOST_MEMORY = 2**30  # bytes above what sound ones took
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
_FOLLOWS = ("os.chmod", "os.truncate")  # change what a link leads to
OUTCOMES = ("escapes", "crashes", "hangs", "memory_over", "refused", "opened")


class Watch:
    """The audit hook; it cannot be taken away again, so it is armed and disarmed."""

    def __init__(self, allowed: Path) -> None:
        self.allowed, self.armed, self.seen = str(allowed), False, []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event in STARTS or (event in OTHERS and not _installed(event, args)):
            self.seen.append(f"{event} {args!r}"[:200])
        elif event == "open" and _writes(args) and not self._inside(args[0]):
            self.seen.append(f"open {args!r}"[:200])
        elif event in CHANGES and not self._inside(_whole_path(event, args), event not in _FOLLOWS):
            self.seen.append(f"{event} {args!r}"[:200])

    def _inside(self, path: Any, itself: bool = False) -> bool:
        if isinstance(path, int):
            return True  # opened before, and seen then
        name = os.fsdecode(path)
        if itself:  # who removes a link removes no more than the link
            name = os.path.join(os.path.realpath(os.path.dirname(name)), os.path.basename(name))
            return os.path.abspath(name).startswith(self.allowed)
        return os.path.realpath(name).startswith(self.allowed)


def _installed(event: str, args: tuple[Any, ...]) -> bool:
    """Whether a library that is loaded is the program itself, or came with Python's packages."""
    name = args[0] if event == "ctypes.dlopen" else ""
    return name is None or bool(name and os.path.realpath(os.fsdecode(name)).startswith(sys.prefix))


def _whole_path(event: str, args: tuple[Any, ...]) -> Any:
    """What is removed may be named relative to an open folder."""
    if event in ("os.remove", "os.rmdir") and isinstance(args[1], int) and args[1] >= 0:
        return os.path.join(os.readlink(f"/proc/self/fd/{args[1]}"), os.fsdecode(args[0]))
    return args[0]


def _writes(args: tuple[Any, ...]) -> bool:
    mode, flags = args[1], args[2]
    text = isinstance(mode, str) and any(sign in mode for sign in "wax+")
    return text or bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def worker(pipe: Any, part: str, material: str, place: str, numbers: list[int]) -> None:
    """Try the mutations of these numbers and tell what became of each."""
    root = Path(place)
    os.environ["TMPDIR"] = tempfile.tempdir = str(root / "temporary")
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", OMP_NUM_THREADS="1", TF_NUM_INTRAOP_THREADS="1")
    os.environ["DEEPWORTH_OFFLINE"] = "1"
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    trials = PARTS[part].begin(material, root)
    usual = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    watch = Watch(root / "temporary")
    for number in numbers:
        pipe.send(("start", number))
        try:
            kind, what, act = trials(number)
        except Exception:  # a fault of this script says nothing about the program that it tests
            pipe.send(("fault", number, traceback.format_exc()))
            return
        began = time.process_time()
        watch.seen, watch.armed = [], True
        outcome, why = _tried(act)
        watch.armed = False
        escapes = [*watch.seen, *PARTS[part].traces(root)]
        if time.process_time() - began > COMPUTING:
            outcome, why = "hangs", f"{time.process_time() - began:.0f} s of computing"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if peak > usual + MOST_MEMORY:
            outcome, why = "memory_over", f"{(peak - usual) / 2**30:.1f} GiB of memory"
            usual = peak
        pipe.send(("end", number, kind, what, outcome, why, escapes))
    pipe.send(("done", -1))


def _tried(act: Any) -> tuple[str, str]:
    from deepworth import InputError

    try:
        act()
    except InputError as error:
        return ("refused", str(error)) if "\n" not in str(error) else ("crashes", "a message of many lines")
    except BaseException as error:
        return "crashes", f"{type(error).__name__}: {error}"[:300]
    return "opened", ""


class Runner:
    """Processes that try mutations; one that dies or hangs loses one mutation and is replaced."""

    def __init__(self, part: str, material: Path, place: Path, numbers: range, processes: int) -> None:
        self.results: list[tuple[Any, ...]] = []
        self._part, self._material, self._place = part, str(material), place
        self._context = multiprocessing.get_context("spawn")
        self._lists = [list(numbers[i::processes]) for i in range(processes)]
        self._running = [self._started(i) for i in range(processes)]

    def _started(self, i: int) -> dict[str, Any]:
        root = self._place / f"worker {i}"
        for name in ("temporary", "canary"):
            (root / name).mkdir(parents=True, exist_ok=True)
        ours, theirs = self._context.Pipe()
        args = (theirs, self._part, self._material, str(root), self._lists[i])
        process = self._context.Process(target=worker, args=args, daemon=True)
        process.start()
        theirs.close()
        return {"process": process, "pipe": ours, "at": None, "since": time.monotonic(), "done": False}

    def run(self, progress: bool, seconds: float | None = None) -> None:
        """Until every mutation has a result, or the time is up."""
        began = told = time.monotonic()
        while not all(r["done"] for r in self._running):
            if seconds is not None and time.monotonic() - began > seconds:
                for r in self._running:
                    r["process"].kill()
                return
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
            self._replaced(i, r, "crashes", "the process died")
            return
        patience = PATIENCE if r["at"] is not None else 10 * PATIENCE
        if not r["done"] and time.monotonic() - r["since"] > patience:
            r["process"].kill()
            self._replaced(i, r, "hangs", "no answer in a minute")

    def _replaced(self, i: int, r: dict[str, Any], outcome: str, why: str) -> None:
        r["process"].join()
        if r["at"] is None:
            raise RuntimeError(f"a process ended before it began: {why}, exit code {r['process'].exitcode}")
        self.results.append((r["at"], "?", "?", outcome, f"{why} ({r['process'].exitcode})", []))
        self._lists[i] = [n for n in self._lists[i] if n > r["at"]]
        self._running[i] = self._started(i)


def measure(
    part: str, numbers: range, quick: bool, processes: int, seconds: float | None = None
) -> dict[str, Any]:
    """Try the mutations of these numbers of one part; its named figures."""
    started = time.perf_counter()
    if part == "surroundings":
        from _surroundings import results

        found = results(quick, numbers.start, seconds)
    else:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "sound").mkdir()
            PARTS[part].make(Path(folder) / "sound", quick)
            runner = Runner(part, Path(folder) / "sound", Path(folder), numbers, processes)
            runner.run(not quick, seconds)
        found = sorted(runner.results)
    counts = Counter(r[3] for r in found)
    faulty = [r for r in found if r[3] not in ("refused", "opened") or r[5]]
    return {
        "tried": len(found),
        "next": max((r[0] for r in found), default=-1) + 1,
        **{name: counts[name] for name in OUTCOMES},
        "escapes": sum(bool(r[5]) for r in found),
        "kinds": dict(sorted(Counter(r[1] for r in found).items())),
        "faults": [[r[0], r[1], r[2], r[4], *r[5]] for r in faulty][:50],
        "seconds": round(time.perf_counter() - started, 1),
    }


def added(before: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """The figures of further mutations added to those of earlier ones."""
    sums = {name: before[name] + more[name] for name in ("tried", *OUTCOMES, "seconds")}
    kinds = Counter(before["kinds"]) + Counter(more["kinds"])
    return {**more, **sums, "kinds": dict(sorted(kinds.items())), "faults": before["faults"] + more["faults"]}


def options() -> argparse.Namespace:
    """Those of every script, and which part."""
    found = parser(__doc__ or "")
    found.add_argument("--part", choices=list(PARTS), help="only this part")
    found.add_argument("--seconds", type=float, help="of each part, at most")
    found.add_argument("--more", type=int, metavar="N", help="so many mutations further than what is kept")
    return found.parse_args()


def quick_figures() -> dict[str, Any]:
    """A few of each part, side by side."""
    with ThreadPoolExecutor(len(PARTS)) as pool:
        jobs = {p: pool.submit(measure, p, range(own.quick), True, 1) for p, own in PARTS.items()}
        return {name: job.result() for name, job in jobs.items()}


def figures(part: str | None, more: int | None, seconds: float | None) -> dict[str, Any]:
    """Measure and keep one part, or all."""
    result = kept("hostile") or {}
    for name in [part] if part else list(PARTS):
        before = result.get(name) if more else None
        first = before["next"] if before else 0
        found = measure(name, range(first, first + (more or PARTS[name].full)), False, 2, seconds)
        result[name] = added(before, found) if before else found
        keep("hostile", {p: result[p] for p in PARTS if p in result})
    return result


def main() -> None:
    """Measure, keep, print."""
    given = options()
    result = quick_figures() if given.quick else figures(given.part, given.more, given.seconds)
    if given.json:
        print(json.dumps(result, indent=1))
    else:
        names = ("tried", *OUTCOMES)
        print(table(["part", *names], [[p, *(f"{own[n]:,}" for n in names)] for p, own in result.items()]))
        for own in result.values():
            for fault in own["faults"]:
                print(*fault, sep=" | ")
    sys.exit(int(any(own[name] for own in result.values() for name in OUTCOMES[:4])))


if __name__ == "__main__":
    main()
