"""How much of every model a small surrogate says, from its predictions of held-out rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...datasets import Dataset
from ..explanation import LEAVES, TERMS, Answers, surrogates
from ..results.explanation import Explanations, Surrogate
from ..results.json import from_json, to_json
from ..results.rows import Fold, Result


def readability(
    dataset: Dataset, rows: Sequence[Result], test_rows: Mapping[Fold, np.ndarray], seed: int
) -> Explanations:
    """The surrogates of every model with predictions of all folds of the first repeat.

    A comparison of hours is not lost for it: what goes wrong is the ``failed`` of the answer.
    """
    models = dict.fromkeys(row.model for row in rows)
    folds = [row for row in rows if row.kind == "fold"]
    answers = {name: _answers([r for r in folds if r.model == name], test_rows) for name in models}
    try:
        found = surrogates(
            dataset.X,
            dataset.modality,
            dataset.classes,
            {name: own for name, own in answers.items() if own is not None},
            seed=seed,
        )
        own = {name: from_json(Surrogate, to_json(value)) for name, value in found.items()}
    except Exception as error:
        return Explanations(failed=f"{type(error).__name__}: {error}"[:300])
    return Explanations(own, LEAVES, TERMS)


def _answers(rows: Sequence[Result], test_rows: Mapping[Fold, np.ndarray]) -> Answers | None:
    if not all(row.ok for row in rows):
        return None
    first = [(row, test_rows[row.repeat, row.fold]) for row in rows if row.repeat == 0]
    known = [(row, own) for row, own in first if row.prediction is not None and len(own)]
    if not known:
        return None
    folds = np.concatenate([np.full(len(own), row.fold) for row, own in known])
    predictions = np.concatenate([row.prediction for row, _ in known if row.prediction is not None])
    return Answers(np.concatenate([own for _, own in known]), predictions, folds)
