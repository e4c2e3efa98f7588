"""Write the JSON Schema of every typed answer into docs/schemas, or check that they are current.

    python benchmarks/schemas.py [--check]

The schemas are made from the dataclasses in zoo/results. A new answer is one line in ``SCHEMAS``.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, NotRequired, TypedDict, get_type_hints

from deepworth import datasets
from deepworth.zoo.results.answer import Answer
from deepworth.zoo.results.curves import CapacityAnswer, LearningCurveAnswer
from deepworth.zoo.results.explanation import Explanation, RunExplanation
from deepworth.zoo.results.json import schema_of
from deepworth.zoo.results.models import (
    ExportReport,
    Inspection,
    Manifest,
    ModelCard,
    ModelFacts,
    Verification,
    WeightsFacts,
)
from deepworth.zoo.results.predictions import PredictionsAnswer
from deepworth.zoo.results.report import ReportSheet
from deepworth.zoo.results.runs import Preview, RunSummary, RunVerification, SweepPreview
from deepworth.zoo.results.saved import CalibrationAnswer, Evaluation, SavedModelCost, Trained
from deepworth.zoo.results.suite import SuiteAnswer, SuitePreview

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "schemas"


class PredictedRow(TypedDict):
    """The prediction for a row. Classifiers add ``probability_CLASS`` for each class.

    ``prediction_set`` and ``refer`` (not exactly one class), or ``low`` and ``high``, are those of a model
    that was trained with a confidence level.
    """

    prediction: str | float
    confidence: NotRequired[float]
    prediction_set: NotRequired[str]
    refer: NotRequired[bool]
    low: NotRequired[float]
    high: NotRequired[float]


def merged(name: str, *parts: type, without: Collection[str] = ()) -> Any:
    """A typed dict with the fields of all parts."""
    hints: dict[str, Any] = {}
    names = {name: getattr(datasets, name) for name in datasets.__all__}
    for part in parts:
        hints |= get_type_hints(part, localns=names, include_extras=True)
    return TypedDict(name, {key: hint for key, hint in hints.items() if key not in without})  # type: ignore[operator]


# By the name of the file: the type, and what prints it.
SCHEMAS: dict[str, tuple[Any, str]] = {
    "answer": (Answer, "compare --json, verdict --json, runs RUN --json"),
    "predictions_verdict": (PredictionsAnswer, "verdict --predictions --json"),
    "preview": (Preview, "compare --dry-run --json"),
    "report": (ReportSheet, "report --format json"),
    "run_verification": (RunVerification, "verify RUN --json"),
    "runs": (list[RunSummary], "runs --json"),
    "calibration": (CalibrationAnswer, "calibration --json"),
    "learning_curve": (LearningCurveAnswer, "learning-curve --json"),
    "capacity": (CapacityAnswer, "capacity --json"),
    "suite": (SuiteAnswer, "benchmark --json"),
    "sweep_preview": (SweepPreview, "learning-curve --dry-run --json, capacity --dry-run --json"),
    "suite_preview": (SuitePreview, "benchmark --dry-run --json"),
    "models": (list[ModelFacts], "models --json"),
    "model": (ModelCard, "models NAME --json"),
    "weights": (list[WeightsFacts], "weights --json"),
    "trained": (merged("Trained", Trained, Manifest, without=("manifest", "files")), "train --json"),
    "predictions": (list[PredictedRow], "predict --json"),
    "inspection": (Inspection, "inspect --json"),
    "evaluation": (Evaluation, "evaluate --json"),
    "cost": (SavedModelCost, "cost --json"),
    "explanation": (Explanation, "explain MODEL --json"),
    "run_explanation": (RunExplanation, "explain RUN --json"),
    "export": (ExportReport, "export --json"),
    "verification": (Verification, "verify MODEL --json"),
    "datasets": (list[merged("DatasetInfo", datasets.DatasetInfo)], "datasets --json"),  # type: ignore[misc]
    "dataset": (datasets.DatasetDescription, "datasets DATA --json"),
    "check": (datasets.DataCheck, "check DATA --json"),
    "codes": (list[dict[str, str]], "check --list --json"),
}


def schema(name: str) -> dict[str, Any]:
    """The schema of a file."""
    kind, commands = SCHEMAS[name]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"deepworth {commands}"}
    found: dict[str, Any] = _tidied(schema_of(kind))
    return {**head, **found}


def _tidied(value: Any) -> Any:
    """Docstrings without the indentation of the code."""
    if isinstance(value, list):
        return [_tidied(one) for one in value]
    if not isinstance(value, dict):
        return value
    text = value.get("description")
    tidy = {"description": inspect.cleandoc(text)} if isinstance(text, str) else {}
    return {key: tidy[key] if key in tidy else _tidied(one) for key, one in value.items()}


def files() -> dict[Path, str]:
    """The text of every file."""
    return {
        FOLDER / f"{name}.json": json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"
        for name in SCHEMAS
    }


def stale() -> list[str]:
    """Names of files in the folder that are missing, not current, or of no answer."""
    texts = files()
    known = {path.name for path, text in texts.items() if _read(path) == text}
    return sorted({path.name for path in [*texts, *FOLDER.glob("*.json")]} - known)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--check", action="store_true", help="exit 1 if a schema is not current")
    if options.parse_args().check:
        names = stale()
        sys.exit(f"not current: {', '.join(names)}; run python benchmarks/schemas.py" if names else 0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
    print(f"wrote {len(SCHEMAS)} schemas to {FOLDER.relative_to(FOLDER.parents[1])}")


if __name__ == "__main__":
    main()
