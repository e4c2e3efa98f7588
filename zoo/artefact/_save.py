"""Write a fitted model to a folder, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets._base import Dataset
from ...datasets._errors import InputError
from ._confidence import confidence_card
from ._formats import inner, model_content
from ._inputs import signature
from ._manifest import FORMAT, sha256


def save(
    model: Any,
    path: str | os.PathLike[str],
    *,
    dataset: Dataset,
    name: str = "",
    family: str = "",
    scores: dict[str, Any] | None = None,
    seed: int | None = None,
    overwrite: bool = False,
) -> Path:
    """Save a fitted model with what it needs to answer raw rows.

    Parameters
    ----------
    model : fitted estimator of the zoo
    path : path
        A folder that does not exist yet (or a saved model, with ``overwrite``).
    dataset : Dataset
        What it was trained on: input columns, classes and fingerprint go into the manifest.
    name, family : str
        The registered name and family.
    scores : dict, optional
        Metrics with intervals, as measured.

    Returns
    -------
    Path
        The folder with ``manifest.json``, ``card.md`` and ``model.keras`` or ``model.skops``.
    """
    folder = Path(path)
    check_writable(folder, overwrite)
    content = model_content(model)
    if content is None:
        raise InputError(
            f"{name or type(model).__name__} cannot be saved without pickle; choose another model"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error}") from error
    try:
        _write(draft, content, _manifest(model, dataset, name, family, scores, seed))
        _move(draft, folder)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error}") from error
    finally:
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
    (draft / name).write_bytes(data)
    (draft / "card.md").write_text(_card(manifest), encoding="utf-8")
    manifest["files"] = {file.name: sha256(file) for file in sorted(draft.iterdir())}
    (draft / "manifest.json").write_text(
        json.dumps(manifest, indent=2, allow_nan=False) + "\n", encoding="utf-8"
    )
    draft.chmod(0o755)


def _move(draft: Path, folder: Path) -> None:
    """The draft takes the folder's place in one step."""
    if folder.exists():
        old = draft.with_name(draft.name + "-old")
        folder.rename(old)
        draft.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        draft.rename(folder)


def _manifest(
    model: Any, dataset: Dataset, name: str, family: str, scores: dict[str, Any] | None, seed: int | None
) -> dict[str, Any]:
    from ._versions import versions

    classes = [str(c) for c in model.classes_] if dataset.task != "regression" else []
    confidence = getattr(model, "confidence_", None)
    model = inner(model)
    return {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": name or type(model).__name__,
        "family": family,
        "params": _plain_params(model),
        "task": dataset.task,
        "modality": dataset.modality,
        "inputs": signature(model, dataset),
        "target": dataset.target,
        "classes": classes,
        "scores": scores or {},
        "dataset": {
            "name": dataset.name,
            "rows": len(dataset),
            "fingerprint": dataset.fingerprint(),
            "positive": dataset.positive,
            "licence": dataset.provenance.licence,
        },
        "seed": seed,
        "versions": versions(),
        **({"confidence": confidence} if confidence is not None else {}),
    }


def _plain_params(model: Any) -> dict[str, Any]:
    """Parameters that JSON holds, nested estimators as text."""
    plain = (str, int, float, bool, type(None))
    return {
        k: v
        if isinstance(v, plain) and v == v
        else np.asarray(v).tolist()
        if isinstance(v, tuple) and k != "steps"
        else str(v)
        for k, v in model.get_params(deep=False).items()
    }


def _card(manifest: dict[str, Any]) -> str:
    """A short model card in Markdown."""
    scores = "\n".join(f"| {k} | {v:.4g} |" for k, v in manifest["scores"].items() if isinstance(v, float))
    inputs = "\n".join(f"- `{c['name']}`: {c['kind']}" for c in manifest["inputs"])
    answer = ", ".join(manifest["classes"]) or "a number"
    return f"""# {manifest["model"]} on {manifest["dataset"]["name"]}

A {manifest["task"]} model for {manifest["modality"]} data, trained by deepworth
{manifest["versions"]["deepworth"]} on {manifest["dataset"]["rows"]} rows (created {manifest["created"]}).

## Inputs

{inputs}

## Answer

`{manifest["target"]}`: {answer}

## Scores

| metric | value |
|---|---|
{scores or "| not measured | |"}
{confidence_card(manifest.get("confidence"))}
## How to load

```python
import deepworth
model = deepworth.load("this folder")
model.predict(rows)
```
"""
