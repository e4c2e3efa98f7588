"""The parts of a dataset: rows, target, schema, findings, provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, cast

import numpy as np

from ._marks import Role as Role  # the roles of the schema

if TYPE_CHECKING:
    import pandas as pd

    from ._reader import ColumnReader

Features: TypeAlias = "pd.DataFrame | pd.Series | np.ndarray"
F = TypeVar("F", bound="pd.DataFrame | pd.Series | np.ndarray")

Task = Literal["binary", "multiclass", "regression"]
Modality = Literal["tabular", "image", "text"]
Severity = Literal["info", "warning", "error"]

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
MODALITIES: tuple[Modality, ...] = ("tabular", "image", "text")
FEATURE_ROLES: tuple[Role, ...] = ("numeric", "categorical", "text", "datetime")


@dataclass(frozen=True)
class Column:
    """How one column of a table was read, and why.

    Attributes
    ----------
    name : str
    role : str
        "numeric", "categorical", "text" or "datetime" for features; "identifier", "constant" or "dropped"
        for columns that are not used; "target", "group", "time" or "split" for columns with a purpose.
    reason : str
        Why the column has this role, in a few words.
    n_missing : int
        Number of rows without a value.
    n_unique : int
        Number of different values.
    reader : ColumnReader or None
        How its cells become values; None where it is not read.
    unread : tuple of str
        Cells that could not be read, the first five; their values are missing.
    n_unread : int
        Number of such cells.

    Examples
    --------
    >>> from deepworth.datasets import load_dataset
    >>> column = load_dataset("wine").schema.columns[0]
    >>> column.name, column.role, column.n_missing
    ('alcohol', 'numeric', 0)
    """

    name: str
    role: Role
    reason: str
    n_missing: int = 0
    n_unique: int = 0
    reader: ColumnReader | None = None
    unread: tuple[str, ...] = ()
    n_unread: int = 0


@dataclass(frozen=True)
class Schema:
    """The columns of a table in their order; empty for images and texts.

    Attributes
    ----------
    columns : tuple of Column

    Examples
    --------
    >>> from deepworth.datasets import load_dataset
    >>> load_dataset("sick-healthy").schema.names("categorical", "target")
    ['sex', 'condition']
    """

    columns: tuple[Column, ...] = ()

    def names(self, *roles: Role) -> list[str]:
        """Names of the columns with one of these roles.

        Parameters
        ----------
        *roles : str
            Roles as in :class:`Column`.

        Returns
        -------
        list of str
        """
        return [c.name for c in self.columns if c.role in roles]

    def readers(self) -> dict[str, ColumnReader]:
        """How the cells of each column become values, by name.

        Returns
        -------
        dict of ColumnReader
            Without columns that are not read.
        """
        return {c.name: c.reader for c in self.columns if c.reader is not None}


@dataclass(frozen=True)
class Finding:
    """Something about the data that affects how its scores should be read.

    Attributes
    ----------
    code : str
        Stable code such as "DW005"; :func:`list_codes` explains all of them.
    severity : {"info", "warning", "error"}
        With an error, no comparison is possible.
    message : str
    columns : tuple of str
        The columns concerned.
    rows : tuple of int
        Row numbers from 0, at most the first 20.

    Examples
    --------
    >>> from deepworth.datasets import check_dataset, load_dataset
    >>> [finding.code for finding in check_dataset(load_dataset("wine"))]
    ['DW011', 'DW016']
    """

    code: str
    severity: Severity
    message: str
    columns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Provenance:
    """Where the data came from.

    Attributes
    ----------
    source : str
        "embedded", "file", "folder", "keras", "scikit-learn", "openml" or "memory".
    location : str
        Path or address.
    licence : str
    citation : str

    Examples
    --------
    >>> from deepworth.datasets import load_dataset
    >>> load_dataset("iris").provenance.source
    'scikit-learn'
    """

    source: str
    location: str = ""
    licence: str = ""
    citation: str = ""


@dataclass
class Dataset:
    """Raw rows with their target.

    Attributes
    ----------
    name : str
    X : DataFrame, Series or ndarray, first axis of length n_samples
        Tabular: DataFrame of the feature columns (numeric float64, categorical ``category``, dates
        ``datetime64[us]``, free text the nullable ``string`` dtype). Images: uint8 array of shape (n_samples,
        height, width, channels), or a 1-d object array of uint8 arrays (height, width, channels) when
        sizes differ. Text: Series of str.
    y : ndarray of shape (n_samples,)
        Class names as str for classification, float64 for regression.
    task : {"binary", "multiclass", "regression"}
    modality : {"tabular", "image", "text"}
    schema : Schema
        The columns of a table.
    classes : tuple of str
        Sorted class names (the order of ``np.unique(y)``); empty for regression.
    positive : str or None
        The class that label metrics of a binary task call positive; ``classes[1]`` by default.
    groups : ndarray of shape (n_samples,) or None
        Rows of one group stay on one side of every split.
    test : bool ndarray of shape (n_samples,) or None
        Rows of the official test set.
    true_probability : float64 ndarray of shape (n_samples, n_classes) or None
        Probabilities of the process that generated the data, where it is known.
    provenance : Provenance
    findings : list of Finding
        What came up while the data was read.
    target : str
        Name of the target.
    time : datetime64 or float64 ndarray of shape (n_samples,) or None
        Time of each row. Where it is known, splits predict later rows from earlier ones. The order of the
        rows stays that of the source.
    row_numbers : int ndarray of shape (n_samples,) or None
        The row of the source, from 0, that each row was, where rows without a target were left out.

    Examples
    --------
    >>> from deepworth.datasets import load_dataset
    >>> iris = load_dataset("iris")
    >>> iris.X.shape, iris.task, iris.classes
    ((150, 4), 'multiclass', ('setosa', 'versicolor', 'virginica'))
    """

    name: str
    X: Features
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
    row_numbers: np.ndarray | None = None

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
        """The dataset of some rows only; its classes stay the same.

        Parameters
        ----------
        rows : int or bool ndarray
            Row numbers, or a mask of shape (n_samples,).

        Returns
        -------
        Dataset
        """
        rows = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else np.asarray(rows)
        parts: dict[str, Any] = {
            name: None if getattr(self, name) is None else getattr(self, name)[rows]
            for name in ("groups", "time", "test", "true_probability", "row_numbers")
        }
        return replace(self, X=take(self.X, rows), y=self.y[rows], **parts)

    def fingerprint(self) -> str:
        """SHA-256 of rows and target: equal data have equal fingerprints on every machine.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        import hashlib

        digest = hashlib.sha256(f"{self.task}|{self.modality}|{len(self)}".encode())
        digest.update(_hash_rows(self.X))
        digest.update(_hash_rows(self.y))
        return digest.hexdigest()


def take(X: F, rows: np.ndarray | Sequence[int] | slice) -> F:
    """Rows of a DataFrame, Series or array by position.

    Parameters
    ----------
    X : DataFrame, Series or ndarray, first axis of length n_samples
        Rows of any modality.
    rows : int ndarray, sequence of int, or slice
        Positions, counted from 0.

    Returns
    -------
    DataFrame, Series or ndarray
        Of the type of `X`.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.datasets import take
    >>> take(np.array([1.0, 2.0, 3.0]), [0, 2])
    array([1., 3.])
    """
    values: Any = X
    return cast(F, values.iloc[rows] if hasattr(values, "iloc") else values[rows])


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
