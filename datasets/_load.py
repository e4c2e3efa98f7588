"""load_dataset: a name, a path, ``openml:ID`` or a table in memory becomes a Dataset."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, Unpack

from ._catalogue import Entry, catalogue, find_entry
from ._errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ._base import Dataset
    from ._table import TableOptions

PACKAGE = "deepworth.datasets"

TaskOption = Literal["binary", "multiclass", "classification", "regression"]
DataLike: TypeAlias = "str | os.PathLike[str] | pd.DataFrame | Dataset"


class ReadOptions(TypedDict, total=False):
    """How data is read: the options of :func:`load_dataset`, which explains them, without seed and cache.

    Functions that load data take them as ``**options: Unpack[ReadOptions]``.
    """

    target: str | None
    drop: Sequence[str]
    categorical: Sequence[str]
    text: str | None
    task: TaskOption | None
    test: str | os.PathLike[str] | pd.DataFrame | None
    split_column: str | None
    groups: str | None
    time: str | None
    group_duplicates: bool
    positive: str | None
    rows: int | None
    offline: bool | None


def list_datasets() -> list[dict[str, Any]]:
    """The named datasets: name, card, task, modality, rows, source and licence of each."""
    facts = ("task", "modality", "rows", "source", "licence")
    return [
        {"name": name, "card": entry.card, **{fact: entry.constant(fact.upper()) for fact in facts}}
        for name, entry in catalogue(PACKAGE, "load").items()
    ]


def load_dataset(
    data: str | os.PathLike[str] | pd.DataFrame = "sick-healthy",
    *,
    target: str | None = None,
    drop: Sequence[str] = (),
    categorical: Sequence[str] = (),
    text: str | None = None,
    task: TaskOption | None = None,
    test: str | os.PathLike[str] | pd.DataFrame | None = None,
    split_column: str | None = None,
    groups: str | None = None,
    time: str | None = None,
    group_duplicates: bool = False,
    positive: str | None = None,
    rows: int | None = None,
    seed: int = 0,
    offline: bool | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Dataset:
    """Load a dataset by name, from a file or folder, from OpenML, or from a DataFrame.

    Parameters
    ----------
    data : str, path or DataFrame
        A path that exists; else a name of :func:`list_datasets`, or ``openml:ID``. Files: delimited
        text (any delimiter), Parquet, Feather, JSON lines, ARFF, ``.npz``, each also compressed. Folders:
        one sub-folder per class with images or ``.txt`` files, or train/ and test/ with such folders.
    target : str, optional
        Target column of a table; guessed when one column is called target, class, label or y.
    drop, categorical : sequence of str
        Columns to leave out, and columns to read as categories whatever their values.
    text : str, optional
        The one column to learn from, as text.
    task : {"binary", "multiclass", "classification", "regression"}, optional
        Overrides what the target's values suggest.
    test : str, path or DataFrame, optional
        The official test part, with the same columns (or class folders) as `data`.
    split_column : str, optional
        Column whose values train and test name the official split.
    groups : str, optional
        Column whose equal values must stay on one side of every split.
    time : str, optional
        Column of dates or numbers by which splits predict later rows from earlier ones. It is no feature:
        a moment of the future was never seen in training. Put a month or weekday that matters into a
        column of its own.
    group_duplicates : bool
        Keep equal and nearly equal rows on one side of every split. Off by default: rows of a table may
        be equal and still be different cases.
    positive : str, optional
        The class of a binary task that label metrics call positive.
    rows : int, optional
        Keep only so many rows, drawn by class and by test part.
    seed : int
        For generated data and for `rows`.
    offline : bool, optional
        Never touch the network for remote data.
    cache_dir : path, optional
        Where remote data is kept.

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        In one line: what was expected, what came, what to do next.
    """
    from ._subset import subset
    from ._table import TableOptions

    options = TableOptions(
        target, _names(drop), _names(categorical), text, task, split_column, groups, positive, time
    )
    dataset = _load(data, test, options, seed, offline, cache_dir)
    _check_plan(dataset, group_duplicates)
    dataset = dataset if rows is None else subset(dataset, rows, seed)
    return _with_grouped_copies(dataset) if group_duplicates else dataset


def as_dataset(data: DataLike, *, seed: int = 0, **options: Unpack[ReadOptions]) -> Dataset:
    """Return a Dataset unchanged; load anything else with :func:`load_dataset`.

    Parameters
    ----------
    data : Dataset, str, path or DataFrame
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
    """An official test part leaves nothing else to decide."""
    for option, given in (("--time", dataset.time is not None), ("--group-duplicates", group_duplicates)):
        if given and dataset.test is not None:
            raise InputError(
                f"{option} decides how rows are split, but {dataset.name} has an official test part; "
                f"leave out one of them"
            )


def _with_grouped_copies(dataset: Dataset) -> Dataset:
    from ._near_copies import groups_of_copies

    return replace(dataset, groups=groups_of_copies(dataset.X, dataset.groups))


def _names(value: Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _load(
    data: Any, test: Any, options: TableOptions, seed: int, offline: bool | None, cache_dir: Any
) -> Dataset:
    if test is not None and options.split_column is not None:
        raise InputError("--test and --split-column both name the official test part; give one of them")
    if hasattr(data, "columns"):
        return _from_frame(data, test, options)
    path = _as_path(data)
    if path.is_dir():
        return _from_folder(path, test, options)
    if path.exists():
        return _from_file(path, test, options)
    if not isinstance(data, str) or _looks_like_path(data):
        raise _no_path(path)
    if test is not None:
        raise InputError(
            f"--test goes with a file or folder; {data} brings its own official split, or has none"
        )
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
        raise InputError("expected a dataset's name or a path, got an empty word")
    if "://" in str(data):
        raise InputError(f"{data} is a web address; download the file and give its path")
    return Path(data).expanduser()


def _call(entry: Entry, seed: int, offline: bool | None, cache_dir: Any) -> Dataset:
    """Embedded sets take a seed, remote ones also say where the network and the cache are."""
    given = {"seed": seed, "offline": offline, "cache_dir": cache_dir}
    return entry.call(**{k: v for k, v in given.items() if k in entry.parameters})


def _looks_like_path(data: str) -> bool:
    from ._files import COMPRESSED, KNOWN

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

    if test is not None and not hasattr(test, "columns"):
        raise InputError(f"test: expected a DataFrame as data is one, got {type(test).__name__}")
    parts = [
        checked(part.copy(deep=False), name)
        for part, name in ((frame, "data"), (test, "test"))
        if part is not None
    ]
    whole, mask = _joined(parts, ["data", "test"])
    return dataset_from_frame(whole, options, name="frame", provenance=Provenance("memory"), test=mask)


def _from_file(path: Path, test: Any, options: TableOptions) -> Dataset:
    from ._base import Provenance
    from ._files import read_table, stem_of, suffix_of
    from ._table import dataset_from_frame

    if suffix_of(path) == ".npz":
        from ._arrays import load_npz

        if test is not None:
            raise InputError(
                f"{path.name}: put the test part into the same file as x_test and y_test, not --test"
            )
        loaded = load_npz(path, options)
        return _with_options(loaded, replace(options, task=None)) if loaded.modality == "image" else loaded
    paths = [path] if test is None else [path, _as_path(test)]
    whole, mask = _joined([read_table(p) for p in paths], [p.name for p in paths])
    provenance = Provenance("file", location=", ".join(map(str, paths)))
    return dataset_from_frame(whole, options, name=stem_of(path), provenance=provenance, test=mask)


def _from_folder(path: Path, test: Any, options: TableOptions) -> Dataset:
    from ._folders import load_folder

    test_path = None if test is None else _as_path(test)
    return _with_options(load_folder(path, test_path), options)


def _joined(parts: list[pd.DataFrame], names: list[str]) -> tuple[pd.DataFrame, Any]:
    """One table of train and test rows, and which rows are test."""
    import numpy as np
    import pandas as pd

    if len(parts) == 1:
        return parts[0], None
    train, test = parts
    for have, want, where in ((test, train, names[1]), (train, test, names[0])):
        lacking = [c for c in want.columns if c not in have.columns]
        if lacking:
            raise InputError(
                f"{where} has no column {', '.join(map(repr, lacking[:5]))}; both files need the same columns"
            )
    mask = np.arange(len(train) + len(test)) >= len(train)
    return pd.concat([train, test[list(train.columns)]], ignore_index=True), mask


def _with_options(dataset: Dataset, options: TableOptions) -> Dataset:
    """The options that make sense for data that is already read."""
    from ._table import check_positive, dataset_from_frame

    given = [f.name for f in fields(options) if getattr(options, f.name) not in (None, ())]
    if given == ["positive"]:
        return replace(dataset, positive=check_positive(options.positive, dataset.y, dataset.task))
    if not given:
        return dataset
    if dataset.modality != "tabular":
        if options.task in (dataset.task, "classification") and dataset.task != "regression":
            return _with_options(dataset, replace(options, task=None))
        wrong = ", ".join("--" + name.replace("_", "-") for name in given if name != "positive")
        raise InputError(
            f"{wrong} goes with tables; {dataset.name} holds {dataset.modality}s with labels of their own"
        )
    frame = dataset.X.assign(**{dataset.target: dataset.y})
    task = options.task or (dataset.task if options.target in (None, dataset.target) else None)
    wanted = replace(options, target=options.target or dataset.target, task=task)
    again = dataset_from_frame(
        frame, wanted, name=dataset.name, provenance=dataset.provenance, test=dataset.test
    )
    same = again.target == dataset.target and again.task == dataset.task
    return replace(
        again,
        groups=again.groups if options.groups else dataset.groups,
        time=again.time if options.time else dataset.time,
        positive=again.positive if options.positive or not same else dataset.positive,
        true_probability=dataset.true_probability if same else None,
        findings=[*dataset.findings, *again.findings],
    )
