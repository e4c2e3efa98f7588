"""Numbers as people say them.

A comparison and its verdict in words, for the terminal and for pages alike.
"""

from __future__ import annotations

from typing import Any

FAMILY_COLOURS = {"deep": "cyan", "classical": "magenta"}


def seconds(value: float | None) -> str:
    """0.0042 as 4.2 ms, 75 as 1 min 15 s."""
    if value is None:
        return ""
    if value < 1:
        return f"{value * 1000:.2g} ms" if value < 0.0995 else f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    return f"{int(value // 60)} min {int(value % 60)} s"


def size(value: int | None) -> str:
    """1,500,000 as 1.5 MB."""
    if value is None:
        return ""
    amount = float(value)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} GB"


def count(value: int | None) -> str:
    """134145 as 134k."""
    if value is None:
        return ""
    if value < 10_000:
        return f"{value:,}"
    return f"{value / 1000:.0f}k" if value < 1_000_000 else f"{value / 1e6:.3g}M"


def number(value: float | None, digits: int = 3) -> str:
    """Three decimals for shares, significant digits for large values."""
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if abs(value) < 100 else f"{value:,.0f}"


def times(value: float) -> str:
    """37.2 as 37 times, 0.25 as a quarter's worth: 0.25 times."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def about(told: dict[str, float]) -> str:
    """An estimated time and how far off it may well be."""
    return f"about {seconds(told['seconds'])} ({seconds(told['low'])} to {seconds(told['high'])})"


OUTCOMES = {
    "deep": "deep learning better",
    "classical": "classical better",
    "equivalent": "practically equivalent",
    "undecided": "cannot tell",
}
CHANCES = (
    ("p_deep", "deep better", "deep"),
    ("p_equivalent", "equivalent", ""),
    ("p_classical", "classical better", "classical"),
)


def facts(answer: dict[str, Any]) -> list[str]:
    """The data, and how models were scored."""
    data, plan = answer["dataset"], answer["plan"]
    found = data_facts(data)
    if plan["official_test"]:
        found.append(f"scored on the {data['test_rows']:,} rows of its test part")
    elif plan.get("in_time_order"):
        found.append(f"scored on {plan['folds']} later periods")
    elif plan.get("holdout"):
        found.append(f"scored on {plan['holdout']:.0%} of the rows, held out {plan['repeats']} times")
    else:
        repeats = f", {plan['repeats']} times" if plan["repeats"] > 1 else ""
        found.append(f"scored by {plan['folds']}-fold cross-validation{repeats}")
    return found


def data_facts(data: dict[str, Any]) -> list[str]:
    """Rows, columns, task and classes in words."""
    found = [f"{data['rows']:,} rows"]
    if data["columns"] is not None:
        found.append(f"{data['columns']} columns")
    found.append(f"{data['task']} {data['modality']} task")
    return [*found, _classes(data["class_counts"])] if data["class_counts"] else found


def _classes(counts: dict[str, int], most: int = 4) -> str:
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    total = sum(counts.values())
    shown = ", ".join(f"{name} {n / total:.0%}" for name, n in ranked[:most])
    return f"{len(counts)} classes ({shown}{', ...' if len(ranked) > most else ''})"


def verdict_lines(answer: dict[str, Any]) -> list[str]:
    """Gain, fair scores of the champions, and what the gain costs."""
    if answer["verdict"]["gain"] is None:
        return []
    return [_gain(answer), *_champions(answer), *_price(answer)]


def _gain(answer: dict[str, Any]) -> str:
    verdict, label = answer["verdict"], answer["metric"]["label"]
    if verdict["gain"] >= 0:
        who = "Gain of deep learning"
        values = (verdict["gain"], verdict["gain_low"], verdict["gain_high"])
    else:
        who = "Gain of classical learning"
        values = (-verdict["gain"], -verdict["gain_high"], -verdict["gain_low"])
    shown = [small(v) for v in values]
    level = f"{verdict['confidence_level']:.0%}"
    margin = f"differences up to {small(verdict['margin'])} count as equal"
    return f"{who}: {shown[0]} {label}, {level} interval {shown[1]} to {shown[2]}; {margin}."


def _champions(answer: dict[str, Any]) -> list[str]:
    """What the best of each family scores without the luck of having been chosen."""
    found = answer["verdict"].get("champions") or {}
    shown = [
        f"{c['model']} {number(c['score'])} ({number(c['low'])} to {number(c['high'])})"
        for c in found.values()
        if c["score"] is not None
    ]
    return [f"Without the luck of the best of several: {', '.join(shown)}."] if shown else []


def between_lines(answer: dict[str, Any]) -> list[str]:
    """Two models that the user wants compared."""
    pair = answer.get("between")
    if pair is None:
        return []
    p, label, level = pair["posterior"], answer["metric"]["label"], answer["verdict"]["confidence_level"]
    values = f"{small(p['mean'])} {label} ({small(p['low'])} to {small(p['high'])} at {level:.0%})"
    chances = f"better {p['p_above']:.0%}, equivalent {p['p_inside']:.0%}, worse {p['p_below']:.0%}"
    test = f"{pair['test']}, p = {pair['p_value']:.3g}"
    return [f"{pair['first']} gains {values} over {pair['second']}: {chances}; {test}."]


def small(value: float) -> str:
    """Three significant digits, whole numbers above a thousand."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _price(answer: dict[str, Any]) -> list[str]:
    """What the deep champion costs, in multiples of the classical one."""
    rows = {r["model"]: r for r in answer["leaderboard"]}
    deep, classical = (rows.get(answer["verdict"][f"{f}_champion"]) for f in ("deep", "classical"))
    if deep is None or classical is None:
        return []
    words = {"fit_seconds": "training time", "predict_seconds": "prediction time", "size_bytes": "size"}
    ratios = [
        f"{times(deep[key] / classical[key])} x the {word}"
        for key, word in words.items()
        if deep[key] and classical[key]
    ]
    return [f"Price: {deep['model']} takes {', '.join(ratios)} of {classical['model']}."] if ratios else []
