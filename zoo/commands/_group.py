"""The group of commands: one file of this package each, found by name; bad input ends in one line."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

# The order in which a newcomer needs them; others follow by name.
FIRST = (
    "compare",
    "learning_curve",
    "capacity",
    "train",
    "evaluate",
    "inspect",
    "predict",
    "explain",
    "models",
    "datasets",
    "verdict",
    "report",
    "check",
    "runs",
    "calibration",
)


class Commands(click.Group):
    """Commands in the order in which a newcomer needs them; bad input ends in one line and exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        found = {path.stem for path in Path(__file__).parent.glob("*.py") if path.stem[0] != "_"}
        names = [*(name for name in FIRST if name in found), *sorted(found.difference(FIRST))]
        return [name.replace("_", "-") for name in names]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__package__}.{name.replace('-', '_')}").command
        command.name = name
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt as error:
            end(str(error) or "interrupted", 130)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has gone
            sys.exit(0)
        except Exception as error:  # the last line of defence: one line, and the traceback on demand
            _explain(error, ctx.params.get("debug", False))


def _explain(error: Exception, debug: bool) -> None:
    from ...datasets import InputError

    if debug:
        raise error
    message = " ".join(str(error).split())
    if isinstance(error, InputError):
        end(message, 2)
    if isinstance(error, OSError):
        end(f"{error.strerror or message}: {error.filename}" if error.filename else message, 2)
    end(f"this is a fault of deepworth ({type(error).__name__}: {message}); deepworth --debug shows more", 1)


def end(message: str, code: int) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
