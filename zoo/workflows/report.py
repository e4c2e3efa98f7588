"""report(): the whole answer of a run on one page, with the command that makes the run again."""

from __future__ import annotations

import ast
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ...datasets import InputError
from ..calibration.conformal import LEVEL
from ..judging.calibration import judge_calibration
from ..judging.details import confusion, models_in_detail, paired_folds, true_and_predicted
from ..report import documents
from ..report.output import write_whole
from ..results.answer import Answer
from ..results.curves import CapacityAnswer, LearningCurveAnswer
from ..results.report import ReportedJob, ReportSheet
from ..runs.store import JobRow, find_run, has_predictions, job_rows, load_results, need_answer, read_run
from ..setup import Setup, is_local, opposite_flag, option_defaults, option_flag

StrPath = str | os.PathLike[str]


def report(
    run: str = "last",
    output: StrPath | None = None,
    *,
    format: Literal["html", "md", "json"] | None = None,
    join: Sequence[StrPath] = (),
    store: StrPath | None = None,
) -> str:
    """Write a report about a past run, from what the run kept.

    Parameters
    ----------
    run : str, default="last"
        Name of the run, an unambiguous beginning of it, "last" for the newest, or its folder.
    output : path, optional
        File to write; its extension gives the format.
    format : {"html", "md", "json"}, optional
        By default that of the extension of ``output``, else "html".
    join : sequence of path, default=()
        JSON files with answers of :func:`deepworth.learning_curve` and :func:`deepworth.capacity` on the
        same data, which the report then shows too.
    store : path, optional
        Folder in which runs are kept; by default ``DEEPWORTH_HOME`` or the user's data folder.

    Returns
    -------
    str
        The report.

    Raises
    ------
    InputError
        There is no such run, it has no answer, or the file cannot be written.

    Examples
    --------
    >>> import deepworth
    >>> options = {"models": ["constant", "logistic-regression"], "folds": 2, "costs": False}
    >>> run = deepworth.compare("iris", **options).run
    >>> print(deepworth.report(run, format="md").splitlines()[0])
    # iris: cannot tell
    """
    kind = documents.kind_of(output, format)
    text = documents.render(report_sheet(run, store=store, join=join), kind)
    if output is not None:
        write_whole(text, output)
    return text


def report_sheet(run: str, *, store: StrPath | None = None, join: Sequence[StrPath] = ()) -> ReportSheet:
    """Everything that a report shows of a run; the parameters are those of :func:`report`."""
    kept = read_run(find_run(run, store))
    answer = need_answer(kept)
    results = load_results(kept.folder) if has_predictions(kept.folder) else None
    shown = [] if results is None else models_in_detail(answer, results)
    curve, capacity = _joined(answer, join)
    return ReportSheet(
        result=_without_folders(answer),
        status=kept.status,
        command=None if kept.setup is None else command_of(kept.setup),
        host={name: value for name, value in kept.host.items() if name != "name"},
        splits=kept.splits,
        jobs=tuple(_job(row) for row in job_rows(kept.folder) if row.result.kind == "fold"),
        paired=None if results is None else paired_folds(results, answer.metric.name),
        confusion=None if results is None else confusion(results, shown),
        values=None if results is None else true_and_predicted(results, shown),
        calibration=None
        if results is None or not shown
        else judge_calibration(answer, results.predictions(), models=shown, level=LEVEL),
        learning_curve=curve,
        capacity=capacity,
    )


def _without_folders(answer: Answer) -> Answer:
    """The answer without folders of this machine: a report is sent to others."""
    source = answer.dataset.provenance
    if Path(source.location).is_absolute():
        source = replace(source, location=Path(source.location).name)
    return replace(answer, path=None, dataset=replace(answer.dataset, provenance=source))


def _job(row: JobRow) -> ReportedJob:
    result = row.result
    return ReportedJob(
        model=result.model,
        family=result.family,
        repeat=result.repeat,
        fold=result.fold,
        status=result.status,
        reason=result.reason,
        fit_seconds=result.fit_seconds,
        predict_seconds=result.predict_seconds,
        attempts=row.attempts,
        contended=result.contended,
        metrics=row.metrics,
    )


def _joined(
    answer: Answer, files: Sequence[StrPath]
) -> tuple[LearningCurveAnswer | None, CapacityAnswer | None]:
    """The learning curve and the grid of networks among the joined files."""
    curve: LearningCurveAnswer | None = None
    capacity: CapacityAnswer | None = None
    for file in files:
        joined = _joined_answer(Path(file))
        if joined.dataset.fingerprint != answer.dataset.fingerprint:
            raise InputError(f"{file} is about other data than run {answer.run}; remove it")
        if isinstance(joined, LearningCurveAnswer):
            curve = joined
        else:
            capacity = joined
    return curve, capacity


def _joined_answer(file: Path) -> LearningCurveAnswer | CapacityAnswer:
    value = _read_object(file)
    try:
        if "crossover" in value:
            return LearningCurveAnswer.from_dict(value)
        if "networks" in value:
            return CapacityAnswer.from_dict(value)
    except ValueError as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    raise InputError(f"{file} is not a result of learning-curve or capacity; write it with -o FILE.json")


def _read_object(file: Path) -> Mapping[str, object]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{file}: expected an object, got {type(value).__name__}")
    return value


def command_of(setup: Setup) -> str:
    """A line for a shell in the folder of the data, or a call in Python where a shell cannot say it.

    Files are named without their folders, and what only fits this machine is left out: the line is for
    other people's machines. Data in memory, and names in a list that hold a comma, need a call in Python.
    """
    options = _with_sources(_given(setup), setup)
    data = None if setup.data is None else _name(setup.data)
    in_shell = all(model.in_file for model in setup.own)
    if data is None or not in_shell or not all(map(_fits_command_line, options.values())):
        keywords = [f"{name}={value!r}" for name, value in options.items()]
        return f"deepworth.compare({', '.join(['data' if data is None else repr(data), *keywords])})"
    words = [word for name, value in options.items() for word in _words(name, value)]
    return shlex.join(["deepworth", "compare", f"./{data}" if data.startswith("-") else data, *words])


class _Expression(str):
    """Code of Python, which stands without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _with_sources(options: dict[str, object], setup: Setup) -> dict[str, object]:
    """Models of the user's own by what makes them: a file without its folder, or code in Python."""
    named = {m.name: _file_name(m.source) if m.in_file else _Expression(m.source) for m in setup.own}
    models = setup.design.models
    if not named or models is None:
        return options
    return {**options, "models": tuple(named.get(name, name) for name in models)}


def _file_name(source: str) -> str:
    return source.replace("\\", "/").rpartition("/")[2]


def _given(setup: Setup) -> dict[str, object]:
    """Options that differ from their defaults, those about the data first."""
    defaults = option_defaults()
    options = {name: value for name, value in setup.options().items() if not is_local(name)}
    given = {name: value for name, value in options.items() if value != defaults[name]}
    if isinstance(given.get("test"), str):
        given["test"] = _name(str(given["test"]))
    return given


def _name(path: str) -> str:
    """The last part of a path; names of datasets and addresses stay."""
    return Path(path).name if Path(path).is_absolute() else path


def _fits_command_line(value: object) -> bool:
    """Lists are separated by commas, and spaces around their items are dropped."""
    if not isinstance(value, (list, tuple)):
        return True
    return all(str(item).strip() == str(item) and "," not in str(item) for item in value)


def _words(name: str, value: object) -> list[str]:
    flag = option_flag(name)
    if isinstance(value, bool):
        return [flag if value else opposite_flag(name)]
    if isinstance(value, (list, tuple)):
        return [flag, ",".join(map(str, value))]
    if isinstance(value, Mapping):
        pairs = [f"{model}.{key}={_literal(v)}" for model, own in value.items() for key, v in own.items()]
        return [word for pair in pairs for word in (flag, pair)]
    return [flag, str(value)]


def _literal(value: object) -> str:
    """As ``--set`` reads it: text stays bare unless it would be taken for something else."""
    if not isinstance(value, str):
        return repr(value)
    try:
        ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    return repr(value)
