"""Outputs that the pages show, written by the commands themselves, or checked.

    python docs/outputs.py [--write] [PAGE ...]

A block of kind ``console`` that begins with ``$ deepworth`` is a command with what it printed. The blocks
of a page run in order in one folder with nothing but ``suites`` and ``predictions``, and a store of its own.
Times, sizes of files, dates, names of runs and the last digits of other machines differ: for the check every
number with a decimal point, every duration, size, percentage and run name is masked on both sides, with the
lines that draw boxes and bars. A last line ``[...]`` stands for more.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
# A backslash at the end of a line continues a long command.
BLOCK = re.compile(r"^```console\n\$ deepworth (.*?[^\\])\n(.*?)^```$", re.DOTALL | re.MULTILINE)
MORE = "[...]"
WIDTH = 110  # of the terminal
ROOM = 127  # characters that a block on a page has room for, see _static/width.css
MASKS = (
    (r"\d{8}-\d{6}-([\w-]+?)-[0-9a-f]{4}", r"RUN-\1"),
    (r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\+\d\d:\d\d)?)?)?", "DATE"),
    (r"\b[\d.,]+ ?x the", "# x the"),
    (r"\d[\d.]* (ms|s|min)\b( \d+ s)?", "TIME"),
    (r"\d[\d.]* (B|kB|MB|GB)\b", "SIZE"),
    (r"-?\d+\.\d+(e-?\d+)?", "#.#"),
    (r"\d+%", "#%"),
    (r"[─●┆█]+", "-"),
    (r"(?m)[ \t]+", " "),
    (r"[╭╮╰╯│]", ""),
)


def masked(text: str) -> str:
    """What must be the same on every machine; how lines are broken depends on the widths of numbers."""
    for pattern, put in MASKS:
        text = re.sub(pattern, put, text)
    return " ".join(re.sub(r"- (?=- )", "", text).split())


def run(arguments: str) -> str:
    """What a command prints on standard output; an unexpected exit code is an error."""
    from click.testing import CliRunner

    from deepworth.cli import main

    result = CliRunner().invoke(main, shlex.split(arguments.replace("\\\n", " ")))
    if result.exit_code:
        raise SystemExit(f"deepworth {arguments} ended with {result.exit_code}:\n{result.output}")
    return "\n".join(line.rstrip() for line in result.stdout.strip("\n").splitlines())


def outputs(text: str) -> list[tuple[str, str, str]]:
    """Command, what the page shows and what is printed now, for every block of a page."""
    with _apart():
        return [(command, shown, run(command)) for command, shown in BLOCK.findall(text)]


@contextlib.contextmanager
def _apart():
    """An empty folder and a store of its own."""
    kept, here = dict(os.environ), Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            DEEPWORTH_HOME=f"{folder}/.home",
            DEEPWORTH_OFFLINE="1",
            DEEPWORTH_COMPARE_JOBS="0",
            COLUMNS=str(WIDTH),
        )
        for examples in ("suites", "predictions"):
            shutil.copytree(DOCS / examples, Path(folder, examples))
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(kept)


def differs(shown: str, now: str) -> bool:
    """Whether the page shows something else than the command prints."""
    whole = not shown.rstrip().endswith(MORE)
    old, new = masked(shown.rstrip().removesuffix(MORE)), masked(now)
    return old != new if whole else not new.startswith(old) or len(old) < 10


def rewritten(text: str) -> str:
    """The page with what the commands print now."""
    found = iter(outputs(text))

    def block(match: re.Match[str]) -> str:
        command, shown, now = next(found)
        if shown.rstrip().endswith(MORE):
            lines = max(1, len(shown.rstrip().splitlines()) - 1)
            now = "\n".join([*now.splitlines()[:lines], MORE])
        return f"```console\n$ deepworth {command}\n{now}\n```"

    return BLOCK.sub(block, text)


def pages() -> list[Path]:
    """Pages that show outputs."""
    return [p for p in sorted(DOCS.glob("*.md")) if BLOCK.search(p.read_text(encoding="utf-8"))]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help="put what is printed now into the pages")
    options.add_argument("pages", nargs="*", type=Path)
    chosen = options.parse_args()
    wrong = 0
    for page in chosen.pages or pages():
        text = page.read_text(encoding="utf-8")
        if chosen.write:
            page.write_text(rewritten(text), encoding="utf-8")
            continue
        for command, shown, now in outputs(text):
            if differs(shown, now):
                wrong += 1
                print(f"{page.name}: deepworth {command}\n{now}\n", file=sys.stderr)
    raise SystemExit(f"{wrong} outputs are not current: python docs/outputs.py --write" if wrong else 0)


if __name__ == "__main__":
    main()
