"""The command line: parse, call one function, print."""

from __future__ import annotations

if __name__ == "__main__":  # `python cli.py` hands over to the installed module
    import sys
    from importlib import import_module
    from pathlib import Path

    here = Path(__file__).resolve().parent
    sys.path[:] = [p for p in sys.path if Path(p).resolve() != here]
    sys.exit(import_module("deepworth.cli").main())

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from . import __version__

_SETTINGS = {
    "help_option_names": ["-h", "--help"],
    "auto_envvar_prefix": "DEEPWORTH",
    "max_content_width": 100,
}


class _Group(click.Group):
    """Commands in the order in which a newcomer needs them; bad input ends in one line and exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt as error:
            _end(str(error) or "interrupted", 130)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has gone
            sys.exit(0)
        except Exception as error:  # the last line of defence: one line, and the traceback on demand
            _explain(error, ctx.params.get("debug", False))


def _explain(error: Exception, debug: bool) -> None:
    from .datasets._errors import InputError

    if debug:
        raise error
    message = " ".join(str(error).split())
    if isinstance(error, InputError):
        _end(message, 2)
    if isinstance(error, OSError):
        _end(f"{error.strerror or message}: {error.filename}" if error.filename else message, 2)
    _end(f"this is a fault of deepworth ({type(error).__name__}: {message}); deepworth --debug shows more", 1)


def _end(message: str, code: int) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)


def _names(ctx: Any, param: Any, values: tuple[str, ...]) -> tuple[str, ...]:
    """Repeated options and comma lists are the same."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def _numbers(ctx: Any, param: Any, values: tuple[str, ...]) -> tuple[int, ...]:
    """Whole numbers, repeated or in comma lists."""
    try:
        return tuple(int(name) for name in _names(ctx, param, values))
    except ValueError:
        raise click.BadParameter(f"expected whole numbers such as 1,2,3, got {','.join(values)!r}") from None


def _settings(ctx: Any, param: Any, values: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """``deep-mlp.epochs=50`` to ``{"deep-mlp": {"epochs": 50}}``."""
    import ast

    found: dict[str, dict[str, Any]] = {}
    for value in values:
        name, _, text = value.partition("=")
        model, _, key = name.partition(".")
        if not (model and key and text):
            raise click.BadParameter(f"expected MODEL.PARAMETER=VALUE, got {value!r}")
        try:
            found.setdefault(model, {})[key] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            found.setdefault(model, {})[key] = text
    return found


_LOAD = (
    click.option("-t", "--target", metavar="COLUMN", help="What to predict."),
    click.option(
        "--drop", multiple=True, callback=_names, metavar="COLUMNS", help="Leave these columns out."
    ),
    click.option(
        "--categorical", multiple=True, callback=_names, metavar="COLUMNS", help="Read as categories."
    ),
    click.option("--text", metavar="COLUMN", help="Learn from this text column alone."),
    click.option(
        "--task", type=click.Choice(["binary", "multiclass", "regression"]), help="Overrides the guess."
    ),
    click.option("--test", metavar="PATH", help="Rows to score on, in a file (or folder) of their own."),
    click.option("--split-column", metavar="COLUMN", help="Column that says train or test."),
    click.option("--groups", metavar="COLUMN", help="Rows of one group never stand on both sides."),
    click.option("--time", metavar="COLUMN", help="Predict later rows from earlier ones; no feature."),
    click.option("--group-duplicates", is_flag=True, help="Keep equal and near-equal rows on one side."),
    click.option("--positive", metavar="CLASS", help="The class that counts as positive."),
    click.option("--rows", type=click.IntRange(min=2), help="Use a random part of this many rows."),
    click.option("--offline", is_flag=True, default=None, help="Never use the network."),
)
_SEED = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same numbers."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_QUIET = click.option("-q", "--quiet", is_flag=True, help="No progress.")
_STORE = click.option("--store", metavar="DIR", help="Where runs are kept.")


_COSTS = (
    click.option(
        "--cost-false-negative", type=float, metavar="COST", help="Of a positive case that is missed."
    ),
    click.option("--cost-false-positive", type=float, metavar="COST", help="Of a false alarm."),
)


_AGAIN = ("jobs", "time_limit", "memory_limit")  # what may change when a run goes on
_SHOWN = ("resume", "store", "as_json", "quiet", "output")
_RUNNER = (
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=0),
        default=int(os.name == "posix"),
        show_default=True,
        help="Worker processes at a time, which share the cores; 0: none, all in this process.",
    ),
    click.option("--threads", type=click.IntRange(min=1), help="Of every fit.  [default: by rows and cores]"),
    click.option("--time-limit", metavar="TIME", help="Of one fit: 90, 5m, 2h."),
    click.option("--memory-limit", metavar="SIZE", help="Of a worker process: 2GB.  [default: what is free]"),
)


def _given(ctx: click.Context, *sources: str) -> set[str]:
    """Options that came from the command line, or also from the environment."""
    return {name for name in ctx.params if getattr(ctx.get_parameter_source(name), "name", "") in sources}


def _refuse(names: set[str]) -> None:
    if names:
        flag = sorted(names)[0].replace("_", "-")
        raise click.UsageError(f"--resume takes data and options from the run; leave {flag} away")


def _options(*options: Any) -> Callable[[Any], Any]:
    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.group(cls=_Group, context_settings=_SETTINGS)
@click.version_option(__version__, prog_name="deepworth")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Is deep learning worth it on my data?

    \b
    deepworth compare                            embedded data, no download
    deepworth compare my.csv --target churn      a table
    deepworth compare photos/                    a folder of images, one sub-folder a class
    deepworth compare reviews.csv --target label --text review
    """


@main.command()
@click.argument("data", default="sick-healthy")
@_options(*_LOAD)
@click.option("-m", "--model", multiple=True, callback=_names, metavar="NAMES", help="Compare only these.")
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
@click.option("--metric", metavar="NAME", help="roc_auc, log_loss, accuracy, f1, rmse, ...")
@click.option("--margin", type=float, help="Differences up to this do not matter.")
@click.option(
    "--confidence-level", type=float, default=0.95, show_default=True, help="A verdict needs this much."
)
@click.option(
    "--set", "params", multiple=True, callback=_settings, metavar="MODEL.PARAM=VALUE", help="Repeatable."
)
@click.option("-o", "--output", metavar="FILE", help="Write the answer to .json, or the leaderboard to .csv.")
@click.option("--no-store", is_flag=True, help="Keep nothing of the run.")
@click.option("--resume", metavar="RUN", help="Go on with a run that did not end; its options are kept.")
@_options(*_RUNNER)
@_options(_SEED, _STORE, _JSON, _QUIET)
@click.pass_context
def compare(
    ctx: click.Context,
    data: str,
    as_json: bool,
    quiet: bool,
    output: str | None,
    model: Any,
    no_store: bool,
    store: str | None,
    resume: str | None,
    **options: Any,
) -> None:
    """Compare deep and classical models on DATA and say which is better.

    DATA is a file, a folder, or a name that `deepworth datasets` lists.
    """
    from .zoo.comparison import compare as run
    from .zoo.comparison import resume as go_on
    from .zoo.report import progress, terminal

    terminal.check_output(output)
    with progress.bar(enabled=not quiet) as watch:
        if resume is None:
            kept = False if no_store else store
            result = run(data, models=model or None, store=kept, progress=watch, **options)
        else:
            given = _given(ctx, "COMMANDLINE", "ENVIRONMENT")
            _refuse(_given(ctx, "COMMANDLINE") - {*_AGAIN, *_SHOWN})
            chosen = {name: options[name] for name in _AGAIN if name in given}
            result = go_on(resume, store=store, progress=watch, **chosen)
    answer = result.to_dict()
    terminal.write(answer, output)
    terminal.show(answer, as_json=as_json)
    sys.exit(result.exit_code)


_CURVE = (
    click.option("--metric", metavar="NAME", help="roc_auc, log_loss, accuracy, f1, rmse, ..."),
    click.option(
        "--confidence-level", type=float, default=0.95, show_default=True, help="Of intervals and answers."
    ),
    click.option(
        "--set", "params", multiple=True, callback=_settings, metavar="MODEL.PARAM=VALUE", help="Repeatable."
    ),
    click.option("--plot", metavar="FILE", help="Draw the picture: a name in .png or .svg."),
    click.option("-o", "--output", metavar="FILE", help="Write the answer to .json, or the scores to .csv."),
)


@main.command("learning-curve")
@click.argument("data", default="sick-healthy")
@_options(*_LOAD)
@click.option("-m", "--model", multiple=True, callback=_names, metavar="NAMES", help="Train only these.")
@click.option(
    "--sizes", type=click.IntRange(min=4), default=8, show_default=True, help="How many training sizes."
)
@click.option("--smallest", type=click.IntRange(min=2), help="The smallest training size, in rows.")
@click.option(
    "--repeats", type=click.IntRange(min=2), default=5, show_default=True, help="Draws of the rows."
)
@_options(*_CURVE, _SEED, _JSON, _QUIET)
def learning_curve(data: str, model: Any, **options: Any) -> None:
    """With how much DATA would deep learning win?

    Trains both families on growing parts of the rows, fits their learning curves, and says where they
    cross, up to ten times the data.
    """
    from .zoo.comparison import learning_curve as run

    _run_curve(run, "learning_curve", data, models=model or None, **options)


def _run_curve(
    run: Any, kind: str, data: str, *, as_json: bool, quiet: bool, plot: Any, output: Any, **options: Any
) -> None:
    """Run, write, draw and show; what was finished when Ctrl-C came is shown too."""
    from .zoo.comparison import Interrupted
    from .zoo.report import curves, learning_plots, progress

    curves.check_output(output)
    learning_plots.check_plot(plot)
    code = None
    try:
        with progress.bar(enabled=not quiet) as watch:
            result = run(data, progress=watch, **options)
    except Interrupted as error:
        result, code = error.result, 130
    answer = result.to_dict()
    curves.write(answer, output)
    if plot:
        getattr(learning_plots, f"plot_{kind}")(answer, plot)
    getattr(curves, f"show_{kind}")(answer, as_json=as_json)
    sys.exit(result.exit_code if code is None else code)


@main.command()
@click.argument("data", default="sick-healthy")
@_options(*_LOAD)
@click.option("-m", "--model", default="plain-mlp", show_default=True, help="A network of hidden layers.")
@click.option(
    "--layers", multiple=True, callback=_numbers, metavar="NUMBERS", help="Hidden layers.  [default: 0,1,2,3]"
)
@click.option(
    "--units", multiple=True, callback=_numbers, metavar="NUMBERS", help="Units in each.  [default: 8,32,128]"
)
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True, help="Of each round.")
@click.option("--repeats", type=click.IntRange(min=1), default=1, show_default=True, help="Rounds of folds.")
@click.option("--margin", type=float, help="Differences up to this do not matter.")
@_options(*_CURVE, _SEED, _JSON, _QUIET)
def capacity(data: str, layers: Any, units: Any, **options: Any) -> None:
    """How deep and how wide must a network be on DATA?

    Cross-validates the textbook network over numbers of hidden layers and of units in each, and says
    whether one hidden layer is enough, or two.
    """
    from .zoo.comparison import capacity as run

    grid = {name: value for name, value in (("layers", layers), ("units", units)) if value}
    _run_curve(run, "capacity", data, **grid, **options)


@main.command()
@click.argument("data")
@_options(*_LOAD)
@click.option("-m", "--model", default="deep-mlp", show_default=True, help="`deepworth models` lists them.")
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder for the saved model.")
@click.option("--overwrite", is_flag=True, help="Replace a saved model.")
@click.option(
    "--set", "params", multiple=True, callback=_settings, metavar="MODEL.PARAM=VALUE", help="Repeatable."
)
@click.option(
    "--calibrate",
    type=click.Choice(["auto", "none", "temperature", "platt", "isotonic"]),
    help="Learn honest probabilities; trains six times.  [default: auto with a level or costs, else none]",
)
@click.option(
    "--confidence-level", type=float, help="Answer with sets (or intervals) that hold the truth so often."
)
@_options(*_COSTS)
@_options(_SEED, _JSON, _QUIET)
def train(data: str, as_json: bool, quiet: bool, **options: Any) -> None:
    """Train one model on DATA and save it, ready for raw rows."""
    from .zoo.comparison import train as run
    from .zoo.report import progress, terminal

    with progress.spinner(f"training {options['model']}", enabled=not quiet):
        summary = run(data, **options)
    terminal.show_trained(summary, as_json=as_json)


@main.command()
@click.argument("artefact")
@click.argument("data")
@_options(*_LOAD)
@click.option("--confidence-level", type=float, default=0.95, show_default=True, help="Of the intervals.")
@_options(_SEED, _JSON)
def evaluate(artefact: str, data: str, as_json: bool, **options: Any) -> None:
    """Score a saved model on labelled DATA."""
    from .zoo.comparison import evaluate as run
    from .zoo.report import terminal
    from .zoo.report.calibration import show_confidence

    result = run(artefact, data, **options)
    terminal.show_scores(result, as_json=as_json)
    if not as_json:
        show_confidence(result["confidence"])


@main.command()
@click.argument("artefact")
@click.argument("data", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="FILE", help="CSV, Parquet or JSON lines by its ending; else CSV on stdout."
)
@_JSON
def predict(artefact: str, data: tuple[str, ...], output: str | None, as_json: bool) -> None:
    """Ask a saved model about new rows.

    DATA is a file, a folder of images, - for CSV on stdin, or one row as NAME=VALUE pairs:

    \b
    deepworth predict model/ height_cm=180 weight_kg=80 body_temperature_c=39.5
    """
    from .zoo.comparison import predict as run
    from .zoo.report import terminal

    terminal.check_output(output)
    terminal.show_predictions(run(artefact, data), output, as_json=as_json)


@main.command()
@click.argument("name", required=False)
@_JSON
def models(name: str | None, as_json: bool) -> None:
    """List the models, or show one with its parameters."""
    from .zoo import registry
    from .zoo.report import catalogue

    if name is None:
        catalogue.show_models(registry.describe_all(), as_json=as_json)
    else:
        catalogue.show_model(registry.describe(name), as_json=as_json)


@main.command()
@click.argument("data", required=False)
@_options(*_LOAD)
@_options(_SEED, _JSON)
def datasets(data: str | None, as_json: bool, **options: Any) -> None:
    """List the named datasets, or describe DATA: columns, what was inferred and why, first rows."""
    from .datasets import list_datasets
    from .zoo.report import catalogue

    if data is None:
        catalogue.show_datasets(list_datasets(), as_json=as_json)
        return
    from .datasets import describe_dataset

    catalogue.show_dataset(describe_dataset(data, **options), as_json=as_json)


@main.command()
@click.argument("run", default="last")
@click.option("-m", "--model", multiple=True, callback=_names, metavar="NAMES", help="Judge only these.")
@click.option("--metric", metavar="NAME", help="Another metric: roc_auc, log_loss, f1, rmse, ...")
@click.option("--margin", type=float, help="Differences up to this do not matter.")
@click.option("--confidence-level", type=float, help="A verdict needs this much.")
@click.option("--between", nargs=2, metavar="MODEL MODEL", help="Compare these two with each other as well.")
@click.option("-o", "--output", metavar="FILE", help="Write the answer to .json, or the leaderboard to .csv.")
@_options(_STORE, _JSON)
def verdict(run: str, as_json: bool, output: str | None, model: Any, **options: Any) -> None:
    """Judge a past RUN again by what it kept, without training: another metric, margin or level.

    RUN is its name, a start of it, or `last`.
    """
    from .zoo.comparison import verdict as judge
    from .zoo.report import terminal

    terminal.check_output(output)
    answer = judge(run, models=model or None, **options)
    terminal.write(answer, output)
    terminal.show(answer, as_json=as_json)


@main.command()
@click.argument("data", required=False)
@_options(*_LOAD)
@click.option("--list", "list_all", is_flag=True, help="Explain every code.")
@_options(_SEED, _JSON, _QUIET)
def check(data: str | None, list_all: bool, as_json: bool, quiet: bool, **options: Any) -> None:
    """Check DATA and train nothing: copies, leaks, rare classes, time order, ...

    Exit code 1 if a finding forbids a comparison.
    """
    from .zoo.report import findings, progress

    if list_all:
        from .datasets import list_codes

        findings.show_codes(list_codes(), as_json=as_json)
        return
    if data is None:
        _end("name the DATA to check, or say --list to see what is checked", 2)
        return
    from .datasets import check_data

    with progress.patience(f"checking {data}", enabled=not quiet):
        answer = check_data(data, **options)
    findings.show_check(answer, as_json=as_json)
    sys.exit(int(answer["errors"] > 0))


@main.command()
@click.argument("run", required=False)
@_options(_STORE, _JSON)
def runs(run: str | None, store: str | None, as_json: bool) -> None:
    """List past runs, or show one again (by its name, a start of it, or `last`)."""
    from .zoo.comparison import list_runs, load_run
    from .zoo.report import catalogue, terminal

    if run is None:
        catalogue.show_runs(list_runs(store), as_json=as_json)
    else:
        terminal.show(load_run(run, store), as_json=as_json)


@main.command()
@click.argument("run", default="last")
@click.option("-m", "--model", multiple=True, callback=_names, metavar="NAMES", help="Only these models.")
@click.option(
    "--confidence-level", type=float, default=0.9, show_default=True, help="Of prediction sets or intervals."
)
@_options(*_COSTS)
@click.option("--plot", metavar="FILE", help="Draw reliability, to .svg, .png or .pdf.")
@_options(_SEED, _STORE, _JSON)
def calibration(run: str, model: Any, plot: str | None, as_json: bool, **options: Any) -> None:
    """How far can the confidence of a RUN's models be trusted? Trains nothing.

    Calibration error, what calibrators would do, thresholds by costs, coverage of prediction sets.
    """
    from .zoo.comparison import calibration as judge
    from .zoo.report.calibration import show_calibration
    from .zoo.report.calibration_plots import check_plot, plot_calibration

    check_plot(plot)
    answer = judge(run, models=model, **options)
    if plot is not None:
        plot_calibration(answer, plot)
    show_calibration(answer, as_json=as_json)
