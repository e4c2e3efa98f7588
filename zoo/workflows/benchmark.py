"""Many datasets into one store: each is a comparison, and together they are a table.

What is done is known from the store alone: a run with the same configuration and the same data is the same
run. A suite that was killed is started again; runs that ended are read, one that did not is resumed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import InputError, load_dataset
from ..judging.ranks import ranking
from ..runs.journal import in_use
from ..runs.progress import Event, Progress
from ..runs.store import RUNS, load_run, read_run, store_folder
from ._result import describe, plain
from .compare import compare, configuration
from .preview import SETTINGS, preview, split_options
from .resume import resume

_AGAIN = ("jobs", "time_limit", "memory_limit", "cluster")


@dataclass(frozen=True)
class Item:
    """A dataset of a suite: a name for the table, what to load, and options as :func:`compare` has them."""

    name: str
    data: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class State:
    """What the store knows of an item: "new", "unfinished" or "done", and the run."""

    kind: str
    run: str | None = None


def state_of(item: Item, folder: Path, deterministic: bool = False) -> State:
    """The newest run of an item that ended, else one that did not end, else nothing."""
    wanted = _configuration(item)
    same = [run for run in _runs(folder) if _asks(run["configuration"], wanted)]
    if deterministic:  # other runs are no answer
        same = [run for run in same if run["plan"]["limits"].get("deterministic")]
    if not same:
        return State("new")
    load, _ = split_options(item.options)
    dataset = load_dataset(item.data, seed=item.options.get("seed", SETTINGS["seed"]), **load)
    fingerprint = describe(dataset)["fingerprint"]
    same = [run for run in same if run["dataset"]["fingerprint"] == fingerprint]
    for run in same:
        if run["status"] in ("ok", "partial") and run["result"] is not None:
            return State("done", run["id"])
    return State("unfinished", same[0]["id"]) if same else State("new")


def _configuration(item: Item) -> dict[str, Any] | None:
    load, asked = split_options(item.options)
    return configuration(item.data, load, asked)


def _asks(stored: dict[str, Any] | None, wanted: dict[str, Any] | None) -> bool:
    """Whether a run was made with these options; later versions may keep more of them."""
    if stored is None or wanted is None:
        return False
    return all(stored.get(name) == value for name, value in wanted.items())


def _runs(folder: Path) -> list[dict[str, Any]]:
    """Every run of a store that can be read, newest first."""
    found = []
    for file in sorted(folder.glob(RUNS), reverse=True) if folder.is_dir() else []:
        with suppress(InputError):
            found.append(read_run(file))
    return found


def run_suite(
    items: Sequence[Item],
    *,
    store: str | Path | None = None,
    confidence_level: float = 0.95,
    progress: Progress | None = None,
    on_item: Callable[[int, Item, str], None] | None = None,
    **runner: Any,
) -> dict[str, Any]:
    """Compare on every dataset, each at most once, and judge over all.

    Parameters
    ----------
    items : datasets with their options
    store : folder of all runs; the user's by default
    confidence_level : of the statements over datasets
    on_item : hears the number of each dataset, the dataset and its state before it begins
    runner : jobs, threads, time_limit, memory_limit as :func:`deepworth.compare`

    Returns
    -------
    dict
        ``datasets``, a row for each whatever became of it; ``verdicts``, how often which family won;
        ``rankings``, one for each modality; ``exit_code``, 1 if anything is missing.
    """
    started, folder = time.perf_counter(), store_folder(store)
    rows, answers = [], []
    for number, item in enumerate(items):
        began = time.perf_counter()
        answer, reason = _answer(number, item, folder, progress, on_item, runner)
        rows.append(_row(item, answer, reason, time.perf_counter() - began))
        answers.append(answer)
    found = judged_over(rows, answers, confidence_level)
    return plain({**found, "store": str(folder), "wall_seconds": time.perf_counter() - started})


def _answer(
    number: int,
    item: Item,
    folder: Path,
    progress: Progress | None,
    on_item: Callable[[int, Item, str], None] | None,
    runner: dict[str, Any],
) -> tuple[dict[str, Any] | None, str]:
    """The result of an item, or None and why there is none: one dataset must not cost the others."""
    try:
        state = state_of(item, folder, runner.get("deterministic", False))
        if on_item is not None:
            on_item(number, item, state.kind)
        if state.kind == "done" and state.run:
            return load_run(state.run, folder), ""
        if state.kind == "unfinished" and state.run:
            again = {name: value for name, value in runner.items() if name in _AGAIN}
            try:
                return resume(str(folder / state.run), progress=progress, **again).to_dict(), ""
            except InputError:  # made by other versions, or at work in another process
                if in_use(folder / state.run):
                    raise
        options = {**runner, **item.options}
        return compare(item.data, store=folder, progress=progress, **options).to_dict(), ""
    except Exception as error:
        reason = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        if progress is not None:
            progress(Event("note", message=f"{item.name}: {reason}"))
        return None, " ".join(reason.split())[:300]


def _row(item: Item, answer: dict[str, Any] | None, reason: str, seconds: float) -> dict[str, Any]:
    """One dataset of the table."""
    row: dict[str, Any] = {"data": item.name, "status": "failed", "reason": reason, "seconds": seconds}
    if answer is None:
        return {**row, "outcome": None, "run": None}
    verdict = answer["verdict"]
    scores = {r["model"]: r["score"] for r in answer["leaderboard"]}
    best = {f: _best(answer, f) for f in ("deep", "classical")}
    return {
        **row,
        "status": "ok" if answer["exit_code"] == 0 else "partial",
        "run": answer["run"],
        "rows": answer["dataset"]["rows"],
        "task": answer["dataset"]["task"],
        "modality": answer["dataset"]["modality"],
        "metric": answer["metric"]["name"],
        "outcome": verdict["outcome"],
        **{key: verdict[key] for key in ("gain", "gain_low", "gain_high")},
        **{f"best_{family}": name for family, name in best.items()},
        **{f"score_{family}": scores.get(name) for family, name in best.items()},
        "missing": verdict["missing"],
    }


def _best(answer: dict[str, Any], family: str) -> str | None:
    """The leaderboard is in order of score."""
    rows = [r for r in answer["leaderboard"] if r["family"] == family and r["score"] is not None]
    return rows[0]["model"] if rows else None


def judged_over(
    rows: Sequence[dict[str, Any]], answers: Sequence[dict[str, Any] | None], level: float
) -> dict[str, Any]:
    """The table, the count of verdicts, and a ranking for each modality."""
    outcomes = ("deep", "equivalent", "undecided", "classical")
    verdicts = {name: sum(row["outcome"] == name for row in rows) for name in outcomes}
    known = [answer for answer in answers if answer is not None]
    modalities = dict.fromkeys(answer["dataset"]["modality"] for answer in known)
    rankings = []
    for modality in modalities:
        found = _ranked([a for a in known if a["dataset"]["modality"] == modality], level)
        rankings.append({"modality": modality, **found})
    return {
        "datasets": list(rows),
        "verdicts": verdicts,
        "rankings": rankings,
        "confidence_level": level,
        "exit_code": int(any(row["status"] != "ok" for row in rows)),
    }


def _ranked(answers: Sequence[dict[str, Any]], level: float) -> dict[str, Any]:
    """Models with a score on every dataset are ranked; ``left_out`` says on how many the others have one."""
    scores = [{r["model"]: r["score"] for r in a["leaderboard"] if r["score"] is not None} for a in answers]
    families = {r["model"]: r["family"] for a in answers for r in a["leaderboard"]}
    common = [name for name in families if all(name in own for own in scores)]
    left_out = {name: sum(name in own for own in scores) for name in families if name not in common}
    left_out = {name: count for name, count in left_out.items() if count}
    facts = {"families": families, "left_out": left_out, "datasets": len(answers)}
    if len(common) < 2:
        return {**facts, "ranking": None}
    signs = [1.0 if a["metric"]["greater_is_better"] else -1.0 for a in answers]
    table = np.array([[sign * own[name] for name in common] for sign, own in zip(signs, scores, strict=True)])
    same_metric = len({a["metric"]["name"] for a in answers}) == 1 and answers[0]["metric"]["name"] != "rmse"
    return {**facts, "ranking": asdict(ranking(common, table, level, same_metric))}


def preview_suite(items: Sequence[Item], *, store: str | Path | None = None, **runner: Any) -> dict[str, Any]:
    """What :func:`run_suite` would do: the state of every dataset, its fits and the estimated time."""
    folder, rows = store_folder(store), []
    for item in items:
        row: dict[str, Any] = {"data": item.name, "state": "failed", "fits": 0, "seconds": 0.0, "reason": ""}
        try:
            state = state_of(item, folder, runner.get("deterministic", False))
            row |= {"state": state.kind, "run": state.run}
            if state.kind != "done":
                told = preview(item.data, store=folder, **{**runner, **item.options})
                row |= {
                    "fits": sum(m["jobs"] for m in told["models"]),
                    "seconds": told["estimate"]["seconds"],
                }
        except InputError as error:
            row |= {"state": "failed", "reason": str(error)}
        rows.append(row)
    total = {"fits": sum(r["fits"] for r in rows), "seconds": sum(r["seconds"] for r in rows)}
    code = int(any(row["state"] == "failed" for row in rows))
    return plain({"datasets": rows, "store": str(folder), **total, "exit_code": code})
