"""Numbers, costs, a comparison and its verdict in words, for the terminal and for pages alike.

Also of both families at once: the mean of both champions, and the rows on which they differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ..results.answer import Answer, LeaderboardRow, TunedModel, Uncertainty, Verdict
from ..results.facts import DatasetFacts, PlanFacts
from ..results.rows import Slice
from ..results.runs import PlanEstimate
from ..results.saved import SavedModelCost

FAMILY_COLOURS = {"deep": "cyan", "classical": "magenta", "pretrained": "green", "unknown": "blue"}
PRETRAINED = " ▲"
SEVERITIES = ("error", "warning", "info")  # of findings, the most severe first


def seconds(value: float | None) -> str:
    """0.0042 as 4.2 ms, 75 as 1 min 15 s."""
    if value is None:
        return ""
    if value < 1:
        return f"{value * 1000:.2g} ms" if value < 0.0995 else f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    return f"{int(value // 60)} min {int(value % 60)} s"


def size(value: float | None) -> str:
    """1,500,000 as 1.5 MB."""
    if value is None:
        return ""
    amount = float(value)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} GB"


def count(value: float | None) -> str:
    """134145 as 134k."""
    if value is None:
        return ""
    if value < 10_000:
        return f"{value:,.0f}"
    return f"{value / 1000:.0f}k" if value < 1_000_000 else f"{value / 1e6:.3g}M"


_HUGE = 1e10  # from here on a power of ten is read more easily than its digits


def number(value: float | None, digits: int = 3) -> str:
    """Three decimals, three significant digits below 0.01, and a whole number from 100 on."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return _whole(value)
    return f"{value:.3g}" if 0 < abs(value) < 10.0 ** (1 - digits) else f"{value:.{digits}f}"


def signed(value: float, digits: int = 3) -> str:
    """The same with its sign, for what is added."""
    return f"{'+' if value >= 0 else ''}{number(value, digits)}"


def small(value: float) -> str:
    """Three significant digits, whole numbers above a thousand."""
    return f"{value:.3g}" if abs(value) < 1000 else _whole(value)


def _whole(value: float) -> str:
    return f"{value:,.0f}" if abs(value) < _HUGE else f"{value:.4g}"


def times(value: float) -> str:
    """A ratio: 37.2 as 37, 0.25 as 0.25."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def interval(low: float | None, high: float | None) -> str:
    """The ends of an interval, or a dash."""
    return "-" if low is None or high is None else f"{number(low)} to {number(high)}"


class _Estimate(Protocol):
    """Seconds with a range."""

    @property
    def seconds(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def about(estimate: _Estimate | PlanEstimate) -> str:
    """An estimated time with its range."""
    if isinstance(estimate, dict):  # of an event that reports progress
        middle, low, high = (estimate[name] for name in ("seconds", "low", "high"))
    else:
        middle, low, high = estimate.seconds, estimate.low, estimate.high
    return f"about {seconds(middle)} ({seconds(low)} to {seconds(high)})"


OUTCOMES = {
    "deep": "deep learning better",
    "classical": "classical better",
    "equivalent": "practically equivalent",
    "undecided": "cannot tell",
}


MAY_LEAK = " (may leak)"  # behind an outcome in a table


def outcome_words(verdict: Verdict) -> str:
    """The outcome, with a warning where the scores may be too good to be true."""
    return OUTCOMES[verdict.outcome] + (", if the target does not leak" if verdict.warnings else "")


def chances(verdict: Verdict) -> list[tuple[str, str, float]]:
    """Family (empty for none), words and probability of each outcome; none for a verdict without a gain."""
    parts = (
        ("deep", "deep better", verdict.p_deep),
        ("", "equivalent", verdict.p_equivalent),
        ("classical", "classical better", verdict.p_classical),
    )
    return [(family, words, p) for family, words, p in parts if p is not None]


def is_tied(row: LeaderboardRow) -> bool:
    """Whether a model is not significantly different from the best."""
    return bool(row.tied_with_best)


def tied_words(level: float) -> str:
    """What the sign behind tied models means."""
    return f"not significantly different from the best at {level:.0%}, corrected for all pairs"


def without_reference(rows: Iterable[LeaderboardRow]) -> list[LeaderboardRow]:
    """All models but those that only show the chance level."""
    return [row for row in rows if not row.reference]


def facts(answer: Answer) -> str:
    """The data, how models were scored, and what was left out to fit into the time."""
    words = ", ".join([*data_facts(answer.dataset), _scored_on(answer.plan, answer.dataset)])
    return ". ".join([words, *decision_lines(answer.plan)])


def decision_lines(plan: PlanFacts) -> list[str]:
    """What was left out so that a run fits into its time, in a sentence without its full stop."""
    if not plan.decisions:
        return []
    more = "standard" if plan.preset == "quick" else "thorough"
    return [f"To fit into its time: {'; '.join(plan.decisions)}; --preset {more} or --total-time allows more"]


def _scored_on(plan: PlanFacts, data: DatasetFacts) -> str:
    if plan.official_test:
        again = f", trained {plan.repeats - 1} times more on half of the others" if plan.repeats > 1 else ""
        return f"scored on a test set of {data.test_rows or 0:,} rows{again}"
    if plan.in_time_order:
        return f"scored on {plan.folds} later periods"
    if plan.holdout:
        return f"scored on {plan.holdout:.0%} of the rows, held out {how_often(plan.repeats)}"
    repeats = f", {plan.repeats} times" if plan.repeats > 1 else ""
    return f"scored by {plan.folds}-fold cross-validation{repeats}"


def how_often(count: int) -> str:
    """Once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def data_facts(data: DatasetFacts) -> list[str]:
    """Rows, columns, task and classes in words."""
    words = [f"{data.rows:,} rows"]
    if data.columns is not None:
        words.append(f"{data.columns} columns")
    words.append(f"{data.task} {data.modality} task")
    return [*words, _classes(data.class_counts)] if data.class_counts else words


def _classes(counts: Mapping[str, int], most: int = 4) -> str:
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    total = sum(counts.values())
    shown = ", ".join(f"{name} {n / total:.0%}" for name, n in ranked[:most])
    return f"{len(counts)} classes ({shown}{', ...' if len(ranked) > most else ''})"


def family_words(family: str) -> str:
    """A family as readers see it; most are called by their key."""
    return "deep (pretrained)" if family == "pretrained" else family


def pretrained_note(rows: Sequence[LeaderboardRow]) -> list[Text]:
    """What the sign behind models on pretrained weights means."""
    if not any(row.family == "pretrained" and row.score is not None for row in rows):
        return []
    return [Text(f" {PRETRAINED} deep (pretrained): on weights that other data trained", "dim")]


def verdict_lines(answer: Answer) -> list[str]:
    """The gain, the champions' corrected scores, what the gain costs, and what pretraining gains."""
    verdict = answer.verdict
    if verdict.gain is None:
        return [*tuning_lines(answer), *pretraining_lines(answer)]
    uncertainty = [] if verdict.uncertainty is None else [uncertainty_words(verdict.uncertainty)]
    lines = [_gain(answer), *uncertainty, *_champions(verdict), *_costs_of_champions(answer)]
    return [*lines, *tuning_lines(answer), *pretraining_lines(answer)]


def uncertainty_words(uncertainty: Uncertainty) -> str:
    """Where an uncertainty comes from, the largest share first."""
    shares = {
        "tested rows": uncertainty.rows,
        "training rows": uncertainty.training,
        "splits and seeds": uncertainty.luck,
    }
    known = sorted(((share, name) for name, share in shares.items() if share >= 0.005), reverse=True)
    return f"Sources of uncertainty: {', '.join(f'{name} {share:.0%}' for share, name in known)}."


def tuning_lines(answer: Answer) -> list[str]:
    """Whether tuning turned the verdict."""
    own = answer.tuning
    if own is None or own.defaults is None or own.defaults.gain is None:
        return []
    before, label = own.defaults, answer.metric.label
    ends = f"{small(before.gain_low or 0.0)} to {small(before.gain_high or 0.0)}"
    gain = f" (gain of deep learning {signed(own.defaults.gain)} {label}, {ends})"
    same = before.outcome == answer.verdict.outcome
    with_it = "the same with tuned models" if same else f"with tuned models: {outcome_words(answer.verdict)}"
    return [f"At default parameters: {outcome_words(before)}{gain}; {with_it}."]


TUNING_HEADER = ("tuned model", "gain over its defaults", "trials", "CPU time", "chosen")


def tuning_rows(answer: Answer) -> list[list[str]]:
    """A row a tuned model: what it gained, what the searches took, and what they chose in each fold."""
    if answer.tuning is None:
        return []
    return [
        [own.model, _tuning_gain(own), _trials(own), seconds(own.cpu_seconds), _chosen(own)]
        for own in answer.tuning.models
    ]


def _tuning_gain(own: TunedModel) -> str:
    if own.gain is None or own.gain_low is None or own.gain_high is None:
        return "-"
    return f"{signed(own.gain)} ({small(own.gain_low)} to {small(own.gain_high)})"


def _trials(own: TunedModel) -> str:
    return f"{own.trials:.0f}" + (f", {own.failed} failed" if own.failed else "")


def _chosen(own: TunedModel) -> str:
    """The chosen parameters with their range over the folds."""
    names = list(dict.fromkeys(name for params in own.params for name in params))
    defaults = sum(not params for params in own.params)
    parts = [_range(name, [params[name] for params in own.params if name in params]) for name in names]
    if defaults:
        folds = f"in {defaults} of {len(own.params)} folds" if parts else "in all folds"
        parts.append(f"defaults {folds}")
    return ", ".join(parts)


def _range(name: str, values: Sequence[object]) -> str:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(values):
        different = list(dict.fromkeys(map(str, values)))
        return f"{name} {' or '.join(different)}"
    low, high = min(numbers), max(numbers)
    return f"{name} {low:.3g}" if low == high else f"{name} {low:.3g} to {high:.3g}"


def _gain(answer: Answer) -> str:
    verdict, label = answer.verdict, answer.metric.label
    assert verdict.gain is not None
    gain = (verdict.gain, verdict.gain_low or 0.0, verdict.gain_high or 0.0)
    family = "deep" if gain[0] >= 0 else "classical"
    middle, low, high = gain if family == "deep" else (-gain[0], -gain[2], -gain[1])
    level = f"{verdict.confidence_level:.0%} interval {small(low)} to {small(high)}"
    margin = f"differences up to {small(verdict.margin)} count as equivalent"
    return f"Gain of {family} learning: {small(middle)} {label}, {level}; {margin}."


def _champions(verdict: Verdict) -> list[str]:
    """What the best of each family scores, corrected for having been selected."""
    shown = [
        f"{champion.model} {number(champion.score)} ({interval(champion.low, champion.high)})"
        for champion in verdict.champions.values()
        if champion.score is not None
    ]
    return [f"Corrected for model selection: {', '.join(shown)}."] if shown else []


def pretraining_lines(answer: Answer) -> list[str]:
    """What pretraining gains, and its price in multiples of the best other model."""
    own = answer.pretraining
    if own is None:
        return []
    label, level = answer.metric.label, own.confidence_level
    gain = (
        f"{signed(own.gain)} {label} ({level:.0%} interval {small(own.gain_low)} to {small(own.gain_high)})"
    )
    head = f"Pretraining: {own.champion} {gain} over {own.rival}, the best without"
    price = price_words(answer, own.champion, own.rival)
    return [f"{head}; {price}." if price else f"{head}."]


def price_words(answer: Answer, first: str, second: str) -> str:
    """CPU time of a fit, latency and size of one model beside another's."""
    rows = {row.model: row for row in answer.leaderboard}
    one, other = rows.get(first), rows.get(second)
    if one is None or other is None:
        return ""
    figures = {
        "CPU time of a fit": [seconds(row.fit_cpu_seconds) for row in (one, other)],
        "a row": [seconds(row.latency_seconds) for row in (one, other)],
        "size": [size(row.size_bytes) for row in (one, other)],
    }
    return ", ".join(f"{name} {a} against {b}" for name, (a, b) in figures.items() if a and b)


def between_lines(answer: Answer) -> list[str]:
    """Two models that were to be compared with each other."""
    pair = answer.between
    if pair is None:
        return []
    p, label, level = pair.posterior, answer.metric.label, answer.verdict.confidence_level
    gain = f"{small(p.mean)} {label} ({level:.0%} interval {small(p.low)} to {small(p.high)})"
    shares = f"better {p.p_above:.0%}, equivalent {p.p_inside:.0%}, worse {p.p_below:.0%}"
    test = f"{pair.test} test, p = {pair.p_value:.3g}"
    return [f"Gain of {pair.first} over {pair.second}: {gain}; {shares}; {test}."]


def _costs_of_champions(answer: Answer) -> list[str]:
    """What the deep champion costs, in multiples of the classical one."""
    rows = {row.model: row for row in answer.leaderboard}
    deep = rows.get(answer.verdict.deep_champion or "")
    classical = rows.get(answer.verdict.classical_champion or "")
    if deep is None or classical is None:
        return []
    pairs = {
        "CPU time of training": (deep.fit_cpu_seconds, classical.fit_cpu_seconds),
        "prediction time": (deep.predict_seconds, classical.predict_seconds),
        "size": (deep.size_bytes, classical.size_bytes),
    }
    ratios = [f"{times(one / other)}x the {words}" for words, (one, other) in pairs.items() if one and other]
    return [f"Costs: {deep.model} needs {', '.join(ratios)} of {classical.model}."] if ratios else []


FRONT = " ◆"


def columns(width: int, answer: Answer) -> list[str]:
    """Names of the costs that a terminal of this width has room for; without a cost sheet there are fewer."""
    if all(row.fit_seconds is None and row.costs is None for row in answer.leaderboard):
        return []
    if width < 80:
        return ["fit"]
    if not any(row.latency_seconds for row in answer.leaderboard):
        return ["fit", "1k rows", "size", "params"] if width >= 100 else ["fit", "1k rows", "size"]
    if width >= 128:
        return ["fit", "memory", "1 row", "1k rows", "size", "params"]
    if width >= 118:
        return ["fit", "1 row", "1k rows", "size", "params"]
    if width >= 110:
        return ["fit", "1 row", "size", "params"]
    return ["fit", "1 row", "size"] if width >= 86 else ["fit", "1 row"]


def cells(row: LeaderboardRow, names: Sequence[str]) -> list[str]:
    """The costs of a model under these names."""
    shown = {
        "fit": seconds(row.fit_seconds),
        "memory": size(row.costs.fit_peak_bytes if row.costs else None),
        "1 row": seconds(row.latency_seconds),
        "1k rows": seconds(row.predict_seconds),
        "size": size(row.size_bytes),
        "params": count(row.parameters),
    }
    return [shown[name] for name in names]


def front_note(rows: Sequence[LeaderboardRow]) -> list[Text]:
    """What the sign behind some names means."""
    if not any(row.pareto for row in rows):
        return []
    return [Text(f" {FRONT} on the Pareto front of score, CPU time of training, latency and size", "dim")]


def budget_lines(answer: Answer) -> list[Text]:
    """The best model within the limits that were asked for, or what would have to give."""
    budget = answer.budget
    if budget is None:
        return []
    limits = " and ".join(f"{kind} up to {_amount(kind, limit)}" for kind, limit in budget.limits.items())
    if budget.model is None:
        lowest = {kind: _amount(kind, cost) or "unknown" for kind, cost in budget.cheapest.items()}
        least = ", ".join(f"{kind} {amount}" for kind, amount in lowest.items())
        return [Text(f"No model within {limits}; the lowest of any model: {least}.", "bold red")]
    ends = "" if budget.low is None else f" ({interval(budget.low, budget.high)})"
    corrected = ", corrected for model selection" if len(budget.models) > 1 else ""
    score = f"{answer.metric.label} {number(budget.score)}{ends}{corrected}"
    return [Text(f"Best within {limits}: {budget.model}, {score}.", "bold")]


def _amount(kind: str, value: float | None) -> str:
    return seconds(value) if kind in ("latency", "fit") else size(None if value is None else round(value))


def show_cost(cost: SavedModelCost) -> list[Any]:
    """What a saved model costs, from top to bottom."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("rows per call", "median", "95th percentile", "per row", "calls"):
        table.add_column(name, justify="right")
    if cost.served is not None:
        table.add_column("ONNX Runtime", justify="right")
    for rows, times in cost.latency.items():
        each = seconds(times.median / times.rows)
        cells = [f"{int(rows):,}", seconds(times.median), seconds(times.p95), each, str(times.calls)]
        if cost.served is not None:
            cells.append(seconds(cost.served[rows].median) if rows in cost.served else "-")
        table.add_row(*cells)
    flops = "unknown" if cost.flops is None else f"{count(cost.flops)} ({_SOURCE[cost.flops_by]})"
    facts = {
        "size on disk": size(cost.size_bytes),
        "parameters": count(cost.parameters) or "unknown",
        "operations of one prediction": flops,
        "time to load": seconds(cost.load_seconds),
        "memory to load and predict": size(cost.peak_bytes) or "unknown",
    }
    lines = [Text(f"  {name}: {value}") for name, value in facts.items()]
    head = f"{cost.model} ({family_words(cost.family)}, {cost.task} {cost.modality} task)"
    notes = [f"Rows {cost.rows_from}; {cost.threads} threads."]
    if cost.served is not None:
        notes[0] += " ONNX Runtime: median of the graph beside the model, 1 thread."
    if not cost.steady:
        notes.append("Other processes slowed the machine down; measure again when it is idle.")
    return [Text(head, "bold"), *lines, table, *(Text(note, "dim") for note in notes)]


_SOURCE = {"graph": "counted in its graph", "estimate": "estimated from its fitted sizes", "unknown": ""}


def unsteady(answer: Answer) -> str:
    """Whose timings are less certain, since other processes slowed the machine down."""
    names = [row.model for row in answer.leaderboard if row.costs and row.costs.steady is False]
    if not names:
        return ""
    return f"Other processes slowed the machine down while these models were timed: {', '.join(names)}."


MOST_SLICES = 3  # in a terminal


def together_lines(answer: Answer, *, always: bool = False) -> list[str]:
    """What the mean of both champions' predictions is worth; by default only where it is better."""
    found = answer.together
    if found is None or not (always or found.gain_low > 0):
        return []
    what = "values" if answer.dataset.task == "regression" else "probabilities"
    score = f"{answer.metric.label} {number(found.score)} ({interval(found.low, found.high)})"
    mean = f"Both together, by the mean of their {what}: {score}"
    ends = f"({small(found.gain_low)} to {small(found.gain_high)})"
    if found.gain_low > 0:
        return [f"{mean}, {small(found.gain)} {ends} better than the better one alone."]
    if found.gain_high < 0:
        return [f"{mean}, {small(-found.gain)} worse than the better one alone."]
    return [f"{mean}; no sure difference from the better one alone: {signed(found.gain)} {ends}."]


def slice_lines(answer: Answer, most: int | None = None) -> list[str]:
    """Where the families differ, a line a slice, the most certain first; nothing where that is not known."""
    found = () if answer.slices is None else answer.slices.found
    lines = [_slice(own, answer) for own in found[:most]]
    if most is not None and len(found) > most:
        lines.append(f"... and {len(found) - most} more; --json lists all of them")
    return lines


def _slice(own: Slice, answer: Answer) -> str:
    assert answer.slices is not None
    family = "deep learning" if own.better == "deep" else "classical learning"
    gain = f"{small(own.gain)} {answer.slices.measure} ({small(own.low)} to {small(own.high)})"
    elsewhere = f"elsewhere {signed(own.elsewhere)}"
    return f"{family} is better where {own.words}: {gain}, {own.rows:,} rows; {elsewhere}"


def slice_table(answer: Answer) -> tuple[list[str], list[list[str]]]:
    """The same as a table: its header and its rows."""
    if answer.slices is None:
        return [], []
    level = f"{answer.slices.confidence_level:.0%}"
    header = ["rows where", "better", f"gain in {answer.slices.measure}", f"{level} interval"]
    rows = [
        [
            own.words,
            own.better,
            small(own.gain),
            f"{small(own.low)} to {small(own.high)}",
            f"{own.rows:,}",
            signed(own.elsewhere),
        ]
        for own in answer.slices.found
    ]
    return [*header, "rows", "gain elsewhere"], rows


def slices_note(answer: Answer) -> str:
    """How the slices were found, for reports; empty without any."""
    if answer.slices is None or not answer.slices.found:
        return ""
    level = f"{answer.slices.confidence_level:.0%}"
    return f"Found on one half of the folds and tested on the other; all hold with a confidence of {level}."
