"""The answer over many datasets: a table, how often each family won, and rankings of models."""

from __future__ import annotations

from dataclasses import dataclass

from .json import to_json


@dataclass(frozen=True)
class Pair:
    """Two models over all datasets; ``p_holm`` is adjusted for all pairs."""

    first: str
    second: str
    wins: int
    ties: int
    losses: int
    p_value: float
    p_holm: float
    differs: bool


@dataclass(frozen=True)
class Ranking:
    """Models by mean rank, best first (1 is best).

    ``groups`` are runs of neighbours of which no pair differs, as the bars of a critical-difference diagram.
    """

    models: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    datasets: int
    friedman: float | None
    friedman_p: float | None
    iman_davenport: float | None
    iman_davenport_p: float | None
    critical_difference: float
    test: str
    pairs: tuple[Pair, ...]
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ModalityRanking:
    """The ranking over the datasets of a modality; None where they share fewer than two models.

    ``left_out`` says on how many datasets each model that is not ranked has a score.
    """

    modality: str
    families: dict[str, str]
    left_out: dict[str, int]
    datasets: int
    ranking: Ranking | None


@dataclass(frozen=True)
class SuiteRow:
    """One dataset of a suite, whatever became of it; ``seconds`` are those that this call spent on it."""

    data: str
    status: str
    reason: str
    seconds: float
    outcome: str | None = None
    run: str | None = None
    rows: int | None = None
    task: str | None = None
    modality: str | None = None
    metric: str | None = None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    best_deep: str | None = None
    best_classical: str | None = None
    score_deep: float | None = None
    score_classical: float | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class SuiteAnswer:
    """What :func:`deepworth.benchmark` returns.

    ``verdicts`` counts the outcomes; ``exit_code`` is 1 if anything is missing.
    """

    suite: str
    datasets: tuple[SuiteRow, ...]
    verdicts: dict[str, int]
    rankings: tuple[ModalityRanking, ...]
    confidence_level: float
    exit_code: int
    store: str
    wall_seconds: float

    def to_dict(self) -> dict[str, object]:
        """The answer as one object that JSON can hold."""
        found: dict[str, object] = to_json(self)
        return found


@dataclass(frozen=True)
class PreviewedDataset:
    """What is left to do for a dataset: "new", "unfinished", "done" or "failed"."""

    data: str
    state: str
    fits: int = 0
    seconds: float = 0.0
    reason: str = ""
    run: str | None = None


@dataclass(frozen=True)
class SuitePreview:
    """What a suite would do."""

    suite: str
    datasets: tuple[PreviewedDataset, ...]
    store: str
    fits: int
    seconds: float
    exit_code: int

    def to_dict(self) -> dict[str, object]:
        """The preview as one object that JSON can hold."""
        found: dict[str, object] = to_json(self)
        return found
