"""`deepworth compare`."""

from __future__ import annotations

import sys
from typing import Any

import click

from ._config import configured
from ._options import (
    BUDGET,
    JSON,
    LOAD,
    MLFLOW,
    QUIET,
    RUNNER,
    SEED,
    STORE,
    names,
    options,
    settings,
    told,
    usual_jobs,
)

_AGAIN = ("jobs", "time_limit", "memory_limit", "cluster")  # what may change when a run goes on
_SHOWN = ("resume", "store", "as_json", "quiet", "output", "report", "mlflow", "save_best")


def _given(ctx: click.Context, *sources: str) -> set[str]:
    """Options that came from the command line, or also from the environment."""
    return {name for name in ctx.params if getattr(ctx.get_parameter_source(name), "name", "") in sources}


def _refuse(names: set[str]) -> None:
    if names:
        flag = sorted(names)[0].replace("_", "-")
        raise click.UsageError(f"--resume takes data and options from the run; leave {flag} away")


def _check_report(report: str | None, no_store: bool) -> None:
    """Refuse a page that cannot be written before the work begins."""
    from ..report.documents import kind_of

    if report is not None:
        kind_of(report)
        if no_store:
            raise click.UsageError("--report is made from what the run keeps; leave --no-store away")


def _write_report(report: str | None, run: str | None) -> None:
    from ..workflows.report import report as make

    if report is not None and run is not None:
        make(run, report)
        click.echo(f"wrote {report}", err=True)


def _check_folder(folder: str | None) -> None:
    """Refuse a folder that cannot become a saved model before the work begins."""
    if folder is not None:
        from pathlib import Path

        from ..artefact.saving import check_writable

        check_writable(Path(folder), overwrite=False)


def _save_best(result: Any, folder: str | None) -> None:
    if folder is not None:
        from ..workflows.save_best import save_best

        click.echo(f"saved the winner in {save_best(result, folder)}", err=True)


@click.command()
@click.argument("data", default="sick-healthy")
@options(*LOAD)
@click.option("-m", "--model", multiple=True, callback=names, metavar="NAMES", help="Compare only these.")
@click.option(
    "--preset",
    type=click.Choice(["quick", "standard", "thorough"]),
    default="quick",
    show_default=True,
    help="5-fold, 10-fold, or three times 10-fold.",
)
@click.option("--folds", type=click.IntRange(min=2), help="Overrides the preset.")
@click.option("--repeats", type=click.IntRange(min=1), help="Overrides the preset.")
@click.option(
    "--holdout", type=float, metavar="SHARE", help="Hold out this share, --repeats times, instead of folds."
)
@click.option(
    "--calibrate",
    type=click.Choice(["auto", "none", "temperature", "platt", "isotonic"]),
    help="Let every model learn honest probabilities inside its training rows.",
)
@click.option(
    "--costs/--no-costs",
    default=True,
    help="Fit every model once more on all rows, alone, and measure what it costs.  [default: costs]",
)
@click.option("--metric", metavar="NAME", help="roc_auc, log_loss, accuracy, f1, rmse, ...")
@click.option("--margin", type=float, help="Differences up to this do not matter.")
@click.option(
    "--confidence-level", type=float, default=0.95, show_default=True, help="A verdict needs this much."
)
@click.option(
    "--set", "params", multiple=True, callback=settings, metavar="MODEL.PARAM=VALUE", help="Repeatable."
)
@click.option("-o", "--output", metavar="FILE", help="Write the answer to .json, or the leaderboard to .csv.")
@click.option("--report", metavar="FILE", help="Write the whole answer as one page, .html or .md.")
@click.option("--save-best", metavar="DIR", help="Fit the winner to all rows and save it, with its scores.")
@click.option("--no-store", is_flag=True, help="Keep nothing of the run.")
@click.option("--dry-run", is_flag=True, help="Print the jobs and the estimated time, and stop.")
@click.option("--resume", metavar="RUN", help="Go on with a run that did not end; its options are kept.")
@options(BUDGET)
@options(*RUNNER)
@options(MLFLOW, SEED, STORE, JSON, QUIET)
@configured
@click.pass_context
def command(
    ctx: click.Context,
    data: str,
    as_json: bool,
    quiet: bool,
    output: str | None,
    report: str | None,
    save_best: str | None,
    model: Any,
    no_store: bool,
    store: str | None,
    resume: str | None,
    mlflow: str | None,
    dry_run: bool,
    **chosen: Any,
) -> None:
    """Compare deep and classical models on DATA and say which is better.

    DATA is a file, a folder, or a name that `deepworth datasets` lists.
    """
    from ..report import catalogue, progress, terminal
    from ..report.output import check_output
    from ..report.tracking import Tracker
    from ..workflows.compare import compare as run
    from ..workflows.preview import preview
    from ..workflows.resume import resume as go_on

    check_output(output)
    _check_report(report, no_store)
    _check_folder(save_best)
    tracker = Tracker(mlflow) if mlflow is not None else None
    if chosen["cluster"] is not None and "jobs" not in _given(ctx, "COMMANDLINE"):
        chosen["jobs"] = None  # a number is for one machine
    elif chosen["jobs"] is None:
        chosen["jobs"] = usual_jobs(chosen["preset"], chosen["costs"])
    if dry_run and resume is None:
        return catalogue.show_plan(
            preview(data, models=model or None, store=store, **chosen), as_json=as_json
        )
    with progress.bar(enabled=not quiet) as watch:
        if resume is None:
            kept = False if no_store else store
            result = run(data, models=model or None, store=kept, progress=watch, **chosen)
        else:
            given = _given(ctx, "COMMANDLINE", "ENVIRONMENT")
            _refuse(_given(ctx, "COMMANDLINE") - {*_AGAIN, *_SHOWN})
            changed = {name: chosen[name] for name in _AGAIN if name in given}
            result = go_on(resume, store=store, progress=watch, **changed)
    answer = result.to_dict()
    terminal.write(answer, output)
    terminal.show(answer, as_json=as_json)
    _write_report(report, result.path)
    _save_best(result, save_best)
    sys.exit(max(result.exit_code, told(tracker, answer)))
