"""load_dataset: from a name, a path, ``openml:ID`` or a DataFrame to a Dataset."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, Unpack, cast

from ._catalogue import Entry, catalogue, find_entry
from ._errors import InputError
from ._interchange import as_pandas
from ._marks import DECIMALS, THOUSANDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from ._base import Dataset, Modality, Task
    from ._interchange import ArrowTable
    from ._reader import ColumnReader
    from ._table import TableOptions

PACKAGE = "deepworth.datasets"

TaskOption = Literal["binary", "multiclass", "classification", "regression"]
TableLike: TypeAlias = "pd.DataFrame | ArrowTable"
DataLike: TypeAlias = "str | os.PathLike[str] | TableLike | Dataset"


class ReadOptions(TypedDict, total=False):
    """The reading options of :func:`load_dataset`, which documents them.

    Functions that load data take them as ``**options: Unpack[ReadOptions]``.

    Examples
    --------
    >>> from deepworth.datasets import ReadOptions, load_dataset
    >>> options: ReadOptions = {"drop": ["alcohol"], "rows": 100}
    >>> load_dataset("wine", **options).X.shape
    (100, 12)
    """

    target: str | None
    drop: Sequence[str]
    categorical: Sequence[str]
    numeric: Sequence[str]
    dayfirst: bool | None
    decimal: str | None
    thousands: str | None
    missing: Sequence[str] | None
    keep_na: bool
    strict: bool
    text: str | None
    task: TaskOption | None
    test: str | os.PathLike[str] | TableLike | None
    split_column: str | None
    groups: str | None
    time: str | None
    group_duplicates: bool
    positive: str | None
    rows: int | None
    offline: bool | None


class DatasetInfo(TypedDict):
    """What :func:`list_datasets` returns for each dataset.

    Attributes
    ----------
    name, card : str
        Name of the dataset, and its description in a sentence.
    task : {"binary", "multiclass", "regression"}
        What is predicted.
    modality : {"tabular", "image", "text"}
        What it is predicted from.
    rows : int
        Number of rows.
    source : {"embedded", "remote"}
        Whether it comes with the package or is downloaded.
    licence : str
        Licence of the data.

    Examples
    --------
    >>> from deepworth import list_datasets
    >>> sorted(list_datasets()[0])
    ['card', 'licence', 'modality', 'name', 'rows', 'source', 'task']
    """

    name: str
    card: str
    task: Task
    modality: Modality
    rows: int
    source: str
    licence: str


def list_datasets() -> list[DatasetInfo]:
    """List the named datasets.

    Returns
    -------
    list of dict
        ``name``, ``card`` (a line that says what it is), ``task``, ``modality``, ``rows``, ``source``
        ("embedded" or "remote") and ``licence`` of each.

    Examples
    --------
    >>> from deepworth import list_datasets
    >>> {info["name"]: info["rows"] for info in list_datasets()}["iris"]
    150
    """
    return [_dataset_info(name, entry) for name, entry in catalogue(PACKAGE, "load").items()]


def _dataset_info(name: str, entry: Entry) -> DatasetInfo:
    stated = ("task", "modality", "rows", "source", "licence")
    facts = {"name": name, "card": entry.card} | {fact: entry.constant(fact.upper()) for fact in stated}
    return cast(DatasetInfo, facts)


def load_dataset(
    data: str | os.PathLike[str] | TableLike = "sick-healthy",
    *,
    target: str | None = None,
    drop: Sequence[str] = (),
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    missing: Sequence[str] | None = None,
    keep_na: bool = False,
    strict: bool = False,
    text: str | None = None,
    task: TaskOption | None = None,
    test: str | os.PathLike[str] | TableLike | None = None,
    split_column: str | None = None,
    groups: str | None = None,
    time: str | None = None,
    group_duplicates: bool = False,
    positive: str | None = None,
    rows: int | None = None,
    seed: int = 0,
    offline: bool | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    readers: Mapping[str, ColumnReader] | None = None,
) -> Dataset:
    """Load a dataset by name, from a file or folder, from OpenML, or from a DataFrame.

    Parameters
    ----------
    data : str, path or DataFrame, default="sick-healthy"
        A path that exists, a name that :func:`list_datasets` lists, ``openml:ID``, or a table of pandas,
        polars, pyarrow or another library with Arrow's layout. Files: delimited text
        (any delimiter), Parquet, Feather, JSON lines, ARFF, ``.npz``, each also compressed. Folders: one
        sub-folder per class with images or ``.txt`` files, or train/ and test/ with such folders; also as a
        ``.zip`` archive.
    target : str, optional
        Target column of a table. By default the only column named target, class, label or y.
    drop : sequence of str, default=()
        Columns to leave out.
    categorical : sequence of str, default=()
        Columns to read as categories, whatever their values.
    numeric : sequence of str, default=()
        Columns to read as numbers, whatever their values; cells that are no numbers become missing.
    dayfirst : bool, optional
        Whether the day or the month stands first in dates such as 03/04/24. By default the cells decide.
    decimal : {".", ","}, optional
        Decimal mark of numbers. By default the cells decide.
    thousands : {",", ".", " ", "'"}, optional
        What separates groups of three digits. By default the cells decide.
    missing : sequence of str, optional
        Cells that mean a missing value, besides blank ones. By default the usual ones, such as NA, null, ?.
    keep_na : bool, default=False
        Read NA, None, null and the like as values; only blank cells are missing.
    strict : bool, default=False
        Refuse data with a row that has no target. By default such rows are left out and a finding says so,
        unless they are more than 20 %.
    text : str, optional
        The only column to learn from, as text.
    task : {"binary", "multiclass", "classification", "regression"}, optional
        By default inferred from the values of the target.
    test : str, path or DataFrame, optional
        The test set, with the same columns (or class folders) as `data`.
    split_column : str, optional
        Column whose values, train and test, define the split.
    groups : str, optional
        Column whose equal values stay on one side of every split.
    time : str, optional
        Column of dates or numbers by which splits predict later rows from earlier ones. It is not a
        feature, because future times are never seen in training: if a month or weekday matters, put it
        into a column of its own. "row-order" stands for the order of the rows, unless a column has that name.
    group_duplicates : bool, default=False
        Keep equal and nearly equal rows on one side of every split.
    positive : str, optional
        The positive class of a binary task. By default the last one in sorted order, or that of a named
        dataset.
    rows : int, optional
        Use a random sample of so many rows, stratified by class and test set.
    seed : int, default=0
        For generated data and for `rows`.
    offline : bool, optional
        Do not use the network. By default the environment variable ``DEEPWORTH_OFFLINE`` decides.
    cache_dir : path, optional
        Folder of downloaded files. By default ``DEEPWORTH_CACHE``, or the user's cache folder.
    readers : mapping of str to ColumnReader, optional
        How the cells of columns are read, where that is decided: ``schema.readers()`` of other data.

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        The data cannot be read or used. The message says what was expected, what was given and what to do.

    Examples
    --------
    >>> from deepworth import load_dataset
    >>> load_dataset("breast-cancer").X.shape
    (569, 30)

    A DataFrame, with its target and a column to leave out:

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": range(20), "dose": [1.0, 2.0] * 10, "sick": ["no", "yes"] * 10})
    >>> dataset = load_dataset(frame, target="sick", drop=["id"])
    >>> dataset.task, list(dataset.X.columns)
    ('binary', ['dose'])
    """
    from ._subset import subset
    from ._table import TableOptions

    options = TableOptions(
        target=target,
        drop=_names(drop),
        categorical=_names(categorical),
        numeric=_names(numeric),
        dayfirst=dayfirst,
        decimal=_mark("decimal", decimal, DECIMALS),
        thousands=_mark("thousands", thousands, THOUSANDS),
        missing=() if keep_na and missing is None else None if missing is None else _names(missing),
        strict=strict,
        text=text,
        task=task,
        split_column=split_column,
        groups=groups,
        positive=positive,
        time=time,
        readers=readers or {},
    )
    _check_options(options)
    dataset = _load(data, test, options, seed, offline, cache_dir)
    _check_plan(dataset, group_duplicates)
    dataset = dataset if rows is None else subset(dataset, rows, seed)
    return _with_grouped_copies(dataset) if group_duplicates else dataset


def as_dataset(data: DataLike, *, seed: int = 0, **options: Unpack[ReadOptions]) -> Dataset:
    """Return a Dataset unchanged; load anything else with :func:`load_dataset`.

    Parameters
    ----------
    data : Dataset, str, path or DataFrame
        A Dataset, or anything that :func:`load_dataset` takes.
    seed : int, default=0
        For generated data and for `rows`.
    **options
        The reading options of :func:`load_dataset`; they have no effect on a Dataset.

    Returns
    -------
    Dataset

    Examples
    --------
    >>> from deepworth.datasets import as_dataset
    >>> iris = as_dataset("iris")
    >>> as_dataset(iris) is iris
    True
    """
    from ._base import Dataset

    return data if isinstance(data, Dataset) else load_dataset(data, seed=seed, **options)


def _check_plan(dataset: Dataset, group_duplicates: bool) -> None:
    """Refuse options that would split rows otherwise than the official test set does."""
    for option, is_set in (("--time", dataset.time is not None), ("--group-duplicates", group_duplicates)):
        if is_set and dataset.test is not None:
            raise InputError(
                f"{option} decides how rows are split, but {dataset.name} has an official test set; "
                f"remove {option}, or the test set"
            )


def _with_grouped_copies(dataset: Dataset) -> Dataset:
    from ._near_copies import groups_of_copies

    return replace(dataset, groups=groups_of_copies(dataset.X, dataset.groups))


def _mark(option: str, mark: str | None, known: Sequence[str]) -> str | None:
    if mark is not None and mark not in known:
        raise InputError(f"--{option} must be one of {' '.join(map(repr, known))}, got {mark!r}")
    return mark


def _check_options(options: TableOptions) -> None:
    """Refuse options that contradict each other; to follow one of them would be a guess."""
    if options.decimal is not None and options.decimal == options.thousands:
        raise InputError(
            f"--decimal and --thousands are both {options.decimal!r}; the decimal mark cannot separate "
            f"groups of three digits too"
        )
    text = () if options.text is None else (options.text,)
    roles = {
        "--drop": options.drop,
        "--categorical": options.categorical,
        "--numeric": options.numeric,
        "--text": text,
    }
    by_column: dict[str, list[str]] = {}
    for option, columns in roles.items():
        for column in dict.fromkeys(columns):
            by_column.setdefault(column, []).append(option)
    for column, named in by_column.items():
        if len(named) > 1:
            raise InputError(f"{' and '.join(named)} name the same column {column!r}; keep one of them")


def _names(value: Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _load(
    data: Any, test: Any, options: TableOptions, seed: int, offline: bool | None, cache_dir: Any
) -> Dataset:
    if test is not None and options.split_column is not None:
        raise InputError("--test and --split-column both define the test set; remove one of them")
    data, test = as_pandas(data), as_pandas(test)
    if hasattr(data, "columns"):
        return _from_frame(data, test, options)
    path = _as_path(data)
    if path.is_dir() or _is_archived_folder(path):
        return _from_folder(path, test, options)
    if path.exists():
        return _from_file(path, test, options)
    if not isinstance(data, str) or _looks_like_path(data):
        raise _no_path(path)
    if test is not None:
        raise InputError(f"--test needs a file or folder, but {data} is a named dataset; remove --test")
    if data.lower().startswith("openml:"):
        from . import _openml

        name = data.split(":", 1)[1].strip()
        loaded = _openml.load(name, target=options.target, offline=offline, cache_dir=cache_dir)
        return _with_options(loaded, options)
    entry = find_entry(catalogue(PACKAGE, "load"), data, "dataset")
    return _with_options(_call(entry, seed, offline, cache_dir), options)


def _as_path(data: Any) -> Path:
    if not isinstance(data, str | os.PathLike):
        raise InputError(f"expected a dataset's name, a path or a DataFrame, got {type(data).__name__}")
    if not str(data).strip():
        raise InputError("expected a dataset's name or a path, got an empty string")
    if "://" in str(data):
        raise InputError(f"{data} is a web address; download the file and give its path")
    return Path(data).expanduser()


def _call(entry: Entry, seed: int, offline: bool | None, cache_dir: Any) -> Dataset:
    """Load a named dataset, with those of the options that it has."""
    options = {"seed": seed, "offline": offline, "cache_dir": cache_dir}
    loaded = entry.call(**{k: v for k, v in options.items() if k in entry.parameters})
    return cast("Dataset", loaded)


def _looks_like_path(data: str) -> bool:
    from ._suffixes import COMPRESSED, KNOWN

    return (
        any(mark in data for mark in ("/", "\\", os.sep))
        or data.startswith(("~", "."))
        or Path(data).suffix.lower() in (*COMPRESSED, *KNOWN, ".xlsx")
    )


def _no_path(path: Path) -> InputError:
    from difflib import get_close_matches

    if not path.parent.is_dir():
        return InputError(
            f"no file or folder {str(path)!r}: there is no folder {str(path.parent)!r}; check the path"
        )
    near = get_close_matches(path.name, [p.name for p in path.parent.iterdir()], n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "check the path"
    return InputError(f"no file or folder {str(path)!r}; {hint}")


def _from_frame(frame: pd.DataFrame, test: pd.DataFrame | None, options: TableOptions) -> Dataset:
    from ._base import Provenance
    from ._files import checked
    from ._table import dataset_from_frame

    for part, name in ((frame, "data"), (test, "test")):
        if part is not None and not hasattr(part, "iloc"):
            raise InputError(
                f"{name}: expected a DataFrame of pandas, polars or pyarrow, got {type(part).__name__}"
            )
    parts = [
        checked(part.copy(deep=False), name)
        for part, name in ((frame, "data"), (test, "test"))
        if part is not None
    ]
    whole, mask = _joined(parts, ["data", "test"])
    return dataset_from_frame(whole, options, name="frame", provenance=Provenance("memory"), test=mask)


def _from_file(path: Path, test: Any, options: TableOptions) -> Dataset:
    from ._base import Provenance
    from ._files import read_table
    from ._suffixes import stem_of, suffix_of
    from ._table import dataset_from_frame

    if suffix_of(path) == ".npz":
        from ._arrays import load_npz

        if test is not None:
            raise InputError(
                f"{path.name}: put the test set into the same file as x_test and y_test, and remove --test"
            )
        loaded = load_npz(path, options)
        return _with_options(loaded, replace(options, task=None)) if loaded.modality == "image" else loaded
    paths = [path] if test is None else [path, _as_path(test)]
    whole, mask = _joined([read_table(p) for p in paths], [p.name for p in paths])
    provenance = Provenance("file", location=", ".join(map(str, paths)))
    return dataset_from_frame(whole, options, name=stem_of(path), provenance=provenance, test=mask)


def _from_folder(path: Path, test: Any, options: TableOptions) -> Dataset:
    from contextlib import ExitStack

    from ._archives import unpacked
    from ._folders import load_folder
    from ._suffixes import stem_of

    test_path = None if test is None else _as_path(test)
    with ExitStack() as archives:
        folders = [
            archives.enter_context(unpacked(p, enter=True)) if p is not None and _is_archived_folder(p) else p
            for p in (path, test_path)
        ]
        dataset = load_folder(folders[0] or path, folders[1])
    if folders[0] is not path:
        provenance = replace(dataset.provenance, location=str(path))
        dataset = replace(dataset, name=stem_of(path), provenance=provenance)
    return _with_options(dataset, _beside(dataset, options))


def _is_archived_folder(path: Path) -> bool:
    from ._archives import holds_folder, is_zip

    return is_zip(path) and holds_folder(path)


def _beside(dataset: Dataset, options: TableOptions) -> TableOptions:
    """The options without those that say what a folder says itself: its target, and that it holds texts."""
    target = None if options.target == dataset.target else options.target
    text = None if options.text == getattr(dataset.X, "name", None) else options.text
    return replace(options, target=target, text=text, readers={})


def _joined(parts: list[pd.DataFrame], names: list[str]) -> tuple[pd.DataFrame, Any]:
    """One table of training and test rows, and which are test rows."""
    import numpy as np
    import pandas as pd

    if len(parts) == 1:
        return parts[0], None
    train, test = parts
    for part, other, name in ((test, train, names[1]), (train, test, names[0])):
        missing = [c for c in other.columns if c not in part.columns]
        if missing:
            raise InputError(
                f"{name} has no column {', '.join(map(repr, missing[:5]))}; both files need the same columns"
            )
    mask = np.arange(len(train) + len(test)) >= len(train)
    return pd.concat([train, test[list(train.columns)]], ignore_index=True), mask


def _with_options(dataset: Dataset, options: TableOptions) -> Dataset:
    """Apply the options that are possible for data that is already read."""
    from ._table import check_positive

    # Whatever is read already has a target in every row, unless another target is given, too.
    beside = [f.name for f in fields(options) if f.name != "strict"]
    given = [name for name in beside if getattr(options, name) not in (None, (), {})]
    if given == ["positive"]:
        return replace(dataset, positive=check_positive(options.positive, dataset.y, dataset.task))
    if not given:
        return dataset
    if dataset.modality == "tabular":
        return _read_again(dataset, options)
    if options.task in (dataset.task, "classification") and dataset.task != "regression":
        return _with_options(dataset, replace(options, task=None))
    wrong = ", ".join("--" + name.replace("_", "-") for name in given if name != "positive")
    raise InputError(
        f"{wrong} goes with tables, but {dataset.name} has labelled {dataset.modality}s; remove it"
    )


def _read_again(dataset: Dataset, options: TableOptions) -> Dataset:
    """A table read again with other options; what it knows besides its cells is kept."""
    from ._table import dataset_from_frame

    X: Any = dataset.X
    frame = X.assign(**{dataset.target: dataset.y})
    task = options.task or (dataset.task if options.target in (None, dataset.target) else None)
    wanted = replace(options, target=options.target or dataset.target, task=task)
    again = dataset_from_frame(
        frame, wanted, name=dataset.name, provenance=dataset.provenance, test=dataset.test
    )
    same = again.target == dataset.target and again.task == dataset.task
    if again.row_numbers is not None:
        dataset = dataset.take(again.row_numbers)
    return replace(
        again,
        groups=again.groups if options.groups else dataset.groups,
        time=again.time if options.time else dataset.time,
        positive=again.positive if options.positive or not same else dataset.positive,
        true_probability=dataset.true_probability if same else None,
        findings=[*dataset.findings, *again.findings],
    )
