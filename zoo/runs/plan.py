"""Which models run on which rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...datasets import Dataset, InputError, Split, make_splits, unknown_name
from .. import registry
from .confidence import Wanted
from .fitting import Job
from .limits import Limits, threads_for

# Ten folds once beat five folds twice: the overlap term n_test/n_train falls from 1/4 to 1/9, which
# no number of repeats makes up for.
PRESETS = {"quick": (5, 1), "standard": (10, 1), "thorough": (10, 3)}


@dataclass(frozen=True)
class Plan:
    """All jobs of a run, classical models first, so that something can be seen early."""

    jobs: tuple[Job, ...]
    folds: int
    repeats: int
    preset: str
    seed: int
    official_test: bool
    test_over_train: float
    params: dict[str, dict[str, Any]]
    threads: int
    calibrate: str | None = None
    holdout: float | None = None
    in_time_order: bool = False
    limits: Limits = field(default_factory=Limits)
    costs: tuple[Job, ...] = ()  # one a model, after all folds

    @property
    def all_jobs(self) -> tuple[Job, ...]:
        """Folds, then costs, in the order in which they run."""
        return (*self.jobs, *self.costs)

    @property
    def models(self) -> list[str]:
        """Names in the order in which they run."""
        return list(dict.fromkeys(job.model for job in self.jobs))

    def fingerprint(self) -> str:
        """SHA-256 over the rows of every split."""
        digest = hashlib.sha256()
        for split in {(j.split.repeat, j.split.fold): j.split for j in self.jobs}.values():
            digest.update(f"{split.repeat}|{split.fold}".encode())
            digest.update(split.train.astype("<i8").tobytes() + split.test.astype("<i8").tobytes())
        return digest.hexdigest()


def make_plan(
    dataset: Dataset,
    *,
    models: Sequence[str] | None,
    preset: str,
    folds: int | None,
    repeats: int | None,
    seed: int,
    params: dict[str, dict[str, Any]] | None,
    calibrate: str | None = None,
    holdout: float | None = None,
    limits: Limits | None = None,
    costs: bool = False,
) -> Plan:
    """Jobs for the chosen (or all suited) models on every split; ``calibrate`` wraps every model alike.

    With ``costs`` one more job a model measures what it costs, on all training rows.
    """
    Wanted(calibrate).check(dataset)
    if preset not in PRESETS:
        raise unknown_name("preset", preset, PRESETS)
    usual = PRESETS[preset]
    _at_least("seed", seed, 0)
    in_order = dataset.time is not None and dataset.test is None
    if in_order and (repeats or 1) > 1:
        raise InputError("--time has one order only: leave --repeats away, use more --folds for more periods")
    usual_repeats = 1 if in_order else usual[1]
    if holdout is not None:
        usual_repeats = usual[0] * usual[1]  # as many fits as of folds
        _check_holdout(dataset, folds)
    folds = _at_least("folds", folds if folds is not None else usual[0], 2)
    repeats = _at_least("repeats", repeats if repeats is not None else usual_repeats, 1)
    splits = make_splits(
        dataset.y,
        task=dataset.task,
        folds=folds,
        repeats=repeats,
        seed=seed,
        groups=dataset.groups,
        test=dataset.test,
        time=dataset.time,
        holdout=holdout,
    )
    names = chosen_models(dataset, models)
    fold_jobs = [_job(name, split, bool(models), calibrate) for name in names for split in splits]
    whole = Split(0, -1, _training_rows(dataset), np.zeros(0, dtype=int))
    cost_jobs = [_job(name, whole, bool(models), calibrate) for name in names] if costs else []
    return Plan(
        jobs=tuple(replace(job, timed=not costs) for job in fold_jobs),
        costs=tuple(replace(job, kind="cost") for job in cost_jobs),
        folds=len({s.fold for s in splits}) if dataset.test is None else 1,
        repeats=len({s.repeat for s in splits}),
        preset=preset,
        seed=seed,
        official_test=dataset.test is not None,
        test_over_train=sum(len(s.test) / len(s.train) for s in splits) / len(splits),
        params=known_params(params or {}, names),
        threads=threads_for(max(len(s.train) for s in splits), limits),
        calibrate=calibrate,
        holdout=holdout,
        in_time_order=in_order,
        limits=limits or Limits(),
    )


def _check_holdout(dataset: Dataset, folds: int | None) -> None:
    """Only one way to split at a time."""
    for given, what in (
        (folds, "--folds"),
        (dataset.time, "--time"),
        (dataset.test, "an official test part"),
    ):
        if given is not None:
            raise InputError(f"--holdout does not go with {what}; leave one of them away")


def _training_rows(dataset: Dataset) -> np.ndarray:
    """All that a model for use is trained on: every row, or those outside an official test part."""
    return np.arange(len(dataset)) if dataset.test is None else np.flatnonzero(~dataset.test)


def _job(name: str, split: Any, asked_for: bool, calibrate: str | None) -> Job:
    lacking = registry.missing_requirement(name)
    if lacking is None:
        return Job(name, registry.family(name), split, calibrate=calibrate)
    return Job(name, registry.family(name), split, "failed" if asked_for else "skipped", lacking)


def chosen_models(dataset: Dataset, models: Sequence[str] | None) -> list[str]:
    """Full names, classical first; an unsuited or unknown name is an error."""
    suited = registry.suited(dataset.task, dataset.modality)
    if models is None:
        names = suited
    else:
        models = [models] if isinstance(models, str) else models
        names = [registry.entry(name).name for name in models]
        unsuited = [name for name in names if name not in suited]
        if unsuited:
            kind = f"{dataset.task} on {dataset.modality} data"
            raise InputError(f"model {unsuited[0]} is not for {kind}; use {', '.join(suited)}")
    if not names:
        raise InputError("no models chosen; leave --model away to compare all that suit the data")
    return sorted(dict.fromkeys(names), key=lambda name: registry.family(name) == "deep")


def known_params(params: dict[str, dict[str, Any]], names: list[str]) -> dict[str, dict[str, Any]]:
    """Parameters by full model name; an unknown model or parameter is an error."""
    renamed = {registry.entry(name).name: values for name, values in params.items()}
    for name, values in renamed.items():
        if name not in names:
            raise InputError(f"parameters for {name}, which is not compared; add it to the models")
        known = registry.parameters(name)
        for key in values:
            if key not in known:
                raise unknown_name(f"parameter of {name}", key, known)
    return renamed


def _at_least(name: str, value: int, least: int) -> int:
    if value < least:
        raise InputError(f"{name} must be at least {least}, got {value}")
    return int(value)
