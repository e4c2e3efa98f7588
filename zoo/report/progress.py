"""Progress on standard error: a bar for people, a few lines for logs."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..results.runs import Pace, Standing
from .output import say
from .words import FAMILY_COLOURS, about, number, seconds


@contextmanager
def bar(enabled: bool = True) -> Iterator[Callable[[Any], None]]:
    """A watcher for a comparison: models, jobs done, time left."""
    if not enabled:
        yield lambda event: None
    elif sys.stderr.isatty():
        with _rich_bar() as watch:
            yield watch
    else:
        yield _lines()


@contextmanager
def _rich_bar() -> Iterator[Callable[[Any], None]]:
    from rich.console import RenderableType
    from rich.progress import Progress

    from .safe_console import SafeConsole

    standings: dict[str, Standing] = {}

    class Board(Progress):
        """How the models stand, above the bar."""

        def get_renderables(self) -> Iterable[RenderableType]:
            if standings:
                yield standings_table(standings)
            yield from super().get_renderables()

    with Board(*_columns(), console=SafeConsole(stderr=True), transient=True) as progress:
        task = progress.add_task("reading data", total=None)
        shown: set[tuple[str, str]] = set()

        def watch(event: Any) -> None:
            name = {"started": "starting", "finished": "judging"}.get(event.kind, event.model)
            if event.kind == "plan":
                progress.console.print(plan_line(event), style="dim", markup=False, highlight=False)
                return
            if event.kind == "note":
                progress.console.print(event.message, style="yellow", markup=False, highlight=False)
                return
            if event.standing is not None:
                standings[event.model] = event.standing
            if event.kind == "epoch":
                name += f" ({pace_line(event.pace)})"
            progress.update(task, description=name, total=event.total or None, completed=event.done)
            if event.kind == "fold" and event.message and (event.model, event.message) not in shown:
                shown.add((event.model, event.message))
                text = f"{event.model}: {event.message}"
                progress.console.print(text, style="yellow", markup=False, highlight=False)

        yield watch


def _columns() -> tuple[Any, ...]:
    """What the bar shows, from left to right."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("fits"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
    )


_QUIET = 10.0  # seconds of a fit without a line


def _lines() -> Callable[[Any], None]:
    """A line when a model begins, one with its score, one for each failure, and how far a long fit is."""
    last, told = [""], [time.monotonic()]
    shown: set[tuple[str, str]] = set()

    def watch(event: Any) -> None:
        if event.kind == "plan":
            say(plan_line(event))
        if event.kind == "note":
            say(event.message)
        if event.kind == "epoch" and time.monotonic() - told[0] > _QUIET:
            told[0] = time.monotonic()
            say(f"  {event.model}: {pace_line(event.pace)}")
        if event.kind == "model" and event.model != last[0]:
            last[0], told[0] = event.model, time.monotonic()
            say(f"[{event.done}/{event.total}] {event.model}")
        if event.kind == "fold" and event.message and (event.model, event.message) not in shown:
            shown.add((event.model, event.message))
            say(f"{event.model}: {event.message}")
        if event.standing is not None and event.standing.complete:
            told[0] = time.monotonic()
            say(f"  {event.model}: {standing_line(event.standing)}")

    return watch


def plan_line(event: Any) -> str:
    """What a plan is and how long it will take, before it starts."""
    shown = event.estimate
    models, fits = shown["models"], event.total
    return f"{models} model{'s' * (models != 1)}, {fits} fit{'s' * (fits != 1)}, {about(shown)}"


def standing_line(standing: Standing) -> str:
    """How a model stands: "ROC AUC 0.912 (5 folds)"."""
    folds = f"{standing.folds} fold{'s' * (standing.folds != 1)}"
    return f"{standing.metric} {number(standing.score)} ({folds})"


_TOP = 12  # models of a board


def standings_table(standings: Mapping[str, Standing]) -> Any:
    """The models with a score so far, the best first, with the folds that it is the mean of."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=True, header_style="dim")
    first = next(iter(standings.values()))
    for heading, justify in (("so far", "left"), (first.metric, "right"), ("folds", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for name, own in _best_first(standings)[:_TOP]:
        folds = Text(f"{own.folds}/{own.planned}", "" if own.complete else "dim")
        table.add_row(Text(name, FAMILY_COLOURS[own.family]), number(own.score), folds)
    return table


def _best_first(standings: Mapping[str, Standing]) -> list[tuple[str, Standing]]:
    scored = [(name, own) for name, own in standings.items() if own.score is not None]
    greater = any(own.greater_is_better for _, own in scored)
    return sorted(scored, key=lambda item: item[1].score or 0.0, reverse=greater)


def pace_line(pace: Pace) -> str:
    """How far a training is: "epoch 3 of 40, 5,120 images/s, at most 12 s left"."""
    if pace.search:
        number = f"fit {pace.epoch}" + (f" of {pace.epochs}" if pace.epochs else "")
        left = "" if pace.seconds_left is None else f", {seconds(pace.seconds_left)} of CPU left"
        return f"{number} of the search, {pace.search}{left}"
    line = f"epoch {pace.epoch} of {pace.epochs}"
    if pace.rows_per_second is None or pace.seconds_left is None:
        return line
    return f"{line}, {pace.rows_per_second:,.0f} {pace.unit}/s, at most {seconds(pace.seconds_left)} left"


@contextmanager
def spinner(words: str, enabled: bool = True) -> Iterator[None]:
    """Something that moves while a single step takes its time."""
    if not enabled or not sys.stderr.isatty():
        yield
        return
    from .safe_console import SafeConsole

    with SafeConsole(stderr=True, markup=False).status(words):
        yield


@contextmanager
def training(model: str, enabled: bool = True) -> Iterator[Callable[[Any], None]]:
    """A watcher for the training of one model: how far it is, in a line that moves or a few for logs."""
    if not enabled:
        yield lambda event: None
        return
    if not sys.stderr.isatty():
        lines = _lines()

        def tell(event: Any) -> None:
            if event.kind == "plan":
                say(f"training {model}: {about(event.estimate)}")
            else:
                lines(event)

        yield tell
        return
    from .safe_console import SafeConsole

    with SafeConsole(stderr=True, markup=False).status(f"training {model}") as status:

        def watch(event: Any) -> None:
            known = about(event.estimate) if event.kind == "plan" else pace_line(event.pace)
            status.update(f"training {model}: {known}")

        yield watch


@contextmanager
def patience(words: str, seconds: float = 2.0, enabled: bool = True) -> Iterator[None]:
    """A line on standard error if the work takes longer than this, and then how long it took."""
    if not enabled:
        yield
        return
    started = time.monotonic()
    timer = threading.Timer(seconds, say, [f"{words} ..."])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        took = time.monotonic() - started
        if took > seconds:
            say(f"{words} took {took:.0f} s")


class Rows:
    """Counts rows on standard error: from two seconds on how many there are, at the end how many a second."""

    PATIENCE, EVERY = 2.0, 1.0  # seconds

    def __init__(self, enabled: bool = True) -> None:
        self._enabled, self._count = enabled, 0
        self._started = self._told = 0.0
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Rows:
        self._started = time.perf_counter()
        return self

    def add(self, count: int) -> None:
        """So many more rows are answered."""
        self._count += count
        now = time.perf_counter()
        pause = self.EVERY if self._live else 10 * self.EVERY
        if self._enabled and now - self._started > self.PATIENCE and now - self._told > pause:
            self._told = now
            end = "\r" if self._live else "\n"
            print(f"{self._count:,} rows ({self._speed(now)})", end=end, file=sys.stderr, flush=True)

    def __exit__(self, kind: Any, *error: Any) -> None:
        if self._enabled and kind is None:
            now = time.perf_counter()
            took = f"{self._count:,} row{'s' * (self._count != 1)} in {now - self._started:.2f} s"
            say(f"{took} ({self._speed(now)})")

    def _speed(self, now: float) -> str:
        return f"{self._count / max(now - self._started, 1e-9):,.0f} rows/s"
