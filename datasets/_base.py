"""The words of a dataset: task, modality, column roles, findings, provenance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

Task = Literal["binary", "multiclass", "regression"]
Modality = Literal["tabular", "image", "text"]
Role = Literal[
    "numeric",
    "categorical",
    "text",
    "datetime",
    "identifier",
    "constant",
    "target",
    "group",
    "time",
    "split",
    "dropped",
]
Severity = Literal["info", "warning", "error"]

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
MODALITIES: tuple[Modality, ...] = ("tabular", "image", "text")
FEATURE_ROLES: tuple[Role, ...] = ("numeric", "categorical", "text", "datetime")


@dataclass(frozen=True)
class Column:
    """What was inferred about one column, and why."""

    name: str
    role: Role
    reason: str
    n_missing: int = 0
    n_unique: int = 0


@dataclass(frozen=True)
class Schema:
    """The columns of a table in their order; empty for images and plain texts."""

    columns: tuple[Column, ...] = ()

    def names(self, *roles: Role) -> list[str]:
        """Names of the columns with one of these roles."""
        return [c.name for c in self.columns if c.role in roles]


@dataclass(frozen=True)
class Finding:
    """One thing about the data that a reader should know before any score."""

    code: str  # DW001 ...: stable, see _codes.py
    severity: Severity
    message: str
    columns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()  # row numbers from 0, at most the first 20


@dataclass(frozen=True)
class Provenance:
    """Where the data came from."""

    source: str  # "embedded", "file", "folder", "keras", "scikit-learn", "openml"
    location: str = ""  # path or address
    licence: str = ""
    citation: str = ""


@dataclass
class Dataset:
    """Rows to learn from, in raw form.

    Attributes
    ----------
    X : DataFrame, ndarray or Series, first axis ``n_samples``
        Tabular: DataFrame of feature columns only (numeric float64, categorical ``category``,
        dates ``datetime64``, free text the nullable ``string`` dtype). Image: uint8 array
        (n_samples, height, width, channels), or a 1-d object array of uint8 arrays
        (height, width, channels) when sizes differ. Text: Series of str.
    y : ndarray of shape (n_samples,)
        Class names as str for classification, float64 for regression.
    classes : tuple of str
        Sorted class names (the order of ``np.unique(y)``); empty for regression.
    positive : str or None
        The class that label metrics of a binary task call positive; ``classes[1]`` by default.
    groups : ndarray of shape (n_samples,) or None
        Rows of one group never stand on both sides of a split.
    time : datetime64 or float64 ndarray of shape (n_samples,) or None
        When each row was; where it is known, splits predict later rows from earlier ones. Rows keep their
        order, so that row numbers stay those of the source.
    test : bool ndarray of shape (n_samples,) or None
        Rows of the official test part.
    true_probability : float64 ndarray of shape (n_samples, n_classes) or None
        Known only where the data were generated: the best that any model can say.
    """

    name: str
    X: Any
    y: np.ndarray
    task: Task
    modality: Modality
    schema: Schema = field(default_factory=Schema)
    classes: tuple[str, ...] = ()
    positive: str | None = None
    groups: np.ndarray | None = None
    test: np.ndarray | None = None
    true_probability: np.ndarray | None = None
    provenance: Provenance = field(default_factory=lambda: Provenance("memory"))
    findings: list[Finding] = field(default_factory=list)
    target: str = "target"
    time: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.task == "regression":
            self.y = np.asarray(self.y, dtype=np.float64)
            return
        self.y = np.asarray(self.y).astype(str)
        self.classes = self.classes or tuple(str(c) for c in np.unique(self.y))
        if self.task == "binary" and self.positive is None:
            self.positive = self.classes[1]

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: np.ndarray) -> Dataset:
        """The dataset of these rows only (integer or boolean index), classes unchanged."""
        rows = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else np.asarray(rows)
        parts: dict[str, Any] = {
            name: None if getattr(self, name) is None else getattr(self, name)[rows]
            for name in ("groups", "time", "test", "true_probability")
        }
        return replace(self, X=take(self.X, rows), y=self.y[rows], **parts)

    def fingerprint(self) -> str:
        """SHA-256 over rows and targets, the same for the same data on any machine."""
        import hashlib

        digest = hashlib.sha256(f"{self.task}|{self.modality}|{len(self)}".encode())
        digest.update(_hash_rows(self.X))
        digest.update(_hash_rows(self.y))
        return digest.hexdigest()


def take(X: Any, rows: Any) -> Any:
    """Rows of a DataFrame, Series or array by integer position."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _hash_rows(values: Any) -> bytes:
    import hashlib

    if hasattr(values, "iloc"):
        from pandas.util import hash_pandas_object

        frame = values.to_frame() if values.ndim == 1 else values
        names = "|".join(map(str, frame.columns)).encode()
        return hashlib.sha256(names + hash_pandas_object(frame, index=False).to_numpy().tobytes()).digest()
    digest = hashlib.sha256()
    for part in values if values.dtype == object else [values]:
        digest.update(str(part.shape).encode() + np.ascontiguousarray(part).tobytes())
    return digest.digest()
