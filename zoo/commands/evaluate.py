"""`deepworth evaluate`."""

from __future__ import annotations

from typing import Any

import click

from ._options import JSON, LOAD, SEED, options


@click.command()
@click.argument("artefact")
@click.argument("data")
@options(*LOAD)
@click.option("--confidence-level", type=float, default=0.95, show_default=True, help="Of the intervals.")
@options(SEED, JSON)
def command(artefact: str, data: str, as_json: bool, **chosen: Any) -> None:
    """Score a saved model on labelled DATA."""
    from ..report.artefact import show_scores
    from ..report.calibration import show_confidence
    from ..workflows._single import evaluate as run

    result = run(artefact, data, **chosen)
    show_scores(result, as_json=as_json)
    if not as_json:
        show_confidence(result["confidence"])
