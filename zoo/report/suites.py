"""The answer over many datasets: in a terminal, as critical-difference diagrams (Demsar 2006), and as files.

Files are LaTeX for a paper, a page (HTML) or notes (Markdown).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from ...datasets import InputError
from ..results.json import to_json
from ..results.suite import (
    PLURALS,
    Hierarchical,
    ModalityRanking,
    Ranking,
    Standing,
    Standings,
    SuiteAnswer,
    SuitePreview,
    SuiteRow,
)
from .catalogue import _table
from .curve_plots import COLOURS, _save
from .documents import escape, table
from .output import check_output, check_place, say, write_answer, write_whole
from .terminal import console, print_json
from .words import FAMILY_COLOURS, MAY_LEAK, number, seconds

if TYPE_CHECKING:
    from .html.plots import Picture


_STATES = {"done": "is done, read from the store", "unfinished": "is resumed", "new": "begins"}


def announcer(enabled: bool = True) -> Callable[[int, Any, str], None]:
    """Says on standard error which dataset is next."""

    def announce(number: int, item: Any, state: str) -> None:
        if enabled:
            say(f"dataset {number + 1}: {item.name} {_STATES[state]}")

    return announce


def show(answer: SuiteAnswer, *, as_json: bool = False) -> None:
    """Print a suite: its datasets, who won how often, mean ranks and what cannot be told apart."""
    if as_json:
        print_json(answer.to_dict())
        return
    out = console()
    out.print(Text(f"\n{answer.suite}: {len(answer.datasets)} datasets", "bold"))
    out.print(_datasets(answer.datasets))
    out.print(Text(counts_line(answer), "bold"))
    if leaking := [row.data for row in answer.datasets if row.warnings]:
        warning = f"The target may leak in {', '.join(leaking)}: these verdicts may not hold."
        out.print(Text(warning, "yellow"))
    for ranking in answer.rankings:
        for part in _ranking(ranking, answer.confidence_level):
            out.print(part)
    out.print(Text(f"Took {seconds(answer.wall_seconds)}. Runs are in {answer.store}", "dim"))


def _datasets(rows: Sequence[SuiteRow]) -> Table:
    table = _table(*DATASET_COLUMNS)
    for row in rows:
        *cells, outcome = dataset_cells(row)
        table.add_row(*cells, Text(outcome, "red") if row.status == "failed" else outcome)
    return table


DATASET_COLUMNS = ("data", "metric", "best deep", "best classical", "gain of deep", "verdict")


def dataset_cells(row: SuiteRow) -> list[str]:
    """A dataset as tables of every kind show it."""
    if row.status == "failed":
        return [row.data, "", "", "", "", f"failed: {row.reason}"]
    gain = "" if row.gain is None else f"{row.gain:.3g} [{row.gain_low:.3g}, {row.gain_high:.3g}]"
    best = [
        f"{row.best_deep or '-'} {number(row.score_deep)}",
        f"{row.best_classical or '-'} {number(row.score_classical)}",
    ]
    missing = f" (missing: {', '.join(row.missing)})" if row.missing else ""
    outcome = f"{row.outcome}{MAY_LEAK if row.warnings else ''}"
    return [row.data, row.metric or "", *best, gain, outcome + missing]


STANDING_COLUMNS = ("model", "mean rank", "win rate", "improvability", "Elo")


def standing_cells(model: Standing) -> list[str]:
    """A model as tables of every kind show it, each figure with its interval."""
    return [
        model.model,
        f"{model.rank:.2f} [{model.rank_low:.2f}, {model.rank_high:.2f}]",
        f"{model.win_rate:.0%} [{model.win_rate_low:.0%}, {model.win_rate_high:.0%}]",
        f"{model.improvability:.1%} [{model.improvability_low:.1%}, {model.improvability_high:.1%}]",
        f"{model.elo:.0f} [{model.elo_low:.0f}, {model.elo_high:.0f}]",
    ]


def counts_line(answer: SuiteAnswer) -> str:
    """How often deep learning won by verdict."""
    won = answer.verdicts
    return (
        f"Deep against classical by verdict: {won['deep']} won, {won['equivalent']} equivalent, "
        f"{won['classical']} lost, {won['undecided']} cannot tell"
    )


def _ranking(ranking: ModalityRanking, level: float) -> list[Any]:
    ranked, places, n = ranking.ranking, ranking.standings, ranking.datasets
    if ranked is None or places is None or n < 2:
        kind = PLURALS[ranking.modality]
        words = f"\n{n} {kind}: mean ranks need two datasets and two models that all of them have"
        return [Text(words, "dim")]
    table = _table(*STANDING_COLUMNS)
    for model in places.models:
        name, *cells = standing_cells(model)
        table.add_row(Text(name, FAMILY_COLOURS[model.family]), *cells)
    title = f"\n{n} {PLURALS[ranking.modality]}: {len(ranked.models)} models, best first"
    lines: list[Any] = [Text(title, "bold"), table]
    lines += [Text(line, "dim") for line in _notes(places)]
    lines += [Text(line) for line in ranking_lines(ranking, level)]
    if ranking.left_out:
        left = ", ".join(f"{name} ({count} of {n})" for name, count in ranking.left_out.items())
        lines.append(Text(f"Not ranked because some datasets have no score: {left}", "dim"))
    return lines


def _notes(places: Standings) -> list[str]:
    """What the columns mean, and where Elo means little."""
    lines = [
        f"[..]: {places.level:.0%} interval by a bootstrap of the datasets. improvability: by which share "
        "the error would fall with the best model of each dataset"
    ]
    return lines if places.elo_bounded else [*lines, ELO_NOTE]


ELO_NOTE = (
    "Elo has no limit where some models beat others on every dataset: read who is above, not by how much"
)


def ranking_lines(ranking: ModalityRanking, level: float) -> list[str]:
    """The tests over datasets in words, as every document shows them."""
    ranked = ranking.ranking
    assert ranked is not None
    lines = [
        _friedman(ranked),
        f"Critical difference {ranked.critical_difference:.2f} (Nemenyi, {level:.0%}); pairs by the "
        f"{ranked.test} test with Holm's correction: {_apart(ranked)}",
    ]
    tests = (("families", ranking.family_test), ("best model of each family", ranking.model_test))
    return lines + [_hierarchical(name, test, level) for name, test in tests if test is not None]


def _hierarchical(name: str, test: Hierarchical, level: float) -> str:
    """The test with its probabilities; a mean difference counts margins, or has the metric's unit."""
    unit = "margins" if test.unit == "margin" else test.unit
    outcome = {
        "first": f"{test.first} better",
        "second": f"{test.second} better",
        "equivalent": "practically equivalent",
        "undecided": "cannot tell",
    }[test.outcome]
    return (
        f"Hierarchical test of the {name}, {test.first} against {test.second}: {outcome} ({test.first} "
        f"better {test.p_first:.0%}, equivalent {test.p_equivalent:.0%}, {test.second} better "
        f"{test.p_second:.0%}); mean difference {test.mean:.2g} {unit}, {level:.0%} interval {test.low:.2g} "
        f"to {test.high:.2g}"
    )


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
    heights = [drawn_height(f) for f in rankings]
    figure = Figure(figsize=(10.0, sum(heights) + 0.2), dpi=160, facecolor="white")
    grid = figure.add_gridspec(
        len(rankings), 1, height_ratios=heights, left=0.02, right=0.98, top=0.97, bottom=0.03
    )
    for row, each in enumerate(rankings):
        draw_ranking(figure.add_subplot(grid[row]), each, answer.confidence_level)
    _save(figure, path)


def drawn_height(ranking: ModalityRanking) -> float:
    """Inches that the diagram of a ranking takes."""
    ranked = ranking.ranking
    assert ranked is not None
    return 1.3 + _ROW * ((len(ranked.models) + 1) // 2 + 0.5 * len(ranked.groups))


def draw_ranking(axes: Any, ranking: ModalityRanking, level: float) -> None:
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


_PAGES = {".html": "html", ".htm": "html", ".md": "md", ".markdown": "md"}
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
}


def check_documents(latex: str | None, report: str | None) -> None:
    """Refuse files that cannot be written before the work begins."""
    check_output(latex, (".tex",))
    if report is not None:
        if Path(report).suffix.lower() not in _PAGES:
            raise InputError(f"cannot write {report}: expected a name ending in {', '.join(_PAGES)}")
        check_place(report)


def write_documents(answer: SuiteAnswer, latex: str | None, report: str | None) -> None:
    """The files that were asked for."""
    if latex is not None:
        write_whole(as_latex(answer), latex)
    if report is not None:
        write_whole(_page(answer, _PAGES[Path(report).suffix.lower()]), report)


def _page(answer: SuiteAnswer, kind: str) -> str:
    if kind == "md":
        return as_markdown(answer)

    return suite_page(answer)


def as_latex(answer: SuiteAnswer) -> str:
    """Tables for a paper, by the package booktabs; the caption of each ranking is its sentence."""
    parts = ["% \\usepackage{booktabs}", _latex_datasets(answer)]
    parts += [_latex_ranking(own, answer) for own in answer.rankings if own.standings is not None]
    return "\n\n".join(parts) + "\n"


def _latex_datasets(answer: SuiteAnswer) -> str:
    caption = (
        f"{counts_line(answer)}. Positive gains favour deep learning; brackets hold the interval at the "
        "confidence level of each comparison."
    )
    rows = [dataset_cells(row) for row in answer.datasets]
    return _tabular(DATASET_COLUMNS, rows, "llllll", caption, "datasets")


def _latex_ranking(ranking: ModalityRanking, answer: SuiteAnswer) -> str:
    places = ranking.standings
    assert places is not None
    caption = ranking.sentence or f"Models on {ranking.datasets} {PLURALS[ranking.modality]}."
    caption += f" Brackets hold {places.level:.0%} bootstrap intervals over datasets."
    rows = [standing_cells(model) for model in places.models]
    return _tabular(STANDING_COLUMNS, rows, "lrrrr", caption, ranking.modality)


def _tabular(
    header: Sequence[str], rows: Sequence[Sequence[str]], columns: str, caption: str, label: str
) -> str:
    lines = [" & ".join(map(latex_escape, row)) + r" \\" for row in rows]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{latex_escape(caption)}}}",
            rf"\label{{tab:deepworth-{label}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            " & ".join(map(latex_escape, header)) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    )


def latex_escape(text: str) -> str:
    """Text as nothing but text, on one line; a bracket at its beginning is no option of the row before."""
    words = " ".join("".join(_LATEX.get(mark, mark) for mark in text).split())
    return "{" + words + "}" if words.startswith(("[", "*")) else words


def as_markdown(answer: SuiteAnswer) -> str:
    """The whole answer without pictures."""
    parts = [
        f"# {escape(answer.suite)}: {len(answer.datasets)} datasets",
        f"{counts_line(answer)}.",
        table(DATASET_COLUMNS, [dataset_cells(row) for row in answer.datasets]),
    ]
    for ranking in answer.rankings:
        parts += _markdown_ranking(ranking, answer.confidence_level)
    return "\n\n".join(parts) + "\n"


def _markdown_ranking(ranking: ModalityRanking, level: float) -> list[str]:
    places = ranking.standings
    if places is None or ranking.datasets < 2:
        return []
    parts = [
        f"## Models on {ranking.datasets} {PLURALS[ranking.modality]}",
        escape(ranking.sentence),
        table(STANDING_COLUMNS, [standing_cells(model) for model in places.models]),
        f"In brackets: {places.level:.0%} intervals by a bootstrap of the datasets.",
        "\n".join(f"- {escape(line)}" for line in ranking_lines(ranking, level)),
    ]
    return parts if places.elo_bounded else [*parts, f"{ELO_NOTE}."]


def suite_page(answer: SuiteAnswer) -> str:
    """A self-contained page, without scripts."""
    from ... import __version__
    from .html.page import cleaned, rendered
    from .html.plots import drawing

    clean = cleaned(answer)
    with drawing():
        rankings = [_page_of_ranking(own, clean.confidence_level) for own in clean.rankings]
    return rendered(
        "suite.html",
        "style.css",
        v={
            "name": clean.suite,
            "counts": counts_line(clean),
            "leaking": ", ".join(row.data for row in clean.datasets if row.warnings),
            "header": DATASET_COLUMNS,
            "rows": [dataset_cells(row) for row in clean.datasets],
            "standing_header": STANDING_COLUMNS,
            "rankings": rankings,
        },
        version=__version__,
    )


def _page_of_ranking(ranking: ModalityRanking, level: float) -> dict[str, Any]:
    """What the section of a modality shows."""
    places, shown = ranking.standings, ranking.ranking is not None and ranking.datasets > 1
    return {
        "id": ranking.modality,
        "title": f"Models on {ranking.datasets} {PLURALS[ranking.modality]}",
        "sentence": ranking.sentence,
        "rows": [standing_cells(m) for m in places.models] if places is not None and shown else [],
        "level": f"{level:.0%}",
        "picture": _picture(ranking, level) if shown else None,
        "lines": ranking_lines(ranking, level) if shown else [],
        "note": ELO_NOTE if places is not None and not places.elo_bounded else "",
        "left_out": ", ".join(f"{m} ({n} of {ranking.datasets})" for m, n in ranking.left_out.items()),
    }


def _picture(ranking: ModalityRanking, level: float) -> Picture:
    """The critical differences (Demsar 2006), with the ranks as a table."""
    from .html.plots import Picture, canvas, inline

    ranked = ranking.ranking
    assert ranked is not None
    figure, axes = canvas(drawn_height(ranking), width=10.0)
    draw_ranking(axes[0], ranking, level)
    rows = [[name, f"{rank:.2f}"] for name, rank in zip(ranked.models, ranked.mean_ranks, strict=True)]
    what = f"Mean ranks of models on {ranking.datasets} {PLURALS[ranking.modality]}"
    return Picture(
        inline(figure, f"ranks-{ranking.modality}", what),
        "Mean ranks",
        f"Left is better. Bars join models of which no pair differs by the {ranked.test} test with Holm's "
        "correction.",
        ["model", "mean rank"],
        rows,
    )
