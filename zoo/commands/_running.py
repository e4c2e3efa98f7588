"""What commands share when they run: warnings as notes, and curves with what Ctrl-C left of them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..report.output import say
from ._options import METRIC, OUTPUT, PLOT, SET, confidence

CURVE = (SET, METRIC, confidence(), OUTPUT, PLOT)


class _Planned(Exception):
    """The plan is known, and nothing is to be run."""


def run_curve(
    run: Any,
    kind: str,
    data: str,
    *,
    as_json: bool,
    quiet: bool,
    plot: Any,
    output: Any,
    dry_run: bool,
    **options: Any,
) -> None:
    """Run, write, draw and show; an interrupted run shows what is finished, a dry one what it would fit."""
    from ..report import curve_plots, curves, progress
    from ..report.output import check_output
    from ..results.runs import Interrupted

    check_output(output)
    curve_plots.check_plot(plot)
    if dry_run:
        return curves.show_sweep_preview(_preview(run, data, options), as_json=as_json)
    code = None
    try:
        with progress.bar(enabled=not quiet) as watch:
            result = run(data, progress=watch, **options)
    except Interrupted as error:
        result, code = error.result, 130
    answer = result.answer
    curves.write(answer, output)
    if plot:
        getattr(curve_plots, f"plot_{kind}")(answer, plot)
    getattr(curves, f"show_{kind}")(answer, as_json=as_json)
    sys.exit(result.exit_code if code is None else code)


def _preview(run: Any, data: str, options: dict[str, Any]) -> Any:
    """What the event of the plan says; nothing is fitted."""

    def watch(event: Any) -> None:
        if event.kind == "plan":
            raise _Planned(event.preview)

    try:
        run(data, progress=watch, **options)
    except _Planned as planned:
        return planned.args[0]
    raise AssertionError("a sweep begins with its plan")


@contextmanager
def notes_on_stderr() -> Iterator[Callable[[str], None]]:
    """Show each warning once, as one line without its place in the code.

    Yields a function that shows a note in the same way.
    """
    shown: set[str] = set()

    def note(text: str) -> None:
        line = " ".join(str(text).split())
        if line not in shown:
            shown.add(line)
            say(f"Note: {line}")

    def show(message: Any, category: Any, *location: Any, **more: Any) -> None:
        note(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = show  # catch_warnings restores the old one
        yield note
