"""What the benchmark scripts share: options, kept summaries, tables."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
WIDTH = 120  # characters of a line of a kept result

Summary = Callable[[dict[str, Any]], dict[str, Any]]  # of an answer: what tables and pictures use


def parser(text: str) -> argparse.ArgumentParser:
    """Options that every script takes."""
    found = argparse.ArgumentParser(description=text)
    found.add_argument("--json", action="store_true", help="print one object of named figures")
    found.add_argument(
        "--quick", action="store_true", help="a small version that shows the script works; not kept"
    )
    found.add_argument("--force", action="store_true", help="measure again what is already kept")
    return found


def kept(name: str) -> dict[str, Any] | None:
    """A kept summary, or None."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def keep(name: str, result: dict[str, Any]) -> None:
    """Store a summary: six significant digits, and as few lines as can be read."""
    RESULTS.mkdir(exist_ok=True)
    draft = RESULTS / f".{name}.part"
    draft.write_text(layout(rounded(result)) + "\n", encoding="utf-8")
    draft.replace(RESULTS / f"{name}.json")


def rounded(value: Any) -> Any:
    """The value with six significant digits of every number, and all digits before the point."""
    if isinstance(value, dict):
        return {key: rounded(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(own) for own in value]
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if abs(value) < 1e6 else round(value)


def layout(value: Any, indent: int = 0) -> str:
    """JSON whose lines are as full as Python's ``pprint`` makes them."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(line) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inside = indent + 1
    if isinstance(value, dict):
        parts = [
            f"{json.dumps(key, ensure_ascii=False)}: {layout(own, inside)}" for key, own in value.items()
        ]
    else:
        parts = [layout(own, inside) for own in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    return first + ("\n" + " " * inside).join(_filled(parts, WIDTH - inside)) + last


def _filled(parts: list[str], room: int) -> list[str]:
    """Parts joined by commas to lines; one that has several lines stands alone."""
    lines: list[str] = []
    for number, part in enumerate(parts):
        text = part if number == len(parts) - 1 else f"{part},"
        alone = not lines or "\n" in text + lines[-1] or len(lines[-1]) + len(text) >= room
        if alone:
            lines.append(text)
        else:
            lines[-1] += f" {text}"
    return lines


def compared(
    name: str,
    data: Any,
    summary: Summary,
    *,
    quick: bool = False,
    force: bool = False,
    seen: Callable[[Any], None] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """The summary of a comparison, measured or from an earlier call of the script.

    ``seen`` is called with a comparison that was just made.
    """
    found = None if quick or force else kept(name)
    if found is not None:
        return found
    import deepworth

    print(f"comparing on {name} ...", file=sys.stderr, flush=True)
    comparison = deepworth.compare(data, store=False, progress=_progress, **options)
    found = summary(comparison.to_dict())
    if seen is not None:
        seen(comparison)
    if not quick:
        keep(name, found)
    return found


def _progress(event: Any) -> None:
    if event.kind == "fold" and event.message:
        print(f"  {event.model}: {event.message}", file=sys.stderr, flush=True)


def table(header: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def figure(value: float | None, digits: int = 3) -> str:
    """A number for a table."""
    return "-" if value is None else f"{value:.{digits}f}"
