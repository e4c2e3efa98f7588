"""The leaderboard of the page."""

from __future__ import annotations

from typing import Any

from .._words import number, seconds, size

_LABELS = {
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
    "average_precision": "average precision",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "matthews": "Matthews",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
}
_FALLING = ("log_loss", "brier", "rmse", "mae")  # where less is better


def board(answer: dict[str, Any]) -> dict[str, Any]:
    """Rows in the order of the answer, with bars on one scale and numbers to sort by."""
    metric, verdict = answer["metric"], answer["verdict"]
    scale = _scale(answer)
    best = (verdict["deep_champion"], verdict["classical_champion"])
    rows = answer["leaderboard"]
    arrow = "↑" if metric["greater_is_better"] else "↓"
    header, lines = _all_metrics(rows)
    return {
        "label": f"{metric['label']} {arrow}",
        "order": "descending" if metric["greater_is_better"] else "ascending",
        "level": f"{verdict['confidence_level']:.0%}",
        "second": metric["second_label"],
        "second_order": "ascending" if metric["second"] in _FALLING else "descending",
        "scale": None if scale is None else [number(end) for end in scale],
        "rows": [_row(row, answer, scale, row["model"] in best) for row in rows],
        "tied": sum(bool(r.get("tied_with_best")) for r in rows) > 1,
        "best_reachable": None if answer["best_reachable"] is None else number(answer["best_reachable"]),
        "notes": [f"{r['model']} {note}" for r in rows if r["model"] != "constant" for note in r["notes"]],
        "all_header": header,
        "all_rows": lines,
    }


def _row(
    row: dict[str, Any], answer: dict[str, Any], scale: tuple[float, float] | None, champion: bool
) -> dict[str, Any]:
    status = "" if row["status"] == "ok" else row["status"].replace("_", " ")
    return {
        "model": row["model"],
        "family": row["family"],
        "champion": champion,
        "tied": bool(row.get("tied_with_best")),
        "score": _cell(row["score"], number(row["score"]) if row["score"] is not None else status),
        "interval": _between(row["score_low"], row["score_high"]),
        "bar": _bar(row, scale),
        "second": _cell(row["metrics"].get(answer["metric"]["second"]), number),
        "costs": [
            _cell(row["fit_seconds"], seconds),
            _cell(row["predict_seconds"], seconds),
            _cell(row["size_bytes"], size),
            _cell(row["parameters"], lambda n: "" if n is None else f"{n:,}"),
        ],
    }


def _cell(value: Any, shown: Any) -> dict[str, Any]:
    """A number to sort by (or nothing), and what is read."""
    text = shown(value) if callable(shown) else shown
    return {"value": "" if value is None else repr(value), "shown": text or "-"}


def _between(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{number(low)} to {number(high)}"


def _scale(answer: dict[str, Any]) -> tuple[float, float] | None:
    """Left and right end of the bars: all models but the constant one."""
    rows = [r for r in answer["leaderboard"] if r["score"] is not None and r["model"] != "constant"]
    ends = [v for r in rows for v in (r["score"], r["score_low"], r["score_high"]) if v is not None]
    return (min(ends), max(ends)) if ends and max(ends) > min(ends) else None


def _bar(row: dict[str, Any], scale: tuple[float, float] | None) -> dict[str, Any] | None:
    if scale is None or row["score"] is None or row["model"] == "constant":
        return None

    def place(value: float) -> float:
        return round(100 * (value - scale[0]) / (scale[1] - scale[0]), 1)

    if row["score_low"] is None:
        return {"low": None, "at": place(row["score"])}
    low = place(row["score_low"])
    return {"low": low, "width": round(place(row["score_high"]) - low, 1), "at": place(row["score"])}


def _all_metrics(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    names = list(rows[0]["metrics"]) if rows else []
    lines = []
    for row in rows:
        cells = []
        for name in names:
            value, (low, high) = row["metrics"][name], row["intervals"][name]
            between = "" if low is None else f" [{number(low)}, {number(high)}]"
            cells.append("-" if value is None else f"{number(value)}{between}")
        lines.append([row["model"], *cells])
    return ["model", *(_LABELS.get(n, n) for n in names)], lines
