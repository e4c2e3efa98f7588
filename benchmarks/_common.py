"""What the benchmark scripts share: options, stored results, tables."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"


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
    """A stored result, or None."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def keep(name: str, result: dict[str, Any]) -> None:
    """Store a result, without this machine's paths."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    draft = RESULTS / f".{name}.part"
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(RESULTS / f"{name}.json")


def compared(
    name: str, data: Any, *, quick: bool = False, force: bool = False, **options: Any
) -> dict[str, Any]:
    """A comparison, measured or from an earlier call of the script."""
    found = None if quick or force else kept(name)
    if found is not None:
        return found
    import deepworth

    print(f"comparing on {name} ...", file=sys.stderr, flush=True)
    result = deepworth.compare(data, store=False, progress=_progress, **options).to_dict()
    result["path"] = None
    result["dataset"]["provenance"]["location"] = os.path.basename(
        result["dataset"]["provenance"]["location"]
    )
    if not quick:
        keep(name, result)
    return result


def _progress(event: Any) -> None:
    if event.kind == "fold" and event.message:
        print(f"  {event.model}: {event.message}", file=sys.stderr, flush=True)


def row(result: dict[str, Any], model: str) -> dict[str, Any] | None:
    """A model's row of the leaderboard."""
    return next((r for r in result["leaderboard"] if r["model"] == model), None)


def table(header: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def figure(value: float | None, digits: int = 3) -> str:
    """A number for a table."""
    return "-" if value is None else f"{value:.{digits}f}"
