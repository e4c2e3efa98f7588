"""Texts as valid Unicode strings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def as_texts(values: pd.Series | np.ndarray | Iterable[object]) -> pd.Series:
    """Convert texts to a Series of str; missing texts become empty.

    Parameters
    ----------
    values : Series, ndarray or iterable of str
        The index of a Series is kept.

    Returns
    -------
    Series of str, of shape (n_samples,)

    Examples
    --------
    >>> from deepworth.datasets import as_texts
    >>> as_texts(["a note", None]).tolist()
    ['a note', '']
    """
    import pandas as pd

    series = values if isinstance(values, pd.Series) else pd.Series(values, dtype=object)
    series = series.astype(object)
    return series.where(series.notna(), "").map(lambda value: mended(str(value)))


def mended(text: str) -> str:
    """Replace unpaired surrogates by U+FFFD; texts cut off within an emoji's JSON escape have some.

    UTF-8 cannot encode them, so TensorFlow and Arrow refuse such texts.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Valid Unicode; `text` itself if it is.

    Examples
    --------
    >>> from deepworth.datasets import mended
    >>> ascii(mended("cut off: \\ud83d"))
    "'cut off: \\\\ufffd'"
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
