"""What a model costs: fitted alone on all training rows, saved, opened again and asked as a user would.

All figures of a sheet come from one process. Import time is in none of them: libraries are imported, and
the first-call work of their runtimes is done, before a clock starts. What a fit compiles is part of it.

Clocks and the peak of memory come first, and whether this core runs at its own speed right now. On a virtual
machine a core may run at little more than half its speed for a second or two, because a neighbour has the
other half of it; no counter says so. A piece of work that never changes, timed beside what is measured, does:
whatever it loses, the measured code loses too. What was measured in such moments is left out, by that sign
alone and never by its own time.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import re
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from ...datasets import Dataset, InputError, take
from .. import registry
from ..artefact.formats import count_parameters
from ..artefact.loading import load
from ..artefact.operations import operations
from ..artefact.saving import save
from ..inner_splits import fit_respecting
from ..preprocessing.runtime import usable_cores
from ..results.json import from_json, to_json
from ..results.rows import CostSheet, Latency, Result
from ..tuning import Tuned, chosen
from .fitting import reason_of, training_rows, unfitted
from .jobs import PlannedJob
from .limits import limited

BATCHES = (1, 10, 100, 1000)
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Effort:
    """How long a latency is measured: so many calls and seconds at least, but no longer than ``most``."""

    calls: int
    seconds: float
    most: float
    least: int = 5  # calls, however long they take
    patience: float = 0.5  # seconds lost to a core that is shared, over a whole sheet, before that is borne
    fitting: float = 0.2  # seconds after which a fit is not repeated
    longest: float = 3.0  # seconds of calls after which few of them do

    def enough(self, calls: int, seconds: float) -> bool:
        """Whether these will do."""
        if seconds >= self.longest:
            return calls >= 1
        if seconds >= self.most:
            return calls >= self.least
        return calls >= self.calls and seconds >= self.seconds


EFFORTS = {
    "quick": Effort(12, 0.03, 0.4),
    "standard": Effort(50, 0.2, 2.0, patience=5.0, fitting=2.0, longest=10.0),
    "thorough": Effort(100, 0.5, 5.0, patience=20.0, fitting=5.0, longest=30.0),
}


def latencies(
    call: Callable[[Any], Any], batch: Callable[[int, int], Any], effort: Effort
) -> dict[str, Latency]:
    """Latency of a call by its number of rows, after untimed calls with every number.

    Parameters
    ----------
    call : what is timed
    batch : ``batch(rows, number)`` makes the argument of a call, untimed; other rows for every number
    """
    _warm_up(call, batch, effort)
    by_rows: dict[str, Latency] = {}
    patience = effort.patience
    for rows in BATCHES:
        latency, lost = _latency(call, batch, rows, effort, patience)
        by_rows[str(rows)] = latency
        patience -= lost
    return by_rows


def _warm_up(call: Callable[[Any], Any], batch: Callable[[int, int], Any], effort: Effort) -> None:
    """Untimed calls, since a network is traced for each kind of shape that it meets.

    Where they take long by themselves, the first call does not matter beside the others, and larger numbers
    of rows are left out.
    """
    for number in range(2):
        for rows in BATCHES:
            given = batch(rows, number)
            started = time.perf_counter()
            call(given)
            if number and time.perf_counter() - started > effort.most:
                return
            if (time.perf_counter() - started) * 10 > effort.longest and rows > 1:
                return


def is_steady(by_rows: Mapping[str, Latency]) -> bool:
    """Whether all of these latencies were taken on a core that was not shared."""
    return all(latency.steady for latency in by_rows.values())


def _latency(
    call: Callable[[Any], Any],
    batch: Callable[[int, int], Any],
    rows: int,
    effort: Effort,
    patience: float,
) -> tuple[Latency, float]:
    """The latency, and the seconds that calls on a shared core took."""
    calls = _Calls(call, lambda number: batch(rows, number))
    while True:
        calls.make_more()
        times, alone = calls.times(), calls.times(alone=True)
        lost = sum(times) - sum(alone)
        impatient = lost > patience and effort.enough(len(times), sum(times))
        if effort.enough(len(alone), sum(alone)) or (impatient and len(alone) >= effort.least):
            return _summed_up(rows, alone, len(times) - len(alone), steady=True), lost
        if impatient:
            return _summed_up(rows, times, 0, steady=False), lost


class _Calls:
    """Timed calls, each with the slower of the probes of this core before and after it."""

    def __init__(self, call: Callable[[Any], Any], argument: Callable[[int], Any]) -> None:
        self._call, self._argument, self._pace = call, argument, own_pace()
        self._timed: list[tuple[float, float]] = []
        self._last = self._pace.probe()

    def make_more(self) -> None:
        """One more, or by an eighth more: to look through all of them after each would take longer."""
        for _ in range(max(1, len(self._timed) // 8)):
            given = self._argument(len(self._timed))
            started = time.perf_counter()
            self._call(given)
            seconds, before, self._last = time.perf_counter() - started, self._last, self._pace.probe()
            self._timed.append((seconds, max(before, self._last)))

    def times(self, alone: bool = False) -> list[float]:
        """Seconds of all calls, or of those on a core that was not shared, by the best that is known now."""
        return [seconds for seconds, probe in self._timed if not (alone and self._pace.slow(probe))]


def _summed_up(rows: int, times: list[float], left_out: int, *, steady: bool) -> Latency:
    median, p95 = float(np.median(times)), float(np.quantile(times, 0.95))
    return Latency(rows, median, p95, len(times), left_out, steady)


class Meter:
    """Wall time, CPU time and the peak of memory of a block.

    Attributes
    ----------
    wall, cpu : float
        Seconds; those of all threads and of ended child processes are summed up in ``cpu``.
    peak_bytes : int or None
        The most resident memory above that at the start. None where the system tells only the peak of
        the whole process, and an earlier one was higher.
    """

    wall = 0.0
    cpu = 0.0
    peak_bytes: int | None = None

    def __enter__(self) -> Self:
        self._resettable = _reset_peak()
        self._before = _status("VmRSS") if self._resettable else _highest()
        self._wall, self._cpu = time.perf_counter(), cpu_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self._wall, cpu_seconds() - self._cpu
        peak = _status("VmHWM") if self._resettable else _highest()
        if self._resettable or peak > self._before:
            self.peak_bytes = max(0, peak - self._before)


@dataclass(frozen=True)
class Fit:
    """What one fit took; ``steady`` is False where the core was shared before or after it."""

    wall: float
    cpu: float
    peak_bytes: int | None
    steady: bool


def timed_fit(fit: Callable[[], Any], patience: float) -> Fit:
    """A fit on a core that has its own speed, if one was free within ``patience`` seconds."""
    pace = own_pace()
    before = pace.settle(patience)
    with Meter() as meter:
        fit()
    slow = pace.slow(max(before, pace.probe()))
    return Fit(meter.wall, meter.cpu, meter.peak_bytes, not slow)


def fit_figures(fits: Sequence[Fit]) -> dict[str, Any]:
    """Medians over steady fits, or over all where none was; the highest peak of memory."""
    steady = [fit for fit in fits if fit.steady]
    counted = steady or fits
    peaks = [fit.peak_bytes for fit in fits if fit.peak_bytes is not None]
    return {
        "fit_seconds": statistics.median(fit.wall for fit in counted),
        "fit_cpu_seconds": statistics.median(fit.cpu for fit in counted),
        "fit_peak_bytes": max(peaks, default=None),
        "fits": len(counted),
        "fit_steady": bool(steady),
    }


def cpu_seconds() -> float:
    """CPU time of this process, all its threads, and the processes that it started and saw end."""
    try:
        import resource
    except ImportError:  # Windows
        return time.process_time()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def give_back_memory() -> None:
    """What nobody uses goes back to the system, as far as it takes it: the next block finds none of it."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # musl has no malloc_trim
            ctypes.CDLL(None).malloc_trim(0)


def _reset_peak() -> bool:
    """Whether the system forgot the earlier peak; Linux does so on request."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return _STATUS.is_file()


def _status(name: str) -> int:
    lines = _STATUS.read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":")), 0)


def _highest() -> int:
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


SLOW = 1.4  # times the fastest that the piece of work ever took in this process; undisturbed, up to 1.25
_ROUNDS = 3
_SEARCH = 0.1  # seconds, for the core's own speed


class Pace:
    """The speed of this core by a fixed piece of pure Python, against the best that was ever seen of it."""

    def __init__(self) -> None:
        self._best = float("inf")
        ends = time.perf_counter() + _SEARCH
        while time.perf_counter() < ends:
            self.probe()

    def probe(self) -> float:
        """Seconds of the piece of work: fastest of three, since each may be interrupted (0.3 ms)."""
        seconds = min(_piece() for _ in range(_ROUNDS))
        self._best = min(self._best, seconds)
        return seconds

    def slow(self, seconds: float) -> bool:
        """Whether a probe that took so long says that the core was shared, by the best known now."""
        return seconds > SLOW * self._best

    def settle(self, most: float) -> float:
        """Keep the core busy until it has its own speed, but no longer than ``most`` seconds.

        Returns
        -------
        float
            The last probe. Being busy is what makes a host move a process to a free core; to sleep is not.
        """
        started = time.perf_counter()
        while True:
            seconds = self.probe()
            if not self.slow(seconds) or time.perf_counter() - started >= most:
                return seconds


@functools.cache
def own_pace() -> Pace:
    """That of this process, which all its measurements share."""
    return Pace()


def _piece() -> float:
    started = time.perf_counter()
    total = 0
    for i in range(4000):
        total += i
    return time.perf_counter() - started


_FOLDER = re.compile(r"\S*deepworth-cost-\S+")
_TINY = 60  # rows of an untimed first fit
_MOST_FITS = 5


@dataclass(frozen=True)
class Setting:
    """How costs of a run are measured; ``threads`` of scikit-learn and BLAS, ``cores`` of networks."""

    threads: int = 1
    cores: int | None = None
    effort: str = "quick"


def measure_job(
    job: PlannedJob, dataset: Dataset, seed: int, params: dict[str, Any], setting: Setting
) -> Result:
    """The result of a cost job: ``costs`` has what could be measured, even where it failed."""
    figures: dict[str, Any] = {"threads": _threads(job, setting), "rows": len(job.split.train)}
    try:
        with limited(setting.threads), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the folds have heard them
            model = _fitted(job, dataset, seed, params, setting, figures)
            reason = _ask_saved(job, model, dataset, setting, figures)
            figures["steady"] = figures.pop("fit_steady") and is_steady(figures["latency"])
    except (Exception, SystemExit) as error:
        reason = _FOLDER.sub("the saved model", reason_of(error))  # a name that is another every time
        return job.ended("failed", reason, costs=cost_sheet(figures))
    return job.ended(reason=reason, costs=cost_sheet(figures))


def cost_sheet(figures: dict[str, Any]) -> CostSheet:
    """Figures as they were measured; those of a fit that was not finished are left out."""
    known = {f.name for f in fields(CostSheet)}
    return from_json(CostSheet, {name: value for name, value in to_json(figures).items() if name in known})


def _threads(job: PlannedJob, setting: Setting) -> int:
    if job.family != "classical":
        return setting.cores or usable_cores()
    return setting.threads


def _fitted(
    job: PlannedJob,
    dataset: Dataset,
    seed: int,
    params: dict[str, Any],
    setting: Setting,
    figures: dict[str, Any],
) -> Any:
    """The model on all training rows. What is fitted in a moment is fitted again: one moment says little."""
    effort = EFFORTS[setting.effort]
    rows = training_rows(dataset, job.split.train)
    _first_call(unfitted(job, dataset, seed, params, setting.threads), dataset, job)
    fits: list[Fit] = []
    while not fits or (len(fits) < _MOST_FITS and sum(fit.wall for fit in fits) < effort.fitting):
        model = unfitted(job, dataset, seed, params, setting.threads)
        _forget_programs()
        give_back_memory()
        fits.append(timed_fit(partial(fit_respecting, model, *rows), effort.patience))
    model = chosen(model)
    figures |= {**fit_figures(fits), "parameters": count_parameters(model)}
    return model


def _first_call(model: Any, dataset: Dataset, job: PlannedJob) -> None:
    """What is paid once a process is not this model's cost: a small fit comes first, untimed.

    Networks compile a program for each architecture, which is their cost; a runtime that has started and
    compiled something else is not.
    """
    with suppress(Exception):  # whatever is wrong, the timed fit will say
        model = model.default() if isinstance(model, Tuned) else model
        if hasattr(model, "fit_many") or hasattr(model, "warm_up"):
            _start_runtime()
            return
        rows = _some_rows(dataset, job.split.train)
        clone(model).fit(take(dataset.X, rows), dataset.y[rows])


_started: list[bool] = []


def _start_runtime() -> None:
    """TensorFlow's threads and compiler, once a process."""
    if not _started:
        from ..training.fleet import start_runtime

        start_runtime()
        _started.append(True)


def _forget_programs() -> None:
    """To compile is part of every fit of a network."""
    made = sys.modules.get("deepworth.zoo.training.program")
    if made is not None:
        made.forget()


def _some_rows(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """A few rows, of every class some."""
    if dataset.task == "regression":
        return rows[:_TINY]
    each = max(4, _TINY // max(1, len(dataset.classes)))
    y = dataset.y[rows]
    return np.sort(np.concatenate([rows[np.flatnonzero(y == name)[:each]] for name in dataset.classes]))


def _ask_saved(
    job: PlannedJob, model: Any, dataset: Dataset, setting: Setting, figures: dict[str, Any]
) -> str:
    """Save, open and ask: the path that a user would deploy.

    A model of the user's own may be of classes that no saved model holds. It is asked as it is, and the
    reason is returned why its size and the time to load it are not known.
    """
    X, effort = take(dataset.X, job.split.train), EFFORTS[setting.effort]
    with tempfile.TemporaryDirectory(prefix="deepworth-cost-") as folder:
        try:
            path = save(
                model, Path(folder) / "model", dataset=dataset, name=job.model, family=job.family, seed=0
            )
            opened = load(path) if registry.is_own(job.model) else None
        except InputError as error:
            if not registry.is_own(job.model):
                raise
            figures |= {**_answering(model.predict, X, effort), "flops_by": "not counted: it cannot be saved"}
            return _FOLDER.sub("the saved model", str(error))
        del model, opened
        give_back_memory()
        figures |= ask(path, X, effort)
    return ""


def ask(path: Path, X: Any, effort: Effort) -> dict[str, Any]:
    """Size on disk, time to open, memory and latency of a saved model that answers rows of X."""
    with Meter() as opening:
        model = load(path)
    counted = operations(model, X)  # first: it traces a network for one row, which the clocks find done
    return {
        "size_bytes": size_on_disk(path),
        "load_seconds": opening.wall,
        **_answering(model.predict, X, effort),
        **counted,
    }


def _answering(predict: Callable[[Any], Any], X: Any, effort: Effort) -> dict[str, Any]:
    """Latency and memory of predictions."""
    with Meter() as answering:
        latency = latencies(predict, lambda rows, number: batch_of(X, rows, number), effort)
    return {"predict_peak_bytes": answering.peak_bytes, "latency": latency}


def batch_of(X: Any, rows: int, number: int) -> Any:
    """Other rows for every call; those of small data come round again."""
    n_rows = len(X)
    return take(X, (np.arange(rows) + number * rows) % n_rows)


def size_on_disk(path: Path) -> int:
    """Bytes of the model's folder without its proof, which is about the model and not needed to use it."""
    return sum(f.stat().st_size for f in Path(path).rglob("*") if f.is_file() and f.name != "proof.json")
