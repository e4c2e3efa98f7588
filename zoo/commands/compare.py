"""`deepworth compare`."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Any, Literal

import click

from ..report.output import say
from ._config import configured
from ._group import Command, option
from ._options import (
    BUDGET,
    DRY_RUN,
    INFERENCE,
    JSON,
    LOAD,
    MARGIN,
    METRIC,
    MLFLOW,
    MODELS,
    OUTPUT,
    PRETRAINED,
    QUIET,
    RUNNER,
    SEED,
    SET,
    STORE,
    TUNE,
    WEIGHTS,
    WITHOUT,
    calibrate,
    confidence,
    folds,
    log_to_mlflow,
    options,
    repeats,
    usual_jobs,
)

GROUP = "Compare and judge"
ORDER = 1

_SHOWN = ("resume", "retry", "store", "as_json", "quiet", "output", "report", "mlflow", "save_best")


def _set_by(ctx: click.Context, *sources: str) -> set[str]:
    """The options whose value comes from one of these sources, such as COMMANDLINE or ENVIRONMENT."""
    return {name for name in ctx.params if getattr(ctx.get_parameter_source(name), "name", "") in sources}


def _refuse_with_resume(ctx: click.Context, names: set[str]) -> None:
    for param in ctx.command.params:
        if param.name in names:
            shown = max(param.opts, key=len)
            shown = shown if isinstance(param, click.Option) else shown.upper()
            raise click.UsageError(f"--resume takes data and options from the run; remove {shown}")


def _check_report(report: str | None, no_store: bool) -> None:
    """Refuse a page that cannot be written before the work begins."""
    from ..report.documents import kind_of

    if report is not None:
        kind_of(report)
        if no_store:
            raise click.UsageError("--report reads the stored run; remove --no-store")


def _write_report(report: str | None, run: str | None) -> None:
    from ..workflows.report import report as make

    if report is not None and run is not None:
        make(run, report)
        say(f"wrote {report}")


def _check_folder(folder: str | None) -> None:
    """Refuse a folder that cannot become a saved model before the work begins."""
    if folder is not None:
        from pathlib import Path

        from ..artefact.saving import check_writable

        check_writable(Path(folder), overwrite=False)


def _save_best(result: Any, folder: str | None) -> None:
    if folder is not None:
        from ..workflows.save_best import save_best

        say(f"saved the best model in {save_best(result, folder)}")


@click.command(cls=Command)
@click.argument("data", default="sick-healthy")
@options(*LOAD)
@options(MODELS, WITHOUT, SET, TUNE, WEIGHTS, PRETRAINED, calibrate("none"))
@option(
    "--preset",
    group="Evaluation",
    type=click.Choice(["quick", "standard", "thorough"]),
    default="quick",
    show_default=True,
    metavar="NAME",
    help="quick (5-fold, about 2 min on 2 cores), standard (10-fold, ten times that) or thorough (three "
    "times 10-fold, without a limit) cross-validation.",
)
@option(
    "--total-time",
    group="Resources",
    metavar="TIME",
    show_default="by --preset",
    help="Leave out folds, dear models and training rows so that the run takes about this long, as 10m.",
)
@options(folds(None, "by --preset"), repeats(None, "by --preset"))
@option(
    "--holdout",
    group="Evaluation",
    type=float,
    metavar="FRACTION",
    help="Instead of folds, hold out this fraction of the rows, as many times as --repeats says.",
)
@option(
    "--train-rows",
    group="Evaluation",
    type=click.IntRange(min=10),
    metavar="N",
    help="Train on at most N rows of each fold, drawn at random.",
)
@options(METRIC, MARGIN, confidence(), INFERENCE, BUDGET)
@options(*RUNNER)
@option(
    "--costs/--no-costs",
    group="Resources",
    default=True,
    show_default=True,
    help="Fit every model once more on all rows, alone, to measure its time, memory and size.",
)
@options(OUTPUT)
@option("--report", group="Output", metavar="FILE", help="Write a report of the run, .html or .md.")
@option("--save-best", group="Output", metavar="DIR", help="Fit the best model on all rows and save it.")
@options(MLFLOW, STORE)
@option("--no-store", group="Output", is_flag=True, help="Do not store the run.")
@options(JSON, QUIET, SEED, DRY_RUN)
@option(
    "--resume",
    metavar="RUN",
    help="Resume an interrupted run with its own data and options; name models of your own again by -m.",
)
@option(
    "--retry",
    type=click.Choice(["failed"]),
    metavar="failed",
    help="With --resume: also run jobs again that failed, crashed, or ran out of time or memory.",
)
@configured
@click.pass_context
def command(
    ctx: click.Context,
    /,
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
    retry: Literal["failed"] | None,
    mlflow: str | None,
    dry_run: bool,
    **chosen: Any,
) -> None:
    """Compare deep and classical models on DATA.

    Says which is better, with what certainty and at what cost. DATA is a file, a folder, or the name of a
    dataset that `deepworth datasets` lists. Models of your own are named by their file: -m my.py:make_model.
    """
    from ..report import catalogue, progress, terminal
    from ..report.output import check_output
    from ..report.tracking import Tracker
    from ..results.runs import Interrupted
    from ..setup import Setup
    from ..workflows.compare import run_setup
    from ..workflows.preview import preview_setup

    if retry is not None and resume is None:
        raise click.UsageError("--retry needs --resume RUN")
    check_output(output)
    _check_report(report, no_store)
    _check_folder(save_best)
    tracker = Tracker(mlflow) if mlflow is not None else None
    if chosen["cluster"] is not None and "jobs" not in _set_by(ctx, "COMMANDLINE"):
        chosen["jobs"] = None  # a number is for one machine
    elif chosen["jobs"] is None:
        chosen["jobs"] = usual_jobs(chosen["preset"], chosen["costs"])
    setup = Setup.of(data, models=model or None, **chosen)
    if dry_run and resume is None:
        return catalogue.show_plan(preview_setup(setup, data, store=store), as_json=as_json)
    try:
        with progress.bar(enabled=not quiet) as watch:
            if resume is None:
                result = run_setup(setup, data, store=False if no_store else store, progress=watch)
            else:
                result = _resumed(ctx, resume, retry, store, watch)
    except Interrupted as error:
        if error.result is not None:
            terminal.write(error.result.answer, output)
            terminal.show(error.result.answer, as_json=as_json)
        raise
    terminal.write(result.answer, output)
    terminal.show(result.answer, as_json=as_json)
    _write_report(report, result.path)
    _save_best(result, save_best)
    sys.exit(max(result.exit_code, log_to_mlflow(tracker, result.answer)))


def _resumed(
    ctx: click.Context, run: str, retry: Literal["failed"] | None, store: str | None, watch: Any
) -> Any:
    """The rest of a run; of its options only those that say where and how fast it runs may change."""
    import inspect

    from ..setup import Resources
    from ..workflows.resume import resume

    changeable = {f.name for f in fields(Resources)} & inspect.signature(resume).parameters.keys()
    given = _set_by(ctx, "COMMANDLINE", "ENVIRONMENT")
    _refuse_with_resume(ctx, _set_by(ctx, "COMMANDLINE") - {*changeable, *_SHOWN, "model"})
    changed = {name: ctx.params[name] for name in changeable if name in given}
    models = ctx.params["model"] if "model" in _set_by(ctx, "COMMANDLINE") else None
    return resume(run, retry=retry, store=store, models=models, progress=watch, **changed)
