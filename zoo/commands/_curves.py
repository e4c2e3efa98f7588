"""What the commands that draw curves share."""

from __future__ import annotations

import sys
from typing import Any

from ._options import METRIC, OUTPUT, PLOT, SET, confidence

CURVE = (SET, METRIC, confidence(), OUTPUT, PLOT)


def run_curve(
    run: Any, kind: str, data: str, *, as_json: bool, quiet: bool, plot: Any, output: Any, **options: Any
) -> None:
    """Run, write, draw and show; an interrupted run shows what is finished."""
    from ..report import curve_plots, curves, progress
    from ..report.output import check_output
    from ..runs.sweep import Interrupted

    check_output(output)
    curve_plots.check_plot(plot)
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
