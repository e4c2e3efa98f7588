"""What is said of one saved model: how it was trained, how it scores, what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field

from .json import to_json
from .models import FormatResult, Manifest
from .rows import CostSheet, Latency


@dataclass(frozen=True)
class Trained:
    """What :func:`deepworth.train` saved.

    ``fit_seconds`` is without imports, ``trained_rows`` those outside an official test part; ``proof`` says
    how far the saved model is from the trained one.
    """

    path: str
    size_bytes: int
    fit_seconds: float
    trained_rows: int
    proof: FormatResult
    manifest: Manifest

    def to_dict(self) -> dict[str, object]:
        """All of it with the fields of the manifest, as one object that JSON can hold."""
        own = {"path": self.path, "size_bytes": self.size_bytes}
        rest = {"fit_seconds": self.fit_seconds, "trained_rows": self.trained_rows, "proof": self.proof}
        manifest = {name: value for name, value in self.manifest.items() if name != "files"}
        found: dict[str, object] = to_json({**own, **manifest, **rest})
        return found


@dataclass(frozen=True)
class Share:
    """A share of rows with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class CalibrationErrorEstimate:
    """The calibration error with its interval, and what perfect probabilities would show by chance."""

    value: float
    low: float
    high: float
    by_chance: float


@dataclass(frozen=True)
class ConfidenceReport:
    """How far a saved model's confidence held on labelled rows; None where the model has no such thing.

    ``level`` is the model's own; ``coverage`` the share of rows whose prediction set or interval holds the
    truth; ``referred`` the share whose set does not hold exactly one class.
    """

    level: float | None = None
    half_width: float | None = None
    coverage: Share | None = None
    calibrator: str | None = None
    calibration_error: CalibrationErrorEstimate | None = None
    coverage_by_class: dict[str, float | None] | None = None
    mean_set_size: float | None = None
    referred: float | None = None
    accuracy_of_the_rest: float | None = None
    threshold: float | None = None
    positive: str | None = None
    expected_cost: float | None = None
    expected_cost_at_half: float | None = None


@dataclass(frozen=True)
class ScoreWithInterval:
    """A metric on labelled rows with its bootstrap interval; None where it is not defined."""

    label: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Evaluation:
    """What :func:`deepworth.evaluate` returns.

    ``seen_in_training`` warns that the rows are those that the model was trained on.
    """

    path: str
    model: str
    family: str
    task: str
    modality: str
    dataset: str
    rows: int
    seen_in_training: bool
    confidence_level: float
    scores: dict[str, ScoreWithInterval]
    confidence: ConfidenceReport = field(default_factory=ConfidenceReport)

    def to_dict(self) -> dict[str, object]:
        """The evaluation as one object that JSON can hold."""
        found: dict[str, object] = to_json(self)
        return found


@dataclass(frozen=True)
class SavedModelCost:
    """What :func:`deepworth.cost` measured of a saved model.

    Attributes
    ----------
    rows_from : str
        Where the rows came from that it was asked about.
    load_seconds, peak_bytes, size_bytes
        Time and memory to open it and to answer, and its files.
    latency : dict of Latency
        By the number of rows of a call.
    steady : bool
        False if another process shared the core for too long.
    """

    path: str
    model: str
    family: str
    task: str
    modality: str
    rows_from: str
    threads: int
    size_bytes: int
    parameters: int | None
    flops: float | None
    flops_by: str
    load_seconds: float
    peak_bytes: int | None
    latency: dict[str, Latency]
    steady: bool

    def to_dict(self) -> dict[str, object]:
        """The sheet as one object that JSON can hold."""
        found: dict[str, object] = to_json(self)
        return found

    def as_sheet(self) -> CostSheet:
        """The figures that a comparison measures too."""
        return CostSheet(
            threads=self.threads,
            parameters=self.parameters,
            size_bytes=self.size_bytes,
            load_seconds=self.load_seconds,
            latency=self.latency,
            flops=self.flops,
            flops_by=self.flops_by,
            steady=self.steady,
        )
