"""`deepworth verdict`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import click

from ..report.output import say
from ._group import Command, option
from ._options import BUDGET, INFERENCE, JSON, MARGIN, METRIC, MODELS, OUTPUT, STORE, confidence, options

GROUP = "Compare and judge"
ORDER = 2

_MANY = "--predictions"


def spread(arguments: Sequence[str]) -> list[str]:
    """Every file behind ``--predictions`` as an option of its own, as shells complete several names."""
    found: list[str] = []
    inside = False
    for place, word in enumerate(arguments):
        if word == "--":
            return [*found, *arguments[place:]]
        if word.startswith("-") and word != "-":
            inside = word == _MANY
            first = place + 1 < len(arguments) and not arguments[place + 1].startswith("-")
            found += [] if inside and first else [word]
        else:
            found += [_MANY, word] if inside else [word]
    return found


class _Verdict(Command):
    """Takes several files behind one option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spread(args))


@click.command(cls=_Verdict)
@click.argument("run", default="last")
@option(
    _MANY,
    group="Data",
    multiple=True,
    metavar="FILES",
    help="Judge predictions in CSV or Parquet files, a model each or with a column a model: probabilities, "
    "scores, classes or values.",
)
@option("-t", "--target", group="Data", metavar="COLUMN", help="Column to predict.")
@option(
    "--id",
    group="Data",
    metavar="COLUMN",
    show_default="id or row; without, files have the same order",
    help="Column that names the rows.",
)
@option(
    "--fold",
    group="Data",
    metavar="COLUMN",
    show_default="fold",
    help="Column of the folds of cross-validated predictions.",
)
@option(
    "--repeat",
    group="Data",
    metavar="COLUMN",
    show_default="repeat",
    help="Column of the repeats of cross-validated predictions.",
)
@option(
    "--groups", group="Data", metavar="COLUMN", help="Rows with the same value in COLUMN belong together."
)
@option("--time", group="Data", metavar="COLUMN", help="Time of the rows, if neighbours may be alike.")
@option(
    "--task",
    group="Data",
    type=click.Choice(["binary", "multiclass", "classification", "regression"]),
    metavar="TASK",
    show_default="inferred from the target",
    help="binary, multiclass, classification or regression.",
)
@option("--positive", group="Data", metavar="CLASS", help="Positive class of a binary task.")
@options(MODELS)
@options(METRIC, MARGIN, confidence(None), INFERENCE)
@option(
    "--between",
    group="Evaluation",
    nargs=2,
    metavar="MODEL MODEL",
    help="Compare these two models with each other.",
)
@option(
    "--gain",
    group="Evaluation",
    type=float,
    metavar="DIFFERENCE",
    show_default="the observed one",
    help="True gain for which to plan the number of rows of predictions.",
)
@options(BUDGET, OUTPUT)
@option(
    "--report", group="Output", metavar="FILE", help="Write a report of predictions, .html, .md or .json."
)
@options(STORE, JSON)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    run: str,
    predictions: tuple[str, ...],
    as_json: bool,
    output: str | None,
    report: str | None,
    model: Any,
    **chosen: Any,
) -> None:
    """Judge a past RUN again, or predictions of any models.

    Trains nothing. RUN is a run's name, its first characters, or `last`; options that are not given stay
    those of the run. With --predictions, files are judged instead, whatever made them:
    deepworth verdict --predictions a.csv b.csv --target sick
    """
    from ..report.output import check_output

    check_output(output)
    if predictions:
        _judge_files(ctx, predictions, as_json, output, report, models=model or None, **chosen)
        return
    from ..report import terminal
    from ..workflows.verdict import verdict as judge

    if report is not None:
        raise click.UsageError("--report is for predictions; deepworth report RUN writes that of a run")
    answer = judge(run, models=model or None, **_given(chosen)).answer
    terminal.write(answer, output)
    terminal.show(answer, as_json=as_json)


def _given(chosen: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in chosen.items() if value not in (None, ())}


def _judge_files(
    ctx: click.Context,
    files: tuple[str, ...],
    as_json: bool,
    output: str | None,
    report: str | None,
    **chosen: Any,
) -> None:
    from ..report import predictions as shown
    from ..workflows.verdict import verdict as judge

    source = ctx.get_parameter_source("run")
    if source is not None and source.name == "COMMANDLINE":
        raise click.UsageError(f"RUN and --predictions are two questions; remove {ctx.params['run']!r}")
    shown.check(report)
    found = judge(predictions=list(files), **_given(chosen))
    shown.write(found.answer, output)
    shown.show(found.answer, found.basis, as_json=as_json)
    if report is not None:
        found.report(report, _command(files, _given(chosen)))
        say(f"wrote {report}")


def _command(files: Sequence[str], chosen: dict[str, Any]) -> str:
    """The line that judges the files again."""
    words = ["deepworth", "verdict", _MANY, *files]
    for name, value in chosen.items():
        flag = "--model" if name == "models" else f"--{name.replace('_', '-')}"
        several = isinstance(value, (tuple, list))
        shown = [",".join(value)] if name == "models" else [str(v) for v in (value if several else [value])]
        words += [flag, *shown]
    return shlex.join(words)
