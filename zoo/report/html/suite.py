"""One page over many datasets: verdicts, standings with intervals, tests, and the critical differences."""

from __future__ import annotations

from typing import Any

from ...results.suite import PLURALS, ModalityRanking, SuiteAnswer
from ..suites import (
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
from .page import cleaned, rendered
from .plots import Picture, canvas, drawing, inline


def suite_page(answer: SuiteAnswer) -> str:
    """A self-contained page, without scripts."""
    from .... import __version__

    clean = cleaned(answer)
    with drawing():
        rankings = [_ranking(own, clean.confidence_level) for own in clean.rankings]
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


def _ranking(ranking: ModalityRanking, level: float) -> dict[str, Any]:
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
