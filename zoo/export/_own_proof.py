"""The proof that a saved model carries: what the trained model itself answered, before it was saved."""

from __future__ import annotations

import json
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from ...datasets._errors import InputError
from ..artefact import load
from ._begun import begun
from ._proof import OWN, TOLERANCE, judged
from ._rows import probe_rows
from ._source import open_source


def prove_saved(estimator: Any, artefact: str | os.PathLike[str]) -> dict[str, Any]:
    """Write ``proof.json`` into the folder of a saved model.

    It holds made rows (usual ones, missing, unseen, empty and extreme cells; no row of the data), the answers
    of the trained estimator in memory, and how far those of the reloaded model are from them. ``verify``
    repeats it in a process of its own, anywhere.

    Parameters
    ----------
    estimator : fitted estimator
        The one that was saved.
    artefact : path
        The folder that it was saved to.

    Returns
    -------
    dict
        The row of the proof: ``holds``, ``largest_difference``, ``rows``, ``batches`` and the like.

    Raises
    ------
    InputError
        The folder is not that of a sound saved model, or the proof cannot be written.
    """
    started, folder = time.perf_counter(), Path(artefact)
    source, saved = open_source(folder), load(folder)
    X = probe_rows(source)
    with warnings.catch_warnings():  # levels that were never seen are part of the question
        warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
        proof = begun(source, X, source.answers_of(estimator, saved.checked(X)))
    said = [source.answers_of(saved, X)]
    row = judged(said, [range(len(X))], proof["expected"], TOLERANCE)
    status = "works" if row["holds"] else "failed"
    proof["formats"][OWN] = {"status": status, **row, "seconds": round(time.perf_counter() - started, 3)}
    _write(folder / "proof.json", proof)
    return row


def _write(path: Path, proof: dict[str, Any]) -> None:
    """Whole or not at all."""
    text = json.dumps(proof, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            file.write(text)
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
