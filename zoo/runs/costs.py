"""What a model costs: fitted alone on all training rows, saved, opened again and asked as a user would.

All figures of a sheet come from one process. Import time is in none of them: libraries are imported, and
the first-call work of their runtimes is done, before a clock starts. What a fit compiles is part of it.
"""

from __future__ import annotations

import re
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from ...datasets import Dataset, InputError, take
from .. import registry
from ..artefact.formats import count_parameters
from ..artefact.loading import load
from ..artefact.operations import operations
from ..artefact.saving import save
from ..inner_splits import fit_respecting
from ..results.json import from_json, to_json
from ..results.rows import CostSheet, Result
from ..training.machine import usable_cores
from .fitting import reason_of, training_rows, unfitted
from .jobs import PlannedJob
from .limits import limited
from .measuring import (
    EFFORTS,
    Effort,
    Fit,
    Meter,
    fit_figures,
    give_back_memory,
    is_steady,
    latencies,
    timed_fit,
)

_FOLDER = re.compile(r"\S*deepworth-cost-\S+")
_TINY = 60  # rows of an untimed first fit
_MOST_FITS = 5


@dataclass(frozen=True)
class Setting:
    """How costs of a run are measured; ``threads`` of scikit-learn and BLAS, ``cores`` of networks."""

    threads: int = 1
    cores: int | None = None
    effort: str = "quick"


def measure_job(
    job: PlannedJob, dataset: Dataset, seed: int, params: dict[str, Any], setting: Setting
) -> Result:
    """The result of a cost job: ``costs`` has what could be measured, even where it failed."""
    figures: dict[str, Any] = {"threads": _threads(job, setting), "rows": len(job.split.train)}
    try:
        with limited(setting.threads), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the folds have heard them
            model = _fitted(job, dataset, seed, params, setting, figures)
            reason = _ask_saved(job, model, dataset, setting, figures)
            figures["steady"] = figures.pop("fit_steady") and is_steady(figures["latency"])
    except (Exception, SystemExit) as error:
        reason = _FOLDER.sub("the saved model", reason_of(error))  # a name that is another every time
        return job.ended("failed", reason, costs=cost_sheet(figures))
    return job.ended(reason=reason, costs=cost_sheet(figures))


def cost_sheet(figures: dict[str, Any]) -> CostSheet:
    """Figures as they were measured; those of a fit that was not finished are left out."""
    known = {f.name for f in fields(CostSheet)}
    return from_json(CostSheet, {name: value for name, value in to_json(figures).items() if name in known})


def _threads(job: PlannedJob, setting: Setting) -> int:
    if job.family == "deep":
        return setting.cores or usable_cores()
    return setting.threads


def _fitted(
    job: PlannedJob,
    dataset: Dataset,
    seed: int,
    params: dict[str, Any],
    setting: Setting,
    figures: dict[str, Any],
) -> Any:
    """The model on all training rows. What is fitted in a moment is fitted again: one moment says little."""
    effort = EFFORTS[setting.effort]
    rows = training_rows(dataset, job.split.train)
    _first_call(unfitted(job, dataset, seed, params, setting.threads), dataset, job)
    fits: list[Fit] = []
    while not fits or (len(fits) < _MOST_FITS and sum(fit.wall for fit in fits) < effort.fitting):
        model = unfitted(job, dataset, seed, params, setting.threads)
        _forget_programs()
        give_back_memory()
        fits.append(timed_fit(partial(fit_respecting, model, *rows), effort.patience))
    figures |= {**fit_figures(fits), "parameters": count_parameters(model)}
    return model


def _first_call(model: Any, dataset: Dataset, job: PlannedJob) -> None:
    """What is paid once a process is not this model's cost: a small fit comes first, untimed.

    Networks compile a program for each architecture, which is their cost; a runtime that has started and
    compiled something else is not.
    """
    with suppress(Exception):  # whatever is wrong, the timed fit will say
        if hasattr(model, "fit_many") or hasattr(model, "warm_up"):
            _start_runtime()
            return
        rows = _some_rows(dataset, job.split.train)
        clone(model).fit(take(dataset.X, rows), dataset.y[rows])


_started: list[bool] = []


def _start_runtime() -> None:
    """TensorFlow's threads and compiler, once a process."""
    if not _started:
        from ..training.fleet import start_runtime

        start_runtime()
        _started.append(True)


def _forget_programs() -> None:
    """To compile is part of every fit of a network."""
    made = sys.modules.get("deepworth.zoo.training.program")
    if made is not None:
        made.forget()


def _some_rows(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """A few rows, of every class some."""
    if dataset.task == "regression":
        return rows[:_TINY]
    each = max(4, _TINY // max(1, len(dataset.classes)))
    y = dataset.y[rows]
    return np.sort(np.concatenate([rows[np.flatnonzero(y == name)[:each]] for name in dataset.classes]))


def _ask_saved(
    job: PlannedJob, model: Any, dataset: Dataset, setting: Setting, figures: dict[str, Any]
) -> str:
    """Save, open and ask: the path that a user would deploy.

    A model of the user's own may be of classes that no saved model holds. It is asked as it is, and the
    reason is returned why its size and the time to load it are not known.
    """
    X, effort = take(dataset.X, job.split.train), EFFORTS[setting.effort]
    with tempfile.TemporaryDirectory(prefix="deepworth-cost-") as folder:
        try:
            path = save(
                model, Path(folder) / "model", dataset=dataset, name=job.model, family=job.family, seed=0
            )
            opened = load(path) if registry.is_own(job.model) else None
        except InputError as error:
            if not registry.is_own(job.model):
                raise
            figures |= {**_answering(model.predict, X, effort), "flops_by": "not counted: it cannot be saved"}
            return _FOLDER.sub("the saved model", str(error))
        del model, opened
        give_back_memory()
        figures |= ask(path, X, effort)
    return ""


def ask(path: Path, X: Any, effort: Effort) -> dict[str, Any]:
    """Size on disk, time to open, memory and latency of a saved model that answers rows of X."""
    with Meter() as opening:
        model = load(path)
    counted = operations(model, X)  # first: it traces a network for one row, which the clocks find done
    return {
        "size_bytes": size_on_disk(path),
        "load_seconds": opening.wall,
        **_answering(model.predict, X, effort),
        **counted,
    }


def _answering(predict: Callable[[Any], Any], X: Any, effort: Effort) -> dict[str, Any]:
    """Latency and memory of predictions."""
    with Meter() as answering:
        latency = latencies(predict, lambda rows, number: batch_of(X, rows, number), effort)
    return {"predict_peak_bytes": answering.peak_bytes, "latency": latency}


def batch_of(X: Any, rows: int, number: int) -> Any:
    """Other rows for every call; those of small data come round again."""
    n_rows = len(X)
    return take(X, (np.arange(rows) + number * rows) % n_rows)


def size_on_disk(path: Path) -> int:
    """Bytes of the model's folder without its proof, which is about the model and not needed to use it."""
    return sum(f.stat().st_size for f in Path(path).rglob("*") if f.is_file() and f.name != "proof.json")
