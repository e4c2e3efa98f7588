"""Files of predictions: read, told apart by their columns, and brought to the same rows in the same order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ...datasets import InputError, as_pandas, inspect_column, level_of, open_rows, unknown_name
from ._verdict_options import Predictions, Source

# Names that have a purpose unless an option says otherwise.
USUAL_NAMES = {
    "target": ("truth",),
    "id": ("id", "row"),
    "fold": ("fold",),
    "repeat": ("repeat",),
    "model": ("model",),
}
EXPORTED = {"row", "model", "truth"}  # columns of deepworth's own predictions, which may have two more:
EXPORTED_NAMES = {"groups": ("group",), "time": ("time",)}
_SAME = 1e-5  # relative difference of two spellings of one number


@dataclass(frozen=True)
class ColumnNames:
    """Columns that are no predictions: given, or by their usual names. None where there is none."""

    target: str | None = None
    id: str | None = None
    fold: str | None = None
    repeat: str | None = None
    groups: str | None = None
    time: str | None = None
    model: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, object]) -> ColumnNames:
        """Those that options of a verdict name."""
        return cls(**{f.name: options.get(f.name) for f in fields(cls)})  # type: ignore[arg-type]

    def given(self) -> set[str]:
        """All of them."""
        return {value for f in fields(self) if (value := getattr(self, f.name)) is not None}


@dataclass(frozen=True)
class Table:
    """The raw cells of a file: ``name`` is that in messages, ``model`` that of the only model in it."""

    name: str
    model: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class SameRows:
    """Tables brought to the same rows.

    A record is a row in a repeat; rows are numbered in the order of their ids, or of the file without ids.

    Attributes
    ----------
    tables : tuple of Table
        Those with predictions; their frames have a row a record, in the same order.
    truth : Series of shape (n_rows,)
        Raw cells of the target.
    target : str
        Name of its column.
    row, repeat, fold : int ndarray of shape (n_records,)
        Numbers of each record.
    groups, times : int ndarray of shape (n_rows,) or None
        Places among the different groups and times.
    others : set of str
        Names of columns that are no predictions.
    row_words : str
        How a record is named in messages: ``id`` or ``row``.
    ids : ndarray of shape (n_rows,)
        Names of the rows.
    """

    tables: tuple[Table, ...]
    truth: pd.Series
    target: str
    row: np.ndarray
    repeat: np.ndarray
    fold: np.ndarray
    groups: np.ndarray | None
    times: np.ndarray | None
    others: frozenset[str]
    row_words: str
    ids: np.ndarray

    def place(self, record: int) -> str:
        """A record in words."""
        return f"{self.row_words} {self.ids[self.row[record]]}"


def read_files(predictions: Predictions, id: str | None) -> list[Table]:
    """The tables of files, or of data frames by the name of their model."""
    if isinstance(predictions, Mapping):
        pairs = [(str(name), source) for name, source in predictions.items()]
    else:
        sources = list(predictions) if isinstance(predictions, (list, tuple)) else [predictions]
        pairs = list(zip(_names(sources), sources, strict=True))
    if not pairs:
        raise InputError("no predictions; give files such as a.csv b.csv, or tables by the name of a model")
    return [_table(name, source, id) for name, source in pairs]


def _names(sources: Sequence[Source]) -> list[str]:
    """The last parts of the paths that tell the files apart, without suffixes; numbers for tables."""
    paths = [
        Path(s) if isinstance(s, (str, os.PathLike)) else Path(f"table {i}") for i, s in enumerate(sources, 1)
    ]
    bare = [path.with_name(_stem(path)) for path in paths]
    for length in range(1, 1 + max((len(path.parts) for path in bare), default=1)):
        names = ["/".join(path.parts[-length:]) for path in bare]
        if len(set(names)) == len(names):
            return names
    return [path.name for path in paths] if len({p.name for p in paths}) == len(paths) else _numbered(bare)


def _stem(path: Path) -> str:
    name = path.name
    while Path(name).suffix.lower() in (
        ".gz",
        ".bz2",
        ".xz",
        ".zip",
        ".csv",
        ".tsv",
        ".txt",
        ".parquet",
        ".pq",
        ".jsonl",
        ".feather",
    ):
        name = Path(name).stem
    return name


def _numbered(paths: Sequence[Path]) -> list[str]:
    return [f"{path.name} {i}" for i, path in enumerate(paths, 1)]


def _table(model: str, source: Source, id: str | None) -> Table:
    if isinstance(source, (str, os.PathLike)):
        return Table(Path(source).name, model, _read(str(source), id))
    frame = as_pandas(source)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            f"predictions must be files or tables, such as ['a.csv', 'b.csv'], got {type(source).__name__}"
        )
    if not len(frame):
        raise InputError(f"{model} has no rows; add some")
    return Table(model, model, frame.rename(columns=str).reset_index(drop=True))


def _read(path: str, id: str | None) -> pd.DataFrame:
    """All rows of a file; columns of plain numbers are float64, but never an id, which may be 007."""
    names = open_rows(path).names
    words = {id, *USUAL_NAMES["id"]} - {None}
    rows = open_rows(path, numbers=[name for name in names if name not in words])
    parts = [part for _, part in rows.parts]
    columns = {name: _joined([part[name] for part in parts]) for name in names}
    return pd.DataFrame(columns, copy=False)


def _joined(parts: Sequence[pd.Series]) -> pd.Series:
    """One column; of parts that were read as words and as numbers, the words."""
    if all(part.dtype == parts[0].dtype and part.dtype != "category" for part in parts):
        return pd.concat(parts, ignore_index=True)
    return pd.concat([part.astype(object) for part in parts], ignore_index=True)


# Cells


def numbers_in(cells: pd.Series) -> np.ndarray:
    """Float64 (n,), NaN where a cell holds no number."""
    if pd.api.types.is_bool_dtype(cells.dtype):
        return np.full(len(cells), np.nan)
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return np.asarray(cells.to_numpy(dtype=np.float64, na_value=np.nan))
    import pyarrow as pa

    try:
        found = pa.array(cells, from_pandas=True).cast(pa.float64()).to_numpy(zero_copy_only=False)
        return np.asarray(found, dtype=np.float64)
    except (pa.ArrowException, TypeError):
        values = inspect_column(cells.astype(object), role="numeric").values
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))


def words_in(cells: pd.Series) -> np.ndarray:
    """Object (n,), the one spelling of each cell; None where it is empty."""
    codes, levels = pd.factorize(cells)
    spelled = np.array([level_of(level) or None for level in levels] + [None], dtype=object)
    found: np.ndarray = spelled[codes]  # the code of a missing cell is -1
    return found


def ids_in(cells: pd.Series) -> np.ndarray:
    """Int64 where all ids are plain whole numbers, else their spelling; objects with None where empty."""
    import pyarrow as pa

    if pd.api.types.is_integer_dtype(cells.dtype) and not cells.isna().any():
        return np.asarray(cells.to_numpy(dtype=np.int64))
    if cells.dtype == object or pd.api.types.is_string_dtype(cells.dtype):
        try:
            strings = pa.array(cells, pa.string())
            whole = strings.cast(pa.int64())
        except (pa.ArrowException, TypeError):
            return words_in(cells)
        if not whole.null_count and whole.cast(pa.string()).equals(strings):
            return np.asarray(whole.to_numpy(zero_copy_only=False))
    return words_in(cells)


def _codes(parts: Sequence[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """The place of each value among the different ones of all parts, and these, in order."""
    if not all(part.dtype.kind == "i" for part in parts):
        parts = [part.astype(str) for part in parts]
    values, codes = np.unique(np.concatenate(parts), return_inverse=True)
    return np.split(codes.reshape(-1), np.cumsum([len(part) for part in parts])[:-1]), values


def _ordered_codes(cells: pd.Series) -> np.ndarray:
    """The place of each cell among the different ones: numbers by size, words by alphabet."""
    numbers = numbers_in(cells)
    values = words_in(cells).astype(str) if np.isnan(numbers).any() else numbers
    return np.unique(values, return_inverse=True)[1].reshape(-1)


# The same rows


def same_rows(tables: Sequence[Table], given: ColumnNames) -> SameRows:
    """Join tables by ids, or by position where no table has ids and all have the same targets.

    Raises
    ------
    InputError
        A column is missing, rows are not the same, or targets or folds disagree.
    """
    names = _column_names(tables, given)
    tables = [part for table in tables for part in _by_model(table, names)]
    records = _by_id(tables, names) if names.id else _by_position(tables)
    others = frozenset(names.given())
    aligned = [_reordered(table, order) for table, order in zip(tables, records.orders, strict=True)]
    found = SameRows(
        tables=tuple(table for table in aligned if set(table.frame) - others),
        truth=pd.Series(dtype=object),
        target=names.target or "",
        row=records.row,
        repeat=records.repeat,
        fold=np.zeros(len(records.row), dtype=int),
        groups=None,
        times=None,
        others=others,
        row_words=names.id or "row",
        ids=records.ids,
    )
    if not found.tables:
        raise InputError(f"{tables[0].name} has no column of predictions besides {', '.join(sorted(others))}")
    first = np.unique(found.row, return_index=True)[1]
    truth = _agreed(aligned, names.target, found, "the target")
    assert truth is not None
    folds = _agreed(aligned, names.fold, found, "the fold", of_row=False)
    groups = _agreed(aligned, names.groups, found, "the group")
    times = _agreed(aligned, names.time, found, "the time")
    return replace(
        found,
        truth=truth.iloc[first].reset_index(drop=True),
        fold=found.fold if folds is None else _ordered_codes(folds),
        groups=None if groups is None else _ordered_codes(groups.iloc[first]),
        times=None if times is None else _times(times.iloc[first], str(names.time)),
    )


def _column_names(tables: Sequence[Table], given: ColumnNames) -> ColumnNames:
    """The given names, which must exist, and usual ones of columns that exist."""
    everywhere = set.intersection(*(set(table.frame) for table in tables))
    anywhere = {name for table in tables for name in table.frame}
    own = all(set(table.frame) >= EXPORTED for table in tables)
    found = {}
    for purpose, usual in {**USUAL_NAMES, **(EXPORTED_NAMES if own else {})}.items():
        present = everywhere if purpose == "id" else anywhere
        found[purpose] = next((name for name in usual if name in present), None)
    if found["model"] and not _names_models(tables, found["model"]):
        found["model"] = None
    for purpose, name in ((f.name, getattr(given, f.name)) for f in fields(given)):
        if name is None:
            continue
        needed = (
            tables if purpose in ("id", "repeat") else [t for t in tables if name in t.frame] or tables[:1]
        )
        for table in needed:
            if name not in table.frame:
                raise unknown_name(f"column in {table.name}:", name, list(table.frame))
        found[purpose] = name
    if found.get("target") is None:
        shown = ", ".join(list(tables[0].frame)[:20])
        raise InputError(f"no target given; name the column of true answers with --target COLUMN: {shown}")
    return ColumnNames(**found)


def _names_models(tables: Sequence[Table], name: str) -> bool:
    """Whether a column of this name holds words, and not the scores of a model that is called so."""
    cells = [table.frame[name] for table in tables if name in table.frame]
    return all(np.isnan(numbers_in(own)).all() for own in cells)


def _by_model(table: Table, names: ColumnNames) -> Iterator[Table]:
    """The table of each model, where a column tells which model a row is of."""
    if names.model is None or names.model not in table.frame:
        yield table
        return
    models = words_in(table.frame[names.model])
    if (models == None).any():  # noqa: E711  (elementwise)
        row = int(np.argmax(models == None)) + 1  # noqa: E711
        raise InputError(f"{table.name}: column {names.model!r} is empty in row {row}; name the model there")
    for model in dict.fromkeys(models):
        own = table.frame[models == model].reset_index(drop=True).drop(columns=names.model)
        yield Table(f"{table.name}, {model}", model, own.dropna(axis="columns", how="all"))


@dataclass(frozen=True)
class _Records:
    """Row and repeat of each record, and where each table has it."""

    row: np.ndarray
    repeat: np.ndarray
    orders: list[np.ndarray]
    ids: np.ndarray


def _by_position(tables: Sequence[Table]) -> _Records:
    n = len(tables[0].frame)
    for table in tables[1:]:
        if len(table.frame) != n:
            raise InputError(
                f"{table.name} has {len(table.frame):,} rows and {tables[0].name} {n:,}; name the column "
                f"that tells which rows are the same with --id"
            )
    rows = np.arange(n)
    return _Records(rows, np.zeros(n, dtype=int), [rows] * len(tables), rows + 1)


def _by_id(tables: Sequence[Table], names: ColumnNames) -> _Records:
    assert names.id is not None
    ids, id_names = _codes([_need_ids(table, names.id) for table in tables])
    repeats = [np.zeros(len(table.frame), dtype=int) for table in tables]
    if names.repeat is not None:
        with_repeats = [table for table in tables if names.repeat in table.frame]
        if len(with_repeats) < len(tables):
            table = next(table for table in tables if names.repeat not in table.frame)
            raise unknown_name(f"column in {table.name}:", names.repeat, list(table.frame))
        cells = pd.concat([table.frame[names.repeat].astype(object) for table in tables], ignore_index=True)
        ends = np.cumsum([len(table.frame) for table in tables])[:-1]
        repeats = np.split(_ordered_codes(cells), ends)
    n_ids = len(id_names)
    keys = [repeat * n_ids + own for repeat, own in zip(repeats, ids, strict=True)]
    orders = [np.argsort(key, kind="stable") for key in keys]
    first = keys[0][orders[0]]
    for table, key, order in zip(tables, keys, orders, strict=True):
        _check_ids(table, key, order, id_names, names)
        _check_same_ids(tables[0], table, first, key[order], id_names)
    row, rows = np.unique(first % n_ids, return_inverse=True)
    return _Records(rows.reshape(-1), first // n_ids, orders, id_names[row])


def _need_ids(table: Table, name: str) -> np.ndarray:
    ids = ids_in(table.frame[name])
    empty = np.array([]) if ids.dtype.kind == "i" else np.flatnonzero(pd.isna(ids))
    if len(empty):
        raise InputError(
            f"{table.name}: column {name!r} is empty in row {empty[0] + 1}; every row needs an id"
        )
    return ids


def _check_ids(
    table: Table, key: np.ndarray, order: np.ndarray, id_names: np.ndarray, names: ColumnNames
) -> None:
    """An id names one row of a repeat."""
    twice = np.flatnonzero(np.diff(key[order]) == 0)
    if len(twice):
        one, other = sorted(order[twice[0] : twice[0] + 2] + 1)
        value = id_names[key[order[twice[0]]] % len(id_names)]
        hint = "" if names.repeat else "; of repeated cross-validation, name the column with --repeat"
        raise InputError(
            f"{table.name}: {names.id} {value} is in row {one} and in row {other}, but names one row{hint}"
        )


def _check_same_ids(
    first: Table, other: Table, expected: np.ndarray, found: np.ndarray, id_names: np.ndarray
) -> None:
    for whole, lacking, known, own in ((first, other, expected, found), (other, first, found, expected)):
        missing = np.setdiff1d(known, own, assume_unique=True)
        if len(missing):
            raise InputError(
                f"{lacking.name} lacks {len(missing):,} of the {len(known):,} rows of {whole.name}, first id "
                f"{id_names[missing[0] % len(id_names)]}; only predictions of the same rows can be compared"
            )


def _reordered(table: Table, order: np.ndarray) -> Table:
    if np.array_equal(order, np.arange(len(order))):
        return table
    return replace(table, frame=table.frame.iloc[order].reset_index(drop=True))


def _agreed(
    tables: Sequence[Table], name: str | None, rows: SameRows, what: str, *, of_row: bool = True
) -> pd.Series | None:
    """A column of the first table that has it, without empty cells; the same in every table and repeat."""
    having = [table for table in tables if name in table.frame]
    if name is None or not having:
        return None
    first = having[0]
    cells = first.frame[name]
    empty = np.flatnonzero(pd.isna(words_in(cells)))
    if len(empty):
        raise InputError(f"{first.name}: column {name!r} is empty for {rows.place(empty[0])}; fill it in")
    for table in having[1:]:
        differ = np.flatnonzero(_differs(cells, table.frame[name]))
        if len(differ):
            ours, theirs = cells.iloc[differ[0]], table.frame[name].iloc[differ[0]]
            advice = "" if rows.row_words != "row" else "; if the order differs, name the ids with --id"
            raise InputError(
                f"{what} of {rows.place(differ[0])} is {_shown(ours)} in {first.name} and {_shown(theirs)} "
                f"in {table.name}{advice}"
            )
    if of_row and rows.repeat.any():
        at_first = np.unique(rows.row, return_index=True)[1][rows.row]
        differ = np.flatnonzero(_differs(cells, cells.iloc[at_first].reset_index(drop=True)))
        if len(differ):
            raise InputError(f"{first.name}: {what} of {rows.place(differ[0])} differs between its repeats")
    return cells


def _differs(one: pd.Series, other: pd.Series) -> np.ndarray:
    """Which cells mean different things; numbers may be written with fewer digits."""
    numbers = numbers_in(one), numbers_in(other)
    if not any(np.isnan(found).any() for found in numbers):
        return np.asarray(~np.isclose(*numbers, rtol=_SAME, atol=0.0))
    return np.asarray(words_in(one) != words_in(other))


def _shown(cell: object) -> str:
    return level_of(cell)[:40] or "empty"


def _times(cells: pd.Series, name: str) -> np.ndarray:
    """The place of each time, from dates or numbers."""
    inspected = inspect_column(cells.astype(object), name, role="datetime")
    numbers = numbers_in(cells)
    values = inspected.values.to_numpy() if np.isnan(numbers).any() else numbers
    missing = np.flatnonzero(pd.isna(values))
    if len(missing):
        raise InputError(
            f"column {name!r}: {_shown(cells.iloc[missing[0]])!r} is no date (such as 2024-05-31) or number"
        )
    return np.unique(values, return_inverse=True)[1].reshape(-1)


def columns_of_predictions(table: Table, others: Iterable[str]) -> list[str]:
    """Names of the columns of a table that may be predictions."""
    known = set(others)
    return [name for name in table.frame if name not in known]
