"""Tables to one float matrix and integer codes, in NumPy for training and in Keras for export."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import ColumnReader, reader_of, tokenise
from .base import InputSpec, coarse
from .scales import centre_and_spread, power_of_two

ONE_HOT_LEVELS = 10  # more levels than this are embedded
MAX_LEVELS = 1000  # the most frequent levels that get a code of their own
N_KNOTS = 65  # quantiles that the ranks of a number are interpolated between
LEAST = 1e-300  # TensorFlow rounds much smaller numbers to zero, and their inverse is infinite
MAX_WORDS = 150  # of each free-text column
MISSING = ""  # a missing category or text
UNKNOWN = "[UNK]"  # what lookup layers call unknown, so never a level


@dataclass(frozen=True)
class ColumnCode:
    """How one column becomes numbers, learned from training rows."""

    name: str
    input_name: str
    role: str
    centre: float = 0.0
    factor: float = 0.0
    indicator: bool = False
    phases: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    words: tuple[str, ...] = field(default=(), repr=False)
    knots: tuple[float, ...] = field(default=(), repr=False)
    ranks: tuple[float, ...] = field(default=(), repr=False)
    reader: ColumnReader = field(default_factory=lambda: ColumnReader("numeric"), repr=False)

    @property
    def embedded(self) -> bool:
        return self.role == "categorical" and len(self.levels) > ONE_HOT_LEVELS

    @property
    def number(self) -> bool:
        """Whether it is among the scaled numbers, the first columns of the float matrix."""
        return self.role in ("numeric", "datetime")

    @property
    def width(self) -> int:
        """Columns that this column fills behind the numbers."""
        if self.role == "categorical":
            return 0 if self.embedded else len(self.levels)
        if self.role == "text":
            return len(self.words)
        return self.indicator + 2 * len(self.phases)


class TablePreprocessor:
    """Scaled numbers, one-hot or embedded categories, cyclic dates, bags of words.

    ``numbers`` is how numbers are scaled: "robust", by median and quartiles with smooth clipping, or
    "quantile", to the normal distribution by their rank among the training rows.

    ``transform`` gives ``numeric`` float32 (n_samples, width), the scaled numbers first, and, where a
    category has more than ten levels, ``categories`` int32 (n_samples, n_embedded) with 0 for rare and
    never seen levels.
    """

    def __init__(self, numbers: str = "robust") -> None:
        self.numbers = numbers

    def fit(self, X: pd.DataFrame) -> TablePreprocessor:
        """Learn medians, quantiles, levels and words from training rows."""
        names = input_names(list(X.columns))
        codes = (_learn(X[c], str(c), name, self.numbers) for c, name in zip(X.columns, names, strict=True))
        self.columns = tuple(
            code for code in codes if code is not None and (code.number or code.width or code.embedded)
        )
        self.spec = _spec(self.columns)
        return self

    def transform(self, X: pd.DataFrame) -> dict[str, np.ndarray]:
        """Arrays of ``spec`` for these rows; columns are found by name."""
        raw = self.raw_arrays(X)
        numeric = np.zeros((len(X), self.spec.shape("numeric")[0]), np.float32)
        numbers = [c for c in self.columns if c.number]
        for column, code in enumerate(numbers):
            numeric[:, column] = _scaled(code, raw[code.input_name][:, 0])
        start = len(numbers)
        for code in self.columns:
            if code.width:
                numeric[:, start : start + code.width] = _encode(code, raw[code.input_name][:, 0])
            start += code.width
        embedded = [_level_codes(c, raw[c.input_name][:, 0]) for c in self.columns if c.embedded]
        if not embedded:
            return {"numeric": numeric}
        return {"numeric": numeric, "categories": np.stack(embedded, axis=1)}

    def raw_arrays(self, X: pd.DataFrame) -> dict[str, np.ndarray]:
        """One (n_samples, 1) array a column: float64, seconds since 1970 for dates, or str."""
        by_name = {str(c): c for c in X.columns}
        missing = [c.name for c in self.columns if c.name not in by_name]
        if missing:
            raise ValueError(f"column {missing[0]!r} is missing; expected the columns seen in fit")
        return {c.input_name: raw_column(X[by_name[c.name]], c.reader)[:, None] for c in self.columns}

    def raw_layers(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Keras inputs by column, and ``numeric`` and ``categories`` computed from them."""
        import keras

        from .layers import BagOfWords, MissingIndicator, OneHotKnown, Phase, QuantileScale, RobustScale

        raw: dict[str, Any] = {}
        numbers: list[Any] = []
        numeric: list[Any] = []
        codes: list[Any] = []
        for c in self.columns:
            dtype = "float64" if c.number else "string"
            x = raw[c.input_name] = keras.Input((1,), dtype=dtype, name=c.input_name)
            if c.role == "categorical":
                code = keras.layers.StringLookup(vocabulary=list(c.levels), name=f"{c.input_name}_code")(x)
                (codes if c.embedded else numeric).append(
                    code if c.embedded else OneHotKnown(len(c.levels))(code)
                )
            elif c.role == "text":
                numeric.append(BagOfWords(list(c.words))(x))
            else:
                quantile = QuantileScale(c.centre, c.knots, c.ranks) if c.knots else None
                numbers.append((quantile or RobustScale(c.centre, c.factor))(x))
                numeric += [MissingIndicator()(x)] * c.indicator + [Phase(period)(x) for period in c.phases]
        encoded = {"numeric": _joined(numbers + numeric, raw)}
        if codes:
            encoded["categories"] = keras.ops.cast(
                keras.layers.Concatenate()(codes) if len(codes) > 1 else codes[0], "int32"
            )
        return raw, encoded


def raw_column(cells: pd.Series, reader: ColumnReader) -> np.ndarray:
    """One column in the raw form of its role: float64 (NaN missing), seconds since 1970, or str ("" missing).

    Each cell is read as its reader says, whatever the cells beside it.
    """
    values = reader.read(cells).values
    if reader.role == "datetime":
        return np.where(values.isna(), np.nan, values.to_numpy("datetime64[us]").astype(np.int64) / 1e6)
    if reader.role == "numeric":
        return values.to_numpy(np.float64)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.array([*values.cat.categories, MISSING], dtype=object)[values.cat.codes]
    return values.to_numpy(dtype=object, na_value=MISSING)


def input_names(columns: Sequence[Any]) -> list[str]:
    """Names that Keras takes: word characters only, none twice."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for column in columns:
        name = re.sub(r"\W+", "_", str(column), flags=re.ASCII).strip("_").lower() or "column"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names


def _learn(values: pd.Series, name: str, input_name: str, numbers: str) -> ColumnCode | None:
    reader = reader_of(values, name)
    role = reader.role
    if role in ("numeric", "datetime"):
        code = _learn_number(raw_column(values, reader), name, input_name, role, numbers)
    elif role == "categorical":
        code = ColumnCode(name, input_name, role, levels=_levels(raw_column(values, reader)))
    elif role == "text":
        code = ColumnCode(name, input_name, role, words=_words(raw_column(values, reader)))
    else:
        return None  # an identifier does not generalise to new rows
    return replace(code, reader=reader)


def _learn_number(x: np.ndarray, name: str, input_name: str, role: str, numbers: str) -> ColumnCode:
    known = x[np.isfinite(x)]
    if not len(known):
        return ColumnCode(name, input_name, role)
    centre, spread = centre_and_spread(known)
    factor = 1.0 / max(spread, LEAST) if spread > 0 else 0.0
    phases = _phases(known) if role == "datetime" else ()
    by_rank = numbers == "quantile" and role == "numeric" and factor
    knots, ranks = quantile_knots(known) if by_rank else ((), ())
    return ColumnCode(
        name, input_name, role, centre, factor, len(known) < len(x), phases, knots=knots, ranks=ranks
    )


def quantile_knots(known: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Values at even quantiles, each once, and their mean ranks between 0 and 1."""
    values = np.sort(known)
    knots = np.unique(np.percentile(values, np.linspace(0, 100, N_KNOTS), method="nearest"))
    knots = knots[np.append(True, np.diff(knots * power_of_two(float(np.abs(knots).max()))) > LEAST)]
    ends = np.searchsorted(values, knots, "left") + np.searchsorted(values, knots, "right")
    return tuple(knots.tolist()), tuple((ends / (2 * len(values))).tolist())


def _phases(seconds: np.ndarray) -> tuple[float, ...]:
    """The periods (year, week, day) that the dates spread over."""
    from .layers import DAY, WEEK, YEAR

    span = np.ptp(seconds)
    within_day = np.ptp(seconds % DAY) > 0
    return tuple(
        p for p, wanted in ((YEAR, span > YEAR / 12), (WEEK, span > DAY), (DAY, within_day)) if wanted
    )


def _levels(values: np.ndarray) -> tuple[str, ...]:
    """Levels, the most frequent first; those seen once in many rows share the code of unknown ones."""
    counts = Counter(values.tolist())
    counts.pop(UNKNOWN, None)
    least = 1 if len(values) < 200 else 2
    common = [v for v, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n >= least]
    return tuple(common[:MAX_LEVELS])


def _words(values: np.ndarray) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for text in values:
        counts.update(set(tokenise(text)))
    common = [w for w, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n >= 2]
    return tuple(common[:MAX_WORDS])


def _spec(columns: tuple[ColumnCode, ...]) -> InputSpec:
    cardinalities = tuple(coarse(len(c.levels) + 1) for c in columns if c.embedded)
    numbers = sum(c.number for c in columns)
    width = max(1, numbers + sum(c.width for c in columns))
    arrays: list[tuple[str, tuple[int, ...], str]] = [("numeric", (width,), "float32")]
    if cardinalities:
        arrays.append(("categories", (len(cardinalities),), "int32"))
    return InputSpec("tabular", tuple(arrays), cardinalities=cardinalities, numbers=numbers)


def _level_codes(code: ColumnCode, values: np.ndarray) -> np.ndarray:
    index = {level: i + 1 for i, level in enumerate(code.levels)}
    return np.fromiter((index.get(v, 0) for v in values), np.int32, len(values))


def _encode(code: ColumnCode, raw: np.ndarray) -> np.ndarray:
    if code.role == "categorical":
        return np.eye(len(code.levels) + 1, dtype=np.float32)[_level_codes(code, raw), 1:]
    if code.role == "text":
        return _count_words(code, raw)
    return _encode_number(code, raw)


def _scaled(code: ColumnCode, x: np.ndarray) -> np.ndarray:
    from .layers import quantile_scale, robust_scale

    known = np.where(np.isfinite(x), x, code.centre)
    with np.errstate(over="ignore"):  # what is infinite then is clipped
        if code.knots:
            return quantile_scale(known, code.knots, code.ranks)
        return robust_scale(known, code.centre, code.factor)


def _encode_number(code: ColumnCode, x: np.ndarray) -> np.ndarray:
    """What is added to the scaled number: whether it is missing, and the phases of a date."""
    missing = ~np.isfinite(x)
    parts = [missing.astype(np.float64)] if code.indicator else []
    for period in code.phases:
        turns = np.where(missing, 0.0, x) / period
        angle = 2 * np.pi * (turns - np.floor(turns))
        parts += [np.where(missing, 0.0, np.sin(angle)), np.where(missing, 0.0, np.cos(angle))]
    return np.stack(parts, axis=1).astype(np.float32)


def _count_words(code: ColumnCode, texts: np.ndarray) -> np.ndarray:
    index = {word: i for i, word in enumerate(code.words)}
    counts = np.zeros((len(texts), len(code.words)), np.float32)
    for row, text in enumerate(texts):
        counts[row, [index[w] for w in tokenise(text) if w in index]] = 1.0
    return counts


def _joined(parts: list[Any], raw: dict[str, Any]) -> Any:
    """All parts side by side; a table without any usable column is a column of zeros."""
    import keras

    from .layers import RobustScale

    if not parts:
        first = next(iter(raw.values()))
        return RobustScale(0.0, 0.0)(keras.ops.zeros_like(first, dtype="float64"))
    return keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
