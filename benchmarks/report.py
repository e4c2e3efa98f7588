"""How long a report takes and how large it is: 20 models, 10 folds, from what a run kept.

    python benchmarks/report.py [--json] [--quick]

``render_seconds`` is the wall time of ``deepworth report RUN -o FILE.html`` as a user starts it, imports
included, the median of three; ``page_bytes`` the size of the page. Where fewer models can be trained here
(boosting libraries may be absent), models that were trained stand in for the rest under further names: their
folds, predictions and scores are real, and judged as those of others.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from _common import keep, parser, table

from deepworth.zoo.results.explanation import Explanations
from deepworth.zoo.results.rows import Family, Results

MODELS, FOLDS = 20, 10
CLASSICAL = (
    "constant",
    "logistic-regression",
    "linear-svm",
    "naive-bayes",
    "k-nearest-neighbours",
    "rbf-svm",
    "random-forest",
    "hist-gradient-boosting",
)


def kept_run(store: Path, models: int, folds: int) -> str:
    """A run of so many models on disk, judged as any other."""
    import deepworth
    from deepworth.datasets import Split
    from deepworth.zoo.judging.judge import judge
    from deepworth.zoo.metrics import evaluate, of_task, truth_of
    from deepworth.zoo.runs.jobs import PlannedJob
    from deepworth.zoo.runs.journal import RunStore
    from deepworth.zoo.setup import Criteria

    options: dict[str, Any] = {"models": CLASSICAL[:models], "folds": folds, "costs": False, "store": False}
    results = with_stand_ins(deepworth.compare("sick-healthy", **options).results, models)
    facts = results.facts
    truths = {fold: truth_of(results.labels, rows) for fold, rows in results.test_rows.items()}
    splits = {fold: Split(*fold, rows[:0], rows) for fold, rows in results.test_rows.items()}
    jobs = [PlannedJob(row.model, row.family, splits[row.repeat, row.fold]) for row in results.rows]
    with RunStore(store, facts.dataset, facts.plan, jobs) as record:
        for row in results.rows:
            truth = truths[row.repeat, row.fold]
            record.add(row, {m.name: evaluate(m, truth, row.prediction) for m in of_task("binary")})
        facts = replace(facts, run=record.id, created=record.created, path=str(record.path))
        results = replace(results, facts=facts)
        record.finish("ok", judge(results, Criteria()), results.predictions())
    return record.id


def with_stand_ins(results: Results, models: int) -> Results:
    """The results of so many models, with what is known of each."""
    trained = list(dict.fromkeys(row.model for row in results.rows))
    cast = [_stand_in(trained, number) for number in range(models)]
    rows = [
        replace(row, model=name, family=family or row.family)
        for source, name, family in cast
        for row in results.rows
        if row.model == source
    ]
    facts, found = results.facts, results.facts.explanations or Explanations()
    surrogates = {name: found.surrogates[source] for source, name, _ in cast if source in found.surrogates}
    plan = replace(facts.plan, models=tuple(name for _, name, _ in cast), jobs=len(rows))
    facts = replace(facts, plan=plan, explanations=replace(found, surrogates=surrogates))
    return replace(results, rows=tuple(rows), facts=facts)


def _stand_in(trained: list[str], number: int) -> tuple[str, str, Family | None]:
    """A trained model, its name here and its family: from the second round on every other is a network."""
    source, turn = trained[number % len(trained)], number // len(trained)
    if turn == 0:
        return source, source, None
    return source, f"{source}-{turn + 1}", "deep" if number % 2 == 0 else "classical"


def main() -> None:
    chosen = parser(__doc__ or "").parse_args()
    models, folds, times = (4, 3, 1) if chosen.quick else (MODELS, FOLDS, 3)
    program = str(Path(sys.executable).with_name("deepworth"))
    with tempfile.TemporaryDirectory() as folder:
        run, page = kept_run(Path(folder) / "runs", models, folds), Path(folder) / "page.html"
        command = [program, "report", str(Path(folder) / "runs" / run), "-o", str(page)]
        seconds = [_timed(command) for _ in range(times)]
        figures = {
            "render_seconds": statistics.median(seconds),
            "page_bytes": page.stat().st_size,
            "models": models,
            "folds": folds,
        }
    if not chosen.quick:
        keep("report", figures)
    rows = [[k, f"{v:.3g}" if isinstance(v, float) else f"{v:,}"] for k, v in figures.items()]
    print(json.dumps(figures) if chosen.json else table(["figure", "value"], rows))


def _timed(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
