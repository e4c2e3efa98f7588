"""`deepworth verdict`."""

from __future__ import annotations

from typing import Any

import click

from ._options import BUDGET, JSON, STORE, names, options


@click.command()
@click.argument("run", default="last")
@click.option("-m", "--model", multiple=True, callback=names, metavar="NAMES", help="Judge only these.")
@click.option("--metric", metavar="NAME", help="Another metric: roc_auc, log_loss, f1, rmse, ...")
@click.option("--margin", type=float, help="Differences up to this do not matter.")
@click.option("--confidence-level", type=float, help="A verdict needs this much.")
@click.option("--between", nargs=2, metavar="MODEL MODEL", help="Compare these two with each other as well.")
@click.option("-o", "--output", metavar="FILE", help="Write the answer to .json, or the leaderboard to .csv.")
@options(BUDGET, STORE, JSON)
def command(run: str, as_json: bool, output: str | None, model: Any, **chosen: Any) -> None:
    """Judge a past RUN again by what it kept, without training: another metric, margin or level.

    RUN is its name, a start of it, or `last`.
    """
    from ..report import terminal
    from ..report.output import check_output
    from ..workflows.verdict import verdict as judge

    check_output(output)
    answer = judge(run, models=model or None, **chosen)
    terminal.write(answer, output)
    terminal.show(answer, as_json=as_json)
