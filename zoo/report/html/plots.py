"""The pictures of a comparison: text stays text, colours follow the page's theme."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ...results.answer import Answer, LeaderboardRow
from ...results.facts import MetricFacts
from ...results.report import PairedFold, ReportSheet
from ..curve_plots import name_points
from ..words import family_words, number, seconds, signed, small, without_reference


@dataclass(frozen=True)
class Cost:
    """A time that scores are drawn against: its field in the leaderboard, and its name."""

    field: str
    label: str
    short: str

    def of(self, row: LeaderboardRow) -> float | None:
        """Seconds; None where they are not known (or zero, which no logarithmic axis holds)."""
        value: float | None = getattr(row, self.field)
        return value or None


FIT = Cost("fit_cpu_seconds", "CPU time of one fit", "training")
LATENCY = Cost("latency_seconds", "time to predict one row", "predicting a row")
PREDICT = Cost("predict_seconds", "time to predict 1,000 rows", "predicting")


def pareto(answer: Answer) -> Picture | None:
    """Score against times to train and predict; the models of the Pareto front are joined."""
    metric = answer.metric
    rows = without_reference(row for row in answer.leaderboard if row.score is not None)
    panels = [cost for cost in (FIT, LATENCY, PREDICT) if sum(cost.of(row) is not None for row in rows) > 1]
    panels = [cost for cost in panels if cost is not PREDICT] if len(panels) > 2 else panels
    if not panels:
        return None
    figure, axes = canvas(4.3, len(panels), sharey=True, width=10.5 if len(panels) > 1 else 7)
    if not metric.greater_is_better:
        axes[0].invert_yaxis()  # better is up, here and in the picture of the surrogates
    for axis, cost in zip(axes, panels, strict=True):
        _scatter(axis, rows, cost, metric.greater_is_better)
        axis.set_xlabel(f"{cost.label} (logarithmic)")
    axes[0].set_ylabel(f"{metric.label} (better is up)")
    _legend(axes[0], answer)
    fronts = {cost: {row.model for row in front(rows, cost, metric.greater_is_better)} for cost in panels}
    return Picture(
        inline(figure, "pareto", f"{metric.label} of every model against its times to train and predict"),
        "Score against cost",
        "Line: Pareto front, the models for which no other is both better and faster. Up is better, left is "
        "faster.",
        ["model", "family", metric.label, *(cost.label for cost in panels), "on the Pareto front"],
        [
            [
                row.model,
                family_words(row.family),
                number(row.score),
                *(seconds(cost.of(row)) or "-" for cost in panels),
                ", ".join(cost.short for cost in panels if row.model in fronts[cost]) or "-",
            ]
            for row in rows
        ],
    )


_GAP = "\u2003\u2003"  # wide spaces: plain ones of a row count as one in SVG


def front(rows: Sequence[LeaderboardRow], cost: Cost, greater_is_better: bool) -> list[LeaderboardRow]:
    """Models that no other beats in cost and score at once, cheapest first."""
    sign = 1 if greater_is_better else -1
    points = [(c, -sign * row.score, row) for row in rows if (c := cost.of(row)) and row.score is not None]
    best: list[LeaderboardRow] = []
    lowest = float("inf")
    for _, loss, row in sorted(points, key=lambda point: point[:2]):
        if loss < lowest:
            best.append(row)
            lowest = loss
    return best


def _scatter(axis: Any, rows: Sequence[LeaderboardRow], cost: Cost, greater_is_better: bool) -> None:
    best = front(rows, cost, greater_is_better)
    known = [row for row in rows if cost.of(row) is not None]
    axis.set_xscale("log")
    axis.grid(axis="y")
    line = {"color": MUTED, "linewidth": 1.2, "zorder": 1}
    axis.plot([cost.of(row) for row in best], [row.score for row in best], **line)
    for family, colour in COLOURS.items():
        rows_of = [row for row in known if row.family == family]
        look = {"color": colour, "markersize": 7, "markeredgecolor": "#ffffff"}
        axis.plot([cost.of(row) for row in rows_of], [row.score for row in rows_of], MARKERS[family], **look)
    axis.margins(x=0.16, y=0.12)
    _time_ticks(axis)
    ranked = [*best, *(row for row in known if row not in best)]
    name_points(axis, [(cost.of(row) or 0.0, row.score or 0.0, row.model) for row in ranked])


def _time_ticks(axis: Any) -> None:
    """10 ms, 100 ms, 1 s: powers as people say them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_xlim()
    axis.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0,) if high / low > 50 else (1.0, 3.0)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: seconds(value)))
    axis.xaxis.set_minor_formatter(NullFormatter())


def _score_label(metric: MetricFacts) -> str:
    return f"{metric.label} ({'higher' if metric.greater_is_better else 'lower'} is better)"


def _legend(axis: Any, answer: Answer) -> None:
    from matplotlib.lines import Line2D

    families = {row.family for row in answer.leaderboard}
    handles = [
        Line2D(
            [],
            [],
            color=colour,
            marker=MARKERS[family],
            linestyle="",
            markersize=7,
            label=family_words(family),
        )
        for family, colour in COLOURS.items()
        if family in families
    ]
    axis.legend(handles=handles, loc="best", fontsize=9.5)


def folds(sheet: ReportSheet) -> Picture | None:
    """The score of every model on every fold, its mean as a line."""
    metric = sheet.result.metric
    families = {row.model: row.family for row in without_reference(sheet.result.leaderboard)}
    scores = {name: values for name, values in fold_scores(sheet).items() if name in families}
    columns = max(map(len, scores.values()), default=0)
    if columns < 2:
        return None
    figure, (axis,) = canvas(1.2 + 0.27 * len(scores))
    for position, (name, values) in enumerate(scores.items()):
        spread = [position + 0.22 * ((i * 0.618) % 1 - 0.5) * 2 for i in range(len(values))]
        look = {"color": COLOURS[families[name]], "markersize": 5, "alpha": 0.6}
        axis.plot(values, spread, MARKERS[families[name]], **look)
        mean = sum(values) / len(values)
        axis.plot([mean, mean], [position - 0.34, position + 0.34], color=TEXT, linewidth=2)
    axis.set_yticks(range(len(scores)), list(scores))
    axis.set_ylim(len(scores) - 0.4, -0.6)
    axis.grid(axis="x")
    axis.set_xlabel(_score_label(metric))
    return Picture(
        inline(figure, "folds", f"{metric.label} of every model on every fold"),
        "Scores by fold",
        "A point is one fold, the black line the mean. The folds of a model are not independent, since they "
        "share training rows; the intervals of the leaderboard take that into account.",
        ["model", *(f"fold {i + 1}" for i in range(columns))],
        [[name, *map(number, values), *["-"] * (columns - len(values))] for name, values in scores.items()],
    )


def fold_scores(sheet: ReportSheet) -> dict[str, list[float]]:
    """Scores by model in the order of the leaderboard, folds in the order of the plan."""
    scores: dict[str, list[float]] = {row.model: [] for row in sheet.result.leaderboard}
    for job in sheet.jobs:
        value = job.metrics.get(sheet.result.metric.name)
        if value is not None and job.model in scores:
            scores[job.model].append(value)
    return {name: values for name, values in scores.items() if values}


def differences(sheet: ReportSheet) -> Picture | None:
    """The difference of the families' best models on every fold, with its mean, interval and the margin."""
    if sheet.paired is None:
        return None
    verdict, label, rows = sheet.result.verdict, sheet.result.metric.label, sheet.paired.folds
    figure, (axis,) = canvas(1.7 + 0.2 * len(rows))
    axis.axvspan(-verdict.margin, verdict.margin, color=LINE, zorder=0, linewidth=0)
    axis.axvline(0, color=MUTED, linewidth=1)
    for position, row in enumerate(rows):
        family = "deep" if row.gain >= 0 else "classical"
        axis.plot([0, row.gain], [position, position], color=COLOURS[family], linewidth=1.4)
        axis.plot(row.gain, position, MARKERS[family], color=COLOURS[family], markersize=6)
    end = len(rows) + 0.3
    if verdict.gain is not None:
        axis.plot([verdict.gain_low, verdict.gain_high], [end, end], color=TEXT, linewidth=2)
        axis.plot(verdict.gain, end, "D", color=TEXT, markersize=6)
    axis.set_yticks([*range(len(rows)), end], [*(_fold(row, rows) for row in rows), "gain and interval"])
    axis.set_ylim(end + 0.7, -0.7)
    widest = max(abs(v) for v in axis.get_xlim())
    axis.set_xlim(-widest, widest)
    axis.set_xlabel(f"← classical better{_GAP}gain of deep learning in {label}{_GAP}deep better →")
    return Picture(
        inline(figure, "differences", f"Gain of the best deep model in {label} on every fold"),
        "Paired differences of the best models",
        f"On the same rows. Grey: the margin, differences up to {small(verdict.margin)} count as equivalent. "
        f"The gain is corrected for model selection; its {verdict.confidence_level:.0%} interval takes into "
        "account that folds share training rows.",
        ["fold", f"deep {label}", f"classical {label}", "gain of deep"],
        [[_fold(row, rows), number(row.deep), number(row.classical), signed(row.gain, 4)] for row in rows],
    )


def _fold(row: PairedFold, rows: Sequence[PairedFold]) -> str:
    if len({other.fold for other in rows}) == 1:
        return f"repeat {row.repeat + 1}"
    several = len({other.repeat for other in rows}) > 1
    return f"{row.repeat + 1}.{row.fold + 1}" if several else f"fold {row.fold + 1}"


def true_and_predicted(sheet: ReportSheet) -> Picture | None:
    """Predicted against true numbers."""
    models = [model for model in sheet.values or () if model.points]
    if not models:
        return None
    families = {row.model: row.family for row in sheet.result.leaderboard}
    figure, axes = canvas(3.4, len(models), width=2.75 * len(models), sharex=True, sharey=True)
    for axis, model in zip(axes, models, strict=True):
        truth, predicted = zip(*model.points, strict=True)
        low, high = min(*truth, *predicted), max(*truth, *predicted)
        family = families[model.model]
        axis.plot([low, high], [low, high], color=MUTED, linewidth=1, linestyle="--")
        axis.plot(predicted, truth, MARKERS[family], color=COLOURS[family], markersize=3.2, alpha=0.5)
        axis.set_title(model.model, fontsize=10.5)
        axis.set_xlabel("predicted")
    axes[0].set_ylabel("true")
    rows = [
        [
            model.model,
            str(part.rows),
            *(f"{v:.4g}" for v in (part.predicted, part.true, part.mean_absolute_error)),
        ]
        for model in models
        for part in model.bins
    ]
    return Picture(
        inline(figure, "values", "True against predicted numbers of the shown models"),
        "Predicted and true",
        "Out-of-fold predictions; on the dashed line a prediction is exact. At most 400 rows are drawn; the "
        "table has all rows in ten parts by prediction.",
        ["model", "rows", "mean predicted", "mean true", "mean absolute error"],
        rows,
    )


# What the pictures are drawn with, and what the page calls it. Families are those of Okabe and Ito (2008) in
# the style sheet, lighter on dark ground; markers and lines differ as well.
THEME = {
    "#000000": "currentColor",
    "#202124": "currentColor",
    "#222222": "currentColor",
    "#262626": "currentColor",
    "#333333": "currentColor",
    "#5f6368": "var(--muted)",
    "#707070": "var(--muted)",
    "#e3e5e8": "var(--line)",
    "#cccccc": "var(--line)",
    "#e6e6e6": "var(--line)",
    "#f1f2f4": "var(--shade)",
    "#ffffff": "var(--paper)",
    "#007c9e": "var(--deep)",
    "#007a5a": "var(--pretrained)",
    "#009e73": "var(--pretrained-2)",
    "#6b8e23": "var(--pretrained-3)",
    "#56b4e9": "var(--deep-2)",
    "#1b4f9c": "var(--deep-3)",
    "#b5178a": "var(--classical)",
    "#e69f00": "var(--classical-2)",
    "#d55e00": "var(--classical-3)",
    "#80cce0": "var(--depth-1)",
    "#60a9be": "var(--depth-2)",
    "#40869c": "var(--depth-3)",
    "#206379": "var(--depth-4)",
    "#004059": "var(--depth-5)",
}
DEEP, CLASSICAL, MUTED, LINE, TEXT = "#007c9e", "#b5178a", "#5f6368", "#e3e5e8", "#202124"
COLOURS = {"deep": DEEP, "classical": CLASSICAL, "pretrained": "#007a5a", "unknown": "#1b4f9c"}
MARKERS = {"deep": "o", "classical": "s", "pretrained": "^", "unknown": "D"}

_SETTINGS: Any = {
    "svg.fonttype": "none",  # letters stay letters: they can be searched, read aloud and resized
    "svg.hashsalt": "deepworth",
    "text.parse_math": False,  # a dollar in somebody's class name is a dollar
    "text.color": TEXT,
    "axes.labelcolor": TEXT,
    "axes.edgecolor": MUTED,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "font.size": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Picture:
    """A figure with the words that stand for it, and its numbers as a table."""

    svg: Markup
    title: str
    caption: str
    header: list[str]
    rows: list[list[str]]


@contextmanager
def drawing() -> Iterator[None]:
    """The look of every picture, whatever the user's own settings of matplotlib are."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def canvas(height: float, columns: int = 1, width: float = 9.0, **options: Any) -> tuple[Any, Any]:
    """A figure of its own (inches), without pyplot's global state, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)  # can measure texts
    axes = figure.subplots(1, columns, squeeze=False, **options)[0]
    return figure, axes


def inline(figure: Any, name: str, description: str) -> Markup:
    """The figure as SVG inside HTML; ``name`` keeps its ids apart from those of other figures."""
    stream = io.StringIO()
    nothing = {"Date": None, "Type": None, "Creator": None, "Format": None}
    figure.savefig(stream, format="svg", metadata=nothing, transparent=True)
    return Markup(_adopted(stream.getvalue(), name, description))  # matplotlib escapes the texts


def _adopted(text: str, name: str, description: str) -> str:
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r"#[0-9a-f]{6}\b", lambda match: THEME.get(match.group(), match.group()), text)
    label = Markup.escape(description)
    return re.sub(r"<svg ", f'<svg role="img" aria-label="{label}" ', text, count=1)
