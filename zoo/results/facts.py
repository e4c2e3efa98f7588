"""Facts that a result carries about its data and its plan: nobody needs either to judge or to show it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...datasets import Dataset, Modality, Provenance, Task

_ROWS_LOOKED_AT = 200


@dataclass(frozen=True)
class DatasetFacts:
    """A dataset without its rows.

    Attributes
    ----------
    rows, columns : int
        ``columns`` is None for images and texts.
    width : float
        Columns of a table, values of an image or characters of a text (the mean of some).
    class_counts : dict of int or None
        Rows by class; None for regression.
    target_std : float or None
        Standard deviation of the target; None for classification.
    test_rows : int or None
        Rows of the official test part; None without one.
    fingerprint : str
        SHA-256 over rows and targets.
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
    """The primary metric, and the one shown beside it."""

    name: str
    label: str
    greater_is_better: bool
    second: str | None = None
    second_label: str | None = None


@dataclass(frozen=True)
class LimitFacts:
    """Worker processes, and the limits of each job: threads of a fit, seconds, bytes of memory."""

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
    test_over_train : float
        Test rows over training rows of a fold, the mean over folds.
    threads : int
        Of every fit of a classical model.
    jobs : int
        Fits that are scored; those that only measure costs come on top.
    references : tuple of str
        Models that only show what knowing nothing scores.
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
    limits: LimitFacts = field(default_factory=LimitFacts)


@dataclass(frozen=True)
class TimeEstimate:
    """Seconds that a run was expected to take, with a range; ``real_seconds`` is what it took."""

    seconds: float
    low: float
    high: float
    real_seconds: float | None = None


@dataclass(frozen=True)
class Determinism:
    """Whether a run repeats itself: "seeded", "deterministic kernels" or "bit-equal by setting"."""

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
