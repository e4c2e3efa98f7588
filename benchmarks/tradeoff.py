"""Both ends of the trade-off on embedded data: where deep learning wins and where it does not.

    python benchmarks/tradeoff.py [--json] [--quick]

The answers are kept with the two metrics that are shown, and without explanations. Beside each gain stands
the interval that one score per fold gives (``--inference corrected-t``).
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from _common import compared, figure, keep, kept, parser, table

from deepworth.zoo.report.words import OUTCOMES
from deepworth.zoo.results.answer import Answer, LeaderboardRow
from deepworth.zoo.results.json import to_json

DATASETS = ("triage-notes", "docstrings", "sick-healthy", "breast-cancer", "wine", "diabetes", "digits")

HEADER = [
    "data",
    "metric",
    "best deep",
    "fit",
    "best classical",
    "fit",
    "gain of deep learning (95% interval)",
    "interval of the corrected t",
    "verdict",
    "best reachable",
]


def summary(result: dict[str, Any]) -> dict[str, Any]:
    """The answer with what the table and the pictures of the terminal show."""
    shown = (result["metric"]["name"], result["metric"]["second"])
    location = Path(result["dataset"]["provenance"]["location"]).name
    result["dataset"]["provenance"]["location"] = location
    for row in result["leaderboard"]:
        row["metrics"] = {name: value for name, value in row["metrics"].items() if name in shown}
        row["intervals"] = {}
    return {**result, "path": None, "explanations": None}


CORRECTED_T = "tradeoff-corrected-t"


def keep_corrected_t(name: str, comparison: Any) -> None:
    """The verdict of the same fits by one score per fold, beside those of the other datasets."""
    from deepworth.zoo.judging.judge import judge
    from deepworth.zoo.setup import Criteria

    verdict = judge(comparison.results, Criteria(inference="corrected-t")).verdict
    facts = {field: getattr(verdict, field) for field in ("outcome", "gain", "gain_low", "gain_high")}
    keep(CORRECTED_T, {**(kept(CORRECTED_T) or {}), name: facts})


def line(name: str, answer: Answer) -> list[str]:
    """One row of the table."""
    verdict = answer.verdict
    rows = {row.model: row for row in answer.leaderboard}
    cells = [name, answer.metric.label]
    for model in (verdict.deep_champion, verdict.classical_champion):
        cells += _best(rows.get(model or ""))
    gain = "-"
    if verdict.gain is not None:
        gain = f"{verdict.gain:.3g} [{verdict.gain_low:.3g}, {verdict.gain_high:.3g}]"
    old = (kept(CORRECTED_T) or {}).get(name)
    by_folds = (
        "-" if old is None else f"[{old['gain_low']:.3g}, {old['gain_high']:.3g}], {OUTCOMES[old['outcome']]}"
    )
    return [*cells, gain, by_folds, OUTCOMES[verdict.outcome], figure(answer.best_reachable)]


def _best(row: LeaderboardRow | None) -> list[str]:
    if row is None:
        return ["-", "-"]
    return [f"{row.model} {figure(row.score)}", f"{row.fit_seconds or 0.0:.2g} s"]


def main() -> None:
    chosen = parser(__doc__ or "").parse_args()
    options: dict[str, Any] = {}
    names = ("wine",) if chosen.quick else DATASETS
    if chosen.quick:
        options = {"folds": 2, "models": ["constant", "logistic-regression", "perceptron"]}
    how = {"quick": chosen.quick, "force": chosen.force, **options}
    answers = {}
    for name in names:
        seen = None if chosen.quick else partial(keep_corrected_t, name)
        answers[name] = Answer.from_dict(compared(f"tradeoff-{name}", name, summary, seen=seen, **how))
    if chosen.json:
        print(json.dumps({name: to_json(answer.verdict) for name, answer in answers.items()}))
        return
    print(table(HEADER, [line(name, answer) for name, answer in answers.items()]))


if __name__ == "__main__":
    main()
