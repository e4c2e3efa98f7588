"""`deepworth benchmark`."""

from __future__ import annotations

import shlex
import sys
from typing import Any

import click

from ._group import Command, option
from ._options import DRY_RUN, JSON, OUTPUT, PLOT, QUIET, RUNNER, STORE, confidence, options, usual_jobs

GROUP = "Compare and judge"


@click.command(cls=Command)
@click.argument("suite", metavar="SUITE.yaml")
@options(confidence(), *RUNNER, OUTPUT, PLOT)
@option("--report", group="Output", metavar="FILE", help="Write a report of the suite, .html or .md.")
@option("--latex", group="Output", metavar="FILE", help="Write tables for a paper, .tex.")
@options(STORE, JSON, QUIET, DRY_RUN)
def command(
    suite: str,
    dry_run: bool,
    plot: str | None,
    report: str | None,
    latex: str | None,
    output: str | None,
    as_json: bool,
    quiet: bool,
    **chosen: Any,
) -> None:
    """Compare models on many datasets and rank them.

    SUITE.yaml lists the datasets and their options. Stored runs are not repeated: to resume an interrupted
    suite, give the same command again.
    """
    from ..report import curve_plots, progress, suites
    from ..report.output import check_output
    from ..workflows.benchmark import benchmark, preview_suite

    check_output(output)
    curve_plots.check_plot(plot)
    suites.check_documents(latex, report)
    level = chosen.pop("confidence_level")
    if chosen["cluster"] is not None:
        chosen["jobs"] = None  # as many as the workers of the cluster have threads
    elif chosen["jobs"] is None:
        chosen["jobs"] = usual_jobs("quick", costs=False)  # each dataset of a suite has options of its own
    if dry_run:
        preview = preview_suite(suite, **chosen)
        suites.show_preview(preview, as_json=as_json)
        sys.exit(preview.exit_code)
    try:
        with progress.bar(enabled=not quiet) as watch:
            announce = suites.announcer(enabled=not quiet)
            answer = benchmark(suite, confidence_level=level, progress=watch, on_dataset=announce, **chosen)
    except KeyboardInterrupt:
        command_line = shlex.join(["deepworth", "benchmark", suite])
        raise KeyboardInterrupt(f"interrupted; finished jobs are kept; to resume: {command_line}") from None
    suites.write(answer, output)
    suites.write_documents(answer, latex, report)
    suites.show(answer, as_json=as_json)
    if plot:
        suites.plot_rankings(answer, plot)
    sys.exit(answer.exit_code)
