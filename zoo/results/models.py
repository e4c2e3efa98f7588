"""What is known of the models of the zoo, and of saved ones: manifest, files, how exports answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, TypedDict

# Those of datasets, which come with NumPy: a manifest is shown without it, and a test holds the two together.
Task = Literal["binary", "multiclass", "regression"]
Modality = Literal["tabular", "image", "text"]
InputKind = Literal["number", "category", "text", "date", "image"]


class InputColumn(TypedDict):
    """An input of a saved model.

    ``input`` is the name of the Keras input, None where a network does not use the column or the model is
    no network; ``channels`` is 1 or 3, of images only.
    """

    name: str
    kind: InputKind
    input: NotRequired[str | None]
    channels: NotRequired[int]


class TrainingData(TypedDict):
    """The data that a model was trained on; ``fingerprint`` is SHA-256 over rows and targets."""

    name: str
    rows: int | None
    fingerprint: str | None
    positive: str | None
    licence: str


class Manifest(TypedDict):
    """The fields of ``manifest.json``; those of the last group are there if the model has them.

    ``files`` maps the names of the saved files to their SHA-256 hashes.
    """

    format: str
    created: str
    model: str
    family: str
    params: dict[str, Any]
    task: Task
    modality: Modality
    inputs: list[InputColumn]
    target: str
    classes: list[str]
    scores: dict[str, float | None]
    dataset: TrainingData
    seed: int | None
    versions: dict[str, str | int | None]
    files: dict[str, str]
    confidence: NotRequired[dict[str, Any]]
    costs: NotRequired[dict[str, Any]]
    evaluation: NotRequired[dict[str, Any]]
    findings: NotRequired[list[dict[str, Any]]]
    run: NotRequired[str]
    verdict: NotRequired[dict[str, Any]]


@dataclass(frozen=True)
class FileState:
    """A file in the folder of a saved model.

    Attributes
    ----------
    bytes : int or None
        Its size; None for folders and missing files.
    sha256 : str or None
        The hash that the manifest lists; None for files that it does not list.
    state : str
        "ok", or what is wrong with the file.
    """

    name: str
    bytes: int | None
    sha256: str | None
    state: str


@dataclass(frozen=True)
class Inspection:
    """What :func:`deepworth.zoo.artefact.inspect` found in the folder of a saved model.

    Attributes
    ----------
    path : str
    sound : bool
        Every file that the manifest lists is the one that was saved.
    manifest : Manifest
    card : str or None
        The model card in Markdown.
    files : tuple of FileState
    notes : tuple of str
        Libraries whose installed version may read the model differently.
    """

    path: str
    sound: bool
    manifest: Manifest
    card: str | None
    files: tuple[FileState, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormatResult:
    """How one format answered the rows of a proof.

    Attributes
    ----------
    status : str
        "works" (with what it needs, as in "works from numbers or ids"), "cannot" (the format has no form
        for the model), "failed", or "not tried" (a library is missing).
    reason : str or None
        Why it does not work.
    holds : bool or None
        The answers are equal within ``tolerance``, and all labels are; None where nothing was compared.
    largest_difference : float or None
        Of probabilities, or of values as a share of the largest one.
    labels_that_differ : int or None
        Rows with another label, where the probabilities leave no doubt about it.
    rows : int or None
        Rows that were compared.
    batches : tuple of int
        How many rows were asked at once.
    versions : dict
        Libraries that the process of the export had loaded.
    needs_deepworth : bool or None
        Whether that process had loaded deepworth.
    not_inside : tuple of str
        What the format leaves to its reader, with the numbers for it.
    works : str or None
        The status that a failed format would have had.
    seconds : float or None
        For writing and comparing.
    """

    status: str = ""
    reason: str | None = None
    holds: bool | None = None
    largest_difference: float | None = None
    tolerance: float | None = None
    labels_that_differ: int | None = None
    rows: int | None = None
    batches: tuple[int, ...] = ()
    versions: dict[str, str | None] = field(default_factory=dict)
    needs_deepworth: bool | None = None
    not_inside: tuple[str, ...] = ()
    works: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class ExportedInput:
    """An input of an export: the raw column, its name in the export, its kind and dtype."""

    column: str
    input: str
    kind: InputKind
    dtype: str


@dataclass(frozen=True)
class ExportReport:
    """What :func:`deepworth.zoo.export.export` wrote.

    Attributes
    ----------
    path : str
        The folder, with one folder a format and ``proof.json``.
    format : str
        Version of the proof's format.
    created : str
        UTC, ISO 8601.
    model, task, modality, target : str
    classes : tuple of str
        Empty for regression.
    inputs : tuple of ExportedInput
    versions : dict
        Libraries of the machine that wrote it.
    formats : dict of FormatResult
        By name of the format.
    """

    path: str
    format: str
    created: str
    model: str
    task: Task
    modality: Modality
    target: str
    classes: tuple[str, ...]
    inputs: tuple[ExportedInput, ...]
    versions: dict[str, str | int | None]
    formats: dict[str, FormatResult]


@dataclass(frozen=True)
class Verification:
    """What :func:`deepworth.zoo.export.verify` found.

    Attributes
    ----------
    path : str
    holds : bool
        Something was compared, and all of it answers as stored.
    formats : dict of FormatResult
        By name of the format; "artefact" is the saved model itself.
    """

    path: str
    holds: bool
    formats: dict[str, FormatResult]


@dataclass(frozen=True)
class ModelFacts:
    """A model in a list.

    ``card`` is its description in a sentence; ``missing`` the line that installs the library it needs,
    None where it is installed.
    """

    model: str
    family: str
    modalities: list[str]
    tasks: list[str]
    card: str
    missing: str | None


@dataclass(frozen=True)
class ModelCard(ModelFacts):
    """A model with its full description and its parameters with their defaults."""

    description: str
    parameters: dict[str, object]
