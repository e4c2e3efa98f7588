"""Options that commands share: each is defined once, so that it reads the same everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..report.output import say
from ._group import option

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]


def names(ctx: Any, param: Any, values: tuple[str, ...]) -> tuple[str, ...]:
    """Split comma lists: ``-m a,b`` and ``-m a -m b`` are the same."""
    found = tuple(_parts(values))
    if values and not found:
        raise click.BadParameter("expected at least one name")
    return found


def _parts(values: tuple[str, ...]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def marks(ctx: Any, param: Any, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Cells in comma lists; None where the option is not given, which is another thing than no cell."""
    return tuple(_parts(values)) if values else None


def numbers(ctx: Any, param: Any, values: tuple[str, ...]) -> tuple[int, ...]:
    """Whole numbers, given several times or in comma lists."""
    try:
        return tuple(int(name) for name in names(ctx, param, values))
    except ValueError:
        raise click.BadParameter(f"expected whole numbers such as 1,2,3, got {','.join(values)!r}") from None


def settings(ctx: Any, param: Any, values: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """``deep-mlp.epochs=50`` becomes ``{"deep-mlp": {"epochs": 50}}``."""
    import ast

    parameters: dict[str, dict[str, Any]] = {}
    for value in values:
        name, _, text = value.partition("=")
        model, _, key = name.partition(".")
        if not (model and key and text):
            raise click.BadParameter(f"expected MODEL.PARAMETER=VALUE, got {value!r}")
        try:
            parameters.setdefault(model, {})[key] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            parameters.setdefault(model, {})[key] = text
    return parameters


def options(*decorators: Decorator[Any]) -> Decorator[Any]:
    """Several options in one decorator, in this order."""

    def add(command: Any) -> Any:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return add


# Data

OFFLINE = option("--offline", group="Data", is_flag=True, default=None, help="Do not use the network.")
LOAD = (
    option("-t", "--target", group="Data", metavar="COLUMN", help="Column to predict."),
    option(
        "--drop",
        group="Data",
        multiple=True,
        callback=names,
        metavar="COLUMNS",
        help="Columns to leave out, separated by commas.",
    ),
    option(
        "--categorical",
        group="Data",
        multiple=True,
        callback=names,
        metavar="COLUMNS",
        help="Columns to read as categories, separated by commas.",
    ),
    option(
        "--numeric",
        group="Data",
        multiple=True,
        callback=names,
        metavar="COLUMNS",
        help="Columns to read as numbers, separated by commas.",
    ),
    option(
        "--dayfirst/--monthfirst",
        group="Data",
        default=None,
        show_default="as the cells show",
        help="Read 03/04/24 as 3 April or as March 4.",
    ),
    option(
        "--decimal",
        group="Data",
        type=click.Choice([".", ","]),
        metavar="MARK",
        show_default="as the cells show",
        help="Decimal mark of numbers, . or a comma.",
    ),
    option(
        "--thousands",
        group="Data",
        type=click.Choice([",", ".", " ", "'"]),
        metavar="MARK",
        show_default="as the cells show",
        help="Mark between groups of three digits.",
    ),
    option(
        "--missing",
        group="Data",
        multiple=True,
        callback=marks,
        metavar="MARKS",
        show_default="NA, null, None, ? and the like",
        help="Cells that mean a missing value, separated by commas; blank ones always do.",
    ),
    option("--keep-na", group="Data", is_flag=True, help="Read NA, None and null as values."),
    option("--strict", group="Data", is_flag=True, help="Refuse rows without a target; leave none out."),
    option("--text", group="Data", metavar="COLUMN", help="Learn from this text column only."),
    option(
        "--task",
        group="Data",
        type=click.Choice(["binary", "multiclass", "classification", "regression"]),
        metavar="TASK",
        show_default="inferred from the target",
        help="binary, multiclass, classification or regression.",
    ),
    option("--test", group="Data", metavar="PATH", help="File or folder of the test set."),
    option(
        "--split-column",
        group="Data",
        metavar="COLUMN",
        help="Column whose values, train and test, define the split.",
    ),
    option(
        "--groups",
        group="Data",
        metavar="COLUMN",
        help="Keep rows with the same value in COLUMN on one side of every split.",
    ),
    option(
        "--time",
        group="Data",
        metavar="COLUMN",
        help="Predict later rows from earlier ones, by the order of COLUMN, which is not a feature; with "
        "row-order, by the order of the rows.",
    ),
    option(
        "--group-duplicates",
        group="Data",
        is_flag=True,
        help="Keep duplicates and near-duplicates on one side of every split.",
    ),
    option("--positive", group="Data", metavar="CLASS", help="Positive class of a binary task."),
    option(
        "--rows",
        group="Data",
        type=click.IntRange(min=2),
        metavar="N",
        help="Use a random sample of N rows.",
    ),
    OFFLINE,
)

# Models

MODELS = option(
    "-m",
    "--model",
    group="Models",
    multiple=True,
    callback=names,
    metavar="NAMES",
    help="Only these models, separated by commas; `deepworth models` lists them, and my.py:NAME is your own.",
)
WITHOUT = option(
    "--without",
    group="Models",
    multiple=True,
    callback=names,
    metavar="NAMES",
    help="Leave out these models, separated by commas.",
)
WEIGHTS = option(
    "--weights",
    group="Models",
    metavar="PATH",
    show_default="those found on this machine",
    help="Folder or file with pretrained weights; `deepworth weights` lists them.",
)
TUNE = option(
    "--tune",
    group="Models",
    metavar="TRIALS|TIME",
    is_flag=False,
    flag_value="25",
    help="Tune every model, too: so many trials each (25 without a number), or CPU time of a family as 10m.",
)
PRETRAINED = option(
    "--pretrained/--no-pretrained",
    group="Models",
    default=True,
    show_default=True,
    help="Compare models on pretrained weights, too, where there are weights.",
)
SET = option(
    "--set",
    "params",
    group="Models",
    multiple=True,
    callback=settings,
    metavar="MODEL.PARAM=VALUE",
    help="Set a model parameter; may be given more than once.",
)


def model(default: str) -> Decorator[Any]:
    """The one model of a command."""
    return option(
        "-m",
        "--model",
        "model",
        group="Models",
        default=default,
        show_default=True,
        metavar="NAME",
        help="Model to train; `deepworth models` lists them, and my.py:NAME is your own.",
    )


def calibrate(default: str) -> Decorator[Any]:
    """Calibration of probabilities; `default` says in words what happens without the option."""
    return option(
        "--calibrate",
        group="Models",
        type=click.Choice(["auto", "none", "temperature", "platt", "matrix", "isotonic"]),
        metavar="METHOD",
        show_default=default,
        help="Calibrate probabilities within the training rows: auto, none, temperature, platt, matrix or "
        "isotonic.",
    )


# Evaluation


def folds(default: int | None, words: str | bool = True) -> Decorator[Any]:
    """Number of folds; `words` name the default where it depends on other options."""
    return option(
        "--folds",
        group="Evaluation",
        type=click.IntRange(min=2),
        default=default,
        show_default=words,
        metavar="N",
        help="Number of cross-validation folds.",
    )


def repeats(default: int | None, words: str | bool = True, *, minimum: int = 1) -> Decorator[Any]:
    """Number of repeats; `words` name the default where it depends on other options."""
    return option(
        "--repeats",
        group="Evaluation",
        type=click.IntRange(min=minimum),
        default=default,
        show_default=words,
        metavar="N",
        help="Number of repeats with new random splits; with an official test set, of trainings: one on all "
        "training rows, the others on random halves of them.",
    )


def confidence(
    default: float | None = 0.95, text: str = "Confidence level of intervals and verdicts."
) -> Decorator[Any]:
    """Confidence level of statistical statements."""
    return option(
        "--confidence-level",
        group="Evaluation",
        type=float,
        default=default,
        show_default=True,
        metavar="LEVEL",
        help=text,
    )


def coverage(default: float | None = None) -> Decorator[Any]:
    """Coverage of what a model predicts."""
    return confidence(default, "Coverage of prediction sets or intervals, such as 0.9.")


METRIC = option(
    "--metric",
    group="Evaluation",
    metavar="NAME",
    help="Primary metric, such as roc_auc, log_loss, accuracy, f1 or rmse.",
)
MARGIN = option(
    "--margin",
    group="Evaluation",
    type=float,
    metavar="DIFFERENCE",
    help="Largest difference in the metric that counts as practically equivalent.",
)
INFERENCE = option(
    "--inference",
    group="Evaluation",
    type=click.Choice(["rows", "corrected-t"]),
    show_default="rows",
    help="Estimate uncertainty from every tested row, or from one score per fold by the corrected t test.",
)
BUDGET = option(
    "--budget",
    group="Evaluation",
    multiple=True,
    callback=names,
    metavar="LIMIT",
    help="Name the best model within limits: latency=5ms (of one row), fit=10s (of CPU), size=1MB or "
    "memory=500MB; may be given more than once.",
)
COSTS = (
    option(
        "--cost-false-negative",
        group="Evaluation",
        type=float,
        metavar="COST",
        help="Misclassification cost of a missed positive case.",
    ),
    option(
        "--cost-false-positive",
        group="Evaluation",
        type=float,
        metavar="COST",
        help="Misclassification cost of a false alarm.",
    ),
)

# Resources

RUNNER = (
    option(
        "-j",
        "--jobs",
        group="Resources",
        type=click.IntRange(min=0),
        metavar="N",
        show_default="1, or 2 where --costs measures times separately",
        help="Number of worker processes; 0 runs everything in this process.",
    ),
    option(
        "--deterministic",
        group="Resources",
        is_flag=True,
        help="Make results reproducible bit for bit: one thread per fit, deterministic kernels.",
    ),
    option(
        "--threads",
        group="Resources",
        type=click.IntRange(min=1),
        metavar="N",
        show_default="by rows and cores",
        help="Number of threads per fit.",
    ),
    option(
        "--time-limit",
        group="Resources",
        metavar="TIME",
        help="Time limit of one fit, such as 90s, 5m or 2h.",
    ),
    option(
        "--memory-limit",
        group="Resources",
        metavar="SIZE",
        show_default="free memory",
        help="Memory limit of a worker process, such as 2GB.",
    ),
    option(
        "--cluster",
        group="Resources",
        metavar="ADDRESS",
        help="Run on the workers of a Dask scheduler, such as tcp://host:8786.",
    ),
)

# Output

OUTPUT = option(
    "-o",
    "--output",
    group="Output",
    metavar="FILE",
    help="Write the result to FILE: everything as .json, or the main table as .csv.",
)
OUTPUT_FOLDER = option(
    "-o", "--output", group="Output", required=True, metavar="DIR", help="Folder to write."
)
OVERWRITE = option(
    "--overwrite", group="Output", is_flag=True, help="Replace what an earlier call wrote to the folder."
)
PLOT = option("--plot", group="Output", metavar="FILE", help="Write the result as a picture, .png or .svg.")
STORE = option("--store", group="Output", metavar="DIR", help="Folder of past runs.")
MLFLOW = option(
    "--mlflow",
    group="Output",
    metavar="URI",
    help="Log to MLflow, such as http://host:5000 or sqlite:///mlflow.db.",
)
JSON = option("--json", "as_json", group="Output", is_flag=True, help="Print the result as one JSON object.")
QUIET = option("-q", "--quiet", group="Output", is_flag=True, help="Do not show progress.")

# Other

SEED = option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N", help="Random seed."
)
DRY_RUN = option("--dry-run", is_flag=True, help="Print what would be run and the estimated time, then stop.")


def usual_jobs(preset: str, costs: bool) -> int:
    """Number of worker processes where ``--jobs`` is not given.

    Two fits at a time slow each other down, but together take less time than one after the other. That
    suits runs whose times are measured separately afterwards and that need not be the most exact.
    """
    from ..preprocessing.runtime import usable_cores

    if os.name != "posix":
        return 0
    return 2 if costs and preset != "thorough" and usable_cores() >= 4 else 1


def log_to_mlflow(tracker: Any, answer: Any) -> int:
    """Log an answer where a tracker was asked for. The results are safe: 1 and a line where it fails."""
    if tracker is None:
        return 0
    try:
        tracker.log(answer)
    except OSError as error:
        retry = f"; to try again: deepworth runs {answer.run} --mlflow URI" if answer.run else ""
        say(f"Error: {error}{retry}")
        return 1
    return 0
