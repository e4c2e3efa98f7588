"""check(): what a reader should know of data before any score."""

from __future__ import annotations

from typing import Unpack

from ...datasets import DataCheck, DataLike, ReadOptions, check_data


def check(data: DataLike, *, seed: int = 0, **reading: Unpack[ReadOptions]) -> DataCheck:
    """Findings about data: copies, leaks, rare classes, time order and more; nothing is trained.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset
        Whatever :func:`deepworth.load_dataset` takes, with its options as ``**reading``.
    seed : int, default=0
        For generated data and for ``rows``.

    Returns
    -------
    DataCheck

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
