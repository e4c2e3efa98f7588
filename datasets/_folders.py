"""Folders with one sub-folder per class, of images or texts, possibly below train/ and test/."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ._archives import TEXTS
from ._base import Dataset, Finding, Modality, Provenance, Task
from ._errors import InputError
from ._images import IMAGES, read_images
from ._target import MIN_ROWS

_TRAIN = ("train", "training")
_VALIDATION = ("val", "valid", "validation", "dev")
_TEST = ("test", "testing")


@dataclass(frozen=True)
class Item:
    """A file, its class, and whether it belongs to the test set."""

    path: Path
    label: str
    test: bool


def load_folder(path: Path, test_path: Path | None = None) -> Dataset:
    """The images or texts below a folder, labelled by their sub-folder.

    Parameters
    ----------
    path : Path
        Has one sub-folder per class, or train/ and test/ (and val/, used for training) that have them.
    test_path : Path, optional
        A folder of the same classes: the test set.

    Raises
    ------
    InputError
        There are no class folders or only one, images and texts are mixed, or too few files can be read.
    """
    findings: list[Finding] = []
    items, ignored = _items(path, test_path, findings)
    suffixes = {item.path.suffix.lower() for item in items}
    if suffixes & set(IMAGES) and suffixes & set(TEXTS):
        raise InputError(
            f"{path} has images and texts; expected only one of them, in one sub-folder per class"
        )
    _check_classes(items, path)
    if ignored:
        kinds = ", ".join(
            f"{count} {suffix or 'without suffix'}" for suffix, count in sorted(ignored.items())
        )
        findings.append(Finding("DW026", "info", f"files of other kinds were left out: {kinds}"))
    if suffixes & set(TEXTS):
        X = pd.Series([_read_text(item.path, path) for item in items], dtype=object, name="text")
        _note_empty(X, findings)
        return _dataset(path, X, "text", items, findings)
    images, good = read_images([item.path for item in items], path, findings)
    items = [item for item, ok in zip(items, good, strict=True) if ok]
    _check_classes(items, path, "readable ")
    return _dataset(path, images, "image", items, findings)


def _dataset(path: Path, X: Any, modality: Modality, items: list[Item], findings: list[Finding]) -> Dataset:
    y = np.array([item.label for item in items])
    test = np.array([item.test for item in items])
    task: Task = "binary" if len(np.unique(y)) == 2 else "multiclass"
    name = path.resolve().name
    provenance = Provenance("folder", location=str(path))
    return Dataset(
        name,
        X,
        y,
        task,
        modality,
        test=test if test.any() else None,
        provenance=provenance,
        findings=findings,
        target="folder name",
    )


def _items(path: Path, test_path: Path | None, findings: list[Finding]) -> tuple[list[Item], Counter]:
    """All files in a fixed order: by part, class name and path."""
    parts = _parts(path, findings)
    if test_path is not None:
        if not test_path.is_dir():
            raise InputError(f"no folder {str(test_path)!r} for --test; expected class folders as in {path}")
        if any(test for _, test in parts):
            raise InputError(f"{path} has a test folder already; remove --test")
        parts.append((test_path, True))
    items: list[Item] = []
    ignored: Counter = Counter()
    for folder, test in parts:
        for class_folder in _class_folders(folder):
            for file in _files_below(class_folder):
                if file.suffix.lower() in (*IMAGES, *TEXTS):
                    items.append(Item(file, class_folder.name, test))
                else:
                    ignored[file.suffix.lower()] += 1
    if not items:
        raise InputError(f"no images ({', '.join(IMAGES)}) or texts (.txt) in the sub-folders of {path}")
    return items, ignored


def _parts(path: Path, findings: list[Finding]) -> list[tuple[Path, bool]]:
    """The folders that have class folders, and whether each is the test set."""
    named = {folder.name.lower(): folder for folder in _subfolders(path)}
    if (
        not set(named) <= {*_TRAIN, *_VALIDATION, *_TEST}
        or not any(n in _TRAIN for n in named)
        or len(named) < 2
    ):
        return [(path, False)]
    # Without a test folder, the validation folder is the test set.
    held_out = _TEST if any(n in _TEST for n in named) else _VALIDATION
    merged = [n for n in named if n in _VALIDATION and held_out is _TEST]
    if merged:
        findings.append(Finding("DW027", "info", f"folder {merged[0]}/ was used for training"))
    return [(folder, name in held_out) for name, folder in named.items()]


def _subfolders(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith((".", "__")))


def _class_folders(folder: Path) -> list[Path]:
    classes = _subfolders(folder)
    if classes:
        return classes
    files = sum(1 for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    raise InputError(
        f"{folder} has no class folders ({files} files); expected one sub-folder per class, such as "
        f"{folder.name}/cat/ and {folder.name}/dog/"
    )


def _files_below(folder: Path) -> list[Path]:
    """Files at any depth, without hidden ones."""
    return sorted(
        p
        for p in folder.rglob("*")
        if p.is_file() and not any(part.startswith(".") for part in p.relative_to(folder).parts)
    )


def _check_classes(items: list[Item], path: Path, kind: str = "") -> None:
    labels = sorted({item.label for item in items})
    if len(labels) == 1:
        inner = [p.name for p in _subfolders(path / labels[0])] if (path / labels[0]).is_dir() else []
        hint = (
            f"did you mean {path / labels[0]}?"
            if len(inner) > 1
            else "add a sub-folder for every other class"
        )
        raise InputError(f"{path} has only one class ({labels[0]!r}); {hint}")
    if len(items) < MIN_ROWS:
        raise InputError(f"{path} has only {len(items)} {kind}files; expected at least {MIN_ROWS}")


def _read_text(file: Path, root: Path) -> str:
    data = file.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file.relative_to(root.parent)}: byte 0x{data[error.start]:02x} in line {line} is not UTF-8; "
            f"save the texts as UTF-8"
        ) from None


def _note_empty(texts: pd.Series, findings: list[Finding]) -> None:
    empty = np.flatnonzero(texts.str.strip().eq("").to_numpy())
    if len(empty) == len(texts):
        raise InputError("all texts are empty; expected texts with words")
    if len(empty):
        rows = tuple(int(r) for r in empty[:20])
        message = f"{len(empty)} of {len(texts)} texts are empty, first row {rows[0] + 1}"
        findings.append(Finding("DW023", "warning", message, rows=rows))
