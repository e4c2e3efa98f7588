"""``--config`` and ``--print-config``: read a command's options from a YAML file, and write them.

Click reads an option from the command line, then the environment, then its default map, then its default:
the file becomes the default map.
"""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import Any

import click

from ._group import option

_NOT_WRITTEN = ("config", "print_config", "dry_run", "resume", "help")


def configured(function: Any) -> Any:
    """Give a command ``--config FILE`` and ``--print-config``."""

    @functools.wraps(function)
    def command(*arguments: Any, print_config: bool, **values: Any) -> Any:
        if print_config:
            ctx = click.get_current_context()
            click.echo(effective(ctx), file=sys.stdout, nl=False)
            return None
        return function(*arguments, **values)

    write = option(
        "--print-config", is_flag=True, help="Print all options as a file for --config, then stop."
    )
    read = option(
        "--config",
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=_load,
        help="Read options from a YAML file; the command line and the environment take precedence.",
    )
    return read(write(command))


def _load(ctx: click.Context, _: Any, file: str | None) -> str | None:
    from ...datasets import InputError

    try:
        defaults = from_file(ctx, file) if file is not None else _from_user(ctx)
    except InputError as error:
        raise click.UsageError(str(error)) from error
    ctx.default_map = {**(ctx.default_map or {}), **defaults}
    return file


def user_file() -> Path:
    """The user's own defaults: the file in DEEPWORTH_CONFIG, or config.yaml in the user's settings folder."""
    if path := os.environ.get("DEEPWORTH_CONFIG"):
        return Path(path)
    from platformdirs import user_config_path

    return user_config_path("deepworth") / "config.yaml"


def from_file(ctx: click.Context, file: str | Path) -> dict[str, Any]:
    """The options in a file, by the names of their parameters."""
    from ..yaml_file import read_yaml

    return _options(ctx, read_yaml(file))


def _from_user(ctx: click.Context) -> dict[str, Any]:
    """The section of the user's file for this command."""
    path = user_file()
    if not path.is_file():
        if os.environ.get("DEEPWORTH_CONFIG"):
            raise click.UsageError(f"cannot read {path}, which DEEPWORTH_CONFIG names; correct or unset it")
        return {}
    from ..yaml_file import read_yaml

    group = ctx.find_root().command
    commands = group.list_commands(ctx) if isinstance(group, click.Group) else [ctx.info_name or ""]
    section: dict[str, Any] = {}
    for name, value in read_yaml(path).items():
        if name not in commands:
            raise _unknown("command", name, commands, value)
        if name == ctx.command.name and not value.is_null():
            section = _options(ctx, value.items())
    return section


def _unknown(kind: str, name: str, known: Any, value: Any) -> Exception:
    from ...datasets import InputError, unknown_name

    return InputError(f"{value.where}: {unknown_name(kind, name, known)}")


def keys(command: click.Command) -> dict[str, click.Parameter]:
    """The parameters that a file may set, by long option name without dashes or by argument name."""
    return {_key(p): p for p in command.params if p.name not in _NOT_WRITTEN}


def _key(param: click.Parameter) -> str:
    long = [name for name in param.opts if name.startswith("--")]
    return long[0].removeprefix("--") if long else str(param.name)


def _options(ctx: click.Context, entries: dict[str, Any]) -> dict[str, Any]:
    known, values = keys(ctx.command), {}
    for name, value in entries.items():
        param = known.get(name.replace("_", "-")) or known.get(name)
        if param is None:
            raise _unknown("option", name, known, value)
        if not value.is_null():
            assert param.name is not None
            values[param.name] = checked_value(ctx, param, name, value)
    return values


def checked_value(ctx: click.Context, param: click.Parameter, name: str, value: Any) -> Any:
    """The value as the command line would give it, checked here because click's error has no line number."""
    from ...datasets import InputError

    raw = _raw_value(param, name, value)
    try:
        param.process_value(ctx, raw)
    except click.BadParameter as error:
        raise InputError(f"{value.where}: {name}: {error.message}") from error
    return raw


def _raw_value(param: click.Parameter, name: str, value: Any) -> Any:
    from ...datasets import InputError
    from ._options import settings

    if getattr(param, "is_flag", False):
        if not isinstance(value.plain(), bool):
            raise InputError(f"{value.where}: {name} must be true or false, got {value.plain()!r}")
        return value.plain()
    if param.callback is settings:
        return [
            f"{model}.{key}={_literal(setting.plain(), setting)}"
            for model, parameters in value.items().items()
            for key, setting in parameters.items().items()
        ]
    if getattr(param, "multiple", False):
        return [part.text() for part in value.parts()]
    return value.text()


def _literal(value: Any, source: Any) -> str:
    """A value as a Python literal, which ``--set`` reads."""
    from ...datasets import InputError

    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "1e999" if value > 0 else "-1e999"  # the only spelling of infinity that is a Python literal
    if isinstance(value, float) and value != value:
        raise InputError(f"{source.where}: a parameter cannot be .nan; write a number")
    if isinstance(value, list):
        return f"[{', '.join(_literal(part, source) for part in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_literal(part, source)}' for key, part in value.items())}}}"
    return repr(value)


def effective(ctx: click.Context) -> str:
    """All options of a command, with the values in effect, as YAML for ``--config``."""
    from ..yaml_file import to_yaml

    values = {name: _listed(ctx.params[str(p.name)]) for name, p in keys(ctx.command).items()}
    values = {name: value for name, value in values.items() if value not in (None, [], {})}
    return f"# {ctx.command_path} --config FILE\n{to_yaml(values)}"


def _listed(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_listed(part) for part in value]
    return {key: _listed(item) for key, item in value.items()} if isinstance(value, dict) else value
