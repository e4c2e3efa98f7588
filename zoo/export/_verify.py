"""The proof that a saved model carries, and proofs repeated on this machine.

A proof and its files may come from an untrusted source.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ...datasets import InputError
from ..artefact import load, read_manifest, sha256
from ..results.models import FormatResult, Verification
from ._formats import formats
from ._proof import ARTEFACT, FORMAT, compared, hashes, new_proof, proof_entry, prove
from ._rows import probe_rows
from ._source import TOLERANCE, open_source

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

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
        proof = new_proof(source, X, source.predictions_of(estimator, saved.checked(X)))
    row = compared([source.predictions_of(saved, X)], [range(len(X))], proof["expected"], TOLERANCE)
    row |= {"status": "works" if row["holds"] else "failed"}
    row |= {"seconds": round(time.perf_counter() - started, 3)}
    proof["formats"][ARTEFACT] = row
    _write(folder / "proof.json", proof)
    return msgspec.convert(row, FormatResult)


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


def _write(path: Path, proof: dict[str, Any]) -> None:
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
    results = {name: msgspec.convert(row, FormatResult) for name, row in rows.items()}
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
