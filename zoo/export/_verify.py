"""A proof repeated here and now. It may come from anybody, and so may the files that it is about.

What an exported file may hold: operators that compute, and nothing that reads or writes files.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from ...datasets import InputError
from ..artefact.manifest import read_manifest, sha256
from ..results.models import FormatResult, Verification
from ._export import export
from ._proof import FILES, FORMAT, OWN, given_of, hashes, prove

LARGEST_PROOF = 256 * 2**20  # bytes


def verify(path: str | Path) -> Verification:
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
    rows = {name: _again(home, name, row, proof) for name, row in proof["formats"].items()}
    results = {name: msgspec.convert(row, FormatResult) for name, row in rows.items()}
    repeated = [result.holds for result in results.values() if result.holds is not None]
    return Verification(str(path), bool(repeated) and all(repeated), results)


def _verify_artefact(path: Path) -> Verification:
    """The saved model's own format, exported to a folder that does not stay, and proved there."""
    own = "keras" if "model.keras" in read_manifest(path)["files"] else "skops"
    with tempfile.TemporaryDirectory() as folder:
        row = export(path, Path(folder) / "exports", only=[own]).formats[own]
    return Verification(str(path), bool(row.holds), {own: row})


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
        from ..artefact.formats import load_keras

        load_keras(folder / FILES[name])


_DOMAINS = {"", "ai.onnx.ml", "com.microsoft"}
_BRANCHES = ("If", "Loop", "Scan")
# Operations of TensorFlow that run code of Python, or reach files, sockets or other processes.
_DENIED = (
    "PyFunc",
    "ReadFile",
    "WriteFile",
    "WholeFile",
    "Record",
    "Iterator",
    "Dataset",
    "Socket",
    "Grpc",
    "Rpc",
)
_MATCHING = (
    "TextFile",
    "ImmutableConst",
    "MatchingFiles",
    "TextLineReader",
    "LoadLibrary",
    "LMDB",
    "Debug",
    "PrintV2",
    "SummaryWriter",
)


def check_onnx(path: Path) -> None:
    """Operators of the known domains only, and no data from other files."""
    import onnx

    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf fails in ways of its own
        raise InputError(f"{path} is damaged or no ONNX file: {str(error)[:200]}") from error
    if model.functions or model.training_info or model.graph.sparse_initializer:
        raise InputError(f"{path} holds functions or parts that no export has; it was not loaded")
    if any(tensor.external_data for tensor in model.graph.initializer):
        raise InputError(f"{path} takes data from another file; it was not loaded")
    for node in _nodes(model.graph):
        if node.domain not in _DOMAINS or node.op_type in _BRANCHES:
            raise InputError(f"{path} holds the operator {node.domain}.{node.op_type}; it was not loaded")


def _nodes(graph: Any) -> Any:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if any(tensor.external_data for tensor in (attribute.t, *attribute.tensors)):
                raise InputError("the graph takes data from another file; it was not loaded")
            if attribute.HasField("g") or attribute.graphs:
                raise InputError(f"the operator {node.op_type} holds a graph of its own; it was not loaded")


def check_saved_model(folder: Path) -> None:
    """A graph without operations that reach out of it; checkpoints are read by the loader itself."""
    from ..preprocessing.runtime import import_tensorflow

    import_tensorflow()
    from tensorflow.core.protobuf import saved_model_pb2

    found = saved_model_pb2.SavedModel()
    try:
        found.ParseFromString((folder / "saved_model.pb").read_bytes())
    except Exception as error:
        raise InputError(f"{folder} is damaged or no SavedModel: {str(error)[:200]}") from error
    for meta in found.meta_graphs:
        functions = [node for function in meta.graph_def.library.function for node in function.node_def]
        for node in [*meta.graph_def.node, *functions]:
            if any(word in node.op for word in (*_DENIED, *_MATCHING)):
                raise InputError(f"{folder} holds the operation {node.op}; it was not loaded")
