"""`deepworth explain`."""

from __future__ import annotations

import warnings
from typing import Any

import click

from ._group import Command, option
from ._options import JSON, LOAD, PLOT, QUIET, SEED, STORE, names, options

GROUP = "Understand"
ORDER = 1


@click.command(cls=Command)
@click.argument("what", default="last")
@click.argument("data", required=False)
@options(*LOAD)
@option(
    "--row",
    group="Explanation",
    type=click.IntRange(min=0),
    metavar="N",
    help="Explain the prediction for row N of DATA, counted from 0.",
)
@option(
    "--trace",
    group="Explanation",
    is_flag=True,
    help="Show every step of the computation of a plain network for one row.",
)
@option(
    "--method",
    "methods",
    group="Explanation",
    multiple=True,
    callback=names,
    metavar="NAMES",
    help="importance, dependence, coefficients, surrogate, gradients, occlusion, units, probes or "
    "all, separated by commas.",
)
@options(PLOT, STORE, JSON, QUIET, SEED)
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
    """Explain what a model's predictions depend on.

    WHAT is the folder of a saved model, explained on labelled DATA (by default the named dataset that it
    was trained on), or a past run, whose best models are trained on its first fold and explained on the
    rows held out.
    """
    from ..report import explanation, explanation_plots, progress
    from ..workflows.explain import explain, explain_run, is_artefact

    explanation_plots.check_plot(plot)
    with progress.spinner("explaining", enabled=not quiet), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rows held out may have unseen categories
        if is_artefact(what):
            answer: Any = explain(what, data, methods=methods, row=row, trace=trace, **chosen)
        else:
            if data is not None or row is not None or trace or methods:
                raise click.UsageError(
                    f"{what} is not a saved model; a run is explained without DATA, --row, --trace and "
                    f"--method: remove them, or name the folder of a saved model"
                )
            answer = explain_run(what, store=store, seed=chosen["seed"])
    if plot:
        explanation_plots.plot(answer, plot)
    explanation.show(answer, as_json=as_json)
