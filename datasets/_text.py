"""Texts as they may be handed on: strings that every encoding holds."""

from __future__ import annotations

from typing import Any

import pandas as pd


def as_texts(values: Any) -> pd.Series:
    """A Series of str, its index kept; missing texts are empty."""
    series = values if isinstance(values, pd.Series) else pd.Series(values, dtype=object)
    series = series.astype(object)
    return series.where(series.notna(), "").map(lambda value: mended(str(value)))


def mended(text: str) -> str:
    """The text, with U+FFFD for halves of surrogate pairs: JSON escapes cut off in an emoji leave some.

    UTF-8 has no bytes for them, so neither TensorFlow nor Arrow takes such a text.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
