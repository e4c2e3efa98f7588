"""The group of commands, one file of this package each, and help in named sections.

An option names its section (``option(..., group="Data")``), a command's file names its own (``GROUP``).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, TypeVar

import click

# The order of the sections in the help. Sections that are not listed follow by name, then OTHER.
COMMAND_GROUPS = ("Compare and judge", "Train and use", "Understand", "Data")
OPTION_GROUPS = ("Data", "Models", "Evaluation", "Explanation", "Resources", "Output")
OTHER = "Other"

_FEW = 6  # so many options need no sections
_FIRST_COLUMN = 30  # width in characters; what is longer has a line of its own

F = TypeVar("F", bound=Callable[..., Any])


class Option(click.Option):
    """An option that belongs to a section of the help."""

    def __init__(self, *arguments: Any, group: str = OTHER, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.group = group


def option(*names: str, group: str = OTHER, **attributes: Any) -> Callable[[F], F]:
    """``click.option`` with the section in which the help lists it."""
    return click.option(*names, cls=Option, group=group, **attributes)


class Command(click.Command):
    """A command whose help lists its options by section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records: list[tuple[str, tuple[str, str]]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and not isinstance(param, click.Argument):
                records.append((getattr(param, "group", OTHER), record))
        records.sort(key=lambda entry: _position(entry[0], OPTION_GROUPS))
        if len(records) <= _FEW:
            records = [("Options", record) for _, record in records]
        _write_sections(formatter, records)


def _position(group: str, known: tuple[str, ...]) -> tuple[bool, int, str]:
    return group == OTHER, known.index(group) if group in known else len(known), group


def _write_sections(formatter: click.HelpFormatter, records: Iterable[tuple[str, tuple[str, str]]]) -> None:
    """Sections in the order of their first records, all with a first column of the same width."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for group, record in records:
        sections.setdefault(group, []).append(record)
    width = max(len(first) for rows in sections.values() for first, _ in rows)
    width = min(width, _FIRST_COLUMN)
    for group, rows in sections.items():
        with formatter.section(group):
            formatter.write_dl([(f"{first:<{width}}", text) for first, text in rows], col_max=_FIRST_COLUMN)


class Commands(click.Group):
    """A file of this package is a command. Bad input ends in one line and exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names by section (``GROUP`` of the file), then by ``ORDER``, then by alphabet."""
        return sorted(_files(), key=lambda name: (*_position(_section(name), COMMAND_GROUPS), *_order(name)))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _files():
            return None
        command: click.Command = _module(name).command
        command.name = name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                records.append((_section(name), (name, command.get_short_help_str(limit=1000))))
        if records:
            _write_sections(formatter, records)

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a command; what it prints may have any characters, whatever the encoding of the streams."""
        from ..report.output import prepare_streams

        prepare_streams()
        _end_as_by_ctrl_c()
        return super().main(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt as error:
            fail(str(error) or "interrupted", 130)
        except BrokenPipeError:  # the program that read the output has ended
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except Exception as error:
            _report(error, ctx.params.get("debug", False))


def _end_as_by_ctrl_c() -> None:
    """A time limit or a shutdown of the system shows what is finished, as Ctrl-C does."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def _files() -> set[str]:
    """The names of all commands."""
    folder = Path(__file__).parent
    return {path.stem.replace("_", "-") for path in folder.glob("*.py") if not path.stem.startswith("_")}


def _module(name: str) -> ModuleType:
    return import_module(f"{__package__}.{name.replace('-', '_')}")


def _section(name: str) -> str:
    return getattr(_module(name), "GROUP", OTHER)


def _order(name: str) -> tuple[float, str]:
    """Commands without ``ORDER`` stand behind those with one."""
    return getattr(_module(name), "ORDER", float("inf")), name


def _report(error: Exception, debug: bool) -> NoReturn:
    """One line that says what to do; the traceback with ``--debug``."""
    from ...datasets import InputError

    if debug:
        raise error
    message = " ".join(str(error).split())
    if isinstance(error, InputError):
        fail(message, 2)
    if isinstance(error, OSError):
        fail(f"{error.strerror or message}: {error.filename}" if error.filename else message, 2)
    fail(
        f"internal error ({type(error).__name__}: {message}); run `deepworth --debug COMMAND ...` for the "
        f"traceback and report it as a bug",
        1,
    )


def fail(message: str, code: int) -> NoReturn:
    """End with one line on standard error."""
    from ..report.output import say

    say(f"Error: {message}")
    sys.exit(code)
