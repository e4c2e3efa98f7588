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

    Attributes
    ----------
    name : str
        Name of the column.
    kind : {"number", "category", "text", "date", "image"}
        Kind of its values.
    input : str or None
        Name of the Keras input; None where a network does not use the column, or the model is no network.
    channels : {1, 3}
        Of images only.
    reader : dict
        How the cells of a column become values: role, order of dates, marks and units of numbers, marks of
        missing values, and an example; what is not there is at its default.
    levels : list of str
        The levels of a category that the training rows had, at most 1,000.
    """

    name: str
    kind: InputKind
    input: NotRequired[str | None]
    channels: NotRequired[int]
    reader: NotRequired[dict[str, object]]
    levels: NotRequired[list[str]]


class TrainingData(TypedDict):
    """The data that a model was trained on.

    Attributes
    ----------
    name : str
        Name of the dataset.
    rows : int or None
        Number of rows.
    fingerprint : str or None
        SHA-256 over rows and targets.
    positive : str or None
        The positive class of a binary task.
    licence : str
        Licence of the data.
    """

    name: str
    rows: int | None
    fingerprint: str | None
    positive: str | None
    licence: str


class Manifest(TypedDict):
    """The fields of ``manifest.json``; those after ``files`` are there if the model has them.

    Attributes
    ----------
    format : str
        Version of the format.
    created : str
        UTC, ISO 8601.
    model, family : str
        Name and family of the model.
    params : dict
        Its parameters.
    task, modality : str
        What it predicts, and from what.
    inputs : list of InputColumn
        Columns of a raw row.
    target : str
        Name of the target.
    classes : list of str
        Names of the classes; empty for regression.
    scores : dict of float or None
        Scores by metric.
    dataset : TrainingData
        The data that it was trained on.
    seed : int or None
        Seed of the training.
    versions : dict
        Versions of Python and libraries, by name.
    files : dict of str
        SHA-256 of the saved files, by name.
    confidence : dict
        Calibrator, threshold, and level of prediction sets or intervals.
    costs : dict
        What the model costs.
    evaluation : dict
        How the scores were obtained, and their intervals.
    findings : list of dict
        What the checks found in the data.
    graph : dict
        Hash of the ONNX graph that is kept beside the model, and the largest difference between their
        predictions.
    run : str
        The run that the model comes from.
    target_reader : dict
        How the targets of the training rows were read, as the reader of a column.
    verdict : dict
        The verdict of that run.
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
    graph: NotRequired[dict[str, Any]]
    run: NotRequired[str]
    target_reader: NotRequired[dict[str, object]]
    verdict: NotRequired[dict[str, Any]]


@dataclass(frozen=True)
class FileState:
    """A file in the folder of a saved model.

    Attributes
    ----------
    name : str
        Name of the file.
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
    """What :func:`deepworth.inspect` returns.

    Attributes
    ----------
    path : str
        The folder.
    sound : bool
        Every file that the manifest lists is the one that was saved.
    manifest : Manifest
        The fields of ``manifest.json``.
    card : str or None
        The model card in Markdown.
    files : tuple of FileState
        Files of the folder.
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
        Rows with another label, except where the probabilities of two classes are nearly equal.
    rows : int or None
        Rows that were compared.
    batches : tuple of int
        How many rows were asked at once.
    versions : dict
        Libraries that the process of the export had loaded.
    needs_deepworth : bool or None
        Whether that process had loaded deepworth.
    confined : bool or None
        Whether the system kept that process from writing anywhere but in a folder of its own, and from
        opening connections.
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
    confined: bool | None = None
    not_inside: tuple[str, ...] = ()
    works: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class ExportedInput:
    """An input of an export.

    Attributes
    ----------
    column : str
        The raw column.
    input : str
        Its name in the export.
    kind : {"number", "category", "text", "date", "image"}
        Kind of its values.
    dtype : str
        Type of its values in the export.
    """

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

    Attributes
    ----------
    model, family : str
        Name and family of the model.
    modalities, tasks : list of str
        Data and tasks that it suits.
    card : str
        Its description in a sentence.
    missing : str or None
        The line that gets a library or weights it needs; None where nothing is missing.
    """

    model: str
    family: str
    modalities: list[str]
    tasks: list[str]
    card: str
    missing: str | None


@dataclass(frozen=True)
class WeightsFacts:
    """Pretrained weights in a list.

    Attributes
    ----------
    name : str
        The name by which they are known, or that of the file.
    model : str
        The model that uses them.
    state : {"found", "not here", "changed"}
        "changed" where a file is not the published one.
    path : str or None
        The file with the weights.
    megabytes : float
        Size of all files.
    licence, sha256, title, source : str
        Licence, digest of the file with the weights, what they are, and where they are described.
    how : str or None
        How to get them; None where they are here.
    """

    name: str
    model: str
    state: str
    path: str | None
    megabytes: float
    licence: str
    sha256: str
    title: str
    source: str
    how: str | None


@dataclass(frozen=True)
class ModelCard(ModelFacts):
    """A model with its parameters.

    Attributes
    ----------
    model, family : str
        Name and family of the model.
    modalities, tasks : list of str
        Data and tasks that it suits.
    card : str
        Its description in a sentence.
    missing : str or None
        The line that installs a library it needs; None where nothing is missing.
    description : str
        Its full description.
    parameters : dict
        Its parameters with their defaults.
    space : dict of str
        What ``tune`` searches, in words.
    """

    description: str
    parameters: dict[str, object]
    space: dict[str, str]
