"""A proof repeated here and now. It may come from anybody, and so may the files that it is about."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from ...datasets._errors import InputError
from ..artefact._manifest import read_manifest, sha256
from ._export import export
from ._proof import FILES, FORMAT, OWN, given_of, hashes, prove
from ._safe import check_onnx, check_saved_model

LARGEST_PROOF = 256 * 2**20  # bytes


def verify(path: str | Path) -> dict[str, Any]:
    """Repeat the proof of a saved model or of exports, here and now.

    Parameters
    ----------
    path : path
        A folder that ``export`` wrote, or its proof.json; or a saved model, whose hashes are checked and
        which is reloaded in a process of its own: it must answer as the model did when it was trained, or,
        where it was saved without a proof, as it does in this process.

    Returns
    -------
    dict
        ``path``, ``holds`` and ``formats``: for each format what :func:`prove` says, or why it does not hold.
    """
    given = Path(path)
    if (given / "manifest.json").is_file() and not (given / "proof.json").exists():
        return _verify_artefact(given)
    proof = read_proof(given)
    home = given if given.is_dir() else given.parent
    found = {name: _again(home, name, row, proof) for name, row in proof["formats"].items()}
    repeated = [row for row in found.values() if "holds" in row]
    return {
        "path": str(path),
        "holds": bool(repeated) and all(r["holds"] for r in repeated),
        "formats": found,
    }


def _verify_artefact(path: Path) -> dict[str, Any]:
    """The saved model's own format, exported to a folder that does not stay, and proved there."""
    own = "keras" if "model.keras" in read_manifest(path)["files"] else "skops"
    with tempfile.TemporaryDirectory() as folder:
        row = export(path, Path(folder) / "exports", only=[own])["formats"][own]
    return {"path": str(path), "holds": bool(row.get("holds")), "formats": {own: row}}


def _again(home: Path, name: str, row: Any, proof: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(row, dict) or not str(row.get("status", "")).startswith("works"):
        return {k: str(row.get(k, ""))[:300] for k in ("status", "reason")} if isinstance(row, dict) else {}
    folder = home if name == OWN else home / name
    try:
        if name == OWN:
            _check_artefact(folder, proof)
        else:
            _check_files(folder, row.get("files"))
            _check_content(folder, name)
        return {"status": row["status"], **prove(folder, name, given_of(proof, row), dict(proof["expected"]))}
    except InputError as error:
        return {"status": row["status"], "holds": False, "reason": str(error)}
    except (KeyError, TypeError, ValueError, IndexError) as error:
        return {"status": row["status"], "holds": False, "reason": f"the proof is damaged: {error!r}"[:300]}


def read_proof(path: Path) -> dict[str, Any]:
    """A checked proof.json. It may come from anybody."""
    file = path / "proof.json" if path.is_dir() else path
    if not file.is_file() or file.is_symlink():
        raise InputError(f"{path} has no proof.json; deepworth export ARTEFACT -o DIR writes one")
    if file.stat().st_size > LARGEST_PROOF:
        raise InputError(f"{file} is larger than a proof; at most {LARGEST_PROOF} bytes are read")
    try:
        proof = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    wrong = _fault(proof)
    if wrong:
        raise InputError(f"{file}: {wrong}")
    found: dict[str, Any] = proof
    return found


def _fault(proof: Any) -> str | None:
    fields = {
        "format": str,
        "inputs": list,
        "expected": dict,
        "formats": dict,
        "batches": list,
        "numbers": list,
    }
    if not isinstance(proof, dict):
        return f"expected an object, got {type(proof).__name__}"
    for name, kind in fields.items():
        if not isinstance(proof.get(name), kind):
            return f"field {name!r} is missing or has the wrong type"
    if proof["format"].partition(".")[0] != FORMAT.partition(".")[0]:
        return f"format {proof['format']!r} cannot be read by this version ({FORMAT}); update deepworth"
    unknown = sorted(set(proof["formats"]) - set(FILES))
    return f"unknown format {unknown[0]!r}" if unknown else None


def _check_artefact(folder: Path, proof: dict[str, Any]) -> None:
    """The model that was proved, with its own hashes; its contents are checked when it is loaded."""
    read_manifest(folder)
    if sha256(folder / "manifest.json") != dict(proof["artefact"])["manifest.json"]:
        raise InputError(f"{folder / 'manifest.json'} was changed: its hash is not that of the proof")


def _check_files(folder: Path, files: Any) -> None:
    """Exactly the files of the proof, plain ones, with its hashes."""
    if folder.is_symlink() or not folder.is_dir() or not isinstance(files, dict):
        raise InputError(f"{folder} is missing")
    linked = [p for p in folder.rglob("*") if p.is_symlink()]
    if linked:
        raise InputError(f"{linked[0]} is a link, not a file")
    found = hashes(folder)
    for name in sorted(set(found) ^ set(files)):
        raise InputError(f"{folder / name} is {'not in the proof' if name in found else 'missing'}")
    changed = sorted(name for name in found if found[name] != files[name])
    if changed:
        raise InputError(f"{folder / changed[0]} was changed: its hash is not that of the proof")


def _check_content(folder: Path, name: str) -> None:
    """Refuse what may do more than compute, before anything is loaded."""
    if name == "onnx":
        check_onnx(folder / FILES[name])
    elif name == "saved_model":
        check_saved_model(folder)
    elif name == "keras":
        from ..artefact._formats import load_keras

        load_keras(folder / FILES[name])
