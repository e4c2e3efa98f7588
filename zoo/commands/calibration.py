"""`deepworth calibration`."""

from __future__ import annotations

from typing import Any

import click

from ._options import COSTS, JSON, SEED, STORE, names, options


@click.command()
@click.argument("run", default="last")
@click.option("-m", "--model", multiple=True, callback=names, metavar="NAMES", help="Only these models.")
@click.option(
    "--confidence-level", type=float, default=0.9, show_default=True, help="Of prediction sets or intervals."
)
@options(*COSTS)
@click.option("--plot", metavar="FILE", help="Draw reliability, to .svg, .png or .pdf.")
@options(SEED, STORE, JSON)
def command(run: str, model: Any, plot: str | None, as_json: bool, **chosen: Any) -> None:
    """How far can the confidence of a RUN's models be trusted? Trains nothing.

    Calibration error, what calibrators would do, thresholds by costs, coverage of prediction sets.
    """
    from ..judging.calibration import calibration as judge
    from ..report.calibration import show_calibration
    from ..report.calibration_plots import check_plot, plot_calibration

    check_plot(plot)
    answer = judge(run, models=model, **chosen)
    if plot is not None:
        plot_calibration(answer, plot)
    show_calibration(answer, as_json=as_json)
