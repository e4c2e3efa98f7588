"""What a command costs before it does anything, and the whole default comparison.

    python benchmarks/startup.py [--json] [--quick]

``help_over_pass`` is the time of ``deepworth --help`` over that of ``python -c pass``, the median of
paired runs; ``compare_seconds`` the wall time of ``deepworth compare`` without arguments.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from _common import keep, parser, table


def seconds(command: list[str]) -> float:
    """Wall time of a process."""
    started = time.perf_counter()
    subprocess.run(command, check=False, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    chosen = parser(__doc__ or "").parse_args()
    own = str(Path(sys.executable).with_name("deepworth"))
    program = own if Path(own).exists() else shutil.which("deepworth") or "deepworth"
    pairs = [
        (seconds([sys.executable, "-c", "pass"]), seconds([program, "--help"]))
        for _ in range(3 if chosen.quick else 15)
    ]
    figures = {
        "pass_seconds": statistics.median(a for a, _ in pairs),
        "help_seconds": statistics.median(b for _, b in pairs),
        "help_over_pass": statistics.median(b / a for a, b in pairs),
    }
    if not chosen.quick:
        figures["compare_seconds"] = seconds([program, "compare", "--quiet", "--no-store"])
        keep("startup", figures)
    print(
        json.dumps(figures)
        if chosen.json
        else table(["figure", "value"], [[k, f"{v:.3g}"] for k, v in figures.items()])
    )


if __name__ == "__main__":
    main()
