"""How reliable the crossover of two learning curves is, the curves of real data, and a capacity.

    python benchmarks/crossover.py [--json] [--quick] [--force]

Two hundred simulated runs of learners whose crossover is known in closed form: how often does the interval
hold it? Then adult, covertype and film reviews from ../shared/data, where these are present, and depth and
width of a network on the embedded data. ``readme.py`` draws their pictures from what is kept.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from _common import figure, keep, kept, parser, table
from _known_crossover import simulated

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"

# Reviews cost most: 10,000 to learn from, 10,000 to score, three repeats.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "covertype_15k": ("tabular/covertype_15k.csv.gz", {"target": "Cover_Type", "drop": ["Id"]}),
    "adult": ("tabular/adult.csv.gz", {"target": "income"}),
    "imdb": (
        "text/imdb_train.csv.gz",
        {"target": "label", "text": "text", "test": "text/imdb_test.csv.gz", "rows": 20_000, "repeats": 3},
    ),
}
QUICK = {
    "rows": 600,
    "sizes": 4,
    "repeats": 2,
    "models": ["logistic-regression", "perceptron"],
    "params": {"perceptron": {"epochs": 5}},
}
FIGURES = (
    "interval_hit_rate",
    "interval_closed_share",
    "interval_high_over_low",
    "interval_hit_rate_beyond",
    "false_crossover_rate",
)
HEADER = ["data", "training rows", "metric", "deep", "classical", "answer"]


def simulation(quick: bool, force: bool) -> dict[str, Any]:
    """Hit rates, measured or from an earlier call."""
    figures = None if quick or force else kept("crossover")
    if figures is not None:
        return figures
    print("simulating learners with a known crossover ...", file=sys.stderr, flush=True)
    figures = simulated(3 if quick else 200)
    if not quick:
        keep("crossover", figures)
    return figures


def curve(name: str, quick: bool, force: bool) -> dict[str, Any] | None:
    """The learning curve of a case, measured or kept; None where the data are absent."""
    answer = None if quick or force else kept(f"crossover_{name}")
    return answer or _measured(name, quick)


def _measured(name: str, quick: bool) -> dict[str, Any] | None:
    path, options = CASES[name]
    if not (DATA / path).is_file():
        print(f"{name}: ../shared/data is absent", file=sys.stderr)
        return None
    import deepworth

    options = {**options, "test": str(DATA / options["test"])} if "test" in options else options
    print(f"learning curve of {name} ...", file=sys.stderr, flush=True)
    result = deepworth.learning_curve(
        str(DATA / path), progress=_progress, **{**options, **(QUICK if quick else {})}
    ).to_dict()
    provenance = result["dataset"]["provenance"]
    provenance["location"] = os.path.basename(provenance["location"])
    result |= {"models": [], "fits": []}  # tables and pictures show the best model of each family only
    if not quick:
        keep(f"crossover_{name}", result)
    return result


def grid(quick: bool, force: bool) -> dict[str, Any]:
    """Score and time over depth and width on the embedded data, measured or kept."""
    answer = None if quick or force else kept("capacity")
    if answer is None:
        import deepworth

        print("capacity of sick-healthy ...", file=sys.stderr, flush=True)
        small = {"layers": (0, 1), "units": (4,), "folds": 2, "params": {"plain-mlp": {"epochs": 5}}}
        answer = deepworth.capacity("sick-healthy", progress=_progress, **(small if quick else {})).to_dict()
        if not quick:
            keep("capacity", answer)
    return answer


def _progress(event: Any) -> None:
    if event.kind == "model":
        print(f"  [{event.done}/{event.total}] {event.model}", file=sys.stderr, flush=True)


def lines(name: str, result: dict[str, Any]) -> list[str]:
    """One row of the table: scores of both families at the largest size, and the answer."""
    last = max(result["plan"]["sizes"])
    rows = {r["family"]: r for r in result["families"] if r["size"] == last}
    shown = [
        f"{rows[f]['champion']} {figure(rows[f]['score'])}" if f in rows else "-"
        for f in ("deep", "classical")
    ]
    sizes = f"{min(result['plan']['sizes']):,} to {last:,}"
    return [name, sizes, result["metric"]["label"], *shown, result["crossover"]["sentence"]]


def simulation_lines(figures: dict[str, Any]) -> list[list[str]]:
    """Named figures for a table."""
    return [[f"`{name}`", figure(figures[name])] for name in FIGURES]


def main() -> None:
    chosen = parser(__doc__ or "").parse_args()
    figures = simulation(chosen.quick, chosen.force)
    names = ("covertype_15k",) if chosen.quick else CASES
    curves = {name: curve(name, chosen.quick, chosen.force) for name in names}
    measured = {name: result for name, result in curves.items() if result}
    answers = [a["sentence"] for a in grid(chosen.quick, chosen.force)["answers"]]
    if chosen.json:
        crossovers = {name: result["crossover"] for name, result in measured.items()}
        print(json.dumps({**figures, "curves": crossovers, "capacity": answers}))
        return
    print(table(["figure", "value"], simulation_lines(figures)))
    if measured:
        print("\n" + table(HEADER, [lines(name, result) for name, result in measured.items()]))
    print("\n" + "\n".join(answers))


if __name__ == "__main__":
    main()
