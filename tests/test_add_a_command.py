"""A command is one file: dropped into a copy of the package it is listed, explained, run and tested."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ["test_cli_help.py", "test_cli.py::test_every_command_and_option_explains_itself"]

CLASS_COUNTS = '''
"""`deepworth class-counts`."""

from __future__ import annotations

from typing import Any

import click

from ._group import Command, option
from ._options import JSON, LOAD, SEED, options

GROUP = "Data"


@click.command(cls=Command)
@click.argument("data")
@options(*LOAD)
@option("--least", group="Output", type=int, default=0, metavar="N", help="Show classes of at least N rows.")
@options(JSON, SEED)
def command(data: str, least: int, as_json: bool, **reading: Any) -> None:
    """Count the rows of each class of DATA."""
    import json

    from ...datasets import describe_dataset

    classes = describe_dataset(data, **reading)["classes"]
    shown = {name: rows for name, rows in classes.items() if rows >= least}
    click.echo(json.dumps(shown) if as_json else "\\n".join(f"{n} {rows}" for n, rows in shown.items()))
'''

# As somebody writes it who knows click and not our sections.
PLAIN = '''
"""`deepworth hello`."""

import click


@click.command()
@click.option("--loud", is_flag=True, help="Say it louder.")
def command(loud):
    """Say hello."""
    click.echo("HELLO" if loud else "hello")
'''


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy")
    for name in ("zoo", "datasets"):
        shutil.copytree(
            ROOT / name, folder / "deepworth" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("__init__.py", "__init__.pyi", "cli.py"):
        shutil.copy(ROOT / name, folder / "deepworth")
    commands = folder / "deepworth" / "zoo" / "commands"
    (commands / "class_counts.py").write_text(CLASS_COUNTS.lstrip(), encoding="utf-8")
    return folder


def python(folder, *arguments):
    result = subprocess.run(
        [sys.executable, "-B", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "80"},
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return result.stdout


def section(text, heading):
    return text.split(f"\n{heading}:\n")[1].split("\n\n")[0]


def test_it_is_listed_in_its_section(copy):
    shown = python(copy, "-m", "deepworth.cli", "--help")
    assert re.search(r"class-counts +Count the rows of each class of DATA\.", section(shown, "Data"))


def test_it_explains_itself(copy):
    shown = python(copy, "-m", "deepworth.cli", "class-counts", "--help")
    assert "--least N" in section(shown, "Output")
    assert "--target COLUMN" in section(shown, "Data")


def test_it_runs(copy):
    counts = python(copy, "-m", "deepworth.cli", "class-counts", "wine", "--least", "50", "--json")
    assert json.loads(counts) == {"class_0": 59, "class_1": 71}


def test_a_plain_click_command_is_listed_at_the_end(copy):
    file = copy / "deepworth" / "zoo" / "commands" / "hello.py"
    file.write_text(PLAIN.lstrip(), encoding="utf-8")
    try:
        shown = python(copy, "-m", "deepworth.cli", "--help")
        assert python(copy, "-m", "deepworth.cli", "hello", "--loud") == "HELLO\n"
    finally:
        file.unlink()
    assert "Say hello." in section(shown, "Other")
    assert shown.index("\nData:") < shown.index("\nOther:")


def test_it_passes_the_contracts_of_commands(copy):
    tests = [str(ROOT / "tests" / name) for name in CONTRACTS]
    shown = python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", *tests)
    assert "test_nothing_is_cut_off_at_80_columns[class-counts]" in shown
    assert "test_every_command_and_option_explains_itself[class-counts]" in shown
