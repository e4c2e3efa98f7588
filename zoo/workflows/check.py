"""check(): what a reader should know of data before any score."""

from __future__ import annotations

from typing import Unpack

from ...datasets import DataCheck, DataLike, ReadOptions, check_data


def check(data: DataLike, *, seed: int = 0, **reading: Unpack[ReadOptions]) -> DataCheck:
    """Check data for copies, leaks, rare classes, time order and more, without training.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset
        Anything that :func:`deepworth.load_dataset` takes.
    seed : int, default=0
        Seed of generated data and of the sample that ``rows`` asks for.
    **reading
        How the data is read: the options of :func:`deepworth.load_dataset`.

    Returns
    -------
    DataCheck
        A dict with the task, the number of rows, the findings, and how many of these are errors.

    Raises
    ------
    InputError
        The data cannot be read.

    Examples
    --------
    >>> import deepworth
    >>> deepworth.check("iris")["errors"]
    0
    """
    return check_data(data, seed=seed, **reading)
