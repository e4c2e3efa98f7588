"""The answer over many datasets: in a terminal, and as critical-difference diagrams (Demsar 2006)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from ...datasets import InputError
from ..results.json import to_json
from ..results.suite import ModalityRanking, Ranking, SuiteAnswer, SuitePreview, SuiteRow
from .catalogue import _table
from .curve_plots import COLOURS, _save
from .output import write_answer
from .terminal import console, print_json
from .words import FAMILY_COLOURS, MAY_LEAK, number, seconds

_STATES = {"done": "is done, read from the store", "unfinished": "is resumed", "new": "begins"}


def announcer(enabled: bool = True) -> Callable[[int, Any, str], None]:
    """Says on standard error which dataset is next."""

    def announce(number: int, item: Any, state: str) -> None:
        if enabled:
            print(f"dataset {number + 1}: {item.name} {_STATES[state]}", file=sys.stderr, flush=True)

    return announce


def show(answer: SuiteAnswer, *, as_json: bool = False) -> None:
    """Print a suite: its datasets, who won how often, mean ranks and what cannot be told apart."""
    if as_json:
        print_json(answer.to_dict())
        return
    out = console()
    out.print(Text(f"\n{answer.suite}: {len(answer.datasets)} datasets", "bold"))
    out.print(_datasets(answer.datasets))
    won = answer.verdicts
    out.print(
        Text(
            f"Deep against classical by verdict: {won['deep']} won, {won['equivalent']} equivalent, "
            f"{won['classical']} lost, {won['undecided']} cannot tell",
            "bold",
        )
    )
    if leaking := [row.data for row in answer.datasets if row.warnings]:
        warning = f"The target may leak in {', '.join(leaking)}: these verdicts may not hold."
        out.print(Text(warning, "yellow"))
    for ranking in answer.rankings:
        for part in _ranking(ranking, answer.confidence_level):
            out.print(part)
    out.print(Text(f"Took {seconds(answer.wall_seconds)}. Runs are in {answer.store}", "dim"))


def _datasets(rows: Sequence[SuiteRow]) -> Table:
    table = _table("data", "metric", "best deep", "best classical", "gain of deep", "verdict")
    for row in rows:
        if row.status == "failed":
            table.add_row(row.data, "", "", "", "", Text(f"failed: {row.reason}", "red"))
            continue
        gain = ""
        if row.gain is not None:
            gain = f"{row.gain:.3g} [{row.gain_low:.3g}, {row.gain_high:.3g}]"
        best = [
            f"{row.best_deep or '-'} {number(row.score_deep)}",
            f"{row.best_classical or '-'} {number(row.score_classical)}",
        ]
        missing = f" (missing: {', '.join(row.missing)})" if row.missing else ""
        outcome = f"{row.outcome}{MAY_LEAK if row.warnings else ''}"
        table.add_row(row.data, row.metric, *best, gain, outcome + missing)
    return table


def _ranking(ranking: ModalityRanking, level: float) -> list[Any]:
    ranked, n = ranking.ranking, ranking.datasets
    what = {"tabular": "tables", "image": "sets of images", "text": "sets of texts"}[ranking.modality]
    if ranked is None or n < 2:
        return [
            Text(f"\n{n} {what}: mean ranks need two datasets and two models that all of them have", "dim")
        ]
    table = _table("model", "mean rank")
    for name, rank in zip(ranked.models, ranked.mean_ranks, strict=True):
        table.add_row(Text(name, FAMILY_COLOURS[ranking.families[name]]), f"{rank:.2f}")
    lines = [
        Text(f"\nMean ranks over {n} {what} (1 is best)", "bold"),
        table,
        Text(_friedman(ranked)),
        Text(
            f"Critical difference {ranked.critical_difference:.2f} (Nemenyi, {level:.0%}); pairs by the "
            f"{ranked.test} test with Holm's correction: {_apart(ranked)}"
        ),
    ]
    if ranking.left_out:
        left = ", ".join(f"{name} ({count} of {n})" for name, count in ranking.left_out.items())
        lines.append(Text(f"Not ranked because some datasets have no score: {left}", "dim"))
    return lines


def _friedman(ranked: Ranking) -> str:
    if ranked.friedman is None:
        return "All models tie on every dataset."
    words = f"Friedman chi-squared {ranked.friedman:.2f}, p = {ranked.friedman_p:.2g}"
    if ranked.iman_davenport is not None:
        words += f"; Iman-Davenport F {ranked.iman_davenport:.2f}, p = {ranked.iman_davenport_p:.2g}"
    return words


def _apart(ranked: Ranking, most: int = 6) -> str:
    apart = [f"{p.first} before {p.second}" for p in ranked.pairs if p.differs]
    if not apart:
        return "no pair differs significantly"
    more = f", and {len(apart) - most} more (--json has all)" if len(apart) > most else ""
    return ", ".join(apart[:most]) + more


def show_preview(preview: SuitePreview, *, as_json: bool = False) -> None:
    """Print what a suite would do."""
    if as_json:
        print_json(preview.to_dict())
        return
    table = _table("data", "state", "fits", "estimated")
    for row in preview.datasets:
        state = Text(row.reason, "red") if row.state == "failed" else row.state
        known = (str(row.fits), seconds(row.seconds)) if row.fits else ("", "")
        table.add_row(row.data, state, *known)
    out = console()
    out.print(Text(f"{preview.suite}: {len(preview.datasets)} datasets", "bold"), table)
    out.print(Text(f"{preview.fits} fits, about {seconds(preview.seconds)}. Nothing was run.", "bold"))


def write(answer: SuiteAnswer, output: str | None) -> None:
    """The whole answer to .json, a row a dataset to .csv."""
    write_answer(answer.to_dict(), to_json(answer.datasets), output)


_ROW = 0.32  # inches for a model


def plot_rankings(answer: SuiteAnswer, path: str) -> None:
    """A diagram for each modality with a ranking, one below the other."""
    from matplotlib.figure import Figure

    rankings = [r for r in answer.rankings if r.ranking is not None]
    if not rankings:
        raise InputError(f"cannot draw {path}: nothing is ranked, which takes two models on two datasets")
    heights = [1.3 + _ROW * _rows(f) for f in rankings]
    figure = Figure(figsize=(10.0, sum(heights) + 0.2), dpi=160, facecolor="white")
    grid = figure.add_gridspec(
        len(rankings), 1, height_ratios=heights, left=0.02, right=0.98, top=0.97, bottom=0.03
    )
    for row, each in enumerate(rankings):
        _draw(figure.add_subplot(grid[row]), each, answer.confidence_level)
    _save(figure, path)


def _rows(ranking: ModalityRanking) -> float:
    ranked = ranking.ranking
    assert ranked is not None
    return (len(ranked.models) + 1) // 2 + 0.5 * len(ranked.groups)


def _draw(axes: Any, ranking: ModalityRanking, level: float) -> None:
    """The axis of ranks, best on the left; bars join models of which no pair differs."""
    ranked = ranking.ranking
    assert ranked is not None
    k = len(ranked.models)
    ranks = ranked.mean_ranks
    half, below = (k + 1) // 2, 0.4 + 0.5 * len(ranked.groups)
    wide = 0.55 * (k - 1)
    axes.set_xlim(1 - wide, k + wide)
    axes.set_ylim(-(below + half + 0.3), 2.4)
    axes.axis("off")
    axes.plot([1, k], [0, 0], color="#333333", linewidth=1.2)
    for tick in range(1, k + 1):
        axes.plot([tick, tick], [0, 0.15], color="#333333", linewidth=1)
        axes.text(tick, 0.25, str(tick), ha="center", va="bottom", fontsize=10, color="#333333")
    for place, (name, rank) in enumerate(zip(ranked.models, ranks, strict=True)):
        left = place < half
        depth = -(below + (place if left else k - 1 - place) + 0.3)
        end = 1 - 0.06 * k if left else k + 0.06 * k
        colour = COLOURS[ranking.families[name]]
        axes.plot([rank, rank, end], [0, depth, depth], color=colour, linewidth=1.2)
        words = f"{name}  {rank:.2f}" if left else f"{rank:.2f}  {name}"
        axes.text(
            end, depth, f" {words} ", ha="right" if left else "left", va="center", fontsize=11, color=colour
        )
    by_name = dict(zip(ranked.models, ranks, strict=True))
    for place, group in enumerate(ranked.groups):
        ends = [by_name[group[0]] - 0.02 * k, by_name[group[-1]] + 0.02 * k]
        axes.plot(ends, [-0.35 - 0.5 * place] * 2, color="#333333", linewidth=4, solid_capstyle="round")
    _draw_scale(axes, ranked, ranking, level)


def _draw_scale(axes: Any, ranked: Ranking, ranking: ModalityRanking, level: float) -> None:
    k, width = len(ranked.models), ranked.critical_difference
    axes.text(
        1 - 0.55 * (k - 1),
        2.35,
        f"Mean ranks over {ranking.datasets} datasets ({ranking.modality}). Bars: no pair differs by the "
        f"{ranked.test} test with Holm's correction, {level:.0%}",
        fontsize=10,
        va="top",
        color="#5f6368",
    )
    shown = min(width, k - 1.0)
    words = f"Nemenyi's critical difference {width:.2f}" + (" (wider than the axis)" if width > shown else "")
    axes.plot([1, 1 + shown], [1.1, 1.1], color="#5f6368", linewidth=1.2, marker="|")
    axes.text(1, 1.25, words, ha="left", va="bottom", fontsize=9, color="#5f6368")
