"""inspect(): what is in the folder of a saved model, without opening the model."""

from __future__ import annotations

import os

from ..artefact import inspect as _inspect
from ..results.models import Inspection


def inspect(artefact: str | os.PathLike[str]) -> Inspection:
    """Read the folder of a saved model without loading the model.

    Parameters
    ----------
    artefact : path
        Folder of a saved model.

    Returns
    -------
    Inspection
        The manifest, the model card, and whether every file is the one that was saved.

    Raises
    ------
    InputError
        The folder holds no saved model.

    Examples
    --------
    >>> import deepworth, tempfile
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> trained = deepworth.train("iris", model="logistic-regression", output=folder)
    >>> deepworth.inspect(folder).sound
    True
    """
    return _inspect(artefact)
