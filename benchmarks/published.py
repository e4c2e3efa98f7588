"""Scores on real data next to published scores for the same data.

    python benchmarks/published.py [--only sick] [--json] [--quick]

Needs the development data in ../shared/data; without them nothing is measured. Where there is no official
split, our splits differ from the published ones, so small differences mean nothing; a large one would be a
sign of an error.
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from _common import compared, figure, parser, table

from deepworth.zoo.report.words import OUTCOMES

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
HEADER = ["data", "model", "metric", "ours", "published", "source"]
SUITE = "default settings on a fixed 80/20 split of the same table, mean of 3 splits"


@dataclass(frozen=True)
class Case:
    """One dataset, how it is read, and published values: (our model, metric, value, whose)."""

    file: str
    options: dict[str, Any]
    published: tuple[tuple[str, str, float, str], ...]
    quick: dict[str, Any] = field(default_factory=dict)


CASES = {
    "sick": Case(
        "tabular/sick.csv.gz",
        {"target": "Class"},
        (
            ("hist-gradient-boosting", "roc_auc", 0.998, f"scikit-learn HGB, {SUITE}"),
            ("logistic-regression", "roc_auc", 0.947, f"scikit-learn logistic regression, {SUITE}"),
            ("deep-mlp", "roc_auc", 0.976, f"RealMLP (pytabkit), {SUITE}"),
        ),
    ),
    "titanic": Case(
        "tabular/titanic.csv.gz",
        {"target": "Survived"},
        (
            (
                "hist-gradient-boosting",
                "roc_auc",
                0.853,
                f"scikit-learn HGB, {SUITE}, without the column of names",
            ),
            (
                "logistic-regression",
                "roc_auc",
                0.835,
                f"scikit-learn logistic regression, {SUITE}, without the column of names",
            ),
            ("deep-mlp", "roc_auc", 0.803, f"RealMLP (pytabkit), {SUITE}, without the column of names"),
        ),
    ),
    "telco_churn": Case(
        "tabular/telco_churn.csv.gz",
        {"target": "Churn"},
        (
            ("hist-gradient-boosting", "roc_auc", 0.837, f"scikit-learn HGB, {SUITE}"),
            ("logistic-regression", "roc_auc", 0.848, f"scikit-learn logistic regression, {SUITE}"),
            ("deep-mlp", "roc_auc", 0.839, f"RealMLP (pytabkit), {SUITE}"),
        ),
    ),
    "california_housing": Case(
        "tabular/california_housing.csv.gz",
        {"target": "median_house_value"},
        (
            ("hist-gradient-boosting", "r2", 0.822, f"scikit-learn HGB, {SUITE}, 10,000 training rows"),
            ("linear-regression", "r2", 0.638, f"scikit-learn ridge, {SUITE}, 10,000 training rows"),
            ("deep-mlp", "r2", 0.811, f"RealMLP (pytabkit), {SUITE}, 10,000 training rows"),
        ),
    ),
    "clothing_folder": Case(
        "images/clothing_folder.zip",
        {},
        (("cnn", "accuracy", 0.2, "chance; nothing is published for these 800 photographs of 5 classes"),),
    ),
    "fashion_mnist": Case(
        "images/fashion_mnist.npz",
        {"rows": 14000},
        (
            ("hog-svm", "accuracy", 0.926, "HOG + SVM, 60,000 training rows (Fashion-MNIST's own table)"),
            (
                "pca-svm",
                "accuracy",
                0.897,
                "best scikit-learn model on pixels, 60,000 training rows (same table)",
            ),
            ("cnn", "accuracy", 0.916, "two convolutions, 60,000 training rows (same table: 0.876 to 0.934)"),
        ),
    ),
    "sms_spam": Case(
        "text/sms_spam.csv.gz",
        {"target": "label", "text": "text"},
        (("tfidf-linear-svm", "accuracy", 0.976, "linear SVM (Almeida, Hidalgo and Yamakami 2011)"),),
    ),
    "reuters_r8": Case(
        "text/reuters_r8_train.csv.gz",
        {"target": "label", "text": "text", "test": "text/reuters_r8_test.csv.gz"},
        (
            ("tfidf-linear-svm", "accuracy", 0.97, "linear SVM (Cardoso-Cachopo 2007)"),
            ("rnn", "accuracy", 0.963, "bidirectional LSTM with pretrained vectors (Yao, Mao and Luo 2019)"),
        ),
    ),
}


@contextmanager
def location(file: str) -> Iterator[Path]:
    """The file, or the folder that a zip archive holds, for as long as it is read."""
    if not file.endswith(".zip"):
        yield DATA / file
        return
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(DATA / file) as archive:
        archive.extractall(folder)
        entries = [p for p in Path(folder).iterdir() if p.is_dir()]
        yield entries[0] if len(entries) == 1 else Path(folder)


def run(name: str, quick: bool, force: bool) -> dict[str, Any]:
    """The comparison on one dataset."""
    case = CASES[name]
    options = dict(case.options)
    if "test" in options:
        options["test"] = str(DATA / options["test"])
    if quick:
        options |= {"rows": 300, "folds": 2}
        options["models"] = sorted({"constant", *(model for model, *_ in case.published)})
    with location(case.file) as path:
        summary = partial(summarised, metrics=sorted({metric for _, metric, *_ in case.published}))
        return compared(f"published-{name}", str(path), summary, quick=quick, force=force, **options)


def summarised(result: dict[str, Any], metrics: list[str]) -> dict[str, Any]:
    """Of each model its score with interval, the metrics that others published, and seconds of a fit."""
    names = ("model", "family", "score", "score_low", "score_high", "fit_seconds")
    rows = [
        {**{name: row[name] for name in names}, **{name: row["metrics"].get(name) for name in metrics}}
        for row in result["leaderboard"]
    ]
    verdict = {name: result["verdict"][name] for name in ("outcome", "gain", "gain_low", "gain_high")}
    facts = {name: result["dataset"][name] for name in ("rows", "fingerprint")}
    about = {name: result[name] for name in ("created", "versions", "wall_seconds")}
    return {"metric": result["metric"]["label"], **facts, "verdict": verdict, "leaderboard": rows, **about}


def lines(name: str, result: dict[str, Any]) -> list[list[str]]:
    """Our value next to the published one."""
    models = {row["model"]: row for row in result["leaderboard"]}
    return [
        [name, model, metric, figure(models.get(model, {}).get(metric)), figure(value), source]
        for model, metric, value, source in CASES[name].published
    ]


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--only", choices=list(CASES), action="append")
    chosen = options.parse_args()
    if not DATA.is_dir():
        print(
            "published.py needs the development data in ../shared/data; nothing was measured", file=sys.stderr
        )
        sys.exit(0 if chosen.quick else 1)
    names = chosen.only or (["titanic"] if chosen.quick else list(CASES))
    results = {name: run(name, chosen.quick, chosen.force) for name in names}
    rows = [line for name, result in results.items() for line in lines(name, result)]
    if chosen.json:
        print(json.dumps([dict(zip(HEADER, row, strict=True)) for row in rows]))
        return
    print(table(HEADER, rows))
    for name, result in results.items():
        outcome = OUTCOMES[result["verdict"]["outcome"]]
        print(f"\n{name}: {outcome} ({result['wall_seconds']:.0f} s)")


if __name__ == "__main__":
    main()
