"""The answer over many datasets: a table, how often each family won, and rankings of models."""

from __future__ import annotations

from dataclasses import dataclass

from .json import to_json


@dataclass(frozen=True)
class Pair:
    """Two models over all datasets.

    Attributes
    ----------
    first, second : str
        Names of the models.
    wins, ties, losses : int
        Datasets on which the first is better, equal or worse.
    p_value, p_holm : float
        P-value of the test, and adjusted for all pairs by Holm's method.
    differs : bool
        Whether the adjusted p-value is significant.
    """

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
    """Models by mean rank over datasets.

    Attributes
    ----------
    models : tuple of str
        Names of the models, best first.
    mean_ranks : tuple of float
        Their mean ranks; 1 is best.
    datasets : int
        Number of datasets.
    friedman, friedman_p : float or None
        Friedman's statistic and its p-value.
    iman_davenport, iman_davenport_p : float or None
        Statistic of Iman and Davenport and its p-value.
    critical_difference : float
        Of mean ranks, by Nemenyi's test.
    test : str
        Test of the pairs: "Wilcoxon signed-rank" or "sign".
    pairs : tuple of Pair
        All pairs of models.
    groups : tuple of tuple of str
        Neighbours of which no pair differs, as the bars of a critical-difference diagram.
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
    """The ranking over the datasets of a modality.

    Attributes
    ----------
    modality : str
        "tabular", "image" or "text".
    families : dict of str
        Family of each model.
    left_out : dict of int
        Models that are not ranked, with the number of datasets on which each has a score.
    datasets : int
        Number of datasets.
    ranking : Ranking or None
        None where the datasets share fewer than two models.
    """

    modality: str
    families: dict[str, str]
    left_out: dict[str, int]
    datasets: int
    ranking: Ranking | None


@dataclass(frozen=True)
class SuiteRow:
    """One dataset of a suite, however it ended.

    Attributes
    ----------
    data : str
        Its name in the suite.
    status, reason : str
        How its comparison ended, and why.
    seconds : float
        Seconds that this call spent on it.
    outcome : str or None
        Outcome of the verdict.
    run : str or None
        Name of the run.
    rows : int or None
        Number of rows.
    task, modality : str or None
        What is predicted, and from what.
    metric : str or None
        The primary metric.
    gain, gain_low, gain_high : float or None
        By how much deep learning is better, with its interval.
    best_deep, best_classical : str or None
        The best model of each family.
    score_deep, score_classical : float or None
        Their scores.
    missing : tuple of str
        Models without a score.
    warnings : tuple of str
        Signs of target leakage: with any, the outcome may not hold.
    """

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
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class SuiteAnswer:
    """What :func:`deepworth.benchmark` returns.

    Attributes
    ----------
    suite : str
        Name of the suite.
    datasets : tuple of SuiteRow
        A row for each dataset.
    verdicts : dict of int
        How often each outcome occurred.
    rankings : tuple of ModalityRanking
        Mean ranks of the models, by modality.
    confidence_level : float
        Level of the tests.
    exit_code : int
        0 if every dataset ended well, else 1.
    store : str
        Folder in which the runs are kept.
    wall_seconds : float
        Seconds that the call took.
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
        content: dict[str, object] = to_json(self)
        return content


@dataclass(frozen=True)
class PreviewedDataset:
    """What is left to do for a dataset.

    Attributes
    ----------
    data : str
        Its name in the suite.
    state : str
        "new", "unfinished", "done" or "failed".
    fits : int
        Fits that are left.
    seconds : float
        Their estimated seconds.
    reason : str
        Why the dataset failed.
    run : str or None
        Name of its run.
    """

    data: str
    state: str
    fits: int = 0
    seconds: float = 0.0
    reason: str = ""
    run: str | None = None


@dataclass(frozen=True)
class SuitePreview:
    """What a suite would do.

    Attributes
    ----------
    suite : str
        Name of the suite.
    datasets : tuple of PreviewedDataset
        A row for each dataset.
    store : str
        Folder in which the runs are kept.
    fits : int
        Fits that are left.
    seconds : float
        Their estimated seconds.
    exit_code : int
        0 if every dataset can be read, else 1.
    """

    suite: str
    datasets: tuple[PreviewedDataset, ...]
    store: str
    fits: int
    seconds: float
    exit_code: int

    def to_dict(self) -> dict[str, object]:
        """The preview as one object that JSON can hold."""
        content: dict[str, object] = to_json(self)
        return content
