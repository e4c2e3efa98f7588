"""Write exports of a saved model, each with its proof.

The formats, by file name: a public file of this package is one.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ...datasets import InputError
from ..results.models import ExportReport
from ._proof import as_rows, batch_of, begun, given_of, hashes, in_batches, prove
from ._rows import probe_rows
from ._source import CannotHold, Source, chosen, formats, missing_requirement, open_source


def export(
    artefact: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    only: Sequence[str] | None = None,
    overwrite: bool = False,
) -> ExportReport:
    """Export a saved model and prove every export in a process of its own.

    Parameters
    ----------
    artefact : path
        A folder that ``train`` or ``save`` wrote.
    output : path
        A new folder: one folder a format, and ``proof.json``.
    only : sequence of str, optional
        Names of formats; all of them by default.
    overwrite : bool
        Replace an earlier export.

    Returns
    -------
    dict
        The proof without its rows: ``formats`` has a row for each, with ``status`` ("works", "works from
        numbers or ids", "cannot", "failed") and ``largest_difference`` or ``reason``.

    Raises
    ------
    InputError
        The artefact or the folder is not what it should be, or a format that was asked for by name lacks
        its library.
    """
    names, folder = chosen(tuple(only) if only else None), Path(output)
    for name in names if only else ():
        if lacking := missing_requirement(name):
            raise InputError(f"{name} {lacking}")
    _check_writable(folder, overwrite)
    source = open_source(Path(artefact))
    X = probe_rows(source)
    proof = begun(source, X, source.answers(X))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error}") from error
    try:
        for name in names:
            proof["formats"][name] = _exported(source, name, draft / name, proof)
        text = json.dumps(proof, ensure_ascii=False, allow_nan=False)
        (draft / "proof.json").write_text(text + "\n", encoding="utf-8")
        draft.chmod(0o755)
        _move(draft, folder)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return _report(proof, folder)


def _report(proof: dict[str, Any], folder: Path) -> ExportReport:
    """A proof without its rows, predictions and hashes, which the type does not have."""
    return msgspec.convert({**proof, "path": str(folder)}, ExportReport)


def _check_writable(folder: Path, overwrite: bool) -> None:
    if not folder.exists():
        return
    if not (folder / "proof.json").is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists and holds no exports; choose another folder")
    if (folder / "proof.json").is_file() and (not overwrite or (folder / "manifest.json").exists()):
        raise InputError(f"{folder} holds exports already; choose another folder or add --overwrite")


def _move(draft: Path, folder: Path) -> None:
    """The draft takes the folder's place in one step."""
    if folder.exists():
        old = draft.with_name(draft.name + "-old")
        folder.rename(old)
        draft.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        draft.rename(folder)


def _exported(source: Source, name: str, folder: Path, proof: dict[str, Any]) -> dict[str, Any]:
    """A row of the proof, whatever happens."""
    if lacking := missing_requirement(name):
        return {"status": "not tried", "reason": lacking}
    started = time.perf_counter()
    folder.mkdir()
    try:
        made = formats()[name].call(source, folder)
        row = {"status": made.get("status", "works")}
        row |= {"not_inside": made["not_inside"]} if made.get("not_inside") else {}
        if "encode" in made:
            row["prepared"] = _prepared(made["encode"], proof)
        row |= prove(folder, name, given_of(proof, row), proof["expected"])
        if not row["holds"]:
            row |= {"works": row["status"], "status": "failed", "reason": _difference(row)}
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


def _difference(row: dict[str, Any]) -> str:
    if row["largest_difference"] is None:
        return "answers are not numbers, or not as many"
    return (
        f"answers differ by {row['largest_difference']:.2g}, more than {row['tolerance']:.0e}; "
        f"{row['labels_that_differ']} labels"
    )


def _prepared(encode: Any, proof: dict[str, Any]) -> dict[str, Any]:
    """The rows as a network takes them, one at a time and in sevens."""
    from ._answers import array

    dtypes = {f["input"]: f["dtype"] for f in proof["inputs"]}
    singles = [(n, b) for n, b in zip(proof["numbers"], proof["batches"], strict=True) if len(n) == 1]
    found = [encode({k: array(v, dtypes[k]) for k, v in batch.items()}) for _, batch in singles]
    rows = as_rows({name: np.concatenate([f[name] for f in found]) for name in found[0]})
    own = {name: str(np.asarray(value).dtype) for name, value in rows[0].items()}
    sizes = (1,) if "tokens" in own else (1, 7)
    numbers = in_batches(rows, sizes)
    places = [n[0] for n, _ in singles]
    return {
        "numbers": [[places[i] for i in batch] for batch in numbers],
        "batches": [batch_of(rows, batch, own) for batch in numbers],
        "dtypes": own,
    }
