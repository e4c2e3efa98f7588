"""Options of verdict(), for type checkers; :func:`deepworth.verdict` explains them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from ..setup import InferenceName

if TYPE_CHECKING:
    import pandas as pd

    from ...datasets import ArrowTable

Source: TypeAlias = "str | os.PathLike[str] | pd.DataFrame | ArrowTable"
Predictions: TypeAlias = "Source | Sequence[Source] | Mapping[str, Source]"


class QuestionOptions(TypedDict, total=False):
    """What is asked, of a run and of predictions."""

    metric: str | None
    margin: float | None
    confidence_level: float | None
    inference: InferenceName | None
    models: Sequence[str] | None
    between: tuple[str, str] | None


class RunOptions(QuestionOptions, total=False):
    """Options of a verdict about a past run."""

    budget: Sequence[str] | None
    store: str | os.PathLike[str] | None


class PredictionOptions(QuestionOptions, total=False):
    """Options of a verdict about predictions of any models."""

    target: str | None
    id: str | None
    fold: str | None
    repeat: str | None
    groups: str | None
    time: str | None
    task: str | None
    positive: str | None
    gain: float | None


class VerdictOptions(PredictionOptions, RunOptions, total=False):
    """All options of a verdict."""
