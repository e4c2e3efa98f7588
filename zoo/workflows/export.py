"""export(): a saved model in other formats, each proved."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..export import export as _export
from ..results.models import ExportReport


def export(
    artefact: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    format: Sequence[str] = (),
    overwrite: bool = False,
) -> ExportReport:
    """Write a saved model in other formats, and prove that each answers as it does.

    Parameters
    ----------
    artefact : path
        The folder of a saved model.
    output : path
        A new folder: one folder a format, and ``proof.json``.
    format : sequence of str
        Names of formats; all that the model can have by default.
    overwrite : bool, default=False
        Replace earlier exports.

    Returns
    -------
    ExportReport
        How each format answered; what a format cannot hold is a row, not an error.

    Raises
    ------
    InputError
        There is no such model or format, or the folder cannot be written.

    Examples
    --------
    >>> import deepworth, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> trained = deepworth.train("iris", model="logistic-regression", output=folder + "/model")
    >>> found = deepworth.export(folder + "/model", folder + "/exports", format=["skops"])
    >>> found.formats["skops"].holds
    True
    """
    return _export(artefact, output, only=format, overwrite=overwrite)
