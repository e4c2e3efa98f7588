"""predict(): a saved model on raw rows."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..artefact import load, predict_parts

if TYPE_CHECKING:
    import pandas as pd


def predict(artefact: str | os.PathLike[str], data: str | Sequence[str]) -> pd.DataFrame:
    """Predict raw rows with a saved model.

    Parameters
    ----------
    artefact : path
        Folder of a saved model.
    data : str or sequence of str
        A file (CSV, Parquet or JSON lines), a folder or zip archive of images, or NAME=VALUE pairs of one
        row.

    Returns
    -------
    DataFrame
        Columns ``prediction``, ``confidence`` and a probability for each class; for regression
        ``prediction``. A model that was trained with a confidence level adds ``prediction_set`` and
        ``refer`` (not exactly one class is plausible), or ``low`` and ``high``.

    Raises
    ------
    InputError
        A row cannot be read; the message names column and row.

    Examples
    --------
    >>> import deepworth, tempfile
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> trained = deepworth.train("sick-healthy", model="logistic-regression", output=folder)
    >>> row = ["age_years=40", "sex=male", "height_cm=180", "weight_kg=80"]
    >>> row += ["body_temperature_c=41", "heart_rate_bpm=80"]
    >>> deepworth.predict(folder, row)["prediction"].tolist()
    ['sick']
    """
    import pandas as pd

    given = [data] if isinstance(data, str) else data
    parts = [pd.DataFrame(part) for part in predict_parts(load(artefact), given, warnings.warn)]
    return pd.concat(parts, ignore_index=True)
