"""What a comparison is asked to do: the one list of its options.

A :class:`Setup` is built once, from the command line, from YAML or from Python, and kept with the run as
JSON. Everything that plans, previews, resumes or repeats a comparison reads it. A new option is a field
here (and a key of :class:`SetupOptions`, for type checkers), a click option, and the place that uses it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from ..datasets import DataLike, InputError, ReadOptions, unknown_name
from .option_types import checked_types
from .own_entries import ModelLike
from .own_models import OwnModel, is_one_model, name_models

Preset = Literal["quick", "standard", "thorough"]
Calibration = Literal["auto", "none", "temperature", "platt", "matrix", "isotonic"]
InferenceName = Literal["rows", "corrected-t"]
Parameters = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Design:
    """Which models are fitted on which rows.

    Attributes
    ----------
    models : tuple of str or None
        Names of models, those of the user's own included; None for all that suit the data.
    without : tuple of str
        Models to leave out.
    params : dict of dict
        Parameters by model.
    preset : {"quick", "standard", "thorough"}
        5-fold, 10-fold, or three times 10-fold cross-validation, and the time that it promises.
    total_time : float, str or None
        Seconds that the run should take, or as "10m", instead of the time that the preset promises.
    folds, repeats : int or None
        Override the preset.
    holdout : float or None
        Fraction of the rows to hold out ``repeats`` times instead of cross-validating.
    train_rows : int or None
        Train on at most so many rows of each fold.
    calibrate : {"auto", "none", "temperature", "platt", "matrix", "isotonic"} or None
        How the probabilities of every model are calibrated.
    costs : bool
        Whether every model is fitted once more to measure its costs.
    pretrained : bool
        Whether models on pretrained weights are compared, too, where no models are named.
    weights : str or None
        A folder or file with pretrained weights; None for those that are found on this machine.
    tune : int, str or None
        Candidates of a search for every model that has a search space, or CPU time of a family such as "10m";
        None tunes nothing.
    """

    models: tuple[str, ...] | None = field(default=None, metadata={"flag": "model"})
    without: tuple[str, ...] = ()
    params: Parameters = field(default_factory=dict, metadata={"flag": "set"})
    preset: Preset = "quick"
    total_time: float | str | None = None
    folds: int | None = None
    repeats: int | None = None
    holdout: float | None = None
    train_rows: int | None = None
    calibrate: Calibration | None = None
    costs: bool = True
    pretrained: bool = True
    weights: str | None = None
    tune: int | str | None = None


@dataclass(frozen=True)
class Criteria:
    """What a verdict is decided by.

    Attributes
    ----------
    metric : str or None
        Primary metric; None for the default of the task.
    margin : float or None
        Differences up to this do not matter in practice; None for the default of the metric.
    confidence_level : float
        Level of the intervals, and the probability that a verdict needs.
    budget : tuple of str
        Limits of cost.
    inference : {"rows", "corrected-t"}
        Whether uncertainty is estimated from what every tested row contributes to a score, or from one score
        a fold (Nadeau and Bengio 2003).
    """

    metric: str | None = None
    margin: float | None = None
    confidence_level: float = 0.95
    budget: tuple[str, ...] = ()
    inference: InferenceName = "rows"


@dataclass(frozen=True)
class Resources:
    """What a run may use.

    Attributes
    ----------
    jobs : int or None
        Worker processes; None for one where there are limits, else for none.
    threads : int or None
        Number of threads per fit; None for a number that suits the rows.
    time_limit : float, str or None
        Time limit of a job in seconds, or as "5m".
    memory_limit : int, str or None
        Memory limit of a worker process in bytes, or as "2GB".
    cluster : str or None
        Address of a running Dask scheduler.
    deterministic : bool
        Whether results have to be bit-equal.
    """

    jobs: int | None = field(default=None, metadata={"local": True})
    threads: int | None = None
    time_limit: float | str | None = None
    memory_limit: int | str | None = None
    cluster: str | None = field(default=None, metadata={"local": True})
    deterministic: bool = False


class ResumeOptions(TypedDict, total=False):
    """What a run may use that another may go on with, for type checkers; it changes no result."""

    jobs: int | None
    time_limit: float | str | None
    memory_limit: int | str | None
    cluster: str | None


class ResourceOptions(ResumeOptions, total=False):
    """What a run may use, for type checkers; :class:`Resources` explains it."""

    threads: int | None
    deterministic: bool


class SetupOptions(ReadOptions, ResourceOptions, total=False):
    """The options of a comparison for type checkers; :func:`deepworth.compare` explains them."""

    models: Sequence[ModelLike] | ModelLike | None
    without: Sequence[str] | str
    preset: Preset
    total_time: float | str | None
    folds: int | None
    repeats: int | None
    holdout: float | None
    train_rows: int | None
    calibrate: Calibration | None
    costs: bool
    pretrained: bool
    weights: str | None
    tune: int | str | None
    params: Parameters | None
    metric: str | None
    margin: float | None
    confidence_level: float
    budget: Sequence[str] | str | None
    inference: InferenceName
    seed: int


@dataclass(frozen=True)
class Setup:
    """All options of a comparison, with which it can be repeated.

    Attributes
    ----------
    data : str or None
        A file, a folder or the name of a dataset; None for data in memory, which must be given again.
    reading : ReadOptions
        How the data is read, see :func:`deepworth.load_dataset`.
    design : Design
        Models, parameters and folds.
    criteria : Criteria
        Metric, margin, confidence level and limits of cost.
    resources : Resources
        Processes, threads and limits.
    seed : int
        The same seed gives the same numbers on the same machine.
    own : tuple of OwnModel
        Models of the user's own. What makes them is not kept as JSON, and must be named again.

    Examples
    --------
    >>> from deepworth import Setup
    >>> setup = Setup.of("patients.csv", target="sick", preset="standard", metric="f1")
    >>> setup.design.preset, setup.reading["target"], setup.criteria.metric
    ('standard', 'sick', 'f1')
    >>> Setup.from_json(setup.to_json()) == setup
    True
    """

    data: str | None = None
    reading: ReadOptions = field(default_factory=lambda: ReadOptions())
    design: Design = field(default_factory=Design)
    criteria: Criteria = field(default_factory=Criteria)
    resources: Resources = field(default_factory=Resources)
    seed: int = 0
    own: tuple[OwnModel, ...] = ()

    @classmethod
    @checked_types
    def of(cls, data: DataLike = "sick-healthy", **options: Unpack[SetupOptions]) -> Setup:
        """Make a setup of keyword arguments.

        Parameters
        ----------
        data : str, path, DataFrame or Dataset, default="sick-healthy"
            Anything that :func:`deepworth.load_dataset` takes.
        **options
            The options of :func:`deepworth.compare`.

        Raises
        ------
        InputError
            There is no such option, or it is of another type.
        """
        given: dict[str, Any] = {name: _tupled(name, value) for name, value in options.items()}
        users: tuple[OwnModel, ...] = ()
        if given.get("models") is not None:
            given["models"], users = name_models(given["models"])
        if given.get("weights") is not None:
            given["weights"] = _named(given["weights"])
        parts: dict[str, Any] = {}
        for name, kind in _parts().items():
            own = {f.name: given.pop(f.name) for f in fields(kind) if given.get(f.name) is not None}
            for f in fields(kind):
                given.pop(f.name, None)
            parts[name] = kind(**own)
        seed = given.pop("seed", 0)
        for name in given:
            if name not in ReadOptions.__annotations__:
                raise unknown_name("option", name, option_names())
        reading = {name: value for name, value in given.items() if not _is_unset(name, value)}
        return cls(_named(data), _absolute_test(reading), **parts, seed=seed, own=users)

    def with_resources(self, **changed: object) -> Setup:
        """The same comparison with other resources; None changes nothing."""
        given = {name: value for name, value in changed.items() if value is not None}
        return replace(self, resources=replace(self.resources, **given))  # type: ignore[arg-type]

    def to_json(self) -> dict[str, object] | None:
        """The setup as a plain object; None where it holds something that JSON does not have."""
        import json

        plain = {**asdict(replace(self, own=())), "own": [model.facts() for model in self.own]}
        try:
            content: dict[str, object] = json.loads(json.dumps(plain, allow_nan=False))
        except (TypeError, ValueError):
            return None
        return content

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Setup:
        """The setup that :meth:`to_json` wrote down."""
        from .results.json import from_json

        try:
            parts = {name: from_json(kind, value[name]) for name, kind in _parts().items()}
            reading = {name: _tupled(name, own) for name, own in dict(value["reading"]).items()}  # type: ignore[call-overload]
            own = tuple(OwnModel(**facts) for facts in value.get("own", ()))  # type: ignore[attr-defined]
            return cls(value["data"], reading, **parts, seed=value["seed"], own=own)  # type: ignore[arg-type]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"the setup of the run cannot be read: {error}") from error

    def options(self) -> dict[str, object]:
        """Every option by its name with its value, those of reading first."""
        options: dict[str, object] = dict(self.reading)
        for name, kind in _parts().items():
            part = getattr(self, name)
            options |= {f.name: getattr(part, f.name) for f in fields(kind)}
        return {**options, "seed": self.seed}


def option_names() -> tuple[str, ...]:
    """Names of all options: keyword arguments of :func:`deepworth.compare`, keys of a YAML file."""
    own = [f.name for kind in _parts().values() for f in fields(kind)]
    return (*own, "seed", *ReadOptions.__annotations__)


def option_defaults() -> dict[str, object]:
    """Every option with its default; those of reading are not set."""
    return {**Setup().options(), **dict.fromkeys(ReadOptions.__annotations__)}


def option_flag(name: str) -> str:
    """How an option is written on the command line."""
    return "--" + str(_metadata(name).get("flag", name)).replace("_", "-")


def opposite_flag(name: str) -> str:
    """How the command line says no to an option that is true or false."""
    return _OPPOSITES.get(name, f"--no-{option_flag(name).removeprefix('--')}")


_OPPOSITES = {"dayfirst": "--monthfirst"}


def is_local(name: str) -> bool:
    """Whether an option only fits the machine where it was given: it changes no result."""
    return bool(_metadata(name).get("local", False))


def _metadata(name: str) -> Mapping[Any, Any]:
    """Of the field of an option; options that say how data are read have none."""
    known = {f.name: f.metadata for kind in _parts().values() for f in fields(kind)}
    return known.get(name, {})


@cache
def _parts() -> dict[str, type[Any]]:
    """Parts of a setup whose fields are options."""
    made = Setup()
    return {f.name: type(getattr(made, f.name)) for f in fields(Setup) if is_dataclass(getattr(made, f.name))}


@cache
def _takes_names(name: str) -> bool:
    """Whether an option may be several names, by its type."""
    return "Sequence[" in str(SetupOptions.__annotations__.get(name))


def _tupled(name: str, value: Any) -> Any:
    """Names in any sequence are a tuple; one name alone is a tuple of one."""
    if isinstance(value, str) or (name == "models" and is_one_model(value)):
        alone = _takes_names(name) and name not in ReadOptions.__annotations__
        return (value,) if alone else value
    names = _takes_names(name) and value is not None
    return tuple(value) if names or isinstance(value, list) else value


def _is_unset(name: str, value: object) -> bool:
    """None, and of options that cannot be None also False and no names, is an option that is not given."""
    may_be_none = "None" in str(ReadOptions.__annotations__[name])
    return value is None or (not may_be_none and not value)


def _named(data: object) -> str | None:
    """A path as it is known from any folder; names of datasets stay; None for data in memory."""
    if not isinstance(data, (str, os.PathLike)):
        return None
    return str(Path(data).resolve()) if Path(data).exists() else str(data)


def _absolute_test(reading: dict[str, Any]) -> ReadOptions:
    absolute = dict(reading)
    if isinstance(absolute.get("test"), (str, os.PathLike)):
        absolute["test"] = _named(absolute["test"])
    return absolute  # type: ignore[return-value]
