"""The answer over many datasets as files: LaTeX for a paper, and a page (HTML) or notes (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...datasets import InputError
from ..results.suite import PLURALS, ModalityRanking, SuiteAnswer
from .markdown import escape, table
from .output import check_output, check_place, write_whole
from .suites import (
    DATASET_COLUMNS,
    ELO_NOTE,
    STANDING_COLUMNS,
    counts_line,
    dataset_cells,
    ranking_lines,
    standing_cells,
)

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
    from .html.suite import suite_page

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
