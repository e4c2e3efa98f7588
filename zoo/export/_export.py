"""Export a saved model to other formats, each with its proof."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np

from ...datasets import InputError
from ..results.models import ExportReport
from ._formats import CannotHold, Predict, Written, find_formats, formats, missing_requirement
from ._proof import as_rows, batch_numbers, batch_of, hashes, new_proof, prove
from ._proof_process import decoded
from ._rows import probe_rows
from ._source import Source, open_source


def export(
    artefact: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    only: Sequence[str] | None = None,
    overwrite: bool = False,
) -> ExportReport:
    """Export a saved model to other formats and prove that each predicts the same.

    Every export is read in a process of its own, without deepworth where the format allows it, and compared
    with the saved model on synthetic rows, one row and seven rows at a time.

    Parameters
    ----------
    artefact : path
        A folder that :func:`deepworth.save` or ``deepworth train`` wrote.
    output : path
        A new folder, which gets one folder per format and ``proof.json``.
    only : sequence of str, optional
        Names of formats, see :func:`formats`; by default all.
    overwrite : bool, default=False
        Replace earlier exports.

    Returns
    -------
    ExportReport
        ``formats`` has a result for each format: what does not work is a result with its reason, not an
        error.

    Raises
    ------
    InputError
        The saved model or the folder is not valid, a format is unknown, or the library of a format that was
        asked for by name is missing.

    Examples
    --------
    >>> import tempfile
    >>> from deepworth import load_dataset
    >>> from deepworth.zoo import registry
    >>> from deepworth.zoo.artefact import save
    >>> from deepworth.zoo.export import export
    >>> data, folder = load_dataset("iris"), tempfile.mkdtemp()
    >>> model = registry.create("logistic-regression", data.task, data.modality).fit(data.X, data.y)
    >>> path = save(model, folder + "/model", dataset=data, name="logistic-regression")
    >>> report = export(path, folder + "/exports", only=["skops", "keras"])
    >>> {name: result.status for name, result in report.formats.items()}
    {'skops': 'works with deepworth installed', 'keras': 'cannot'}
    """
    names, folder = find_formats(tuple(only or ())), Path(output)
    for name in names if only else ():
        if missing := missing_requirement(name):
            raise InputError(f"{name} {missing}")
    _check_writable(folder, overwrite)
    source = open_source(artefact)
    X = probe_rows(source)
    proof = new_proof(source, X, source.predictions(X))
    _write(source, names, proof, folder)
    # what the type does not have, such as rows and predictions, is left out
    return msgspec.convert({**proof, "path": str(folder)}, ExportReport)


def _check_writable(folder: Path, overwrite: bool) -> None:
    if not folder.exists():
        return
    if not (folder / "proof.json").is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists and holds no exports; choose another folder")
    if (folder / "proof.json").is_file() and (not overwrite or (folder / "manifest.json").exists()):
        raise InputError(f"{folder} already holds exports; choose another folder or add --overwrite")


def _write(source: Source, names: Sequence[str], proof: dict[str, Any], folder: Path) -> None:
    """All formats and the proof, to which their rows are added, in one step."""
    draft = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        for name in names:
            proof["formats"][name] = _exported(source, name, draft / name, proof)
        text = json.dumps(proof, ensure_ascii=False, allow_nan=False)
        (draft / "proof.json").write_text(text + "\n", encoding="utf-8")
        draft.chmod(0o755)
        _move(draft, folder)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error}") from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def _move(draft: Path, folder: Path) -> None:
    """Replace the folder by the draft."""
    if folder.exists():
        old = draft.with_name(draft.name + "-old")
        folder.rename(old)
        draft.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        draft.rename(folder)


def _exported(source: Source, name: str, folder: Path, proof: Mapping[str, Any]) -> dict[str, Any]:
    """One format as a row of the proof, whatever happens."""
    if missing := missing_requirement(name):
        return {"status": "not tried", "reason": missing}
    started = time.perf_counter()
    folder.mkdir()
    try:
        written = cast(Written, formats()[name].call(source, folder))
        row = _proved(written, name, folder, proof)
    except CannotHold as error:
        shutil.rmtree(folder, ignore_errors=True)
        return {"status": "cannot", "reason": str(error)}
    except InputError as error:
        shutil.rmtree(folder, ignore_errors=True)
        return {"status": "failed", "reason": str(error)}
    except Exception as error:  # converters fail in ways of their own; the other formats go on
        shutil.rmtree(folder, ignore_errors=True)
        return {"status": "failed", "reason": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
    return {**row, "files": hashes(folder), "seconds": round(time.perf_counter() - started, 3)}


def _proved(written: Written, name: str, folder: Path, proof: Mapping[str, Any]) -> dict[str, Any]:
    """The row of what was written. CannotHold if a general converter wrote it and the proof fails."""
    row: dict[str, Any] = {"status": written.status}
    if written.not_inside:
        row["not_inside"] = list(written.not_inside)
    if written.encode is not None:
        row["prepared"] = _prepared(written.encode, proof)
    try:
        row |= prove(folder, name, proof, row)
    except InputError as error:
        if written.converter:
            raise CannotHold(f"{written.converter}: {error}") from error
        raise
    if not row["holds"] and written.converter:
        raise CannotHold(f"{written.converter}: {_reason(row)}")
    if not row["holds"]:
        row |= {"works": row["status"], "status": "failed", "reason": _reason(row)}
    return row


def _reason(row: Mapping[str, Any]) -> str:
    """Why a proof does not hold."""
    if row["largest_difference"] is None:
        return "predictions are missing or not numbers"
    labels = f"; {row['labels_that_differ']} labels differ" if row["labels_that_differ"] else ""
    return f"predictions differ by {row['largest_difference']:.2g}, more than {row['tolerance']:.0e}{labels}"


def _prepared(encode: Predict, proof: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of a proof as a network takes them behind its preprocessing."""
    raw_dtypes = {f["input"]: f["dtype"] for f in proof["inputs"]}
    singles = [(n[0], b) for n, b in zip(proof["numbers"], proof["batches"], strict=True) if len(n) == 1]
    parts = [encode({k: decoded(v, raw_dtypes[k]) for k, v in batch.items()}) for _, batch in singles]
    rows = as_rows({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    dtypes = {name: str(np.asarray(value).dtype) for name, value in rows[0].items()}
    batches = batch_numbers(rows, (1,) if "tokens" in dtypes else (1, 7))
    return {
        "numbers": [[singles[i][0] for i in batch] for batch in batches],
        "batches": [batch_of(rows, batch, dtypes) for batch in batches],
        "dtypes": dtypes,
    }
