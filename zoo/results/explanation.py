"""What a model answers by: the answers of ``deepworth explain`` for a saved model and for a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from .facts import MetricFacts
from .json import to_json
from .network import Probe, Trace, Unit

ByClass = dict[str, float]  # by class, or of "value" alone


@dataclass(frozen=True)
class Rule:
    """A leaf of a surrogate tree.

    Attributes
    ----------
    conditions : tuple of str
        Conditions on the way to it.
    answer : dict of float, or float
        Its prediction: by class, or one number for regression.
    share : float
        Share of rows that it holds.
    """

    conditions: tuple[str, ...]
    answer: dict[str, float] | float
    share: float


@dataclass(frozen=True)
class Term:
    """A term of a linear surrogate.

    Attributes
    ----------
    feature, column : str
        The feature, and the column that it comes from.
    coefficient : dict of float, or float
        By class, or one number for regression.
    standardised : dict of float, or float
        The coefficient for one standard deviation of the feature.
    """

    feature: str
    column: str
    coefficient: dict[str, float] | float
    standardised: dict[str, float] | float


@dataclass(frozen=True)
class LinearSurrogate:
    """A linear model that imitates a model.

    Attributes
    ----------
    unit : {"log-odds", "value"}
        What it predicts.
    intercept : dict of float, or float
        By class, or one number for regression.
    terms : tuple of Term
        Its terms, the most important first.
    """

    unit: str
    intercept: dict[str, float] | float
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Surrogate:
    """Two small models that imitate the predictions of a model, fitted and scored on different rows.

    Attributes
    ----------
    rows : int
        Rows of the predictions.
    fidelity_tree, fidelity_linear : float or None
        R² of the tree, and of the linear model, with the predictions of the model.
    agreement_tree, agreement_linear : float or None
        Share of rows with the same class; None for regression.
    tree : tuple of Rule
        Leaves of the tree.
    linear : LinearSurrogate
        The linear model.
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
    """The importance of a column, a group of associated columns, a word or a square of an image.

    Attributes
    ----------
    part : str
        Its name.
    members : tuple of str
        Columns of the group.
    importance, low, high : float
        By how much the loss grows when it is shuffled, with the interval.
    """

    part: str
    members: tuple[str, ...]
    importance: float
    low: float
    high: float


@dataclass(frozen=True)
class Importance:
    """Permutation importance: by how much the loss grows when a part is shuffled.

    Attributes
    ----------
    rows : int
        Rows that it was measured on.
    unit : str
        What the loss is a share of.
    loss : float
        Loss of the model itself.
    confidence_level : float
        Level of the intervals.
    parts : tuple of ImportantPart
        Parts of the input, the most important first.
    reason : str or None
        Why there are no parts.
    """

    rows: int
    unit: str
    loss: float
    confidence_level: float
    parts: tuple[ImportantPart, ...]
    reason: str | None = None


@dataclass(frozen=True)
class Dependence:
    """Partial dependence on one column.

    Attributes
    ----------
    column, kind : str
        The column, and whether its values are numbers, categories or dates.
    grid : tuple of float or str
        Values of the column.
    mean, low, high : dict of tuple of float
        By class: the mean prediction at each value, with its interval.
    curves : tuple of tuple of float
        Predictions of single rows for the first class (individual conditional expectation).
    range : float
        The largest difference of the mean along the grid.
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
    """A coefficient of a linear model.

    Attributes
    ----------
    column, feature : str
        The column, and the feature that is made of it.
    coefficient : dict of float
        By class, in units of the feature.
    standardised : dict of float
        The same for one standard deviation of the feature.
    """

    column: str
    feature: str
    coefficient: ByClass
    standardised: ByClass


@dataclass(frozen=True)
class GradientPart:
    """A ``part`` of the input, and the ``mean_absolute`` attribution to it."""

    part: str
    mean_absolute: float


@dataclass(frozen=True)
class Attribution:
    """Attribution of one answer to a column or a word.

    Attributes
    ----------
    part : str
        The column or word.
    attribution : float
        Its share of the difference that is explained.
    place : int or None
        Position of the word in the text.
    """

    part: str
    attribution: float
    place: int | None = None


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
AttributedRow.__doc__ = """Attributions of one answer.

Attributes
----------
row : int
    The row, counted from 0.
class : str or None
    The predicted class; None for regression.
output, baseline_output : float
    Output of the network for the row, and for the baseline.
parts : tuple of Attribution
    Attributions to columns or words; not of images.
pixels, picture : tuple of tuple of float
    Attributions to pixels, and the image in grey; of images only.
"""


@dataclass(frozen=True)
class Gradients:
    """Integrated gradients (Sundararajan et al. 2017).

    Attributes
    ----------
    unit : str
        What the attributions are measured in.
    rows_averaged : int
        Rows that the parts are averaged over.
    completeness_error : float
        The largest difference between the sum of attributions and what they explain.
    parts : tuple of GradientPart
        Parts of the input, by mean absolute attribution.
    rows : tuple of dict
        Attributions of single rows, see :class:`AttributedRow`.
    """

    unit: str
    rows_averaged: int
    completeness_error: float
    parts: tuple[GradientPart, ...]
    rows: tuple[AttributedRow, ...] = ()


@dataclass(frozen=True)
class Occlusion:
    """Occlusion: what answers lose without each part of their texts or images (Zeiler and Fergus 2014).

    Attributes
    ----------
    unit : str
        What the attributions are measured in.
    rows : tuple of dict
        Attributions of single rows, see :class:`AttributedRow`; the baseline is an empty text, or an image
        of its mean colour.
    """

    unit: str
    rows: tuple[AttributedRow, ...]


@dataclass(frozen=True)
class Explanation:
    """What :func:`deepworth.explain` returns; methods that were not asked for, or do not apply, are None.

    Attributes
    ----------
    path, model, family : str
        Folder, name and family of the saved model.
    task, modality : str
        What it predicts, and from what.
    classes : tuple of str
        Names of the classes; empty for regression.
    dataset, rows : str, int
        Name of the data, and number of their rows.
    row : int or None
        The row whose answer is explained.
    seen_in_training : bool
        Whether the model was trained on these rows.
    importance : Importance or None
        Permutation importance.
    dependence : tuple of Dependence or None
        Partial dependence by column.
    coefficients : tuple of Coefficient or None
        Coefficients of a linear model.
    surrogate : Surrogate or None
        Small models that imitate the model.
    gradients : Gradients or None
        Integrated gradients of a network.
    occlusion : Occlusion or None
        Occlusion of words or cells, for one row of a model that has no gradients.
    units : tuple of Unit or None
        Hidden units of a network.
    probes : tuple of Probe or None
        Linear probes of its layers.
    trace : Trace or None
        A forward pass in numbers.
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
    occlusion: Occlusion | None = None

    def to_dict(self) -> dict[str, object]:
        """The explanation as one object that JSON can hold, without methods that the model does not have."""
        content: dict[str, object] = to_json(self)
        return {name: value for name, value in content.items() if value is not None or name == "row"}


@dataclass(frozen=True)
class Regularisation:
    """The ``weight_decay`` of a network, and half the squared norm of its matrices, ``half_squared_norm``.

    The decay is decoupled (AdamW, Loshchilov and Hutter 2019): it shrinks the weights beside the gradient
    and is no term of the loss.
    """

    weight_decay: float
    half_squared_norm: float


@dataclass(frozen=True)
class TrainingCurve:
    """Losses of a network by epoch.

    Attributes
    ----------
    loss : tuple of float
        Of the training rows, with dropout.
    val_loss : tuple of float or None
        Of the validation rows.
    best_epoch : int
        The epoch whose weights were kept, counted from 0.
    regularisation : Regularisation
        Weight decay, and the norm that it acts on.
    """

    loss: tuple[float, ...]
    val_loss: tuple[float | None, ...]
    best_epoch: int
    regularisation: Regularisation


@dataclass(frozen=True)
class ExplainedModel:
    """The best model of a family, trained again with several seeds.

    Attributes
    ----------
    model, family : str
        Name and family of the model.
    importance : Importance
        Permutation importance.
    dependence : tuple of Dependence or None
        Partial dependence by column.
    coefficients : tuple of Coefficient or None
        Coefficients of a linear model.
    gradients : Gradients or None
        Integrated gradients of a network.
    units : tuple of Unit or None
        Hidden units of a network.
    probes : tuple of Probe or None
        Linear probes of its layers.
    examples : tuple of dict or None
        Attributions of a few images or texts, see :class:`Gradients`.
    training : TrainingCurve or None
        Losses of a network by epoch.
    agreement_between_seeds : float or None
        Mean rank correlation of importances over pairs of seeds.
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
    """The data of the run: ``name``, ``rows``, ``task``, ``modality`` and ``classes``."""

    name: str
    rows: int
    task: str
    modality: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class ReadableModel:
    """How well a model of the run can be read.

    Attributes
    ----------
    model, family : str
        Name and family of the model.
    score : float or None
        Its mean score.
    fidelity, fidelity_tree, fidelity_linear : float or None
        R² of a small surrogate with its predictions: the better one, a tree, a linear model.
    reference : bool
        The model ignores the features and only shows what that scores.
    """

    model: str
    family: str
    score: float | None
    fidelity: float | None = None
    fidelity_tree: float | None = None
    fidelity_linear: float | None = None
    reference: bool = False


@dataclass(frozen=True)
class RunExplanation:
    """What :func:`deepworth.explain_run` returns.

    Attributes
    ----------
    run : str
        Name of the run.
    dataset : ExplainedData
        Its data.
    metric : MetricFacts
        Its primary metric.
    rows_trained, rows_held_out : int
        Rows that the models were trained on, and rows that they are explained on.
    seeds : int
        Trainings of each model.
    leaderboard : tuple of ReadableModel
        All models of the run, best first.
    models : tuple of ExplainedModel
        The best model of each family.
    agreement_between_families : float or None
        Mean rank correlation of importances over all pairs of trainings of the two models.
    same_most_important : bool or None
        Whether both models have the same most important part.
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
        content: dict[str, object] = to_json(self)
        return content


@dataclass(frozen=True)
class Explanations:
    """Surrogates of all models, and explanations of the best ones.

    Attributes
    ----------
    surrogates : dict of Surrogate
        By model.
    leaves, terms : int or None
        Most leaves of a tree, and most terms of a linear model.
    failed : str or None
        Why there are no surrogates.
    champions : RunExplanation or None
        What :func:`deepworth.explain_run` returned, if it was called.
    """

    surrogates: dict[str, Surrogate] = field(default_factory=dict)
    leaves: int | None = None
    terms: int | None = None
    failed: str | None = None
    champions: RunExplanation | None = None
