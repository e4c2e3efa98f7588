"""Help at 80 columns: options and commands in named groups, nothing cut off, one definition per option."""

from __future__ import annotations

import re
from collections import defaultdict

import click
import pytest
from click.testing import CliRunner

from deepworth.cli import main
from deepworth.zoo.commands._group import COMMAND_GROUPS, OPTION_GROUPS, OTHER, Command

COMMANDS = main.list_commands(click.Context(main))

# Options of the same name that differ, and why. All others read the same in every command.
DIFFERENT = {
    "--model": "one model is trained by train and capacity, several are compared elsewhere",
    "--output": "a result, a folder, predictions and a report are different things to write",
    "--format": "the formats of models, of predictions and of reports are different lists",
    "--groups": "groups stay on one side of splits, or widen intervals of predictions that are made already",
    "--time": "later rows are predicted from earlier ones, or neighbours of predictions may be alike",
    "--report": "of a run, or of predictions, which have other sections",
    "--confidence-level": "of statistical statements, or coverage of predictions in train and calibration",
}
# Options of the same words whose default or range differs, and why.
OTHER_DEFAULT = {
    "--calibrate": "train calibrates where a confidence level or misclassification costs ask for it",
    "--folds": "compare has presets",
    "--repeats": "compare has presets; the spread over repeats of a learning curve needs two",
}


def help_of(*command, columns=80):
    result = CliRunner().invoke(main, [*command, "--help"], terminal_width=columns)
    assert result.exit_code == 0, result.output
    return result.output


def sections(text):
    """Headings of a help text with the first words of their lines."""
    found, heading = {}, None
    for line in text.splitlines():
        if re.fullmatch(r"\w[\w ]*:", line):
            heading = found.setdefault(line[:-1], [])
        elif heading is not None and re.match(r"  \S", line):
            heading.append(line.split()[0].rstrip(","))
    return found


def command_of(name):
    return main.get_command(click.Context(main), name)


def options_of(name):
    return [p for p in command_of(name).params if isinstance(p, click.Option)]


def test_commands_stand_in_groups():
    shown = sections(help_of())
    options, *groups = shown
    assert options == "Options"
    assert tuple(groups[: len(COMMAND_GROUPS)]) == COMMAND_GROUPS
    assert [name for group in groups for name in shown[group]] == COMMANDS
    assert shown["Compare and judge"][0] == "compare"
    assert shown["Train and use"][0] == "train"


@pytest.mark.parametrize("name", ["compare", "train", "explain", "learning-curve", "capacity", "datasets"])
def test_options_stand_in_groups(name):
    shown = sections(help_of(name))
    assert list(shown) == [g for g in (*OPTION_GROUPS, OTHER) if g in shown], "in the order of the groups"
    assert {"Data", "Output", OTHER} <= set(shown)
    assert "--target" in shown["Data"] or "-t" in shown["Data"]
    listed = [line for lines in shown.values() for line in lines]
    assert len(listed) == len(options_of(name)) + 1, "each once, and --help"


def test_a_short_list_needs_no_groups():
    assert list(sections(help_of("inspect"))) == ["Options"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_names_a_group_that_has_a_place(name):
    assert isinstance(command_of(name), Command)
    assert {option.group for option in options_of(name)} <= {*OPTION_GROUPS, OTHER}


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=lambda c: c[0] if c else "main")
def test_nothing_is_cut_off_at_80_columns(command):
    text = help_of(*command)
    assert max(map(len, text.splitlines())) <= 80
    _, *rest = text.splitlines()
    assert "..." not in "\n".join(rest)


def test_the_summary_of_a_command_is_one_line():
    lines = help_of().splitlines()
    for name in COMMANDS:
        (summary,) = [line for line in lines if line.startswith(f"  {name} ")]
        assert summary.endswith(command_of(name).get_short_help_str(limit=1000))


def same_options():
    """Every option that several commands have, with the commands."""
    found = defaultdict(dict)
    for name in COMMANDS:
        for option in options_of(name):
            found[max(option.opts, key=len)][name] = option
    return {flag: commands for flag, commands in found.items() if len(commands) > 1}


def kind(option):
    """The type in comparable form; a range by its class, as its bounds are part of the default."""
    choices = getattr(option.type, "choices", None)
    return type(option.type), tuple(choices) if choices else None, option.multiple, option.nargs


def test_options_of_the_same_name_read_the_same():
    shared = same_options()
    assert {"--target", "--model", "--seed", "--json", "--folds"} <= set(shared)
    for flag, commands in shared.items():
        words = {(o.help, o.metavar, o.group, kind(o), tuple(o.opts)) for o in commands.values()}
        assert (len(words) > 1) == (flag in DIFFERENT), (flag, words)


def test_options_of_the_same_name_have_the_same_default():
    for flag, commands in same_options().items():
        if flag in DIFFERENT:
            continue
        defaults = {
            (repr(o.default), str(o.show_default), getattr(o.type, "min", None)) for o in commands.values()
        }
        assert (len(defaults) > 1) == (flag in OTHER_DEFAULT), (flag, defaults)


def test_a_shared_option_with_exceptions_still_has_few_meanings():
    """What is listed as different differs by the reason given, not in every command."""
    meanings = {flag: {o.help for o in commands.values()} for flag, commands in same_options().items()}
    assert len(meanings["--model"]) == 2
    assert len(meanings["--confidence-level"]) == 2
    assert len(meanings["--output"]) == 4
