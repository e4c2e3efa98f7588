"""runs(): past runs, or one of them again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, overload

from ...datasets import InputError
from ..results.runs import RunSummary
from ..runs.journal import in_use
from ..runs.store import (
    DATABASE,
    find_run,
    load_results,
    need_answer,
    read_run,
    run_files,
    status_of,
    store_folder,
)

if TYPE_CHECKING:  # a list of runs needs no pandas
    from ._comparison import Comparison


@overload
def runs(run: None = None, *, store: str | os.PathLike[str] | None = None) -> list[RunSummary]: ...
@overload
def runs(run: str, *, store: str | os.PathLike[str] | None = None) -> Comparison: ...


def runs(
    run: str | None = None, *, store: str | os.PathLike[str] | None = None
) -> list[RunSummary] | Comparison:
    """List past runs, newest first, or read the answer of one.

    Parameters
    ----------
    run : str, optional
        Name of a run, an unambiguous beginning of it, "last" for the newest, or its folder.
    store : path, optional
        Folder in which runs are kept; by default ``DEEPWORTH_HOME`` or the user's data folder.

    Returns
    -------
    list of RunSummary, or Comparison
        A summary of each run, or the whole answer of ``run``.

    Raises
    ------
    InputError
        There is no such run, or it did not end.

    Examples
    --------
    >>> import deepworth
    >>> options = {"models": ["constant", "logistic-regression"], "folds": 2, "costs": False}
    >>> name = deepworth.compare("iris", **options).run
    >>> deepworth.runs()[0].dataset
    'iris'
    >>> deepworth.runs(name).verdict.outcome
    'undecided'
    """
    if run is None:
        return [_summary(file.parent) for file in run_files(store_folder(store))]
    folder = find_run(run, store)
    from ._comparison import Comparison

    return Comparison(need_answer(read_run(folder)), lambda: load_results(folder))


def remove_run(run: str, *, store: str | os.PathLike[str] | None = None) -> Path:
    """Remove a run with all that is kept of it, whether it can be read or not.

    Parameters
    ----------
    run : str
        Its whole name, or its folder.
    store : path, optional
        Folder in which runs are kept; by default ``DEEPWORTH_HOME`` or the user's data folder.

    Returns
    -------
    Path
        The folder that is gone.

    Raises
    ------
    InputError
        There is no such run, a process works on it, or it cannot be removed.

    Examples
    --------
    >>> import deepworth
    >>> from deepworth.zoo.workflows.runs import remove_run
    >>> options = {"models": ["constant"], "folds": 2, "costs": False}
    >>> name = deepworth.compare("iris", **options).run
    >>> remove_run(name).name == name
    True
    """
    given = Path(run)
    folder = given if os.path.lexists(given / DATABASE) else store_folder(store) / run
    if folder.is_symlink() or folder.name in ("", "..") or not os.path.lexists(folder / DATABASE):
        raise InputError(f"{run} is not the whole name of a run; deepworth runs lists them")
    if in_use(folder):
        raise InputError(f"another process works on the run {folder.name}; wait for it, or end it first")
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be removed: {error}") from error
    return folder


def _summary(folder: Path) -> RunSummary:
    try:
        kept = read_run(folder)
    except InputError:  # one broken folder must not hide the others
        return RunSummary(
            folder.name, *(None, None), "unreadable", *(None,) * 4, 0, *(None, None), str(folder)
        )
    answer = kept.answer
    expected = None if answer is None else answer.estimate
    return RunSummary(
        run=folder.name,
        created=kept.created,
        dataset=kept.dataset.name,
        status=status_of(kept),
        jobs=kept.planned,
        jobs_done=kept.done,
        metric=None if answer is None else answer.metric.name,
        outcome=None if answer is None else answer.verdict.outcome,
        models=kept.models,
        estimated_seconds=None if expected is None else expected.seconds,
        real_seconds=None if expected is None else expected.real_seconds,
        path=str(folder),
        warnings=() if answer is None else answer.verdict.warnings,
    )
