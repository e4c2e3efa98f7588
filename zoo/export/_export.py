"""Export a saved model to other formats, each with its proof; and proofs repeated on this machine.

A saved model carries a proof too. A proof and its files may come from an untrusted source.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ...datasets import InputError
from ..artefact import load, read_manifest, sha256
from ..results.json import from_json
from ..results.models import ExportReport, FormatResult, Verification
from ._formats import CannotHold, Predict, Written, find_formats, formats, missing_requirement
from ._kept_graph import GRAPH, keep_graph
from ._proof import (
    ARTEFACT,
    FORMAT,
    as_rows,
    batch_numbers,
    batch_of,
    compared,
    hashes,
    new_proof,
    proof_entry,
    prove,
)
from ._proof_process import decoded
from ._rows import probe_rows
from ._source import TOLERANCE, Source, open_source

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


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
    return from_json(ExportReport, {**proof, "path": str(folder)})


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
        _check_content(folder, name)  # or nobody else could verify it
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


LARGEST_PROOF = 256 * 2**20  # bytes
_FIELDS = {
    "format": str,
    "inputs": list,
    "expected": dict,
    "formats": dict,
    "batches": list,
    "numbers": list,
}


def prove_saved(estimator: BaseEstimator, artefact: str | os.PathLike[str]) -> FormatResult:
    """Prove that a saved model predicts what the trained one does, and write ``proof.json`` beside it.

    The proof holds synthetic rows (usual ones, and missing, unseen, empty and extreme cells; no row of the
    data), the predictions of the estimator in memory, and the largest difference to those of the saved
    model. :func:`verify` repeats it in a process of its own, on any machine.

    Where ONNX Runtime is installed and ONNX has a form for the model, its graph is kept in a folder ``onnx``
    with a proof of its own: ``deepworth predict`` answers a single row by it, without loading the model.

    Parameters
    ----------
    estimator : fitted estimator
        The one that was saved.
    artefact : path
        The folder that it was saved to.

    Returns
    -------
    FormatResult
        ``holds`` says whether the predictions are equal within ``tolerance``.

    Raises
    ------
    InputError
        The folder is not a valid saved model, or the proof cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from deepworth import load_dataset
    >>> from deepworth.zoo import registry
    >>> from deepworth.zoo.artefact import save
    >>> from deepworth.zoo.export import prove_saved
    >>> data = load_dataset("iris")
    >>> model = registry.create("logistic-regression", data.task, data.modality).fit(data.X, data.y)
    >>> folder = save(model, tempfile.mkdtemp() + "/iris", dataset=data, name="logistic-regression")
    >>> prove_saved(model, folder).holds
    True
    """
    started, folder = time.perf_counter(), Path(artefact)
    source, saved = open_source(folder), load(folder)
    X = probe_rows(source)
    with warnings.catch_warnings():  # unseen categories belong to the rows
        warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
        expected = source.predictions_of(estimator, saved.checked(X))
    graph = keep_graph(source, X, expected)  # changes the manifest, whose hash is in the proof
    proof = new_proof(source, X, expected)
    row = compared([source.predictions_of(saved, X)], [range(len(X))], proof["expected"], TOLERANCE)
    row |= {"status": "works" if row["holds"] else "failed"}
    row |= {"seconds": round(time.perf_counter() - started, 3)}
    proof["formats"] = {ARTEFACT: row, **({GRAPH: graph} if graph is not None else {})}
    _write_proof(folder / "proof.json", proof)
    return from_json(FormatResult, row)


def prove_unchanged(path: Path) -> dict[str, Any]:
    """A proof, which is not kept, that a saved model predicts in another process what it does in this one."""
    source = open_source(path)
    X = probe_rows(source)
    proof = new_proof(source, X, source.predictions(X))
    return {"status": "works", **prove(path, ARTEFACT, proof, {})}


def check_unchanged(folder: Path, proof: dict[str, Any]) -> None:
    """The model that was proved, by its hashes; its contents are checked when it is loaded."""
    read_manifest(folder)
    if sha256(folder / "manifest.json") != dict(proof["artefact"])["manifest.json"]:
        raise InputError(f"{folder / 'manifest.json'} was changed: its hash is not that of the proof")


def _write_proof(path: Path, proof: dict[str, Any]) -> None:
    """Write a proof completely or not at all."""
    text = json.dumps(proof, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            file.write(text)
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error


def verify(path: str | os.PathLike[str]) -> Verification:
    """Repeat the proof of exports or of a saved model, on this machine.

    Nothing that came with the files is executed: hashes, operators and layers are checked first.

    Parameters
    ----------
    path : path
        A folder that :func:`export` wrote, or its ``proof.json``; or a saved model. A saved model is loaded
        in a process of its own and must predict what it did when it was trained, or, if it was saved without
        a proof, what it predicts in this process.

    Returns
    -------
    Verification
        ``holds`` says whether all formats predict what the proof says; ``formats`` has a result for each.

    Raises
    ------
    InputError
        There is no valid proof or saved model.

    Examples
    --------
    >>> import tempfile
    >>> from deepworth import load_dataset
    >>> from deepworth.zoo import registry
    >>> from deepworth.zoo.artefact import save
    >>> from deepworth.zoo.export import verify
    >>> data = load_dataset("iris")
    >>> model = registry.create("logistic-regression", data.task, data.modality).fit(data.X, data.y)
    >>> folder = save(model, tempfile.mkdtemp() + "/iris", dataset=data, name="logistic-regression")
    >>> verify(folder).holds
    True
    """
    given = Path(path)
    if (given / "manifest.json").is_file() and not (given / "proof.json").exists():
        rows = {ARTEFACT: prove_unchanged(given)}
    else:
        proof = read_proof(given)
        home = given if given.is_dir() else given.parent
        rows = {name: _repeated(home, name, row, proof) for name, row in proof["formats"].items()}
    results = {name: from_json(FormatResult, row) for name, row in rows.items()}
    repeated = [result.holds for result in results.values() if result.holds is not None]
    return Verification(str(path), bool(repeated) and all(repeated), results)


def _repeated(home: Path, name: str, row: Any, proof: dict[str, Any]) -> dict[str, Any]:
    """A row of the proof repeated, if it says that the format works."""
    if not isinstance(row, dict) or not str(row.get("status", "")).startswith("works"):
        return {k: str(row.get(k, ""))[:300] for k in ("status", "reason")} if isinstance(row, dict) else {}
    folder = home if name == ARTEFACT else home / name
    status = str(row["status"])[:300]
    try:
        if name == ARTEFACT:
            check_unchanged(folder, proof)
        else:
            _check_files(folder, row.get("files"))
            _check_content(folder, name)
        return {"status": status, **prove(folder, name, proof, row)}
    except InputError as error:
        return {"status": status, "holds": False, "reason": str(error)}
    except (KeyError, TypeError, ValueError, IndexError) as error:
        return {"status": status, "holds": False, "reason": f"the proof is damaged: {error!r}"[:300]}


def read_proof(path: Path) -> dict[str, Any]:
    """A proof.json, checked: it may come from an untrusted source."""
    file = path / "proof.json" if path.is_dir() else path
    if not file.is_file() or file.is_symlink():
        raise InputError(f"{path} has no proof.json; deepworth export ARTEFACT -o DIR writes one")
    if file.stat().st_size > LARGEST_PROOF:
        raise InputError(f"{file} is too large for a proof; at most {LARGEST_PROOF:,} bytes are read")
    try:
        proof: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    fault = _fault(proof)
    if fault:
        raise InputError(f"{file}: {fault}")
    return proof


def _fault(proof: Any) -> str | None:
    if not isinstance(proof, dict):
        return f"expected an object, got {type(proof).__name__}"
    for name, kind in _FIELDS.items():
        if not isinstance(proof.get(name), kind):
            return f"field {name!r} is missing or has the wrong type"
    if proof["format"].partition(".")[0] != FORMAT.partition(".")[0]:
        return f"format {proof['format']!r} cannot be read by this version ({FORMAT}); update deepworth"
    unknown = sorted(set(proof["formats"]) - {ARTEFACT, *formats()})
    return f"unknown format {unknown[0]!r}" if unknown else None


def _check_files(folder: Path, files: Any) -> None:
    """Exactly the files of the proof, plain ones, with its hashes."""
    if folder.is_symlink() or not folder.is_dir() or not isinstance(files, dict):
        raise InputError(f"{folder} is missing")
    linked = [p for p in folder.rglob("*") if p.is_symlink()]
    if linked:
        raise InputError(f"{linked[0]} is a link, not a file")
    present = hashes(folder)
    for name in sorted(set(present) ^ set(files)):
        raise InputError(f"{folder / name} is {'not in the proof' if name in present else 'missing'}")
    changed = sorted(name for name in present if present[name] != files[name])
    if changed:
        raise InputError(f"{folder / changed[0]} was changed: its hash is not that of the proof")


def _check_content(folder: Path, name: str) -> None:
    """Refuse an export that does more than compute, before anything is loaded."""
    entry = proof_entry(name)
    if hasattr(entry.module, "check"):
        entry.module.check(folder)
