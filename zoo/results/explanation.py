"""What a model answers by: the answers of ``deepworth explain`` for a saved model and for a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from .facts import MetricFacts
from .json import to_json

ByClass = dict[str, float]  # by class, or of "value" alone


@dataclass(frozen=True)
class Rule:
    """A leaf of a surrogate tree: the share of rows it holds, and its answer (by class, or a value)."""

    conditions: tuple[str, ...]
    answer: dict[str, float] | float
    share: float


@dataclass(frozen=True)
class Term:
    """A term of a linear surrogate; coefficients are by class, or one number for regression."""

    feature: str
    column: str
    coefficient: dict[str, float] | float
    standardised: dict[str, float] | float


@dataclass(frozen=True)
class LinearSurrogate:
    """A linear model that imitates a model; ``unit`` is "log-odds" or "value"."""

    unit: str
    intercept: dict[str, float] | float
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Surrogate:
    """Two small models that imitate a model's predictions, out of fold.

    ``fidelity_tree`` and ``fidelity_linear`` are R² with the model's predictions, ``agreement_...`` the
    share of rows with the same class (None for regression).
    """

    rows: int
    fidelity_tree: float | None
    agreement_tree: float | None
    fidelity_linear: float | None
    agreement_linear: float | None
    tree: tuple[Rule, ...]
    linear: LinearSurrogate


@dataclass(frozen=True)
class ImportantPart:
    """A column, a group of associated columns, a word or a square of an image, with its importance."""

    part: str
    members: tuple[str, ...]
    importance: float
    low: float
    high: float


@dataclass(frozen=True)
class Importance:
    """Permutation importance: by how much the loss grows when a part is shuffled, most important first.

    Shares of the target's variance, measured on so many ``rows``; ``loss`` is that of the model itself.
    ``reason`` says why there are no parts.
    """

    rows: int
    unit: str
    loss: float
    confidence_level: float
    parts: tuple[ImportantPart, ...]
    reason: str | None = None


@dataclass(frozen=True)
class Dependence:
    """Partial dependence on one column: mean answer over a grid of its values with an interval.

    ``curves`` are those of single rows (individual conditional expectation) for the first class.
    """

    column: str
    kind: str
    grid: tuple[float | str, ...]
    mean: dict[str, tuple[float, ...]]
    low: dict[str, tuple[float, ...]]
    high: dict[str, tuple[float, ...]]
    curves: tuple[tuple[float, ...], ...]
    range: float


@dataclass(frozen=True)
class Coefficient:
    """A coefficient of a linear model, in raw units of the feature and for one standard deviation of it."""

    column: str
    feature: str
    coefficient: ByClass
    standardised: ByClass


@dataclass(frozen=True)
class GradientPart:
    """A part of the input with the mean absolute attribution of the averaged rows."""

    part: str
    mean_absolute: float


@dataclass(frozen=True)
class Attribution:
    """The attribution of a column or a word to one answer; ``place`` counts the words of a text."""

    part: str
    attribution: float
    place: int | None = None


# One answer: outputs of the network for the row and for the baseline, and what explains the difference.
# "class" is the predicted one, "parts" are of tables and texts, "pixels" with the grey "picture" of images.
AttributedRow = TypedDict(
    "AttributedRow",
    {
        "row": int,
        "class": str | None,
        "output": float,
        "baseline_output": float,
        "parts": NotRequired[tuple[Attribution, ...]],
        "pixels": NotRequired[tuple[tuple[float, ...], ...]],
        "picture": NotRequired[tuple[tuple[float, ...], ...]],
    },
)


@dataclass(frozen=True)
class Gradients:
    """Integrated gradients (Sundararajan et al. 2017), parts by mean absolute attribution.

    ``completeness_error`` is the largest difference between the sum of attributions and what they explain.
    """

    unit: str
    rows_averaged: int
    completeness_error: float
    parts: tuple[GradientPart, ...]
    rows: tuple[AttributedRow, ...] = ()


@dataclass(frozen=True)
class Correlated:
    """A feature of the raw rows that a unit responds to."""

    feature: str
    correlation: float


@dataclass(frozen=True)
class Unit:
    """A hidden unit: what it responds to, and by how much the loss grows without it."""

    layer: str
    unit: int
    units: int
    mean: float
    active: float
    responds_to: tuple[Correlated, ...]
    top_rows: tuple[int, ...]
    loss: float


@dataclass(frozen=True)
class Probe:
    """How well a linear model predicts the answer from the values of a layer."""

    features: str
    kind: str
    width: int
    score: float
    low: float
    high: float


@dataclass(frozen=True)
class TracedInput:
    """An input of a network: the raw value and the number that the network sees."""

    feature: str
    column: str
    raw: float | str | None
    value: float


@dataclass(frozen=True)
class TracedTerm:
    """A summand of a neuron: input times weight."""

    source: str
    input: float
    weight: float
    product: float


@dataclass(frozen=True)
class TracedNeuron:
    """A neuron: its largest terms, the sum of the others, its bias, sum and activation."""

    unit: int
    terms: tuple[TracedTerm, ...]
    rest: float
    n_rest: int
    bias: float
    sum: float
    activation: float


@dataclass(frozen=True)
class TracedLayer:
    """A layer of a forward pass; ``active`` of its units are not zero."""

    name: str
    units: int
    active: int
    activation: str
    neurons: tuple[TracedNeuron, ...]


@dataclass(frozen=True)
class Trace:
    """A forward pass in numbers, from the row, with its true class or value, to the answer."""

    inputs: tuple[TracedInput, ...]
    layers: tuple[TracedLayer, ...]
    outputs: tuple[float, ...]
    answer: ByClass
    last_step: str
    row: int = 0
    truth: str | float | None = None


@dataclass(frozen=True)
class Explanation:
    """What :func:`deepworth.explain` found of a saved model; a method that it does not have is None.

    ``row`` is the row whose answer is explained, ``seen_in_training`` warns that the model knew the rows.
    """

    path: str
    model: str
    family: str
    task: str
    modality: str
    classes: tuple[str, ...]
    dataset: str
    rows: int
    row: int | None
    seen_in_training: bool
    importance: Importance | None = None
    dependence: tuple[Dependence, ...] | None = None
    coefficients: tuple[Coefficient, ...] | None = None
    surrogate: Surrogate | None = None
    gradients: Gradients | None = None
    units: tuple[Unit, ...] | None = None
    probes: tuple[Probe, ...] | None = None
    trace: Trace | None = None

    def to_dict(self) -> dict[str, object]:
        """The explanation as one object that JSON can hold, without methods that the model does not have."""
        found: dict[str, object] = to_json(self)
        return {name: value for name, value in found.items() if value is not None or name == "row"}


@dataclass(frozen=True)
class Regularisation:
    """The decay of a network's weights, and half the squared norm of the kept matrices.

    The decay is decoupled (AdamW, Loshchilov and Hutter 2019): it shrinks the weights beside the gradient
    and is no summand of the loss.
    """

    weight_decay: float
    half_squared_norm: float


@dataclass(frozen=True)
class TrainingCurve:
    """Losses of a network by epoch: of the training rows, with dropout, and of the validation rows.

    ``best_epoch`` (from 0) is the one whose weights were kept.
    """

    loss: tuple[float, ...]
    val_loss: tuple[float | None, ...]
    best_epoch: int
    regularisation: Regularisation


@dataclass(frozen=True)
class ExplainedModel:
    """The best model of a family, trained again with several seeds.

    ``examples`` are attributions of a few images or texts, ``agreement_between_seeds`` the mean rank
    correlation of importances over pairs of seeds.
    """

    model: str
    family: str
    importance: Importance
    dependence: tuple[Dependence, ...] | None
    coefficients: tuple[Coefficient, ...] | None
    gradients: Gradients | None
    units: tuple[Unit, ...] | None
    probes: tuple[Probe, ...] | None
    examples: tuple[AttributedRow, ...] | None
    training: TrainingCurve | None
    agreement_between_seeds: float | None


@dataclass(frozen=True)
class ExplainedData:
    """The data of the run."""

    name: str
    rows: int
    task: str
    modality: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class ReadableModel:
    """A model of the run: its score, and R² of the small surrogates with its predictions."""

    model: str
    family: str
    score: float | None
    fidelity: float | None = None
    fidelity_tree: float | None = None
    fidelity_linear: float | None = None
    reference: bool = False


@dataclass(frozen=True)
class RunExplanation:
    """What :func:`deepworth.explain_run` found of the best models of both families.

    ``agreement_between_families`` is the mean rank correlation over all pairs of their trainings;
    ``same_most_important`` whether both name the same part first.
    """

    run: str
    dataset: ExplainedData
    metric: MetricFacts
    rows_trained: int
    rows_held_out: int
    seeds: int
    leaderboard: tuple[ReadableModel, ...]
    models: tuple[ExplainedModel, ...]
    agreement_between_families: float | None
    same_most_important: bool | None

    def to_dict(self) -> dict[str, object]:
        """The explanation as one object that JSON can hold."""
        found: dict[str, object] = to_json(self)
        return found


@dataclass(frozen=True)
class Explanations:
    """How much of each model a small surrogate says, and what ``deepworth explain`` found of the champions.

    ``surrogates`` are by model, with at most ``leaves`` leaves and ``terms`` terms; ``failed`` says why
    there are none. ``champions`` is the answer of :func:`deepworth.explain_run`, where it was asked for.
    """

    surrogates: dict[str, Surrogate] = field(default_factory=dict)
    leaves: int | None = None
    terms: int | None = None
    failed: str | None = None
    champions: RunExplanation | None = None
