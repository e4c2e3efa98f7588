"""The answer over many datasets as files: LaTeX for a paper, a page (HTML) or notes (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...datasets import InputError
from ..results.suite import PLURALS, ModalityRanking, SuiteAnswer
from .documents import escape, table
from .output import check_output, check_place, write_whole
from .suites import (
    DATASET_COLUMNS,
    ELO_NOTE,
    STANDING_COLUMNS,
    counts_line,
    dataset_cells,
    draw_ranking,
    drawn_height,
    ranking_lines,
    standing_cells,
)

if TYPE_CHECKING:
    from .html.plots import Picture

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
