"""`deepworth calibration`."""

from __future__ import annotations

from typing import Any

import click

from ._group import Command
from ._options import COSTS, JSON, MODELS, PLOT, SEED, STORE, coverage, options

GROUP = "Understand"


@click.command(cls=Command)
@click.argument("run", default="last")
@options(MODELS, coverage(0.9), *COSTS, PLOT, STORE, JSON, SEED)
def command(run: str, model: Any, plot: str | None, as_json: bool, **chosen: Any) -> None:
    """Assess the predicted probabilities of a RUN's models.

    Shows calibration errors, what calibration would change, thresholds for misclassification costs, and the
    coverage of prediction sets. Trains nothing. RUN is a run's name, its first characters, or `last`.
    """
    from ..report.calibration import check_plot, plot_calibration, show_calibration
    from ..workflows.calibration import calibration

    check_plot(plot)
    answer = calibration(run, models=model, **chosen)
    if plot is not None:
        plot_calibration(answer, plot)
    show_calibration(answer, as_json=as_json)
