"""Write a fitted model to a folder, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ...datasets._base import Dataset
from ...datasets._errors import InputError
from ._card import card
from ._describe import describe, in_memory
from ._formats import model_content
from ._manifest import sha256


def save(
    model: Any,
    path: str | os.PathLike[str],
    *,
    dataset: Dataset | None = None,
    X: Any = None,
    y: Any = None,
    name: str = "",
    family: str = "",
    scores: dict[str, Any] | None = None,
    seed: int | None = None,
    overwrite: bool = False,
    **about: Any,
) -> Path:
    """Save a fitted model with what it needs to answer raw rows.

    Parameters
    ----------
    model : fitted estimator of the zoo
    path : path
        A folder that does not exist yet (or a saved model, with ``overwrite``).
    dataset : Dataset, optional
        What it was trained on: input columns, classes and fingerprint go into the manifest.
    X, y : rows and targets, optional
        The same where there is no Dataset. Networks know their columns and need neither; without them the
        manifest has no fingerprint of the data.
    name, family : str
        The registered name and family.
    scores : dict, optional
        Metrics as measured.
    about : evaluation, findings, verdict, costs, run
        Further fields of the manifest: how ``scores`` were measured, with their intervals, what is odd about
        the data, what a comparison said, and what the model costs.

    Returns
    -------
    Path
        The folder with ``manifest.json``, ``card.md`` and ``model.keras`` or ``model.skops``.

    Raises
    ------
    InputError
        The folder cannot be written, or no safe format holds the model. Nothing is left behind.
    """
    folder = Path(path)
    check_writable(folder, overwrite)
    draft = None
    try:
        content = model_content(model)
        if content is None:
            raise InputError(
                f"{name or type(model).__name__} cannot be saved without pickle; choose another model"
            )
        data = dataset if dataset is not None else in_memory(model, X, y)
        manifest = describe(model, data, name, family, scores, seed, about)
        manifest["costs"] = {**manifest.get("costs", {}), "model_bytes": len(content[1])}
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        _write(draft, content, manifest)
        _move(draft, folder)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
    return folder


def check_writable(folder: Path, overwrite: bool) -> None:
    """Refuse to replace anything but a saved model, and that only if asked to."""
    if not folder.exists():
        return
    if not (folder / "manifest.json").is_file() and any(folder.iterdir() if folder.is_dir() else [folder]):
        raise InputError(f"{folder} exists and is not a saved model; choose another folder")
    if not overwrite and (folder / "manifest.json").is_file():
        raise InputError(f"{folder} holds a saved model already; choose another folder or add --overwrite")


def _write(draft: Path, content: tuple[str, bytes], manifest: dict[str, Any]) -> None:
    name, data = content
    _write_file(draft / name, data)
    _write_file(draft / "card.md", card(manifest).encode())
    manifest["files"] = {file.name: sha256(file) for file in sorted(draft.iterdir())}
    text = json.dumps(manifest, indent=2, allow_nan=False) + "\n"
    _write_file(draft / "manifest.json", text.encode())
    draft.chmod(0o755)


def _write_file(path: Path, data: bytes) -> None:
    """Onto the disk, so that a machine that stops leaves no empty file behind a new name."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _move(draft: Path, folder: Path) -> None:
    """The draft takes the folder's place; if it cannot, what was there stays."""
    if not folder.exists():
        draft.rename(folder)
        return
    old = draft.with_name(draft.name + "-old")
    folder.rename(old)
    try:
        draft.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
