"""`deepworth benchmark`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ._config import checked_value, keys
from ._group import Command
from ._options import DRY_RUN, JSON, OUTPUT, PLOT, QUIET, RUNNER, STORE, confidence, options, usual_jobs

GROUP = "Compare and judge"

_TOP = ("name", "defaults", "datasets")
_NOT_HERE = ("output", "json", "quiet", "store", "no-store", "data")  # of the suite, not of a dataset


@click.command(cls=Command)
@click.argument("suite", metavar="SUITE.yaml")
@options(confidence(), *RUNNER, OUTPUT, PLOT, STORE, JSON, QUIET, DRY_RUN)
def command(
    suite: str,
    dry_run: bool,
    plot: str | None,
    output: str | None,
    as_json: bool,
    quiet: bool,
    **chosen: Any,
) -> None:
    """Compare models on many datasets and rank them.

    SUITE.yaml lists the datasets and their options. Stored runs are not repeated: to resume an interrupted
    suite, give the same command again.
    """
    from ..report import curve_plots as learning_plots
    from ..report import progress, suites
    from ..report.output import check_output
    from ..workflows.benchmark import preview_suite, run_suite

    check_output(output)
    learning_plots.check_plot(plot)
    name, items = read_suite(suite)
    if chosen["cluster"] is not None:
        chosen["jobs"] = None  # as many as the workers of the cluster have threads
    elif chosen["jobs"] is None:
        chosen["jobs"] = usual_jobs("quick", costs=False)  # each dataset of a suite has options of its own
    if dry_run:
        chosen.pop("confidence_level")
        told = {"suite": name, **preview_suite(items, **chosen)}
        suites.show_preview(told, as_json=as_json)
        sys.exit(told["exit_code"])
    try:
        with progress.bar(enabled=not quiet) as watch:
            told_of = suites.teller(len(items), enabled=not quiet)
            result = run_suite(items, progress=watch, on_item=told_of, **chosen)
    except KeyboardInterrupt:
        again = f"deepworth benchmark {suite}"
        raise KeyboardInterrupt(f"interrupted; what was finished is kept, go on with: {again}") from None
    answer = {"suite": name, **result}
    suites.write(answer, output)
    if plot:
        suites.plot_rankings(answer, plot)
    suites.show(answer, as_json=as_json)
    sys.exit(answer["exit_code"])


def read_suite(file: str) -> tuple[str, list[Any]]:
    """Name and datasets of a suite file; options are those of ``deepworth compare`` by their long names."""
    from ...datasets import InputError
    from ._yaml import read_yaml

    top = read_yaml(file)
    for key, value in top.items():
        if key not in _TOP:
            raise _unknown("key of a suite", key, _TOP, value)
    usual = _options(top["defaults"].items()) if "defaults" in top else {}
    listed = top["datasets"].parts() if "datasets" in top else []
    if not listed:
        raise InputError(f"{file}: expected datasets, a list of names or of `data: NAME` with options")
    items = [_item(value, usual, Path(file).absolute().parent) for value in listed]
    seen: set[str] = set()
    for value, item in zip(listed, items, strict=True):
        if item.name in seen:
            raise InputError(f"{value.where}: {item.name} stands there twice; give one of them a name")
        seen.add(item.name)
    return (top["name"].text() if "name" in top else Path(file).stem), items


def _item(value: Any, usual: dict[str, Any], folder: Path) -> Any:
    from ...datasets import InputError
    from ..workflows.benchmark import Item

    if isinstance(value.plain(), str):
        own, data, name = {}, value.text(), value.text()
    else:
        entries = value.items()
        if "data" not in entries:
            raise InputError(f"{value.where}: expected `data: NAME` or a path")
        data = entries["data"].text()
        name = entries["name"].text() if "name" in entries else Path(data).stem
        own = _options({key: part for key, part in entries.items() if key not in ("data", "name")})
    found = {**usual, **own}
    return Item(
        name,
        str(_beside(folder, data)),
        {**found, "test": str(_beside(folder, found["test"]))} if found.get("test") else found,
    )


def _beside(folder: Path, name: str) -> Path | str:
    """A file beside the suite; else the name as it is."""
    return folder / name if (folder / name).exists() else name


def _options(entries: dict[str, Any]) -> dict[str, Any]:
    """Options of a comparison, checked and read as the command line reads them."""
    from .compare import command as compare

    ctx = click.Context(compare, info_name="compare")
    known = {name: param for name, param in keys(compare).items() if name not in _NOT_HERE}
    found: dict[str, Any] = {}
    for name, value in entries.items():
        param = known.get(name.replace("_", "-"))
        if param is None:
            raise _unknown("option", name, known, value)
        if not value.is_null():
            key = "models" if param.name == "model" else str(param.name)
            found[key] = param.process_value(ctx, checked_value(ctx, param, name, value))
    return found


def _unknown(kind: str, name: str, known: Any, value: Any) -> Exception:
    from ...datasets import InputError, unknown_name

    return InputError(f"{value.where}: {unknown_name(kind, name, list(known))}")
