"""benchmark(): many datasets into one store; each is a comparison, and together they are a table.

What is done is known from the store alone: a run with the same setup and the same data is the same run. A
suite that was killed is started again; runs that ended are read, one that did not is resumed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Unpack, get_args, get_origin, get_type_hints

from ...datasets import InputError, load_dataset, unknown_name
from ..judging.suite import FoldScores, count_verdicts, rankings, suite_row
from ..option_types import checked_types
from ..own_models import OwnModel, absolute
from ..results.answer import Answer
from ..results.json import from_json
from ..results.rows import Fold
from ..results.runs import Event, Progress
from ..results.suite import PreviewedDataset, SuiteAnswer, SuitePreview
from ..runs.journal import in_use
from ..runs.store import KeptRun, job_rows, need_answer, read_run, run_files, store_folder
from ..setup import Criteria, Design, ResourceOptions, Resources, Setup, option_flag, option_names
from ..yaml_file import Value, read_yaml
from .compare import check_setup, run_setup
from .preview import preview_setup
from .resume import resume


@dataclass(frozen=True)
class State:
    """What the store knows of an item: "new", "unfinished" or "done", and the run."""

    kind: str
    run: KeptRun | None = None


@checked_types
def benchmark(
    suite: str | os.PathLike[str] | Mapping[str, Setup],
    *,
    store: str | os.PathLike[str] | None = None,
    confidence_level: float = 0.95,
    progress: Progress | None = None,
    on_dataset: Callable[[int, Item, str], None] | None = None,
    **resources: Unpack[ResourceOptions],
) -> SuiteAnswer:
    """Compare models on every dataset of a suite, and judge over all datasets.

    Parameters
    ----------
    suite : path or dict of Setup
        A YAML file that lists datasets with their options, or setups by name.
    store : path, optional
        Folder in which runs are kept; comparisons that are there already do not run again.
    confidence_level : float, default=0.95
        Level of the tests over datasets.
    progress : callable, optional
        Called with an :class:`~deepworth.zoo.results.runs.Event` at every step of every run.
    on_dataset : callable, optional
        Called before each dataset with its number, its item and its state.
    **resources
        ``jobs``, ``threads``, ``time_limit``, ``memory_limit``, ``cluster`` and ``deterministic`` as
        :func:`deepworth.compare` takes them.

    Returns
    -------
    SuiteAnswer
        A row for each dataset, and mean ranks of the models over datasets.

    Raises
    ------
    InputError
        The suite cannot be read. Errors of a single dataset stand in its row of the answer.

    Examples
    --------
    >>> import deepworth
    >>> models = ("constant", "logistic-regression")
    >>> setups = {
    ...     name: deepworth.Setup.of(name, models=models, folds=2, costs=False) for name in ("iris", "wine")
    ... }
    >>> [row.best_classical for row in deepworth.benchmark(setups).datasets]
    ['logistic-regression', 'logistic-regression']
    """
    name, items = _items(suite)
    started, folder = time.perf_counter(), store_folder(store)
    rows, answers = [], []
    for number, item in enumerate(_with_resources(items, resources)):
        began = time.perf_counter()
        answer, reason = _answer(number, item, folder, progress, on_dataset)
        rows.append(suite_row(item.name, answer, reason, time.perf_counter() - began))
        answers += [] if answer is None else [answer]
    return SuiteAnswer(
        suite=name,
        datasets=tuple(rows),
        verdicts=count_verdicts(rows),
        rankings=tuple(rankings(answers, confidence_level, [_fold_scores(answer) for answer in answers])),
        confidence_level=confidence_level,
        exit_code=int(any(row.status != "ok" for row in rows)),
        store=str(folder),
        wall_seconds=time.perf_counter() - started,
    )


def preview_suite(
    suite: str | os.PathLike[str] | Mapping[str, Setup],
    *,
    store: str | os.PathLike[str] | None = None,
    **resources: Unpack[ResourceOptions],
) -> SuitePreview:
    """What :func:`benchmark` would do: the state of every dataset, its fits and the estimated time."""
    name, items = _items(suite)
    folder = store_folder(store)
    rows = tuple(_previewed(item, folder) for item in _with_resources(items, resources))
    return SuitePreview(
        suite=name,
        datasets=rows,
        store=str(folder),
        fits=sum(row.fits for row in rows),
        seconds=sum(row.seconds for row in rows),
        exit_code=int(any(row.state == "failed" for row in rows)),
    )


def _items(suite: str | os.PathLike[str] | Mapping[str, Setup]) -> tuple[str, list[Item]]:
    if isinstance(suite, Mapping):
        return "suite", [Item(name, setup) for name, setup in suite.items()]
    return read_suite(os.fspath(suite))


def _with_resources(items: Sequence[Item], resources: Mapping[str, object]) -> list[Item]:
    """The items with the resources of the call; those that an item names itself stay."""
    found = []
    for item in items:
        own, usual = item.setup.resources, Resources()
        named = {n: v for n, v in vars(own).items() if v != getattr(usual, n)}
        found.append(replace(item, setup=item.setup.with_resources(**{**resources, **named})))
    return found


def state_of(item: Item, folder: Path) -> State:
    """The newest run of an item that ended, else one that did not end, else nothing."""
    wanted = _comparison_of(item.setup)
    same = [run for run in _kept_runs(folder) if run.setup and _comparison_of(run.setup) == wanted]
    if item.setup.resources.deterministic:  # other runs are no answer
        same = [run for run in same if run.plan.limits.deterministic]
    if not same:
        return State("new")
    dataset = load_dataset(item.data, seed=item.setup.seed, **item.setup.reading)
    fingerprint = dataset.fingerprint()
    same = [run for run in same if run.dataset.fingerprint == fingerprint]
    for run in same:
        if run.status in ("ok", "partial") and run.answer is not None:
            return State("done", run)
    return State("unfinished", same[0]) if same else State("new")


def _comparison_of(setup: Setup) -> dict[str, object] | None:
    """What a comparison is, wherever it runs: its setup without resources."""
    return replace(setup, resources=Resources()).to_json()


def _kept_runs(folder: Path) -> list[KeptRun]:
    """Every run of a store that can be read, newest first."""
    kept_runs = []
    for file in run_files(folder):
        with suppress(InputError):
            kept_runs.append(read_run(file.parent))
    return kept_runs


def _answer(
    number: int,
    item: Item,
    folder: Path,
    progress: Progress | None,
    on_dataset: Callable[[int, Item, str], None] | None,
) -> tuple[Answer | None, str]:
    """The answer on an item, or None and why there is none: one dataset must not cost the others."""
    try:
        state = state_of(item, folder)
        if on_dataset is not None:
            on_dataset(number, item, state.kind)
        if state.kind == "done" and state.run:
            return need_answer(state.run), ""
        if state.kind == "unfinished" and state.run:
            resources = item.setup.resources
            try:
                return _resumed(state.run, resources, item.setup.own, progress), ""
            except InputError:  # made by other versions, or at work in another process
                if in_use(state.run.folder):
                    raise
        return run_setup(item.setup, item.data, store=folder, progress=progress).answer, ""
    except Exception as error:
        reason = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        if progress is not None:
            progress(Event("note", message=f"{item.name}: {reason}"))
        return None, " ".join(reason.split())[:300]


def _fold_scores(answer: Answer) -> FoldScores:
    """The primary metric of every fold that ended well, by model, as the journal of the run has it."""
    found: dict[str, dict[Fold, float]] = {}
    for row in job_rows(Path(answer.path)) if answer.path else []:
        value = row.metrics.get(answer.metric.name)
        if row.result.kind == "fold" and value is not None:
            found.setdefault(row.result.model, {})[row.result.repeat, row.result.fold] = value
    return found


def _resumed(
    run: KeptRun, resources: Resources, own: Sequence[OwnModel], progress: Progress | None
) -> Answer:
    return resume(
        str(run.folder),
        models=own,
        jobs=resources.jobs,
        time_limit=resources.time_limit,
        memory_limit=resources.memory_limit,
        cluster=resources.cluster,
        progress=progress,
    ).answer


def _previewed(item: Item, folder: Path) -> PreviewedDataset:
    try:
        state = state_of(item, folder)
        run = None if state.run is None else state.run.id
        if state.kind == "done":
            return PreviewedDataset(item.name, state.kind, run=run)
        preview = preview_setup(item.setup, item.data, store=folder)
        fits = sum(model.jobs for model in preview.models)
        return PreviewedDataset(item.name, state.kind, fits, preview.estimate.seconds, run=run)
    except InputError as error:
        return PreviewedDataset(item.name, "failed", reason=str(error))


_TOP = ("name", "defaults", "datasets")


@dataclass(frozen=True)
class Item:
    """A dataset of a suite: a name for the table, and the comparison that is made on it."""

    name: str
    setup: Setup

    @property
    def data(self) -> str:
        """What is loaded."""
        return self.setup.data or ""


def read_suite(file: str | Path) -> tuple[str, list[Item]]:
    """Name and datasets of a suite file.

    Raises
    ------
    InputError
        The file cannot be read, or a line of it cannot be used; the message names the line.
    """
    top = read_yaml(file)
    for key, value in top.items():
        if key not in _TOP:
            raise _unknown("key of a suite", key, _TOP, value)
    folder = Path(file).absolute().parent
    defaults = _options(top["defaults"].items(), folder) if "defaults" in top else {}
    listed = top["datasets"].parts() if "datasets" in top else []
    if not listed:
        raise InputError(f"{file}: expected datasets, a list of names or of `data: NAME` with options")
    items = [_item(value, defaults, folder) for value in listed]
    seen: set[str] = set()
    for value, item in zip(listed, items, strict=True):
        if item.name in seen:
            raise InputError(f"{value.where}: {item.name} appears twice; give one of them a name")
        seen.add(item.name)
    return (top["name"].text() if "name" in top else Path(file).stem), items


def _item(value: Value, defaults: Mapping[str, Any], folder: Path) -> Item:
    if isinstance(value.plain(), str):
        own, data, name = {}, value.text(), value.text()
    else:
        entries = value.items()
        if "data" not in entries:
            raise InputError(f"{value.where}: expected `data: NAME` or a path")
        data = entries["data"].text()
        name = entries["name"].text() if "name" in entries else Path(data).stem
        own = _options({key: part for key, part in entries.items() if key not in ("data", "name")}, folder)
    options = {**defaults, **own}
    if options.get("test"):
        options["test"] = str(_beside(folder, options["test"]))
    return Item(name, Setup.of(str(_beside(folder, data)), **options))


def _beside(folder: Path, name: str) -> Path | str:
    """A file beside the suite; else the name as it is."""
    return folder / name if (folder / name).exists() else name


def _options(entries: Mapping[str, Value], folder: Path) -> dict[str, Any]:
    """Options by their names in Python; a file spells them as the command line does."""
    known = {option_flag(name).removeprefix("--"): name for name in option_names()}
    options: dict[str, Any] = {}
    for key, value in entries.items():
        name = known.get(key.replace("_", "-"))
        if name is None:
            raise _unknown("option", key, list(known), value)
        if not value.is_null():
            options[name] = _checked(key, name, value, folder)
    return options


def _checked(key: str, name: str, value: Value, folder: Path) -> Any:
    """The value of an option, refused with its line where no comparison could use it."""
    given = value.plain()
    if _is_sequence(name):
        parts = [part.text() for part in value.parts()]
        given = tuple(name.strip() for part in parts for name in part.split(",") if name.strip())
    if name == "models":
        given = tuple(absolute(model, folder) for model in given)
    try:
        _check_type(name, given)
    except ValueError as error:
        raise InputError(f"{value.where}: {key}: {str(error).partition(' - at ')[0]}") from error
    try:
        check_setup(Setup.of("data", **{name: given}))
    except InputError as error:
        raise InputError(f"{value.where}: {error}") from error
    return given


def _part_of(name: str) -> type | None:
    """The part of a setup that has an option; None for options of its data."""
    return next((p for p in (Design, Criteria, Resources) if name in (f.name for f in fields(p))), None)


def _is_sequence(name: str) -> bool:
    """Whether an option takes several names; a text of a suite may separate them by commas."""
    part = _part_of(name)
    kind = get_type_hints(part)[name] if part else _TYPES.get(name)
    return any(get_origin(k) is tuple for k in (kind, *get_args(kind)))


def _check_type(name: str, given: Any) -> None:
    """Refuse a value of another type than the option's."""
    part = _part_of(name)
    if part is None:
        from_json(_TYPES.get(name, str), given)
    else:
        from_json(part, {name: given})


# Of the other options that are no text.
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("rows", "seed"), int),
    **dict.fromkeys(("group_duplicates", "offline", "dayfirst", "keep_na", "strict"), bool),
    **dict.fromkeys(("drop", "categorical", "numeric", "missing"), tuple[str, ...]),
}


def _unknown(kind: str, name: str, known: Any, value: Value) -> InputError:
    return InputError(f"{value.where}: {unknown_name(kind, name, list(known))}")
