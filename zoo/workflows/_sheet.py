"""Everything that a report shows of a run, as one plain object made from what the run kept."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import InputError, Split
from ..judging.calibration import calibration
from ..judging.scores import ModelScores
from ..judging.verdict import fair_by_fold
from ..metrics import METRICS, Metric
from ..runs.fitting import Job
from ..runs.store import load_jobs, load_record
from ._command import command_of
from ._result import plain

MOST_MODELS = 4  # whose probabilities and mistakes are shown in full
MOST_CLASSES = 30  # of a matrix that somebody can read
_DRAWN_POINTS = 400
_BINS = 10


def sheet(
    run: str, *, store: str | os.PathLike[str] | None = None, joined: Sequence[str | os.PathLike[str]] = ()
) -> dict[str, Any]:
    """What a report shows.

    Folders of this machine and its name are left out: a report is sent to others.

    Parameters
    ----------
    run : str
        Its id, an unmistakable start of it, "last", or its folder.
    joined : sequence of path
        Answers of other commands about the same data, as ``-o FILE.json`` writes them.

    Raises
    ------
    InputError
        There is no such run, it did not end, or a joined file is of other data.
    """
    facts, rows, folder = load_record(run, store)
    result = facts["result"]
    metric = METRICS[result["metric"]["name"]]
    predictions = _predictions(folder)
    shown = _shown(result, predictions)
    return plain(
        {
            "result": _shareable(result),
            "status": facts["status"],
            "command": command_of(facts["configuration"], result["plan"].get("limits")),
            "host": {k: v for k, v in (facts["host"] or {}).items() if k != "name"},
            "splits": facts["splits"],
            "jobs": [_job_row(row) for row in rows],
            "paired": None if result["plan"]["official_test"] else _paired(rows, metric),
            "confusion": _confusion(result, predictions, shown),
            "values": _values(result, predictions, shown),
            "calibration": calibration(str(folder), models=shown) if shown else None,
            **_joined(result, joined),
        }
    )


def _shareable(result: dict[str, Any]) -> dict[str, Any]:
    data = result["dataset"]
    source = data["provenance"]
    location = Path(source["location"]).name if Path(source["location"]).is_absolute() else source["location"]
    return {
        **{k: v for k, v in result.items() if k != "path"},
        "dataset": {**data, "provenance": {**source, "location": location}},
    }


def _predictions(folder: Path) -> pd.DataFrame | None:
    """None where nothing was kept: every job failed, or somebody cleaned up."""
    if not (folder / "predictions.parquet").is_file():
        return None
    return load_jobs(str(folder))[1]


def _shown(result: dict[str, Any], predictions: pd.DataFrame | None) -> list[str]:
    """The champions, then the best others, as far as they left predictions; in the order of the board."""
    if predictions is None:
        return []
    there = set(predictions["model"])
    board = [row["model"] for row in result["leaderboard"] if row["model"] in there]
    verdict = result["verdict"]
    first = [m for m in (verdict["deep_champion"], verdict["classical_champion"]) if m in board]
    chosen = list(dict.fromkeys([*first, *(m for m in board if m != "constant")]))[:MOST_MODELS]
    return sorted(chosen, key=board.index)


def _job_row(row: dict[str, Any]) -> dict[str, Any]:
    names = ("model", "family", "repeat", "fold", "status", "reason", "fit_seconds", "predict_seconds")
    more = {name: row.get(name) for name in ("attempts", "contended")}
    return {**{name: row[name] for name in names}, **more, "metrics": row["metrics"]}


def _paired(rows: list[dict[str, Any]], metric: Metric) -> dict[str, Any] | None:
    """The champions fold by fold, each chosen on other folds than it is scored on, as in the verdict."""
    scores = _scores(rows, metric)
    found = fair_by_fold(scores, metric)
    if found is None:
        return None
    places, fair = found
    splits = [scores[0].jobs[place].split for place in places]
    differences = metric.sign * (fair["deep"] - fair["classical"])
    folds = [
        {"repeat": s.repeat, "fold": s.fold, "deep": deep, "classical": classical, "gain": gain}
        for s, deep, classical, gain in zip(splits, fair["deep"], fair["classical"], differences, strict=True)
    ]
    return {"folds": folds}


def _scores(rows: list[dict[str, Any]], metric: Metric) -> list[ModelScores]:
    """Scores as they were kept with every job; a metric that had no value is NaN."""
    nothing = np.zeros(0, dtype=int)
    by_model: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_model.setdefault(row["model"], []).append(row)
    found = []
    for name, own in by_model.items():
        values = [row["metrics"].get(metric.name) for row in own]
        folds = {metric.name: np.array([np.nan if v is None else v for v in values], dtype=float)}
        jobs = [
            Job(name, r["family"], Split(r["repeat"], r["fold"], nothing, nothing), r["status"]) for r in own
        ]
        found.append(ModelScores(name, own[0]["family"], folds, jobs))
    return found


def _confusion(
    result: dict[str, Any], predictions: pd.DataFrame | None, shown: Sequence[str]
) -> dict[str, Any] | None:
    """Truth by prediction, every row counted once: in the first repeat."""
    classes = result["dataset"]["classes"]
    if predictions is None or not classes:
        return None
    first = predictions[predictions["repeat"] == predictions["repeat"].min()]
    models = []
    for name in shown:
        own = first[first["model"] == name]
        pairs = pd.crosstab(own["truth"].astype(str), own["prediction"].astype(str))
        counts = pairs.reindex(index=classes, columns=classes, fill_value=0).to_numpy()
        models.append({"model": name, **_counted(counts, classes)})
    return {"classes": classes if len(classes) <= MOST_CLASSES else None, "models": models}


def _counted(counts: np.ndarray, classes: list[str]) -> dict[str, Any]:
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:10]
    worst = [divmod(int(place), len(classes)) for place in order if wrong.flat[place]]
    return {
        "rows": int(counts.sum()),
        "right": int(np.trace(counts)),
        "counts": counts.tolist() if len(classes) <= MOST_CLASSES else None,
        "mistakes": [
            {"truth": classes[i], "said": classes[j], "rows": int(counts[i, j]), "of": int(counts[i].sum())}
            for i, j in worst
        ],
    }


def _values(
    result: dict[str, Any], predictions: pd.DataFrame | None, shown: Sequence[str]
) -> list[dict[str, Any]] | None:
    """Predicted against true numbers: points to draw, and means of equally filled parts."""
    if predictions is None or result["dataset"]["task"] != "regression":
        return None
    first = predictions[predictions["repeat"] == predictions["repeat"].min()]
    return [{"model": name, **_against(first[first["model"] == name])} for name in shown]


def _against(own: pd.DataFrame) -> dict[str, Any]:
    own = own.sort_values("prediction", kind="stable")
    truth, said = own["truth"].to_numpy(float), own["prediction"].to_numpy(float)
    drawn = np.unique(np.linspace(0, len(own) - 1, min(_DRAWN_POINTS, len(own))).round().astype(int))
    parts = [part for part in np.array_split(np.arange(len(own)), _BINS) if len(part)]
    return {
        "rows": len(own),
        "points": [[float(t), float(s)] for t, s in zip(truth[drawn], said[drawn], strict=True)],
        "bins": [
            {
                "rows": len(part),
                "predicted": float(said[part].mean()),
                "true": float(truth[part].mean()),
                "mean_absolute_error": float(np.abs(truth[part] - said[part]).mean()),
            }
            for part in parts
        ],
    }


_KINDS = {"crossover": "learning_curve", "networks": "capacity"}


def _joined(result: dict[str, Any], files: Sequence[str | os.PathLike[str]]) -> dict[str, Any]:
    """Answers of other commands by kind."""
    found: dict[str, Any] = dict.fromkeys(_KINDS.values())
    for file in files:
        answer = _read(Path(file))
        kind = next((name for key, name in _KINDS.items() if key in answer), None)
        if kind is None:
            raise InputError(f"{file} is no answer of learning-curve or capacity; write it with -o FILE.json")
        if answer.get("dataset", {}).get("fingerprint") != result["dataset"]["fingerprint"]:
            raise InputError(f"{file} is about other data than run {result['run']}; leave it away")
        found[kind] = {k: v for k, v in answer.items() if k != "path"}
    return found


def _read(file: Path) -> dict[str, Any]:
    try:
        answer = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(answer, dict):
        raise InputError(f"{file}: expected an object, got {type(answer).__name__}")
    return answer
