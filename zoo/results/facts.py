"""Facts that a result carries about its data and its plan: nobody needs either to judge or to show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...datasets import Dataset, Modality, Provenance, Task

Family = Literal["deep", "classical", "pretrained", "unknown"]

_ROWS_LOOKED_AT = 200


@dataclass(frozen=True)
class DatasetFacts:
    """A dataset without its rows.

    Attributes
    ----------
    name : str
        Name of the dataset.
    rows : int
        Number of rows.
    columns : int or None
        Number of columns; None for images and texts.
    width : float
        Columns of a table, values of an image or characters of a text (the mean of some).
    task : {"binary", "multiclass", "regression"}
        What is predicted.
    modality : {"tabular", "image", "text"}
        What it is predicted from.
    target : str
        Name of the target.
    classes : tuple of str
        Names of the classes; empty for regression.
    class_counts : dict of int or None
        Rows by class; None for regression.
    positive : str or None
        The positive class of a binary task.
    target_std : float or None
        Standard deviation of the target; None for classification.
    test_rows : int or None
        Rows of the official test set; None without one.
    fingerprint : str
        SHA-256 over rows and targets.
    provenance : Provenance
        Where the data come from.
    """

    name: str
    rows: int
    columns: int | None
    width: float
    task: Task
    modality: Modality
    target: str
    classes: tuple[str, ...]
    class_counts: dict[str, int] | None
    positive: str | None
    target_std: float | None
    test_rows: int | None
    fingerprint: str
    provenance: Provenance


@dataclass(frozen=True)
class MetricFacts:
    """The primary metric, and the one shown beside it.

    Attributes
    ----------
    name, label : str
        Its name, and how readers see it.
    greater_is_better : bool
        Its direction.
    second, second_label : str or None
        Name and label of the metric shown beside it.
    """

    name: str
    label: str
    greater_is_better: bool
    second: str | None = None
    second_label: str | None = None


@dataclass(frozen=True)
class LimitFacts:
    """What a run may use.

    Attributes
    ----------
    workers : int
        Worker processes; 0 for none.
    threads : int or None
        Number of threads per fit, where they were given.
    seconds : float or None
        Time limit of a job.
    bytes : int or None
        Memory limit of a worker process.
    deterministic : bool
        Whether results have to be bit-equal.
    """

    workers: int = 0
    threads: int | None = None
    seconds: float | None = None
    bytes: int | None = None
    deterministic: bool = False


@dataclass(frozen=True)
class PlanFacts:
    """A plan without its rows.

    Attributes
    ----------
    folds, repeats : int
        Folds of the cross-validation, and how often it is repeated.
    preset : str
        "quick", "standard" or "thorough".
    seed : int
        Seed of splits and models.
    official_test : bool
        Whether models are scored on an official test set.
    test_over_train : float
        Test rows over training rows of a fold, the mean over folds.
    params : dict of dict
        Parameters by model.
    models : tuple of str
        Names of the models.
    threads : int
        Number of threads per fit of a classical model.
    holdout : float or None
        Fraction of the rows that was held out instead of cross-validating.
    in_time_order : bool
        Whether later rows are predicted from earlier ones.
    calibrate : str or None
        How probabilities are calibrated.
    jobs : int
        Fits that are scored, without those that only measure costs.
    references : tuple of str
        Models that ignore the features and only show what that scores.
    tuned : dict of str
        Models whose parameters a search chose inside the training rows of each fold, with the model of each.
    limits : LimitFacts
        What the run may use.
    train_rows : int or None
        The most rows of a fold that models were trained on.
    decisions : tuple of str
        What was left out so that the run fits into its time.
    """

    folds: int
    repeats: int
    preset: str
    seed: int
    official_test: bool
    test_over_train: float
    params: dict[str, dict[str, object]]
    models: tuple[str, ...]
    threads: int
    holdout: float | None = None
    in_time_order: bool = False
    calibrate: str | None = None
    jobs: int = 0
    references: tuple[str, ...] = ()
    tuned: dict[str, str] = field(default_factory=dict)
    limits: LimitFacts = field(default_factory=LimitFacts)
    train_rows: int | None = None
    decisions: tuple[str, ...] = ()


@dataclass(frozen=True)
class TimeEstimate:
    """Expected ``seconds`` of a run with a range, ``low`` to ``high``; ``real_seconds`` is what it took."""

    seconds: float
    low: float
    high: float
    real_seconds: float | None = None


@dataclass(frozen=True)
class Determinism:
    """How far a repeated run gives the same numbers.

    Attributes
    ----------
    level : str
        "seeded", "deterministic kernels" or "bit-equal by setting".
    threads : int
        Number of threads per fit.
    variables : dict of str
        Environment variables that matter for it.
    """

    level: str
    threads: int
    variables: dict[str, str] = field(default_factory=dict)


def dataset_facts(dataset: Dataset) -> DatasetFacts:
    """The facts of a dataset."""
    import numpy as np

    names, counts = np.unique(dataset.y, return_counts=True)
    classes = dataset.task != "regression"
    return DatasetFacts(
        name=dataset.name,
        rows=len(dataset),
        columns=dataset.X.shape[1] if dataset.modality == "tabular" else None,
        width=width_of(dataset),
        task=dataset.task,
        modality=dataset.modality,
        target=dataset.target,
        classes=tuple(dataset.classes),
        class_counts=dict(zip(names.tolist(), counts.tolist(), strict=True)) if classes else None,
        positive=dataset.positive,
        target_std=None if classes else float(np.std(dataset.y)),
        test_rows=None if dataset.test is None else int(dataset.test.sum()),
        fingerprint=dataset.fingerprint(),
        provenance=dataset.provenance,
    )


def width_of(dataset: Dataset) -> float:
    """Columns of a table, values of an image or characters of a text, of the latter two the mean of some."""
    import numpy as np

    if dataset.modality == "tabular":
        return float(dataset.X.shape[1])
    some = np.unique(np.linspace(0, len(dataset) - 1, _ROWS_LOOKED_AT).astype(int))
    rows = dataset.X.iloc[some] if hasattr(dataset.X, "iloc") else dataset.X[some]
    sizes = [part.size if dataset.modality == "image" else len(str(part)) for part in rows]
    return float(max(1.0, np.mean(sizes)))
