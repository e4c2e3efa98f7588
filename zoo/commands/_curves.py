"""What the commands that draw curves share."""

from __future__ import annotations

import sys
from typing import Any

import click

from ._options import settings

CURVE = (
    click.option("--metric", metavar="NAME", help="roc_auc, log_loss, accuracy, f1, rmse, ..."),
    click.option(
        "--confidence-level", type=float, default=0.95, show_default=True, help="Of intervals and answers."
    ),
    click.option(
        "--set", "params", multiple=True, callback=settings, metavar="MODEL.PARAM=VALUE", help="Repeatable."
    ),
    click.option("--plot", metavar="FILE", help="Draw the picture: a name in .png or .svg."),
    click.option("-o", "--output", metavar="FILE", help="Write the answer to .json, or the scores to .csv."),
)


def run_curve(
    run: Any, kind: str, data: str, *, as_json: bool, quiet: bool, plot: Any, output: Any, **options: Any
) -> None:
    """Run, write, draw and show; what was finished when Ctrl-C came is shown too."""
    from ..report import curve_plots as learning_plots
    from ..report import curves, progress
    from ..report.output import check_output
    from ..runs.sweep import Interrupted

    check_output(output)
    learning_plots.check_plot(plot)
    code = None
    try:
        with progress.bar(enabled=not quiet) as watch:
            result = run(data, progress=watch, **options)
    except Interrupted as error:
        result, code = error.result, 130
    answer = result.to_dict()
    curves.write(answer, output)
    if plot:
        getattr(learning_plots, f"plot_{kind}")(answer, plot)
    getattr(curves, f"show_{kind}")(answer, as_json=as_json)
    sys.exit(result.exit_code if code is None else code)
