"""Both ends of the trade-off on embedded data: where deep learning wins and where it does not.

python benchmarks/tradeoff.py [--json] [--quick]
"""

from __future__ import annotations

import json
from typing import Any

from _common import compared, figure, parser, row, table

DATASETS = ("triage-notes", "docstrings", "sick-healthy", "breast-cancer", "wine", "diabetes", "digits")

HEADER = [
    "data",
    "metric",
    "best deep",
    "fit",
    "best classical",
    "fit",
    "gain of deep",
    "verdict",
    "best reachable",
]


def champion(result: dict[str, Any], family: str) -> dict[str, Any] | None:
    """The family's best row."""
    return row(result, result["verdict"][f"{family}_champion"])


def lines(name: str, result: dict[str, Any]) -> list[str]:
    """One row of the table."""
    verdict, cells = result["verdict"], [name, result["metric"]["label"]]
    for family in ("deep", "classical"):
        best = champion(result, family)
        cells += (
            ["-", "-"]
            if best is None
            else [f"{best['model']} {figure(best['score'])}", f"{best['fit_seconds']:.2g} s"]
        )
    gain = (
        "-"
        if verdict["gain"] is None
        else f"{verdict['gain']:.3g} [{verdict['gain_low']:.3g}, {verdict['gain_high']:.3g}]"
    )
    return [*cells, gain, verdict["outcome"], figure(result["best_reachable"])]


def main() -> None:
    chosen = parser(__doc__ or "").parse_args()
    options: dict[str, Any] = {}
    names = ("wine",) if chosen.quick else DATASETS
    if chosen.quick:
        options = {"folds": 2, "models": ["constant", "logistic-regression", "perceptron"]}
    results = {
        n: compared(f"tradeoff-{n}", n, quick=chosen.quick, force=chosen.force, **options) for n in names
    }
    if chosen.json:
        print(json.dumps({name: result["verdict"] for name, result in results.items()}))
        return
    print(table(HEADER, [lines(name, result) for name, result in results.items()]))


if __name__ == "__main__":
    main()
