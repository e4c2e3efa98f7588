"""`deepworth explain`."""

from __future__ import annotations

import warnings
from typing import Any

import click

from ._options import JSON, LOAD, QUIET, SEED, STORE, names, options


@click.command()
@click.argument("what", default="last")
@click.argument("data", required=False)
@options(*LOAD)
@click.option("--row", type=click.IntRange(min=0), help="Why this answer? A row of DATA, counted from 0.")
@click.option("--trace", is_flag=True, help="Every number of the way through a plain network.")
@click.option(
    "--method",
    "methods",
    multiple=True,
    callback=names,
    metavar="NAMES",
    help="importance, dependence, coefficients, surrogate, gradients, units, probes, or all.",
)
@click.option("--plot", metavar="FILE", help="Draw it: a name in .png or .svg.")
@options(SEED, STORE, JSON, QUIET)
def command(
    what: str,
    data: str | None,
    row: int | None,
    trace: bool,
    methods: tuple[str, ...],
    plot: str | None,
    store: str | None,
    as_json: bool,
    quiet: bool,
    **chosen: Any,
) -> None:
    """What does a model answer by?

    WHAT is the folder of a saved model, explained on labelled DATA (by default the named dataset that it
    learned from), or a past run, whose champions are trained on its first fold and explained on the rows
    held out.
    """
    from ..report import explanation, explanation_plots, progress
    from ..workflows._explain_run import explain_run
    from ..workflows.explain import explain, is_artefact

    explanation_plots.check_plot(plot)
    with progress.spinner("explaining", enabled=not quiet), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # of levels that were not learned: rows held out have them
        if is_artefact(what):
            answer = explain(what, data, methods=methods, row=row, trace=trace, **chosen)
        else:
            if data is not None or row is not None or trace or methods:
                raise click.UsageError("of a run, DATA, --row, --trace and --method cannot be chosen")
            answer = explain_run(what, store=store, seed=chosen["seed"])
    if plot:
        explanation_plots.plot(answer, plot)
    explanation.show(answer, as_json=as_json)
