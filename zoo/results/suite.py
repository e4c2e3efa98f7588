"""The answer over many datasets: a table, how often each family won, and rankings of models."""

from __future__ import annotations

from dataclasses import dataclass

from .json import to_json

PLURALS = {"tabular": "tables", "image": "sets of images", "text": "sets of texts"}  # datasets of a modality


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
class Standing:
    """How one model stands among the others, as a mean over datasets with its bootstrap interval.

    Attributes
    ----------
    model, family : str
        Name and family of the model.
    rank, rank_low, rank_high : float
        Mean rank; 1 is best.
    win_rate, win_rate_low, win_rate_high : float
        Share of the other models that it beats on a dataset; a tie is half a win.
    improvability, improvability_low, improvability_high : float
        By which share its error would fall if it were the best model of each dataset; 0 is best.
    elo, elo_low, elo_high : float
        Rating by Bradley and Terry; 400 more mean ten wins for each defeat, and the mean model has 1000.
    """

    model: str
    family: str
    rank: float
    rank_low: float
    rank_high: float
    win_rate: float
    win_rate_low: float
    win_rate_high: float
    improvability: float
    improvability_low: float
    improvability_high: float
    elo: float
    elo_low: float
    elo_high: float


@dataclass(frozen=True)
class Standings:
    """All models over the datasets that all of them have a score on.

    Attributes
    ----------
    models : tuple of Standing
        In order of their mean rank.
    samples : int
        Bootstrap samples of the datasets.
    level : float
        Of the intervals.
    elo_bounded : bool
        False where some models beat some others on every dataset: the wins then set no limit to the
        difference of their ratings, and the numbers shown are those of a slight penalty.
    """

    models: tuple[Standing, ...]
    samples: int
    level: float
    elo_bounded: bool


@dataclass(frozen=True)
class Hierarchical:
    """The Bayesian hierarchical test of two models, or of the families, over datasets.

    Attributes
    ----------
    first, second : str
        Their names; a difference is positive where the first is better.
    datasets : int
        Datasets with a difference.
    unit : str
        Unit of the differences: "margin" of each dataset, or the name of their metric.
    margin : float
        Half the width of the region of practical equivalence, in that unit.
    mean, low, high : float
        Mean difference over datasets like these, with its interval.
    p_first, p_equivalent, p_second : float
        Probability that on such datasets the first is mostly better, both are mostly equivalent, or the
        second is mostly better.
    next_first, next_equivalent, next_second : float
        The same for one more dataset.
    outcome : {"first", "equivalent", "second", "undecided"}
        The one whose probability reaches the confidence level.
    """

    first: str
    second: str
    datasets: int
    unit: str
    margin: float
    mean: float
    low: float
    high: float
    p_first: float
    p_equivalent: float
    p_second: float
    next_first: float
    next_equivalent: float
    next_second: float
    outcome: str


@dataclass(frozen=True)
class ModalityRanking:
    """The ranking over the datasets of a modality.

    Attributes
    ----------
    modality : str
        "tabular", "image" or "text".
    families : dict of str
        Family of each model that is no reference; references are not ranked.
    left_out : dict of int
        Models that are not ranked, with the number of datasets on which each has a score.
    datasets : int
        Number of datasets.
    ranking : Ranking or None
        None where the datasets share fewer than two models.
    standings : Standings or None
        Win rates, improvability and Elo of the same models.
    family_test : Hierarchical or None
        Deep against classical, by the gain of each dataset's verdict; None below two datasets.
    model_test : Hierarchical or None
        The deep model of best mean rank against the classical one, by the differences of their folds.
    sentence : str
        What to write about it in a paper.
    """

    modality: str
    families: dict[str, str]
    left_out: dict[str, int]
    datasets: int
    ranking: Ranking | None
    standings: Standings | None = None
    family_test: Hierarchical | None = None
    model_test: Hierarchical | None = None
    sentence: str = ""


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
