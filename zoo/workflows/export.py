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
    """Export a saved model to other formats, and prove that each gives the same answers.

    Parameters
    ----------
    artefact : path
        Folder of a saved model.
    output : path
        A new folder, which gets a folder for each format and ``proof.json``.
    format : sequence of str, default=()
        Names of formats; by default all that can hold the model.
    overwrite : bool, default=False
        Replace earlier exports.

    Returns
    -------
    ExportReport
        The largest difference of each format; a format that cannot hold the model has a reason instead.

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
