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
    from deepworth.zoo.judging.leaderboard import of_task
    from deepworth.zoo.judging.question import Question
    from deepworth.zoo.judging.scores import truth_of
    from deepworth.zoo.metrics import evaluate
    from deepworth.zoo.runs.journal import RunStore
    from deepworth.zoo.workflows._conduct import judged
    from deepworth.zoo.workflows._result import describe, plan_summary

    trained = deepworth.compare("sick-healthy", models=CLASSICAL[:models], folds=folds, store=False)
    jobs = [job for place in range(models) for job in _stand_in(trained.models, place)]
    plan = replace(trained.plan, jobs=tuple(jobs))
    verdict = trained.verdict
    question = Question(trained.metric, verdict.margin, verdict.confidence_level)
    result = judged(trained.dataset, plan, jobs, question, trained.findings)
    record = RunStore(store, describe(trained.dataset), plan_summary(plan), jobs)
    with record:
        for job in jobs:
            truth = truth_of(trained.dataset, job.split.test)
            record.add(job, {m.name: evaluate(m, truth, job.prediction) for m in of_task("binary")})
        result = replace(result, run=record.id, created=record.created, path=str(record.path))
        record.finish("ok", result.to_dict(), result.predictions())
    return record.id


def _stand_in(models: list[Any], place: int) -> list[Any]:
    """The jobs of a model; from the second round on under another name, every other one as a network."""
    found, turn = models[place % len(models)], place // len(models)
    family = found.family if turn == 0 else ("deep", "classical")[place % 2]
    name = found.model if turn == 0 else f"{found.model}-{turn + 1}"
    return [replace(job, model=name, family=family) for job in found.jobs]


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
