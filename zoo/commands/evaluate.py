"""`deepworth evaluate`."""

from __future__ import annotations

from typing import Any

import click

from ._group import Command
from ._options import JSON, LOAD, SEED, confidence, options

GROUP = "Train and use"
ORDER = 2


@click.command(cls=Command)
@click.argument("artefact")
@click.argument("data")
@options(*LOAD, confidence(), JSON, SEED)
def command(artefact: str, data: str, as_json: bool, **chosen: Any) -> None:
    """Score a saved model on labelled DATA.

    ARTEFACT is the folder of a saved model.
    """
    from ..report.calibration import show_confidence
    from ..report.catalogue import show_scores
    from ..workflows.evaluate import evaluate
    from ._running import notes_on_stderr

    with notes_on_stderr():
        result = evaluate(artefact, data, **chosen)
    show_scores(result, as_json=as_json)
    if not as_json:
        show_confidence(result.confidence)
