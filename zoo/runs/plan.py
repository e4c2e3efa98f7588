"""Which models run on which rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from ...datasets import Dataset, InputError, Split, make_splits, unknown_name
from .. import registry
from ..own_models import OwnModel
from ..results.facts import LimitFacts, PlanFacts
from ..results.rows import Fold
from ..setup import Design, Parameters, Setup
from .fitting import ConfidenceOptions
from .jobs import PlannedJob, fold_of, plan_job
from .limits import Limits, parse_time, threads_for

# Ten folds once beat five folds twice: the overlap term n_test/n_train falls from 1/4 to 1/9, which
# no number of repeats makes up for.
PRESETS = {"quick": (5, 1), "standard": (10, 1), "thorough": (10, 3)}
_FEWEST_TRAINING_ROWS = 10
TRAININGS = {"quick": 1, "standard": 5, "thorough": 10}  # for an official test set: one, then on halves


@dataclass(frozen=True)
class Plan:
    """All jobs of a run, classical models first, so that something can be seen early."""

    jobs: tuple[PlannedJob, ...]
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
    costs: tuple[PlannedJob, ...] = ()  # one a model, after all folds
    train_rows: int | None = None
    decisions: tuple[str, ...] = ()  # what was left out to fit into a time
    own: tuple[OwnModel, ...] = ()

    @property
    def all_jobs(self) -> tuple[PlannedJob, ...]:
        """Folds, then costs, in the order in which they run."""
        return (*self.jobs, *self.costs)

    @property
    def models(self) -> list[str]:
        """Names in the order in which they run."""
        return list(dict.fromkeys(job.model for job in self.jobs))

    @property
    def test_rows(self) -> dict[Fold, np.ndarray]:
        """Row numbers that each fold tests; trainings on halves of a training set are no folds."""
        scored = (job for job in self.jobs if not (self.official_test and job.split.repeat))
        return {fold_of(job): job.split.test for job in scored}

    def facts(self) -> PlanFacts:
        """The plan without its rows."""
        derived: dict[str, Any] = {
            "jobs": len(self.jobs),
            "models": tuple(self.models),
            "references": tuple(name for name in self.models if registry.is_reference(name)),
            "tuned": {n: registry.untuned(n) for n in self.models if registry.is_tuned(n)},
            "limits": LimitFacts(**asdict(self.limits)),
        }
        own = {f.name: getattr(self, f.name) for f in fields(PlanFacts) if f.name not in derived}
        return PlanFacts(**own, **derived)

    def fingerprint(self) -> str:
        """SHA-256 over the rows of every split."""
        digest = hashlib.sha256()
        for split in {(j.split.repeat, j.split.fold): j.split for j in self.jobs}.values():
            digest.update(f"{split.repeat}|{split.fold}".encode())
            digest.update(split.train.astype("<i8").tobytes() + split.test.astype("<i8").tobytes())
        return digest.hexdigest()


def make_plan(dataset: Dataset, setup: Setup, limits: Limits) -> Plan:
    """Jobs of the chosen (or all suited) models on every split, and of their costs where asked for.

    Raises
    ------
    InputError
        An option cannot be used with these data.
    """
    design = setup.design
    check_design(setup)
    ConfidenceOptions(design.calibrate).check(dataset)
    splits = _splits(dataset, setup)
    names = chosen_models(dataset, design.models, pretrained=design.pretrained)
    searched = _searched(names, design)
    names = sorted(dict.fromkeys([*names, *searched]), key=lambda name: registry.rank(registry.family(name)))
    names = _without(names, design.without)
    searched = [name for name in searched if name in names]
    params = with_weights(known_params(design.params, names), names, design.weights)
    params = _with_searches(params, searched, dataset, setup, len(splits))
    options: dict[str, Any] = {
        "asked_for": bool(design.models),
        "calibrate": design.calibrate,
        "params": params,
    }
    jobs = [plan_job(name, s, timed=not design.costs, **options) for name in names for s in splits]
    whole = Split(0, -1, _training_rows(dataset), np.zeros(0, dtype=int))
    costs = [plan_job(name, whole, kind="cost", **options) for name in names] if design.costs else []
    return Plan(
        jobs=tuple(jobs),
        costs=tuple(costs),
        folds=len({s.fold for s in splits}) if dataset.test is None else 1,
        repeats=len({s.repeat for s in splits}),
        preset=design.preset,
        seed=setup.seed,
        official_test=dataset.test is not None,
        test_over_train=_test_over_train(splits[:1] if dataset.test is not None else splits),
        params=params,
        threads=threads_for(max(len(s.train) for s in splits), limits),
        calibrate=design.calibrate,
        holdout=design.holdout,
        train_rows=design.train_rows,
        in_time_order=_in_time_order(dataset),
        limits=limits,
        own=setup.own,
    )


def _searched(names: Sequence[str], design: Design) -> list[str]:
    """The tuned form of every model that has a search space, where tuning was asked for; named ones, too."""
    if design.tune is None:
        return []
    if design.calibrate not in (None, "none"):
        raise InputError("--tune does not go with --calibrate; remove one of them")
    tunable = [registry.untuned(name) for name in names if registry.space(name)]
    found = [name + registry.TUNED for name in dict.fromkeys(tunable)]
    if not found:
        raise InputError("none of these models has anything to tune; remove --tune")
    return found


def _with_searches(
    params: dict[str, dict[str, Any]], names: Sequence[str], dataset: Dataset, setup: Setup, n_splits: int
) -> dict[str, dict[str, Any]]:
    """The parameters with those of the searches; what was set for a model is set for its candidates, too."""
    trials, seconds = parse_tune(setup.design.tune)
    families = [registry.family(name) for name in names]
    found = dict(params)
    for name, family in zip(names, families, strict=True):
        search: dict[str, Any] = {"metric": setup.criteria.metric}
        if seconds is None:
            search["trials"] = trials
        else:  # the time of a family is shared by its models and their fits
            search["seconds"] = seconds / families.count(family) / n_splits
        if dataset.task == "binary":
            search["positive"] = dataset.positive
        found[name] = {**params.get(registry.untuned(name), {}), **search, **params.get(name, {})}
    return found


def parse_tune(value: int | str | None) -> tuple[int, float | None]:
    """Candidates of a search, or CPU seconds of a family.

    Raises
    ------
    InputError
        It is neither a whole number of at least 2 nor a time.
    """
    if value is None:
        return 0, None
    text = str(value).strip()
    if text.isdigit():
        return at_least("tune", int(text), 2), None
    try:
        return 0, parse_time(text)
    except InputError as error:
        raise InputError(f"tune must be a number of trials or a time such as 10m, got {value!r}") from error


def _without(names: list[str], left_out: Sequence[str]) -> list[str]:
    """The other models; one that is not compared anyway is an error. A model takes its tuned form along."""
    unwanted = {registry.entry(name).name for name in left_out}
    if lacking := sorted(unwanted - set(names)):
        raise InputError(f"{lacking[0]} is not compared anyway; remove it from --without")
    left = [name for name in names if not {name, registry.untuned(name)} & unwanted]
    if not left:
        raise InputError("--without leaves no model; remove it, or choose models with --model")
    return left


def _test_over_train(splits: Sequence[Split]) -> float:
    return sum(len(split.test) / len(split.train) for split in splits) / len(splits)


def check_design(setup: Setup) -> None:
    """Refuse what can be used with no data at all.

    Raises
    ------
    InputError
        There is no such preset or model, or a number is out of its range.
    """
    design = setup.design
    at_least("seed", setup.seed, 0)
    if design.preset not in PRESETS:
        raise unknown_name("preset", design.preset, PRESETS)
    if design.folds is not None:
        at_least("folds", design.folds, 2)
    if design.repeats is not None:
        at_least("repeats", design.repeats, 1)
    if design.train_rows is not None:
        at_least("train_rows", design.train_rows, _FEWEST_TRAINING_ROWS)
    parse_time(design.total_time, "total time")
    parse_tune(design.tune)
    for name in (*(design.models or ()), *design.without):
        registry.entry(name)


def _in_time_order(dataset: Dataset) -> bool:
    return dataset.time is not None and dataset.test is None


def _splits(dataset: Dataset, setup: Setup) -> list[Split]:
    """The folds of a design on these data; a number that is given overrides the preset."""
    design = setup.design
    folds, repeats = PRESETS[design.preset]
    if _in_time_order(dataset):
        repeats = 1
        if (design.repeats or 1) > 1:
            raise InputError("rows in time order have one order only: remove --repeats, or use more --folds")
    if dataset.test is not None:
        repeats = TRAININGS[design.preset]
        if design.folds is not None:
            raise InputError("--folds does not go with an official test part; remove one of them")
    if design.holdout is not None:
        repeats = folds * PRESETS[design.preset][1]  # as many fits as of folds
        _check_holdout(dataset, design.folds)
    splits = make_splits(
        dataset.y,
        task=dataset.task,
        folds=folds if design.folds is None else design.folds,
        repeats=repeats if design.repeats is None else design.repeats,
        seed=setup.seed,
        groups=dataset.groups,
        test=dataset.test,
        time=dataset.time,
        holdout=design.holdout,
    )
    return [_with_fewer_rows(split, dataset, design.train_rows, setup.seed) for split in splits]


def _with_fewer_rows(split: Split, dataset: Dataset, most: int | None, seed: int) -> Split:
    """The split with a random sample of its training rows, as many of each class as there are in all."""
    n_rows = len(split.train)
    if most is None or n_rows <= most:
        return split
    rng = np.random.default_rng([seed, split.repeat, split.fold, 0x7A])
    classes = np.zeros(n_rows) if dataset.task == "regression" else dataset.y[split.train]
    drawn = [
        rng.choice(own, max(1, round(most * len(own) / n_rows)), replace=False)
        for own in (np.flatnonzero(classes == c) for c in np.unique(classes))
    ]
    return replace(split, train=split.train[np.sort(np.concatenate(drawn))])


def _check_holdout(dataset: Dataset, folds: int | None) -> None:
    """Only one way to split at a time."""
    for given, what in (
        (folds, "--folds"),
        (dataset.time, "--time"),
        (dataset.test, "an official test part"),
    ):
        if given is not None:
            raise InputError(f"--holdout does not go with {what}; remove one of them")


def _training_rows(dataset: Dataset) -> np.ndarray:
    """All that a model for use is trained on: every row, or those outside an official test part."""
    return np.arange(len(dataset)) if dataset.test is None else np.flatnonzero(~dataset.test)


def chosen_models(dataset: Dataset, models: Sequence[str] | None, *, pretrained: bool = True) -> list[str]:
    """Full names, classical first, pretrained last; an unsuited or unknown name is an error."""
    suited = registry.suited(dataset.task, dataset.modality)
    if models is None:
        names = [name for name in suited if pretrained or registry.family(name) != "pretrained"]
    else:
        models = [models] if isinstance(models, str) else models
        names = [registry.entry(name).name for name in models]
        unsuited = [name for name in names if registry.untuned(name) not in suited]
        if unsuited:
            kind = f"{dataset.task} on {dataset.modality} data"
            raise InputError(f"model {unsuited[0]} is not for {kind}; use {', '.join(suited)}")
    if not names:
        raise InputError("no models chosen; remove --model to compare all that suit the data")
    return sorted(dict.fromkeys(names), key=lambda name: registry.rank(registry.family(name)))


def known_params(params: Parameters, names: list[str]) -> dict[str, dict[str, Any]]:
    """Parameters by full model name; an unknown model or parameter is an error."""
    renamed = {registry.entry(name).name: dict(values) for name, values in params.items()}
    for name, values in renamed.items():
        if name not in names:
            raise InputError(f"parameters for {name}, which is not compared; add it to the models")
        known = registry.parameters(name)
        for key in values:
            if key not in known:
                raise unknown_name(f"parameter of {name}", key, known)
    return renamed


def with_weights(
    params: dict[str, dict[str, Any]], names: Sequence[str], path: str | None
) -> dict[str, dict[str, Any]]:
    """The parameters with the place of pretrained weights for the models that take those which lie there.

    Raises
    ------
    InputError
        There is nothing at the path that any of the models could use.
    """
    if path is None:
        return params
    own = registry.models_of_weights(path)
    taken = [name for name in names if name in own]
    if not taken:
        raise InputError(f"{path} holds no weights that a compared model could use")
    return {**params, **{name: {"weights": path, **params.get(name, {})} for name in taken}}


def at_least(name: str, value: int, least: int) -> int:
    if value < least:
        raise InputError(f"{name} must be at least {least}, got {value}")
    return int(value)
