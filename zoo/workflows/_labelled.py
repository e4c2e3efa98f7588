"""Labelled rows for a saved model: its target, its task and classes that it knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...datasets import DataLike, Dataset, InputError, ReadOptions, as_dataset
from ..artefact.loading import SavedModel


def labelled_rows(model: SavedModel, data: DataLike, seed: int, reading: ReadOptions) -> Dataset:
    """The data read as the model's task.

    Raises
    ------
    InputError
        The data are of another modality or task, or have a class that the model does not know.
    """
    manifest = model.manifest
    if isinstance(data, str) and Path(data).is_file() and reading.get("target") is None:
        reading = {**reading, "target": manifest["target"]}
        if manifest["modality"] == "text" and not reading.get("text"):
            reading = {**reading, "text": manifest["inputs"][0]["name"]}
    dataset = as_dataset(data, seed=seed, **reading)
    if dataset.modality != manifest["modality"]:
        raise InputError(f"{data} is {dataset.modality} data, the model wants {manifest['modality']} data")
    if (dataset.task == "regression") != (manifest["task"] == "regression"):
        raise InputError(f"{data} is a {dataset.task} task, the model was trained for {manifest['task']}")
    unknown = [c for c in dataset.classes if c not in manifest["classes"]]
    if unknown:
        raise InputError(f"class {unknown[0]!r} is unknown to the model, which knows {manifest['classes']}")
    if dataset.task != "regression":
        dataset.classes = tuple(manifest["classes"])
        dataset.task, dataset.positive = manifest["task"], manifest["dataset"]["positive"]
    return dataset


def rows_to_judge(dataset: Dataset) -> np.ndarray:
    """Rows of the official test part, or all where there is none."""
    return np.arange(len(dataset)) if dataset.test is None else np.flatnonzero(dataset.test)


def seen_in_training(model: SavedModel, dataset: Dataset) -> bool:
    """Whether the rows are those that the model was trained on."""
    same = dataset.fingerprint() == model.manifest["dataset"]["fingerprint"]
    return same and dataset.test is None
