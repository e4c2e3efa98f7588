"""The signature of a saved model: its input columns, and the confidence that its manifest gives its outputs.

Raw rows are read as the training rows were. Confidence is the calibrator, the decision threshold, prediction
sets and intervals.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from ...datasets import ColumnReader, InputError, Role, unread_cells
from ..calibration.calibrators import Calibrator, Unchanged, calibrator
from ..calibration.conformal import MisclassificationCosts, Spread, prediction_sets, spread_of
from ..results.models import InputColumn, InputKind, Manifest
from .manifest import MOST_LEVELS

if TYPE_CHECKING:  # one row of text is read without pandas
    import pandas as pd

    from ...datasets import ArrowTable, Dataset

RawRows: TypeAlias = (
    "pd.DataFrame | pd.Series | ArrowTable | np.ndarray | Sequence[np.ndarray] | Sequence[str]"
)
"""Rows as a user has them: a table, texts, or uint8 images of any size."""

_KINDS: dict[str, InputKind] = {
    "numeric": "number",
    "categorical": "category",
    "text": "text",
    "datetime": "date",
}
ROLES: dict[InputKind, Role] = {
    "number": "numeric",
    "date": "datetime",
    "category": "categorical",
    "text": "text",
}
_NESTED = (list, tuple, dict, set, bytes, np.ndarray)
# So many rows of a call may hold a level that training never saw before it is told.
_MOST_UNSEEN = 0.05


def signature(model: Any, dataset: Dataset) -> list[InputColumn]:
    """The input columns of a model that was trained on a dataset."""
    if dataset.modality == "image":
        return [{"name": "image", "kind": "image", "input": "image", "channels": _channels(model, dataset)}]
    known = {**_readers_of(model), **dataset.schema.readers()}
    if dataset.modality == "text":
        name = str(getattr(dataset.X, "name", None) or "text")
        reader = known.get(name, ColumnReader("text", missing=()))
        return [{"name": name, "kind": "text", "input": "text", "reader": reader.to_dict()}]
    from ...datasets import reader_of

    table = cast("pd.DataFrame", dataset.X)
    names = _keras_names(model)
    return [
        _input_column(table[c], known.get(str(c)) or reader_of(table[c], str(c)), names.get(str(c)))
        for c in table.columns
    ]


def _readers_of(model: Any) -> dict[str, ColumnReader]:
    """How a fitted model of ours reads its columns; a few rows that it is saved with may not tell."""
    columns = getattr(getattr(model, "preprocessor_", None), "columns", ())
    readers = {column.name: column.reader for column in columns}
    for step in (model, *(step for _, step in getattr(model, "steps", ()))):
        facts = getattr(step, "readers_", {})
        readers |= {name: ColumnReader.from_dict(own) for name, own in facts.items()}
    return readers


def _input_column(values: pd.Series, reader: ColumnReader, keras_input: str | None) -> InputColumn:
    column: InputColumn = {
        "name": str(values.name),
        "kind": _KINDS.get(reader.role, "category"),
        "input": keras_input,
        "reader": reader.to_dict(),
    }
    if column["kind"] == "category":
        levels = reader.read(values).values.cat.categories.tolist()
        if len(levels) <= MOST_LEVELS:
            column["levels"] = levels
    return column


def known_inputs(model: Any) -> list[InputColumn]:
    """The input columns that a network uses, from its preprocessor alone."""
    preprocessor = model.preprocessor_
    if model.modality_ == "image":
        return [{"name": "image", "kind": "image", "input": "image", "channels": int(preprocessor.channels)}]
    if model.modality_ == "text":
        reader = ColumnReader("text", missing=())
        return [{"name": "text", "kind": "text", "input": "text", "reader": reader.to_dict()}]
    return [
        {"name": c.name, "kind": _KINDS[c.role], "input": c.input_name, "reader": c.reader.to_dict()}
        for c in preprocessor.columns
    ]


def column_reader(column: InputColumn) -> ColumnReader:
    """How the cells of an input column are read."""
    if "reader" in column:
        return ColumnReader.from_dict(column["reader"])
    return ColumnReader(ROLES[column["kind"]])


@dataclass
class CellTally:
    """Cells of a call, which may come in parts, that were not read or hold levels training never saw."""

    n_rows: int = 0
    unread: dict[str, _Count] = field(default_factory=dict)
    unseen: dict[str, _Count] = field(default_factory=dict)

    def messages(self) -> Iterator[str]:
        """A line for each column with such cells."""
        for name, count in self.unread.items():
            rows = range(count.first_row, count.first_row + count.n)  # only the first and their number matter
            yield unread_cells(name, count.role, [count.first_cell], rows, self.n_rows)
        for name, count in self.unseen.items():
            if count.n > _MOST_UNSEEN * self.n_rows:
                cells = f"{count.n:,} of {self.n_rows:,} cells hold" if self.n_rows > 1 else "the cell holds"
                first = f", first row {count.first_row + 1}" if self.n_rows > 1 else ""
                yield (
                    f"column {name!r}: {cells} a level that training never saw{first}: "
                    f"{count.first_cell[:60]!r}; the model treats it as unknown"
                )

    def add(
        self, counts: dict[str, _Count], wrong: np.ndarray, cells: pd.Series, role: Role, first_row: int
    ) -> None:
        """Count the marked cells of a column whose first row has the number ``first_row`` + 1."""
        if wrong.any():
            row = int(np.argmax(wrong))
            cell = str(cells.iloc[row]).strip()
            first = _Count(role, first_row + row, cell)
            counts.setdefault(str(cells.name), first).n += int(wrong.sum())


@dataclass
class _Count:
    role: Role
    first_row: int
    first_cell: str
    n: int = 0


def _keras_names(model: Any) -> dict[str, str]:
    columns = getattr(getattr(model, "preprocessor_", None), "columns", ())
    return {c.name: c.input_name for c in columns}


def _channels(model: Any, dataset: Dataset) -> int:
    return int(getattr(getattr(model, "preprocessor_", None), "channels", 0) or dataset.X[0].shape[-1])


def unused_columns(manifest: Manifest, names: Sequence[object]) -> str:
    """A note on the columns that the model does not use; empty where it uses all."""
    known = {c["name"] for c in manifest["inputs"]}
    extra = [str(name) for name in names if str(name) not in known]
    if not extra:
        return ""
    listed = ", ".join(map(repr, extra[:5])) + (f" and {len(extra) - 5} more" if len(extra) > 5 else "")
    return f"not used by the model and ignored: column{'s' * (len(extra) > 1)} {listed}"


def refuse_missing(inputs: Sequence[InputColumn], names: Collection[str]) -> None:
    """Refuse rows that lack a column that the model needs."""
    missing = [c["name"] for c in inputs if c["name"] not in names]
    if missing:
        more = f" and {len(missing) - 1} more"
        lacking = f"columns {missing[0]!r}{more} are" if len(missing) > 1 else f"column {missing[0]!r} is"
        raise InputError(
            f"{lacking} missing; the model needs {[c['name'] for c in inputs]}; "
            f"leave an unknown value empty ({missing[0]}=)"
        )


def read_table(
    X: pd.DataFrame, inputs: Sequence[InputColumn], first_row: int = 0, tally: CellTally | None = None
) -> pd.DataFrame:
    """The columns that the model needs, in its order and read by its readers; other columns are dropped.

    Cells that cannot be read are missing, and counted in ``tally``. The first row has the number
    ``first_row`` + 1.

    Raises
    ------
    InputError
        A column is missing, or a cell holds no value but a list or an object.
    """
    by_name = {str(c): c for c in X.columns}
    refuse_missing(inputs, by_name)
    columns = {c["name"]: X[by_name[c["name"]]] for c in inputs}
    duplicate = [name for name, values in columns.items() if values.ndim != 1]
    if duplicate:
        raise InputError(f"column {duplicate[0]!r} is there twice; remove or rename one of them")
    import pandas as pd

    tally = CellTally() if tally is None else tally
    tally.n_rows += len(X)
    return pd.DataFrame({c["name"]: _read(columns[c["name"]], c, first_row, tally) for c in inputs}, X.index)


def read_row(
    cells: Mapping[str, str], inputs: Sequence[InputColumn], tally: CellTally
) -> dict[str, float | str]:
    """As :func:`read_table`, for one row of text and without pandas: raw values by column.

    A number, seconds since 1970-01-01 UTC, or text; NaN or "" where the value is missing.
    """
    refuse_missing(inputs, cells)
    tally.n_rows += 1
    row: dict[str, float | str] = {}
    for column in inputs:
        name, reader = column["name"], column_reader(column)
        row[name], unread = reader.read_text(cells[name])
        unseen = row[name] != "" and row[name] not in column.get("levels", [row[name]])
        for counts, wrong in ((tally.unread, unread), (tally.unseen, unseen)):
            if wrong:
                counts[name] = _Count(reader.role, tally.n_rows - 1, cells[name].strip(), 1)
    return row


def checked_images(X: Any, first_row: int = 0) -> Any:
    """uint8 images (height, width, 1 or 3) of any sizes; grey ones may lack the axis of channels."""
    if isinstance(X, np.ndarray) and X.dtype != object and X.ndim == 3 and X.shape[-1] not in (1, 3):
        X = X[..., None]
    images = np.empty(len(X), dtype=object)
    for i, image in enumerate(X):
        image = np.asarray(image)
        image = image[..., None] if image.ndim == 2 else image
        valid = image.ndim == 3 and image.dtype == np.uint8 and image.shape[-1] in (1, 3) and image.size
        if not valid:
            raise InputError(
                f"image {first_row + i + 1}: expected uint8 (height, width, 1 or 3), got {image.dtype} "
                f"{image.shape}"
            )
        images[i] = image
    return images


def _read(cells: pd.Series, column: InputColumn, first_row: int, tally: CellTally) -> pd.Series:
    cells = cells.rename(column["name"])
    if cells.dtype == object:
        nested = cells.map(lambda cell: isinstance(cell, _NESTED)).to_numpy(dtype=bool)
        _refuse(nested, cells, column["name"], f"a {column['kind']}", first_row)
    import pandas as pd

    reader = column_reader(column)
    types = pd.api.types
    if reader.role == "numeric" and (
        types.is_datetime64_any_dtype(cells.dtype) or types.is_complex_dtype(cells.dtype)
    ):
        _refuse(np.ones(len(cells), dtype=bool), cells, column["name"], "a number", first_row)
    read = reader.read(cells)
    tally.add(tally.unread, read.unread, cells, reader.role, first_row)
    if "levels" in column:
        unseen = read.values.notna() & ~read.values.isin(column["levels"])
        tally.add(tally.unseen, unseen.to_numpy(dtype=bool), cells, reader.role, first_row)
    return read.values


def _refuse(wrong: np.ndarray, values: pd.Series, name: str, kind: str, first_row: int) -> None:
    """Raise an error that names the first wrong cell, if there is one."""
    if wrong.any():
        row = int(np.argmax(wrong))
        cell = values.iloc[row]
        text = repr(cell.item() if isinstance(cell, np.generic) else cell)
        text = text if len(text) <= 60 else text[:57] + "..."
        raise InputError(f"column {name!r}, row {first_row + row + 1}: expected {kind}, got {text}")


@dataclass(frozen=True)
class Confidence:
    """What a saved model was calibrated with; None where it was trained without.

    Attributes
    ----------
    calibrator : Calibrator
        Of the probabilities of a scikit-learn model; a network has it inside.
    level : float or None
        Confidence level of prediction sets and intervals.
    threshold : float or None
        Probability of the class with code ``positive`` from which on it is predicted.
    least_probabilities : ndarray of shape (n_classes,) or None
        Probability from which on each class belongs to the prediction set.
    half_width : float or None
        Half the width of prediction intervals where errors have their mean size, in units of the target.
    spread : Spread
        The size of errors by the predicted value, over its mean.
    costs : MisclassificationCosts or None
        The misclassification costs behind the threshold.
    """

    calibrator: Calibrator
    level: float | None = None
    threshold: float | None = None
    positive: int = 1
    least_probabilities: np.ndarray | None = None
    half_width: float | None = None
    spread: Spread = field(default_factory=Spread)
    costs: MisclassificationCosts | None = None

    def codes(self, probabilities: np.ndarray) -> np.ndarray:
        """Codes of the predicted classes, int (n_samples,): by the threshold, else the most probable ones."""
        if self.threshold is None:
            return probabilities.argmax(axis=1)
        reached = probabilities[:, self.positive] >= self.threshold
        return np.where(reached, self.positive, 1 - self.positive)

    def sets(self, probabilities: np.ndarray) -> np.ndarray:
        """Prediction sets, bool (n_samples, n_classes)."""
        if self.least_probabilities is None:
            raise InputError("the model was trained without prediction sets; train with --confidence-level")
        return prediction_sets(probabilities, self.least_probabilities)

    def half_widths(self, values: np.ndarray) -> np.ndarray:
        """Half the widths of the prediction intervals of values, both (n_samples,)."""
        if self.half_width is None:
            raise InputError("the model was trained without intervals; train with --confidence-level")
        return self.half_width * self.spread.at(values)

    def interval(self, values: np.ndarray) -> np.ndarray:
        """Prediction intervals (n_samples, 2) of values (n_samples,)."""
        widths = self.half_widths(values)
        return np.stack([values - widths, values + widths], axis=1)


def confidence_of(manifest: Manifest) -> Confidence:
    """The confidence of a manifest from an untrusted source: every number is checked."""
    fields, classes = manifest.get("confidence"), manifest["classes"]
    if not fields:
        return Confidence(Unchanged())
    level, threshold = _probability(fields, "level"), _probability(fields, "threshold")
    width = fields.get("half_width")
    if width is not None and not (_is_number(width) and width >= 0):
        raise InputError(f"confidence: half_width must be a number of at least 0, got {width!r}")
    if manifest["task"] == "regression":
        return Confidence(Unchanged(), level, half_width=width, spread=spread_of(fields.get("spread")))
    if threshold is not None and len(classes) != 2:
        raise InputError("confidence: a threshold needs a binary task")
    positive = fields.get("positive")
    if positive is not None and positive not in classes:
        raise InputError(f"confidence: positive class {positive!r} is not one of {classes}")
    return Confidence(
        calibrator(fields.get("calibrator", {"method": "none"}), len(classes)),
        level,
        threshold,
        positive=classes.index(positive) if positive is not None else 1,
        least_probabilities=_least_probabilities(fields.get("least_probabilities"), len(classes)),
        costs=_costs(fields.get("costs")),
    )


def _least_probabilities(values: Any, n_classes: int) -> np.ndarray | None:
    if values is None:
        return None
    if not (isinstance(values, list) and len(values) == n_classes and all(map(_is_number, values))):
        raise InputError(f"confidence: least_probabilities must be {n_classes} numbers")
    return np.array(values)


def _costs(values: Any) -> MisclassificationCosts | None:
    if values is None:
        return None
    names = ("false_negative", "false_positive")
    if not (isinstance(values, dict) and set(values) == set(names) and all(map(_is_number, values.values()))):
        raise InputError(f"confidence: costs must be two numbers, {' and '.join(names)}")
    return MisclassificationCosts(**values)


def _probability(fields: dict[str, Any], name: str) -> float | None:
    value = fields.get(name)
    if value is not None and not (_is_number(value) and 0 <= value <= 1 + 1e-9):  # above 1: never reached
        raise InputError(f"confidence: {name} must be a number from 0 to 1, got {value!r}")
    return value


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
