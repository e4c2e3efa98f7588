"""Our networks against boosted trees and other libraries on 14 tables with fixed splits.

    python benchmarks/tabular.py [--models NAMES] [--datasets NAMES] [--splits N] [--pytabkit PYTHON] [--json]

Needs the development tables (``--reference``, by default ../shared/reference beside the checkout; see its
README). Each fit is one row of benchmarks/results/tabular.csv, written at once; a row that stands there is
not computed again (``--redo MODEL`` does). Every model has fresh processes of its own, held to ``--threads``
cores; imports and a tiny first fit are not counted. ``--report`` only reads what is kept.

Measures: error e is 1 - AUC (binary), log loss (multiclass), RMSE over the standard deviation (regression);
``mean_rank`` the mean over tables of the rank of the mean error; ``mean_normalised_error``
exp(mean ln((e + 0.01) / (e_HGB + 0.01))), below 1 beats scikit-learn's boosted trees. A model that misses
some of the fits is compared in ``reference``: on the first split, on the tables it has, with all others.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from _common import RESULTS, figure, keep, parser
from _fits import Row, reference_module
from _ranking import BASE, EASY, chosen_sources, comparison, cpu_seconds, errors_by_model, partial
from _rivals import LIBRARIES, NETWORKS, PYTABKIT, canonical, installed
from _rows import append, error_of, forget, read
from _workers import Unavailable, own_worker, peer_worker

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"
QUICK = {"datasets": ["titanic", "heart_cleveland"], "models": ["deep-mlp", "HGB"], "splits": 1}


def measure(chosen: argparse.Namespace) -> int:
    """Compute every row that is missing; the number of fits that failed."""
    chosen.file.parent.mkdir(parents=True, exist_ok=True)
    cells = [(d, s) for s in range(chosen.splits) for d in chosen.datasets]
    forget(chosen.file, chosen.models if chosen.force else map(canonical, chosen.redo), cells)
    done = {(r["dataset"], r["split"], r["model"]) for r in read(chosen.file)}
    n_failed, skipped = 0, set()
    for split in range(chosen.splits):
        for name in chosen.models:
            missing = [c for c in cells if c[1] == split and (*c, name) not in done]
            if not missing or name in skipped:
                continue
            worker = peer_worker if name in PYTABKIT else own_worker
            try:
                n_failed += sum(stored(chosen.file, name, row) for row in worker(name, missing, chosen))
            except Unavailable as reason:
                skipped.add(name)
                tell(f"{name} is skipped: {reason}")
    return n_failed


def stored(path: Path, name: str, row: Row) -> bool:
    """Keep and tell a row; whether it is a failure."""
    where = f"{name} {row['dataset']} {row['split']}"
    if "error" in row:
        tell(f"{where}: failed, {row['error']}")
        return True
    append(path, row)
    tell(f"{where}: error {error_of(row):.4f}, {row['fit_wall']:.2f} s, {row['fit_cpu']:.2f} s of CPU")
    return False


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def summary(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything that the rows say about the chosen tables and splits."""
    cells = [(d, s) for d in chosen.datasets for s in range(chosen.splits)]
    rows, published = read(chosen.file), read(chosen.reference / "tabular_results.csv")
    errors, sources = chosen_sources(errors_by_model(rows), errors_by_model(published), cells)
    full = [m for m, e in errors.items() if len(e) == len(cells)]
    first = [c for c in cells if c[1] == 0]
    at_first, first_sources = chosen_sources(errors_by_model(rows), errors_by_model(published), first)
    return {
        **comparison({m: errors[m] for m in full}, cells),
        "cpu_seconds": cpu_seconds(rows, cells, chosen.threads),
        "sources": {m: sources[m] for m in full},
        "reference": {
            name: {"source": first_sources[name], **group}
            for name, group in partial(at_first, [m for m in full if m in at_first]).items()
        },
        "datasets": chosen.datasets,
        "splits": chosen.splits,
        "threads": chosen.threads,
    }


def main_lines(found: dict[str, Any]) -> list[list[str]]:
    """One line a model that has all fits, best first."""
    ranks, cpu = found.get("mean_rank", {}), found["cpu_seconds"]
    return [
        [
            name,
            found["sources"][name],
            figure(ranks[name], 2),
            figure(found["mean_normalised_error"][name]),
            figure(found[f"mean_normalised_error_without_{EASY}"][name]),
            figure(cpu.get(name, {}).get("mean"), 2),
            figure(cpu.get(name, {}).get(f"ratio_to_{BASE}"), 2),
        ]
        for name in sorted(ranks, key=ranks.__getitem__)
    ]


MAIN_HEADER = ["model", "source", "mean rank", "error / HGB", f"without {EASY}", "CPU s", "CPU / HGB"]


def error_lines(found: dict[str, Any]) -> list[list[str]]:
    """One line a table: the mean error of each model that has all fits."""
    return [[name, *(figure(e, 4) for e in row.values())] for name, row in found.get("errors", {}).items()]


def partial_lines(found: dict[str, Any], beside: list[str]) -> list[list[str]]:
    """One line a model that misses fits: its figures on its tables, and those of others there."""
    return [
        [
            f"{name} ({group['source']})",
            str(len(group["tables"])),
            figure(group["mean_rank"][name], 2),
            *(figure(group["mean_normalised_error"][m]) for m in (name, *beside)),
        ]
        for name, group in found["reference"].items()
    ]


def show(found: dict[str, Any]) -> None:
    """The tables on the terminal, as Markdown."""
    from rich.box import MARKDOWN
    from rich.console import Console
    from rich.table import Table

    ranks = found.get("mean_rank", {})
    beside = [m for m in (*NETWORKS, "CatBoost", BASE) if m in ranks]
    wide = Console(width=None if sys.stdout.isatty() else 300)
    for title, header, rows in (
        (f"{len(found['datasets'])} tables, {found['splits']} splits", MAIN_HEADER, main_lines(found)),
        ("error by table", ["table", *ranks], error_lines(found)),
        (
            "first split, error / HGB of models that miss fits, and of others on their tables",
            ["model", "tables", "its rank", "its error", *beside],
            partial_lines(found, beside),
        ),
    ):
        grid = Table(*header, title=title, box=MARKDOWN, title_justify="left")
        for row in rows:
            grid.add_row(*row)
        if rows:
            wide.print(grid)


def options() -> argparse.Namespace:
    """The command line."""
    found = parser(__doc__ or "")
    found.formatter_class = argparse.RawDescriptionHelpFormatter
    found.add_argument("--models", type=_names, help="by comma; default: all that are installed")
    found.add_argument("--datasets", type=_names, help="by comma; default: all 14")
    found.add_argument("--splits", type=int, default=3, help="splits 0 up to this (default: 3)")
    found.add_argument("--threads", type=int, default=1, help="threads and cores of each fit (default: 1)")
    found.add_argument("--redo", action="append", default=[], metavar="MODEL", help="measure it again")
    found.add_argument("--pytabkit", metavar="PYTHON", help="interpreter with pytabkit, for RealMLP and TabM")
    found.add_argument("--reference", type=Path, default=REFERENCE, help="folder of tabular_data.py")
    found.add_argument("--file", type=Path, help="results (default: benchmarks/results/tabular.csv)")
    found.add_argument("--report", action="store_true", help="measure nothing, read what is kept")
    return found.parse_args()


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def completed(chosen: argparse.Namespace) -> argparse.Namespace:
    """Options with their defaults filled in."""
    if chosen.quick:
        chosen.splits = QUICK["splits"]
        chosen.datasets, chosen.models = (
            chosen.datasets or QUICK["datasets"],
            chosen.models or QUICK["models"],
        )
    chosen.everything = chosen.datasets is None and chosen.splits == 3 and not chosen.quick
    kept = chosen.file or RESULTS / "tabular.csv"
    known = reference_module(str(chosen.reference)).DATASETS if present(chosen.reference) else None
    chosen.datasets = chosen.datasets or known or sorted({r["dataset"] for r in read(kept)})
    libraries = [name for name, distribution in LIBRARIES.items() if installed(distribution)]
    peers = PYTABKIT[:3] if chosen.pytabkit else ()
    chosen.models = [canonical(m) for m in chosen.models or (*NETWORKS, *libraries, *peers)]
    temporary = chosen.quick and not chosen.file and not chosen.report
    chosen.file = Path(tempfile.mkdtemp()) / "tabular.csv" if temporary else kept
    return chosen


def present(folder: Path) -> bool:
    """Whether the development tables are there."""
    return (folder / "tabular_data.py").is_file() and (folder.parent / "data" / "tabular").is_dir()


def main() -> None:
    chosen = options()
    if not chosen.report and not present(chosen.reference):
        tell(f"tabular.py needs the development tables in {chosen.reference}; nothing was measured")
        sys.exit(0 if chosen.quick else 2)
    chosen = completed(chosen)
    n_failed = 0 if chosen.report else measure(chosen)
    found = summary(chosen)
    if chosen.everything and chosen.file == RESULTS / "tabular.csv":
        keep("tabular", found)
    if chosen.json:
        print(json.dumps(found))
    else:
        show(found)
    sys.exit(1 if n_failed else 0)


if __name__ == "__main__":
    main()
