"""How much of every model of a comparison can be said in a few lines, from its out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...datasets import Dataset
from ..explanation import LEAVES, TERMS, Answers, surrogates
from ..judging.scores import ModelScores

FIDELITY = ("fidelity", "fidelity_tree", "fidelity_linear")


def readability(dataset: Dataset, models: Sequence[ModelScores], seed: int) -> dict[str, Any]:
    """The surrogates of every model with predictions of all folds of the first repeat.

    Returns
    -------
    dict
        ``leaves`` and ``terms`` at most, and ``surrogates`` by model as
        :func:`deepworth.zoo.explanation.surrogates` gives them; or ``failed`` with the reason: a comparison
        of hours is not lost for it.
    """
    answers = {m.model: said for m in models if (said := _answers(m)) is not None}
    try:
        found = surrogates(dataset.X, dataset.modality, dataset.classes, answers, seed=seed)
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"[:300], "surrogates": {}}
    return {"leaves": LEAVES, "terms": TERMS, "surrogates": found}


def _answers(scores: ModelScores) -> Answers | None:
    jobs = [j for j in scores.jobs if j.split.repeat == 0 and j.prediction is not None and len(j.prediction)]
    if not jobs or not scores.complete:
        return None
    folds = np.concatenate([np.full(len(j.split.test), j.split.fold) for j in jobs])
    predictions = np.concatenate([j.prediction for j in jobs if j.prediction is not None])
    return Answers(np.concatenate([j.split.test for j in jobs]), predictions, folds)


def fidelity_of(explanations: dict[str, Any] | None, model: str) -> dict[str, float | None]:
    """What the leaderboard says of a model: the better of its surrogates, and each."""
    found = (explanations or {}).get("surrogates", {}).get(model)
    if found is None:
        return dict.fromkeys(FIDELITY)
    both = {name: found[name] for name in FIDELITY[1:]}
    return {"fidelity": max(both.values()), **both}
