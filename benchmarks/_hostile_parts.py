"""What benchmarks/hostile.py attacks: how sound material is made, and what a changed one is asked."""

from __future__ import annotations

import random
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _mutations import mutate

FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "artefacts"
Trial = tuple[str, str, Callable[[], None]]  # how it was changed, what, and what is done with it


@dataclass(frozen=True)
class Part:
    """One part: how many are tried, how sound material is made, how a process begins to try numbers."""

    full: int
    quick: int
    make: Callable[[Path, bool], None]
    begin: Callable[[str, Path], Callable[[int], Trial]]
    traces: Callable[[Path], list[str]] = lambda root: []


TRAINED = {
    "random-forest": ("sick-healthy", {"n_estimators": 5}),
    "hist-gradient-boosting": ("sick-healthy", {}),
    "rbf-svm": ("sick-healthy", {}),
    "k-nearest-neighbours": ("sick-healthy", {}),
    "cnn": ("digits", {"epochs": 1}),
    "rnn": ("triage-notes", {"epochs": 1}),
}


def sound_models(folder: Path, quick: bool) -> None:
    """Models of both families to start from."""
    newest = max(FIXTURES.iterdir(), key=lambda p: tuple(map(int, p.name.split("."))))
    for archive in newest.glob("*.zip"):
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder / archive.stem)
    for name, (data, params) in {} if quick else TRAINED.items():
        _train(folder / name, name, data, params)


def _train(path: Path, name: str, data: str, params: dict[str, Any], rows: int = 120) -> None:
    import deepworth
    from deepworth.zoo import registry

    dataset = deepworth.load_dataset(data, rows=rows)
    if dataset.task not in registry.entries()[name].constant("TASKS"):
        dataset = _notes_as_numbers(dataset)
    try:
        model = registry.create(name, dataset.task, dataset.modality, random_state=0, **params)
    except TypeError:
        model = registry.create(name, dataset.task, dataset.modality, random_state=0)
    deepworth.save(model.fit(dataset.X, dataset.y), path, dataset=dataset, name=name)


# Small ones, so that thousands of changed copies are read in minutes.
SMALL = {"random-forest": {"n_estimators": 4}, "hist-gradient-boosting": {"max_iter": 4}}


def sound_pipelines(folder: Path, quick: bool) -> None:
    """Every registered classical model that is installed, for one task of each kind of data."""
    from deepworth.zoo import registry

    data = {"tabular": "sick-healthy", "image": "digits", "text": "triage-notes"}
    for name, entry in registry.entries().items():
        if registry.family(name) != "classical" or registry.missing_requirement(name) or name == "constant":
            continue
        for modality in entry.constant("MODALITIES"):
            source = data[modality] if "binary" in entry.constant("TASKS") else "diabetes"
            wanted = "triage-notes" if modality == "text" else source
            _train(folder / f"{name}-{modality}", name, wanted, SMALL.get(name, {}), 60)
        if quick and len(list(folder.iterdir())) > 3:
            return


def _notes_as_numbers(dataset: Any) -> Any:
    """A regression task of texts, for models that have no other."""
    import dataclasses

    import numpy as np

    codes = np.unique(dataset.y, return_inverse=True)[1].astype(np.float64)
    return dataclasses.replace(dataset, y=codes, task="regression", positive=None)


def begin_models(material: str, root: Path) -> Callable[[int], Trial]:
    """Saved models with changed files."""
    return _begin(material, root, lambda target, rng: mutate(target, rng, root / "canary"))


def begin_pipelines(material: str, root: Path) -> Callable[[int], Trial]:
    """Saved pipelines with changed attributes."""
    from _attributes import changed_attributes

    def change(target: Path, rng: random.Random) -> str:
        try:
            return changed_attributes(target, rng)
        except Exception:  # skops cannot hold the change, or there was nothing to change
            return "as it was"

    return _begin(material, root, change)


def _begin(material: str, root: Path, change: Callable[[Path, random.Random], str]) -> Callable[[int], Trial]:
    from deepworth.zoo.artefact import load

    models = sorted(Path(material).iterdir())
    rows = {path: one_row(load(path)) for path in models}
    for path, X in rows.items():
        load(path).predict_rows(X)

    def trial(number: int) -> Trial:
        rng, target = random.Random(number), root / "model"
        path = rng.choice(models)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(path, target)
        kind = change(target, rng)
        (root / "before").write_text("\n".join(sorted(p.name for p in target.iterdir())))
        return kind.split(" = ")[0].split(".")[0], path.name, lambda: _asked(load, target, rows[path])

    return trial


def _asked(load: Any, target: Path, X: Any) -> None:
    load(target).predict_rows(X)


def made_files(root: Path) -> list[str]:
    """Files that appeared beside a model, or where commands of mutations would make them."""
    before = (root / "before").read_text().split("\n")
    same = sorted(p.name for p in (root / "model").iterdir()) == before
    return [] if same and not list((root / "canary").iterdir()) else ["a file was made"]


def sound_store(folder: Path, quick: bool) -> None:
    """A store of two runs."""
    import _stores

    _stores.sound_store(folder / "store")


def begin_stores(material: str, root: Path) -> Callable[[int], Trial]:
    """Stores with one changed run."""
    from _stores import changed_store, use_store

    def trial(number: int) -> Trial:
        store = root / "temporary" / "store"
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(Path(material) / "store", store)
        run, kind = changed_store(store, random.Random(number))
        return kind, run, lambda: _used(use_store, store, run)

    return trial


def _used(use: Any, *given: Any) -> None:
    use(*given)


def begin_inputs(material: str, root: Path) -> Callable[[int], Trial]:
    """Changed data files."""
    import warnings

    from _inputs import changed_input, use_input

    warnings.simplefilter("ignore")

    def trial(number: int) -> Trial:
        folder, rng = root / "temporary" / "input", random.Random(number)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            path, kind = changed_input(folder, rng)
        except (ValueError, KeyError, OverflowError, TypeError):  # no file can hold the change
            (folder / "data.csv").write_text("x,y\n" + "1,a\n2,b\n" * 10)
            path, kind = folder / "data.csv", "as it was"
        return kind, path.suffix, lambda: _used(use_input, path, rng)

    return trial


PARTS = {
    "mutations": Part(10_000, 40, sound_models, begin_models, made_files),
    "native_mutations": Part(5_000, 30, sound_pipelines, begin_pipelines, made_files),
    "store_mutations": Part(2_000, 8, sound_store, begin_stores),
    "input_mutations": Part(5_000, 60, lambda folder, quick: None, begin_inputs),
    "surroundings": Part(0, 0, lambda folder, quick: None, begin_inputs),
}


def one_row(model: Any) -> Any:
    import numpy as np
    import pandas as pd

    if model.manifest["modality"] == "image":
        return np.zeros((1, 8, 8, 1), np.uint8)
    if model.manifest["modality"] == "text":
        return pd.Series(["chest pain since the morning"])
    values = {"number": 1.0, "category": "a", "date": "2020-01-01", "text": "a few words"}
    return pd.DataFrame([{c["name"]: values[c["kind"]] for c in model.manifest["inputs"]}])
