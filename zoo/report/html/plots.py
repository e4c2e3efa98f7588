"""The pictures of a comparison, each with its numbers."""

from __future__ import annotations

from typing import Any

from ..curve_plots import name_points
from ..words import number, seconds, small
from .figures import COLOURS, LINE, MARKERS, MUTED, TEXT, Picture, canvas, inline

_COSTS = {
    "fit_seconds": "time of one fit",
    "latency_seconds": "time to predict one row",
    "predict_seconds": "time to predict 1,000 rows",
}


def pareto(answer: dict[str, Any]) -> Picture | None:
    """Score against times to train and predict; the models that no other beats in both are joined."""
    metric = answer["metric"]
    rows = [r for r in answer["leaderboard"] if r["score"] is not None and r["model"] != "constant"]
    panels = [(key, label) for key, label in _COSTS.items() if sum(bool(r.get(key)) for r in rows) > 1]
    panels = [panel for panel in panels if panel[0] != "predict_seconds"] if len(panels) > 2 else panels
    if not panels:
        return None
    figure, axes = canvas(4.3, len(panels), sharey=True, width=10.5 if len(panels) > 1 else 7)
    if not metric["greater_is_better"]:
        axes[0].invert_yaxis()  # better is up, here and beside what can be read of a model
    for axis, (key, label) in zip(axes, panels, strict=True):
        _scatter(axis, [r for r in rows if r.get(key)], key, metric["greater_is_better"])
        axis.set_xlabel(f"{label} (logarithmic)")
    axes[0].set_ylabel(f"{metric['label']} (better is up)")
    _legend(axes[0], answer)
    fronts = {key: {r["model"] for r in front(rows, key, metric["greater_is_better"])} for key, _ in panels}
    return Picture(
        inline(figure, "pareto", f"{metric['label']} of every model against its times to train and predict"),
        "Accuracy against cost",
        "On the line: no other model is both better and faster. Up is better, left is faster.",
        ["model", "family", metric["label"], *(label for _, label in panels), "nothing is better and faster"],
        [
            [
                r["model"],
                r["family"],
                number(r["score"]),
                *(seconds(r.get(key)) or "-" for key, _ in panels),
                ", ".join(_SHORT[key] for key, _ in panels if r["model"] in fronts[key]) or "-",
            ]
            for r in rows
        ],
    )


_GAP = "\u2003\u2003"  # wide spaces: plain ones of a row count as one in SVG
_SHORT = {"fit_seconds": "training", "latency_seconds": "predicting a row", "predict_seconds": "predicting"}


def front(rows: list[dict[str, Any]], key: str, greater_is_better: bool) -> list[dict[str, Any]]:
    """Models that no other beats in cost and score at once, cheapest first."""
    found: list[dict[str, Any]] = []
    sign = 1 if greater_is_better else -1
    for row in sorted((r for r in rows if r.get(key)), key=lambda r: (r[key], -sign * r["score"])):
        if not found or sign * row["score"] > sign * found[-1]["score"]:
            found.append(row)
    return found


def _scatter(axis: Any, rows: list[dict[str, Any]], key: str, greater_is_better: bool) -> None:
    best = front(rows, key, greater_is_better)
    axis.set_xscale("log")
    axis.grid(axis="y")
    axis.plot([r[key] for r in best], [r["score"] for r in best], color=MUTED, linewidth=1.2, zorder=1)
    for family, colour in COLOURS.items():
        own = [r for r in rows if r["family"] == family]
        axis.plot(
            [r[key] for r in own],
            [r["score"] for r in own],
            MARKERS[family],
            color=colour,
            markersize=7,
            markeredgecolor="#ffffff",
        )
    axis.margins(x=0.16, y=0.12)
    _time_ticks(axis)
    ranked = [*best, *(r for r in rows if r not in best)]
    name_points(axis, [(r[key], r["score"], r["model"]) for r in ranked])


def _time_ticks(axis: Any) -> None:
    """10 ms, 100 ms, 1 s: powers as people say them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_xlim()
    axis.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0,) if high / low > 50 else (1.0, 3.0)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: seconds(value)))
    axis.xaxis.set_minor_formatter(NullFormatter())


def _score_label(metric: dict[str, Any]) -> str:
    return f"{metric['label']} ({'higher' if metric['greater_is_better'] else 'lower'} is better)"


def _legend(axis: Any, answer: dict[str, Any], **options: Any) -> None:
    from matplotlib.lines import Line2D

    there = {r["family"] for r in answer["leaderboard"]}
    handles = [
        Line2D([], [], color=colour, marker=MARKERS[family], linestyle="", markersize=7, label=family)
        for family, colour in COLOURS.items()
        if family in there
    ]
    axis.legend(handles=handles, loc="best", fontsize=9.5, **options)


def folds(sheet: dict[str, Any]) -> Picture | None:
    """The score of every model on every fold, its mean as a line."""
    answer = sheet["result"]
    metric = answer["metric"]
    found = {name: own for name, own in fold_scores(sheet).items() if name != "constant"}
    if not found or max(len(values) for values in found.values()) < 2:
        return None
    families = {r["model"]: r["family"] for r in answer["leaderboard"]}
    figure, (axis,) = canvas(1.2 + 0.27 * len(found))
    for place, (name, values) in enumerate(found.items()):
        spread = [place + 0.22 * ((i * 0.618) % 1 - 0.5) * 2 for i in range(len(values))]
        colour = COLOURS[families[name]]
        axis.plot(values, spread, MARKERS[families[name]], color=colour, markersize=5, alpha=0.6)
        mean = sum(values) / len(values)
        axis.plot([mean, mean], [place - 0.34, place + 0.34], color=TEXT, linewidth=2)
    axis.set_yticks(range(len(found)), list(found))
    axis.set_ylim(len(found) - 0.4, -0.6)
    axis.grid(axis="x")
    axis.set_xlabel(_score_label(metric))
    columns = max(len(values) for values in found.values())
    return Picture(
        inline(figure, "folds", f"{metric['label']} of every model on every fold"),
        "Scores fold by fold",
        "A point is one fold, the black line the mean. Folds share training rows, so points of one model are "
        "not independent: the intervals of the leaderboard allow for that.",
        ["model", *(f"fold {i + 1}" for i in range(columns))],
        [[name, *map(number, values), *["-"] * (columns - len(values))] for name, values in found.items()],
    )


def fold_scores(sheet: dict[str, Any]) -> dict[str, list[float]]:
    """Scores by model in the order of the leaderboard, folds in the order of the plan."""
    metric = sheet["result"]["metric"]["name"]
    found: dict[str, list[float]] = {row["model"]: [] for row in sheet["result"]["leaderboard"]}
    for job in sheet["jobs"]:
        value = job["metrics"].get(metric)
        if value is not None and job["model"] in found:
            found[job["model"]].append(value)
    return {name: values for name, values in found.items() if values}


def differences(sheet: dict[str, Any]) -> Picture | None:
    """The champions' difference on every fold, with its mean, interval and the margin."""
    if sheet["paired"] is None:
        return None
    answer, rows = sheet["result"], sheet["paired"]["folds"]
    verdict, label = answer["verdict"], answer["metric"]["label"]
    figure, (axis,) = canvas(1.7 + 0.2 * len(rows))
    axis.axvspan(-verdict["margin"], verdict["margin"], color=LINE, zorder=0, linewidth=0)
    axis.axvline(0, color=MUTED, linewidth=1)
    for place, row in enumerate(rows):
        family = "deep" if row["gain"] >= 0 else "classical"
        axis.plot([0, row["gain"]], [place, place], color=COLOURS[family], linewidth=1.4)
        axis.plot(row["gain"], place, MARKERS[family], color=COLOURS[family], markersize=6)
    end = len(rows) + 0.3
    if verdict["gain"] is not None:
        axis.plot([verdict["gain_low"], verdict["gain_high"]], [end, end], color=TEXT, linewidth=2)
        axis.plot(verdict["gain"], end, "D", color=TEXT, markersize=6)
    axis.set_yticks([*range(len(rows)), end], [*(_fold(r, rows) for r in rows), "mean and interval"])
    axis.set_ylim(end + 0.7, -0.7)
    widest = max(abs(v) for v in axis.get_xlim())
    axis.set_xlim(-widest, widest)
    axis.set_xlabel(f"← classical better{_GAP}gain of deep learning in {label}{_GAP}deep better →")
    return Picture(
        inline(figure, "differences", f"Gain of the deep champion in {label} on every fold"),
        "Paired differences of the champions",
        "On the same rows, each champion chosen on the other folds. Grey: differences "
        f"up to {small(verdict['margin'])} "
        f"count as equal. The interval is at {verdict['confidence_level']:.0%} and allows for shared "
        "training rows.",
        ["fold", f"deep {label}", f"classical {label}", "gain of deep"],
        [[_fold(r, rows), number(r["deep"]), number(r["classical"]), f"{r['gain']:+.4f}"] for r in rows],
    )


def _fold(row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    several = len({r["repeat"] for r in rows}) > 1
    once = len({r["fold"] for r in rows}) == 1
    if once:
        return f"part {row['repeat'] + 1}"
    return f"{row['repeat'] + 1}.{row['fold'] + 1}" if several else f"fold {row['fold'] + 1}"


def values(sheet: dict[str, Any]) -> Picture | None:
    """Predicted against true numbers."""
    models = sheet["values"]
    if not models:
        return None
    families = {r["model"]: r["family"] for r in sheet["result"]["leaderboard"]}
    figure, axes = canvas(3.4, len(models), width=2.75 * len(models), sharex=True, sharey=True)
    for axis, model in zip(axes, models, strict=True):
        truth, said = zip(*model["points"], strict=True)
        low, high = min(*truth, *said), max(*truth, *said)
        family = families[model["model"]]
        axis.plot([low, high], [low, high], color=MUTED, linewidth=1, linestyle="--")
        axis.plot(said, truth, MARKERS[family], color=COLOURS[family], markersize=3.2, alpha=0.5)
        axis.set_title(model["model"], fontsize=10.5)
        axis.set_xlabel("predicted")
    axes[0].set_ylabel("true")
    rows = [
        [m["model"], str(b["rows"]), *(f"{b[k]:.4g}" for k in ("predicted", "true", "mean_absolute_error"))]
        for m in models
        for b in m["bins"]
    ]
    return Picture(
        inline(figure, "values", "True against predicted numbers of the shown models"),
        "Predicted and true",
        "Rows that the models had not seen; on the dashed line a prediction is right. At most 400 rows are "
        "drawn; the table has all of them in ten parts by prediction.",
        ["model", "rows", "mean predicted", "mean true", "mean absolute error"],
        rows,
    )
