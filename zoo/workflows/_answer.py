"""A plain answer that shows itself in a notebook."""

from __future__ import annotations

from typing import Any


class Answer(dict[str, Any]):
    """The result of a comparison as a dict of plain values; notebooks show verdict and leaderboard."""

    def _repr_html_(self) -> str:
        from ..report.html.page import comparison

        return comparison(self)


class Explanation(dict[str, Any]):
    """What a model answers by, as a dict of plain values; notebooks show its tables."""

    def _repr_html_(self) -> str:
        from ..report.explanation import as_html

        return as_html(self)
