"""What is inside a network: its units, what its layers know, and a forward pass number by number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Correlated:
    """A ``feature`` of the raw rows, and its ``correlation`` with the activation of a unit."""

    feature: str
    correlation: float


@dataclass(frozen=True)
class Unit:
    """What a hidden unit responds to, and how much the network needs it.

    Attributes
    ----------
    layer : str
        Its layer.
    unit, units : int
        Its number, counted from 1, and the number of units in the layer.
    mean : float
        Mean activation.
    active : float
        Share of rows with an activation above zero.
    responds_to : tuple of Correlated
        Features with the largest correlations.
    top_rows : tuple of int
        Rows with the largest activations.
    loss : float
        Share of the target's variance that is no longer explained when the unit is set to 0.
    """

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
    """How well a linear model predicts the target from the outputs of a layer.

    Attributes
    ----------
    features, kind : str
        The layer or the engineered features, and their kind.
    width : int
        Number of features.
    score, low, high : float
        Accuracy or R², cross-validated, with its interval.
    """

    features: str
    kind: str
    width: int
    score: float
    low: float
    high: float


@dataclass(frozen=True)
class TracedInput:
    """An input of a network.

    Attributes
    ----------
    feature, column : str
        The feature, and the column that it comes from.
    raw : float, str or None
        Value in the row.
    value : float
        Number that the network gets.
    """

    feature: str
    column: str
    raw: float | str | None
    value: float


@dataclass(frozen=True)
class TracedTerm:
    """A term of the sum of a neuron.

    Attributes
    ----------
    source : str
        Where the input comes from.
    input, weight, product : float
        The input, its weight, and the product of both.
    """

    source: str
    input: float
    weight: float
    product: float


@dataclass(frozen=True)
class TracedNeuron:
    """A neuron in a forward pass.

    Attributes
    ----------
    unit : int
        Its number, counted from 1.
    terms : tuple of TracedTerm
        The largest terms of its sum.
    rest, n_rest : float, int
        Sum and number of the other terms.
    bias, sum, activation : float
        Its bias, the sum of all, and the activation of that.
    """

    unit: int
    terms: tuple[TracedTerm, ...]
    rest: float
    n_rest: int
    bias: float
    sum: float
    activation: float


@dataclass(frozen=True)
class TracedLayer:
    """A layer in a forward pass.

    Attributes
    ----------
    name, activation : str
        Names of the layer and of its activation.
    units, active : int
        Units, and how many of them are not zero.
    neurons : tuple of TracedNeuron
        The neurons that are shown.
    """

    name: str
    units: int
    active: int
    activation: str
    neurons: tuple[TracedNeuron, ...]


@dataclass(frozen=True)
class Trace:
    """A forward pass in numbers.

    Attributes
    ----------
    inputs : tuple of TracedInput
        Inputs of the network.
    layers : tuple of TracedLayer
        Its layers.
    outputs : tuple of float
        Linear outputs.
    answer : dict of float
        By class, or ``{"value": ...}``.
    last_step : str
        How the answer follows from the outputs.
    row : int
        The row, counted from 0.
    truth : str, float or None
        Its true class or value.
    """

    inputs: tuple[TracedInput, ...]
    layers: tuple[TracedLayer, ...]
    outputs: tuple[float, ...]
    answer: dict[str, float]
    last_step: str
    row: int = 0
    truth: str | float | None = None
