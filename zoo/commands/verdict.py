"""`deepworth verdict`."""

from __future__ import annotations

from typing import Any

import click

from ._group import Command, option
from ._options import BUDGET, JSON, MARGIN, METRIC, MODELS, OUTPUT, STORE, confidence, options

GROUP = "Compare and judge"
ORDER = 2


@click.command(cls=Command)
@click.argument("run", default="last")
@options(MODELS, METRIC, MARGIN, confidence(None))
@option(
    "--between",
    group="Evaluation",
    nargs=2,
    metavar="MODEL MODEL",
    help="Also compare these two models with each other.",
)
@options(BUDGET, OUTPUT, STORE, JSON)
def command(run: str, as_json: bool, output: str | None, model: Any, **chosen: Any) -> None:
    """Judge a past RUN again, by another metric or margin.

    Uses the stored predictions and trains nothing. Options that are not given stay those of the run. RUN is
    a run's name, its first characters, or `last`.
    """
    from ..report import terminal
    from ..report.output import check_output
    from ..workflows.verdict import verdict as judge

    check_output(output)
    answer = judge(run, models=model or None, **chosen).answer
    terminal.write(answer, output)
    terminal.show(answer, as_json=as_json)
