"""Runs on disk, for reading: one folder a run, with an SQLite file and the kept predictions as Parquet."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...datasets import InputError, unknown_name
from ..own_models import OwnModel
from ..preprocessing.runtime import available_bytes
from ..results.answer import Answer
from ..results.facts import DatasetFacts, PlanFacts
from ..results.json import from_json
from ..results.rows import (
    FINISHED,
    RETRIED,
    CostSheet,
    Fold,
    Labels,
    Result,
    Results,
    RunFacts,
    Tried,
    kept_codes,
    prediction_array,
)
from ..setup import Setup
from .journal import MEASURED, PARTS, VERSION, in_use, part_name

if TYPE_CHECKING:
    import pandas as pd

EXPLANATIONS = "explanations.json"
DATABASE = "run.sqlite"
PREDICTIONS = "predictions.parquet"
RUNS = f"[!.]*/{DATABASE}"  # a name with a dot is one that was killed before it began


@dataclass(frozen=True)
class KeptRun:
    """What a run says of itself, without its predictions.

    Attributes
    ----------
    setup : Setup or None
        None where it held something that cannot be kept.
    splits : str
        A hash of the rows of all folds.
    answer : Answer or None
        None for a run that did not end.
    planned, done : int
        Jobs.
    """

    folder: Path
    id: str
    created: str
    status: str
    dataset: DatasetFacts
    plan: PlanFacts
    answer: Answer | None
    setup: Setup | None
    versions: dict[str, str | int | None]
    host: dict[str, Any]
    splits: str | None
    planned: int
    done: int
    models: int

    def need_setup(self) -> Setup:
        """The setup, or an error that says that there is none."""
        if self.setup is None:
            raise InputError(f"run {self.id} had parameters that cannot be kept; start it again")
        return self.setup


@dataclass(frozen=True)
class JobRow:
    """A row of the journal: a result without its prediction, its metrics, and when it ran."""

    result: Result
    metrics: dict[str, float | None]
    attempts: int = 0
    started: str | None = None
    ended: str | None = None


def store_folder(store: str | os.PathLike[str] | None = None) -> Path:
    """Where runs are kept: the argument, DEEPWORTH_HOME, or the user's data folder."""
    if store is not None:
        return Path(store)
    if home := os.environ.get("DEEPWORTH_HOME"):
        return Path(home) / "runs"
    from platformdirs import user_data_path

    return user_data_path("deepworth") / "runs"


def run_files(folder: Path) -> list[Path]:
    """Databases of the runs in a folder, newest first."""
    return sorted(folder.glob(RUNS), reverse=True) if folder.is_dir() else []


def status_of(run: KeptRun) -> str:
    """A run without an end goes on, or was killed: the lock on its folder tells which."""
    if run.status != "running":
        return run.status
    return "running" if in_use(run.folder) else "unfinished"


def read_run(folder: Path) -> KeptRun:
    """What a run says of itself.

    Raises
    ------
    InputError
        The folder holds no run of this version of deepworth.
    """
    with damage_named(folder), closing(open_database(folder / DATABASE)) as db:
        if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            raise InputError(f"{folder} is a run of another version of deepworth")
        row = dict(db.execute("SELECT * FROM run").fetchone())
        states = [status for (status,) in map(tuple, db.execute(_STATES))]
        models = db.execute("SELECT COUNT(DISTINCT model) FROM job").fetchone()[0]
        return _kept_run(folder, row, states, models)


@contextmanager
def damage_named(folder: Path) -> Iterator[None]:
    """Whatever a damaged record makes fail is an InputError that names the run and how to be rid of it."""
    try:
        yield
    except InputError:
        raise
    except (sqlite3.Error, *_DAMAGE) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{folder} is not a run of deepworth, or was damaged: {first[:200]}; "
            f"deepworth runs --remove {folder.name} removes it"
        ) from error


# What damaged records raise while they are read, as columns are of any type and JSON holds anything.
_DAMAGE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, OSError)
_OPEN = ("planned", "running", "interrupted")  # of jobs that did not end
_STATES = "SELECT status FROM job UNION ALL SELECT status FROM cost"


def _kept_run(folder: Path, row: dict[str, Any], states: Sequence[str], models: int) -> KeptRun:
    texts = ("dataset", "plan", "result", "setup", "versions", "host", "splits")
    read = {name: json.loads(row[name]) if row[name] else None for name in texts}
    for name in ("id", "created", "status"):
        if not isinstance(row[name], str):
            raise ValueError(f"its {name} is no text")
    if not set(states) <= {*FINISHED, *_OPEN}:
        raise ValueError("a job has an unknown status")
    return KeptRun(
        folder=folder,
        id=row["id"],
        created=row["created"],
        status=row["status"],
        dataset=from_json(DatasetFacts, read["dataset"]),
        plan=from_json(PlanFacts, read["plan"]),
        answer=None if read["result"] is None else from_json(Answer, read["result"]),
        setup=None if read["setup"] is None else Setup.from_json(read["setup"]),
        versions=read["versions"] or {},
        host=read["host"] or {},
        splits=read["splits"],
        planned=len(states),
        done=sum(state in FINISHED for state in states),
        models=models,
    )


def need_answer(run: KeptRun) -> Answer:
    """The answer of a run, with what ``deepworth explain`` found, or an error that says how to go on."""
    from ..results.explanation import Explanations, RunExplanation

    if run.answer is None:
        own = () if run.setup is None else run.setup.own
        raise InputError(f"run {run.id} did not finish; {resume_command(run.folder, own)} goes on with it")
    try:
        kept = json.loads((run.folder / EXPLANATIONS).read_text(encoding="utf-8"))
        champions = from_json(RunExplanation, kept)
    except _DAMAGE:
        return run.answer
    explanations = run.answer.explanations or Explanations()
    return replace(run.answer, explanations=replace(explanations, champions=champions))


def job_rows(folder: Path) -> list[JobRow]:
    """The rows of the journal in the order of the plan: folds, then costs."""
    with damage_named(folder), closing(open_database(folder / DATABASE)) as db:
        folds = [dict(row) for row in db.execute("SELECT * FROM job ORDER BY position")]
        costs = [dict(row) for row in db.execute("SELECT * FROM cost ORDER BY position")]
        for row in (*folds, *costs):
            _check_types(row)
        return [*map(_fold_row, folds), *map(_cost_row, costs)]


# SQLite keeps a value of any type in a column of any type.
_TEXTS = ("model", "family", "status")
_NUMBERS = ("attempts", "converged", "contended", *MEASURED)


def _check_types(row: Mapping[str, Any]) -> None:
    for name in (*_TEXTS, "reason", "started", "ended"):
        if not (isinstance(row[name], str) or (row[name] is None and name not in _TEXTS)):
            raise ValueError(f"the {name} of a job is no text")
    for name in _NUMBERS:
        if not isinstance(row.get(name), (int, float, type(None))):
            raise ValueError(f"{name} of a job is no number")
    if not all(isinstance(row.get(name, 0), int) for name in ("repeat", "fold")):
        raise ValueError("the fold of a job is no number")


def _fold_row(row: Mapping[str, Any]) -> JobRow:
    names = ("model", "family", "repeat", "fold", "status", *MEASURED)
    result = Result(
        **{name: row[name] for name in names},
        reason=row["reason"] or "",
        converged=row["converged"] != 0,
        contended=bool(row["contended"]),
        trials=tuple(from_json(Tried, trial) for trial in json.loads(row.get("trials") or "[]")),
    )
    metrics = from_json(dict[str, float | None], json.loads(row["metrics"] or "{}"))
    return JobRow(result, metrics, row["attempts"], row["started"], row["ended"])


def _cost_row(row: Mapping[str, Any]) -> JobRow:
    figures = json.loads(row["figures"] or "null")
    result = Result(
        *(row["model"], row["family"], 0, -1, "cost", row["status"], row["reason"] or ""),
        contended=bool(row["contended"]),
        costs=None if figures is None else from_json(CostSheet, figures),
    )
    return JobRow(result, {}, row["attempts"], row["started"], row["ended"])


def load_results(run: str | Path, store: str | os.PathLike[str] | None = None) -> Results:
    """Everything that a judge needs of a past run.

    Raises
    ------
    InputError
        There is no such run, it did not end, or it keeps no predictions.
    """
    kept = read_run(find_run(run, store))
    answer = need_answer(kept)
    frame = load_predictions(kept.folder)
    dataset = kept.dataset
    with damage_named(kept.folder):
        parts = dict(iter(frame.groupby(["model", "repeat", "fold"], sort=False)))
        test_rows: dict[Fold, Any] = {}
        rows = []
        for row in (own.result for own in job_rows(kept.folder)):
            part = parts.get((row.model, row.repeat, row.fold)) if row.kind == "fold" else None
            if row.kind == "fold" and row.ok and part is None:
                raise ValueError(f"it keeps no predictions of {row.model} in fold {row.fold}")
            if part is not None:
                fold = part["row"].to_numpy()
                if len(fold) != len(test_rows.get((row.repeat, row.fold), fold)):
                    raise ValueError(f"models predicted other rows in fold {row.fold}")
                if not (answer.plan.official_test and row.repeat):
                    test_rows[row.repeat, row.fold] = fold
                row = replace(row, prediction=prediction_array(part, dataset.task, dataset.classes))
                if row.prediction is None or row.prediction.dtype.kind not in "fiu":
                    raise ValueError(f"predictions of {row.model} are no numbers")
            rows.append(row)
        fitted = {row.model for row in rows if row.ok}
        counts = Counter(row.model for row in rows if row.kind == "fold" and row.model in fitted)
        if len(set(counts.values())) > 1:
            raise ValueError("models have different numbers of folds")
        return Results(tuple(rows), _labels(frame, dataset), test_rows, _facts(answer))


def _labels(frame: pd.DataFrame, dataset: DatasetFacts) -> Labels:
    """What is known of the rows of a dataset from the kept predictions, rows that were never tested empty."""
    import numpy as np

    if dataset.rows * 8 > available_bytes():
        raise ValueError(f"it says that it had {dataset.rows:,} rows")
    regression = dataset.task == "regression"
    truth = frame.drop_duplicates("row")
    if not regression and not truth["truth"].astype(str).isin(list(dataset.classes)).all():
        raise ValueError("its rows have classes that its data do not have")
    y = np.full(dataset.rows, np.nan if regression else "", dtype=float if regression else object)
    y[truth["row"].to_numpy()] = truth["truth"].to_numpy() if regression else truth["truth"].astype(str)
    known = (kept_codes(frame, name, dataset.rows) for name in ("group", "time"))
    return Labels(y, dataset.task, dataset.classes, dataset.positive, *known)


def _facts(answer: Answer) -> RunFacts:
    return RunFacts(
        run=answer.run,
        created=answer.created,
        path=answer.path,
        dataset=answer.dataset,
        plan=answer.plan,
        findings=answer.findings,
        versions=answer.versions,
        determinism=answer.determinism,
        seconds=answer.wall_seconds,
        estimate=answer.estimate,
        explanations=answer.explanations,
        best_reachable={answer.metric.name: answer.best_reachable},
        slices=answer.slices,
    )


def load_predictions(folder: Path) -> pd.DataFrame:
    """The kept predictions of a run.

    Raises
    ------
    InputError
        There are none, or they cannot be read.
    """
    import pandas as pd

    file = folder / PREDICTIONS
    if not file.is_file():
        raise InputError(f"{file} is missing: without kept predictions nothing can be judged again")
    try:
        return pd.read_parquet(file)
    except _DAMAGE as error:
        raise InputError(f"the kept predictions {file} cannot be read: {error}") from error


def has_predictions(folder: Path) -> bool:
    """Whether a run keeps predictions; without any every job failed, or somebody cleaned up."""
    return (folder / PREDICTIONS).is_file()


def load_unfinished(
    run: str | Path, store: str | os.PathLike[str] | None = None, *, retry: bool = False
) -> tuple[KeptRun, list[JobRow]]:
    """A run that may go on, with its rows; with ``retry``, rows that failed have not ended.

    Raises
    ------
    InputError
        It has ended.
    """
    kept = read_run(find_run(run, store))
    rows = job_rows(kept.folder)
    if retry:
        rows = [
            replace(row, result=replace(row.result, status="planned", reason=""))
            if row.result.status in RETRIED
            else row
            for row in rows
        ]
    if kept.status in ("ok", "partial") and all(row.result.status in FINISHED for row in rows):
        failed = any(row.result.status in RETRIED[:-1] for row in rows)
        own = () if kept.setup is None else kept.setup.own
        words = resume_command(kept.folder, own, retry=True)
        again = f"; {words} tries what failed again" if failed else ""
        raise InputError(f"run {kept.id} has ended; deepworth runs {kept.id} shows it{again}")
    return kept, rows


def kept_prediction(folder: Path, result: Result) -> pd.DataFrame | None:
    """The predictions of a finished job; None where they cannot be read."""
    import pandas as pd

    key = (result.model, result.repeat, result.fold)
    try:
        return pd.read_parquet(folder / PARTS / part_name(*key))
    except _DAMAGE:
        pass
    try:
        joined = pd.read_parquet(folder / PREDICTIONS)
        own = (joined["model"] == key[0]) & (joined["repeat"] == key[1]) & (joined["fold"] == key[2])
        return joined[own] if own.any() else None
    except _DAMAGE:
        return None


def resume_command(folder: Path, own: Sequence[OwnModel] = (), *, retry: bool = False) -> str:
    """The line that goes on with the run of a folder, or the call in Python where a shell cannot say it."""
    import shlex

    usual = folder.parent.resolve() == store_folder().resolve()
    name = folder.name if usual else str(folder)
    if not all(model.in_file for model in own):
        more = ", retry='failed'" if retry else ""
        shown = ", ".join(repr(model.source) if model.in_file else model.source for model in own)
        return f"deepworth.resume({name!r}, models=[{shown}]{more})"
    again = ["-m", ",".join(model.source for model in own)] if own else []
    again += ["--retry", "failed"] if retry else []
    return shlex.join(["deepworth", "compare", "--resume", name, *again])


def find_run(run: str | Path, store: str | os.PathLike[str] | None = None) -> Path:
    """The folder of a run, by its name, an unambiguous start of it, "last", or the folder itself."""
    if (Path(run) / DATABASE).is_file():
        return Path(run)
    folder, name = store_folder(store), str(run)
    known = sorted(path.parent.name for path in run_files(folder))
    if not known:
        raise InputError(f"no runs in {folder}; deepworth compare makes one")
    matches = known[-1:] if name == "last" else [n for n in known if name and n.startswith(name)]
    if len(matches) > 1 and name not in matches:
        raise InputError(
            f"{name!r} fits {len(matches)} runs: {', '.join(matches[:5])}; give more of its name"
        )
    if not matches:
        raise unknown_name("run", name, known[::-1])
    return folder / (name if name in matches else matches[0])


def open_database(path: Path) -> sqlite3.Connection:
    """For reading only."""
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    try:
        others = db.execute("SELECT name FROM sqlite_master WHERE type NOT IN ('table', 'index')").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    if others is not None:  # a view may compute for ever
        db.close()
        raise sqlite3.DatabaseError("it contains more than tables")
    return db
