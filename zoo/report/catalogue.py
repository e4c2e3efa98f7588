"""Lists in a terminal: models, datasets, runs, and findings about data. Works from plain objects only.

Also saved models: what they are, their scores and costs, their exports, and repeated runs.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..results.json import to_json
from ..results.models import (
    ExportReport,
    FileState,
    FormatResult,
    Inspection,
    Manifest,
    ModelCard,
    ModelFacts,
    TrainingData,
    Verification,
    WeightsFacts,
)
from ..results.runs import ModelEstimate, Preview, RunSummary, RunVerification
from ..results.saved import Evaluation, SavedModelCost, Trained
from .output import say
from .terminal import _SEVERITY, console, print_json
from .words import (
    FAMILY_COLOURS,
    MAY_LEAK,
    OUTCOMES,
    about,
    data_facts,
    decision_lines,
    family_words,
    number,
    seconds,
    show_cost,
    size,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ...datasets import DataCheck, DatasetDescription, DatasetInfo


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(
            name, overflow="fold", no_wrap=name in ("model", "name", "run", "column", "role", "status")
        )
    return table


def show_models(models: Sequence[ModelFacts], *, as_json: bool = False) -> None:
    """Every model with its family, modalities and card."""
    if as_json:
        print_json(to_json(models))
        return
    table = _table("model", "family", "for", "what it is")
    for m in models:
        card = Text(m.card) if m.missing is None else Text.assemble(m.card, (f" ({m.missing})", "yellow"))
        colour = FAMILY_COLOURS[m.family]
        table.add_row(
            Text(m.model, colour), Text(family_words(m.family), colour), ", ".join(m.modalities), card
        )
    console().print(table)


def show_weights(weights: Sequence[WeightsFacts], *, as_json: bool = False) -> None:
    """Pretrained weights with their model, size, licence and state, and how to get those that are missing."""
    if as_json:
        print_json(to_json(weights))
        return
    table = _table("name", "model", "size", "licence", "state", "what they are")
    for each in weights:
        colour = {"found": "green", "changed": "red"}.get(each.state, "dim")
        how = "" if each.how is None else f" ({each.how})"
        words = Text.assemble(each.title, (how, "yellow"))
        state = Text(each.state, colour)
        table.add_row(each.name, each.model, f"{each.megabytes:g} MB", each.licence, state, words)
    console().print(table)


def show_model(model: ModelCard, *, as_json: bool = False) -> None:
    """One model with its parameters and their defaults."""
    if as_json:
        print_json(to_json(model))
        return
    out = console()
    out.print(Text(model.model, f"bold {FAMILY_COLOURS[model.family]}"), Text(model.description), sep="\n")
    out.print(f"\n{family_words(model.family)}, for {', '.join(model.modalities)}; {', '.join(model.tasks)}")
    if model.missing:
        out.print(Text(model.missing, "yellow"))
    columns = ["parameter", "default", *(["searched by --tune"] if model.space else [])]
    table = _table(*columns)
    for name, value in model.parameters.items():
        table.add_row(name, repr(value), *([model.space.get(name, "")] if model.space else []))
    out.print(table)


def show_datasets(datasets: Sequence[DatasetInfo], *, as_json: bool = False) -> None:
    """Every named dataset."""
    if as_json:
        print_json(datasets)
        return
    table = _table("name", "task", "data", "rows", "where", "what it is")
    for d in datasets:
        rows = f"{d['rows']:,}" if isinstance(d["rows"], int) else str(d["rows"] or "")
        table.add_row(d["name"], d["task"], d["modality"], rows, d["source"], d["card"])
    out = console()
    out.print(table)
    out.print(Text("Any file or folder is a dataset too, and openml:ID: deepworth datasets DATA", "dim"))


def show_dataset(data: DatasetDescription, *, as_json: bool = False) -> None:
    """One dataset: facts, columns with roles and reasons, findings, first rows."""
    if as_json:
        print_json(data)
        return
    out = console()
    task = f"{data['task']} {data['modality']} task" if data["task"] else "a table without a target"
    out.print(Text.assemble((data["name"], "bold"), f": {data['rows']:,} rows, {task}"))
    if data["test_rows"]:
        out.print(f"{data['test_rows']:,} of them are its official test part")
    out.print(Text(_target_line(data)))  # names of columns and classes are no markup
    if data["columns"]:
        out.print(_columns(data["columns"]))
    for f in data["findings"]:
        out.print(Text(f"{f['code']} {f['message']}", _SEVERITY[f["severity"]]))
    out.print(_preview(data["preview"]))
    where = data["provenance"]
    known = [
        " ".join(filter(None, (where["source"], where["location"]))),
        where["licence"],
        where["citation"],
    ]
    out.print(Text("; ".join(part for part in known if part), "dim"))


def _columns(columns: Sequence[Mapping[str, Any]]) -> Table:
    """How each column was read: role, spelling, an example with its value, cells that were not read, why.

    What no column has, such as cells that were not read, takes no room.
    """
    names = ("column", "role", "example", "missing", "not read", "values", "why")
    rows = [_column_cells(column) for column in columns]
    shown = [i for i, _ in enumerate(names) if any(row[i] for row in rows)]
    table = _table(*(names[i] for i in shown))
    for row in rows:
        table.add_row(*(Text(row[i]) for i in shown))
    return table


def _column_cells(column: Mapping[str, Any]) -> tuple[str, ...]:
    unread = ", ".join(map(repr, column["unread"][:2]))
    return (
        column["name"],
        column["role"],
        _example(column),
        str(column["n_missing"] or ""),
        f"{column['n_unread']:,} ({unread})" if column["n_unread"] else "",
        f"{column['n_unique']:,}",
        "; ".join(filter(None, (column["reason"], column["spelling"]))),
    )


def _example(column: Mapping[str, Any], longest: int = 30) -> str:
    """A cell, and the value that was read where it looks different."""
    cell, value = column["example"], column["read_as"]
    shown = cell if len(cell) <= longest else cell[: longest - 3] + "..."
    plain = column["role"] not in ("numeric", "datetime") or _same_number(cell, value) or cell == value
    return shown if plain else f"{shown} -> {value}"


def _same_number(cell: str, value: str) -> bool:
    try:
        return float(cell) == float(value)
    except ValueError:
        return False


def _possible_targets_line(targets: Sequence[Mapping[str, object]], most: int = 20) -> str:
    """The columns that could be the target, each with its task."""
    if not targets:
        return "no column can be the target: it needs 10 rows, each with a value, and different values"
    shown = ", ".join(f"{t['name']} ({t['task']})" for t in targets[:most])
    more = f" and {len(targets) - most} more" if len(targets) > most else ""
    return f"choose the target with --target COLUMN: {shown}{more}"


def _target_line(data: DatasetDescription) -> str:
    if data["target"] is None:
        return _possible_targets_line(data["possible_targets"])
    if (r := data["target_range"]) is not None:
        return f"target {data['target']}: {number(r['min'])} to {number(r['max'])}, mean {number(r['mean'])}"
    if data["classes"] is None:
        return f"target {data['target']}"
    total = sum(data["classes"].values())
    shown = [f"{name} {n:,} ({n / total:.0%})" for name, n in list(data["classes"].items())[:10]]
    more = f", and {len(data['classes']) - 10} more" if len(data["classes"]) > 10 else ""
    return f"target {data['target']}: {', '.join(shown)}{more}"


def _preview(rows: Sequence[Mapping[str, object]], most: int = 8, longest: int = 60) -> Table:
    """The first rows; wide tables show their first columns and the target."""
    names = list(rows[0]) if rows else []
    shown = names if len(names) <= most else [*names[: most - 1], names[-1]]
    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, title="first rows", title_justify="left", title_style="dim"
    )
    for name in shown:
        table.add_column(Text(str(name)), overflow="ellipsis", no_wrap=True, max_width=longest)
    for row in rows:
        table.add_row(*(Text("" if row[n] is None else str(row[n])[: longest * 2]) for n in shown))
    return table


def show_runs(runs: Sequence[RunSummary], *, as_json: bool = False) -> None:
    """Past runs, newest first."""
    if as_json:
        print_json(to_json(runs))
        return
    if not runs:
        console().print("No runs yet: deepworth compare makes one.")
        return
    # the name of the data is in that of the run; --json has both
    table = _table("run", "status", "jobs", "models", "metric", "verdict", "took", "estimated")
    table.collapse_padding = True  # or the widest rows would be broken within words at 110 columns
    for run in runs:
        outcome = OUTCOMES.get(run.outcome, run.outcome) if run.outcome else ""
        outcome += MAY_LEAK if run.warnings else ""
        cells = (run.run, run.status, _jobs(run), str(run.models), run.metric or "", outcome)
        table.add_row(*cells, seconds(run.real_seconds), seconds(run.estimated_seconds))
    console().print(table)


def show_removed(folder: Path, *, as_json: bool = False) -> None:
    """Which run is gone."""
    if as_json:
        print_json({"removed": folder.name, "path": str(folder)})
    else:
        console().print(Text(f"removed {folder}"))


def _jobs(run: RunSummary) -> str:
    """Jobs that ended, of those that are planned."""
    if run.jobs is None:
        return ""
    return str(run.jobs) if run.jobs_done == run.jobs else f"{run.jobs_done} of {run.jobs}"


MOST_ROWS = 8  # row numbers that are shown
_UNSEEN = (
    "Data cannot show whether a value is known only after the target, whether rows belong together, or "
    "whether labels are right."
)


def show_check(answer: DataCheck, *, as_json: bool = False) -> None:
    """The findings of one dataset, most severe first, each with its advice."""
    if as_json:
        print_json(answer)
        return
    out = console()
    facts = (
        f": {answer['rows']:,} rows, {answer['task']} {answer['modality']} task, target {answer['target']}"
    )
    out.print(Text.assemble((answer["name"], "bold"), facts))
    for finding in answer["findings"]:
        colour = _SEVERITY[finding["severity"]]
        head = Text.assemble((f"{finding['code']} {finding['severity']}: ", colour), finding["message"])
        out.print(head)
        for line in (_rows(finding["rows"]), finding["advice"]):
            if line:
                out.print(Padding(Text(line, "dim"), (0, 0, 0, 6)))
    out.print(Text(_UNSEEN, "dim"))
    out.print(Text(_summary(answer["findings"]), "bold"))


def _rows(rows: Any) -> str:
    """Row numbers as people count them, from 1."""
    shown = ", ".join(str(row + 1) for row in rows[:MOST_ROWS])
    return f"rows {shown}{', ...' if len(rows) > MOST_ROWS else ''}" if rows else ""


def _summary(findings: Sequence[Mapping[str, object]]) -> str:
    if not findings:
        return "The checks found nothing (--list shows them)."
    counts = {s: sum(f["severity"] == s for f in findings) for s in ("error", "warning", "info")}
    words = [f"{n} {s}{'s' if n > 1 and s != 'info' else ''}" for s, n in counts.items() if n]
    return f"{', '.join(words)}." + ("" if counts["error"] else " A comparison can be made.")


def show_codes(codes: list[dict[str, str]], *, as_json: bool = False) -> None:
    """Every code with its title and advice."""
    if as_json:
        print_json(codes)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("code", "what was found", "what to do"):
        table.add_column(name, no_wrap=name == "code", overflow="fold")
    for code in codes:
        table.add_row(code["code"], code["title"], code["advice"])
    console().print(table)


def show_plan(preview: Preview, *, as_json: bool = False) -> None:
    """Print a plan: a row a model; --json has every job."""
    if as_json:
        print_json(preview.to_dict())
        return
    out = console()
    facts = ", ".join(data_facts(preview.dataset))
    out.print(Text.assemble((preview.dataset.name, "bold"), ": ", facts))
    out.print(Text(splits_line(preview)))
    for line in decision_lines(preview.plan):
        out.print(Text(f"{line}.", "yellow"))
    out.print(_estimates(preview.models))
    jobs = sum(model.jobs for model in preview.models)
    out.print(Text(f"{jobs} fits, {about(preview.estimate)}", "bold"))
    known = sum(model.runs_known > 0 for model in preview.models)
    source = f"earlier runs of {known} model{'s' * (known != 1)} on this machine and from " if known else ""
    out.print(Text(f"Estimated from {source}measured times by rows and columns. Nothing was run.", "dim"))


def splits_line(preview: Preview) -> str:
    """On how many splits, and on how many rows, each model is trained and scored."""
    plan = preview.plan
    jobs = [job for job in preview.jobs if job.kind == "fold"]
    then = "; then trained on all rows to measure costs" if len(jobs) < len(preview.jobs) else ""
    train = sorted({job.training_rows for job in jobs})
    test = sorted({job.test_rows for job in jobs})
    splits = f"{plan.repeats} x {plan.folds} splits" if plan.repeats > 1 else _splits(plan.folds)
    return f"{splits}: trained on {_range(train)} rows, scored on {_range(test)}; seed {plan.seed}{then}"


def _splits(number: int) -> str:
    return f"{number} split{'s' * (number != 1)}"


def _range(values: Sequence[int]) -> str:
    return f"{values[0]:,}" if len(values) == 1 else f"{values[0]:,} to {values[-1]:,}"


def _estimates(models: Sequence[ModelEstimate]) -> Table:
    table = _table("model", "family", "fits", "estimated", "known from")
    for model in models:
        colour = FAMILY_COLOURS[model.family]
        runs = f"{model.runs_known} run{'s' if model.runs_known > 1 else ''} here"
        last = (seconds(model.seconds), runs if model.runs_known else "table")
        last = last if model.jobs else ("", model.reason)
        table.add_row(
            Text(model.model, colour), Text(family_words(model.family), colour), str(model.jobs), *last
        )
    return table


MOST_COLUMNS = 12


def show_artefact(inspection: Inspection, *, as_json: bool = False) -> None:
    """Manifest, files and model card of a saved model."""
    if as_json:
        print_json(to_json(inspection))
        return
    out, manifest = console(), inspection.manifest
    out.print(Text(f"{printable(manifest['model'])} on {printable(manifest['dataset']['name'])}", "bold"))
    for name, value in _facts(manifest):
        out.print(Text(f"  {name:<12} {value}"), soft_wrap=True)
    out.print(_files(inspection.files))
    for note in inspection.notes:
        out.print(Text(note, "yellow"), soft_wrap=True)
    words = "all files are unchanged" if inspection.sound else "files were changed: do not use this model"
    out.print(Text(words, "green" if inspection.sound else "bold red"))
    if inspection.card:
        out.print(Text("\ncard.md", "bold"))
        out.print(Text(printable(inspection.card, lines=True)), soft_wrap=True)


def show_trained(trained: Trained, *, as_json: bool = False) -> None:
    """What was trained, where it was saved, and how to use it."""
    if as_json:
        print_json(trained.to_dict())
        return
    out, path, manifest = console(), trained.path, trained.manifest
    out.print(
        Text.assemble(
            (manifest["model"], "bold"),
            f" trained on {trained.trained_rows:,} rows in {seconds(trained.fit_seconds)}, saved in ",
            (path, "bold"),
            f" ({size(trained.size_bytes)})",
        )
    )
    out.print(_proof(trained.proof), soft_wrap=True)
    rows = [f"{c['name']}=..." for c in manifest["inputs"]] if manifest["modality"] == "tabular" else ["DATA"]
    for start, words in (("Next: ", ["predict", path, *rows]), ("      ", ["evaluate", path, "DATA"])):
        out.print(Text(start + shlex.join(["deepworth", *words]), "dim"), soft_wrap=True)


def show_model_cost(cost: SavedModelCost, *, as_json: bool = False) -> None:
    """Size, speed and memory of a saved model."""
    if as_json:
        print_json(cost.to_dict())
        return
    out = console()
    for part in show_cost(cost):
        out.print(part)


def show_scores(result: Evaluation, *, as_json: bool = False) -> None:
    """Scores of a saved model with their intervals."""
    if as_json:
        print_json(result.to_dict())
        return
    out = console()
    out.print(Text.assemble((result.model, "bold"), f" on {result.rows:,} rows of {result.dataset}"))
    if result.seen_in_training:
        out.print(Text("The model was trained on these rows: the scores are too optimistic.", "yellow"))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("metric", "value", f"{result.confidence_level:.0%} interval"):
        table.add_column(name, justify="left" if name == "metric" else "right")
    for score in result.scores.values():
        between = "-" if score.low is None else f"{number(score.low)} to {number(score.high)}"
        table.add_row(score.label, number(score.value), between)
    out.print(table)


def printable(text: Any, *, lines: bool = False) -> str:
    """Untrusted text without control characters."""
    return "".join(c if c.isprintable() or (lines and c == "\n") else "\ufffd" for c in str(text))


def _facts(manifest: Manifest) -> list[tuple[str, str]]:
    columns = [f"{c['name']} ({c['kind']})" for c in manifest["inputs"]]
    more = f", ... {len(columns) - MOST_COLUMNS} more" if len(columns) > MOST_COLUMNS else ""
    facts = {
        "format": manifest["format"],
        "created": manifest["created"],
        "family": manifest["family"],
        "task": f"{manifest['task']}, {manifest['modality']}",
        "inputs": ", ".join(columns[:MOST_COLUMNS]) + more,
        "target": f"{manifest['target']}: {', '.join(manifest['classes'][:MOST_COLUMNS]) or 'a number'}",
        "data": _data(manifest["dataset"]),
        "made with": ", ".join(f"{k} {v}" for k, v in manifest["versions"].items() if v and k != "cores"),
    }
    return [(name, printable(value)) for name, value in facts.items()]


def _data(data: TrainingData) -> str:
    rows = f"{data['rows']:,} rows" if data["rows"] is not None else "number of rows unknown"
    return f"{data['name']}, {rows}, fingerprint {data['fingerprint'] or 'unknown'}"


def _files(files: Sequence[FileState]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("file", "size", "sha256", ""):
        table.add_column(name, justify="right" if name == "size" else "left", overflow="fold")
    for file in files:
        n_bytes = "" if file.bytes is None else size(file.bytes)
        colour = "green" if file.state == "ok" else "red" if file.sha256 else "dim"
        cells = (printable(file.name), n_bytes, printable(file.sha256 or ""))
        table.add_row(*(Text(cell) for cell in cells), Text(printable(file.state), colour))
    return table


def _proof(row: FormatResult) -> Text:
    """Whether the saved model predicts as the trained one did."""
    rows = f"on {row.rows} synthetic rows including edge cases"
    if row.holds:
        within = f"(within {row.tolerance:.0e})"
        return Text(f"Proof: {rows}, the saved model predicts the same as the trained one {within}")
    return Text(f"Do not use it: {rows}, it predicts differently from the trained model", "bold red")


def show_exports(exports: ExportReport, *, as_json: bool) -> None:
    """One line per format, with the largest difference or the reason."""
    if as_json:
        print_json(to_json(exports))
        return
    say(exports.path, sys.stdout)
    for name, row in exports.formats.items():
        say(f"  {name:<12} {line(row)}", sys.stdout)
        for rest in row.not_inside:
            say(f"  {'':<12} not inside: {rest}", sys.stdout)


def line(row: FormatResult) -> str:
    """The result of a format in words."""
    if row.largest_difference is None:
        return f"{row.status}: {row.reason or ''}"
    batches = " and ".join(map(str, row.batches))
    return (
        f"{row.status}: {row.rows} rows in batches of {batches}, largest difference "
        f"{row.largest_difference:.2g} (at most {row.tolerance:.0e})"
    )


def show_verified(verification: Verification, *, as_json: bool) -> None:
    """One line per format of a repeated proof."""
    if as_json:
        print_json(to_json(verification))
        return
    for name, row in verification.formats.items():
        mark = {True: "holds", False: "DIFFERS", None: "-"}[row.holds]
        failed = row.reason if row.holds is False else None
        say(f"  {name:<12} {mark}  {failed or line(row).removeprefix('works: ')}", sys.stdout)


def exit_code(exports: ExportReport, *, strict: bool) -> int:
    """0 if no format failed; with ``strict``, every format must work."""
    wrong = ("failed", "cannot", "not tried") if strict else ("failed",)
    return int(any(row.status in wrong for row in exports.formats.values()))


_COLOURS = {"bit-equal": "green", "within tolerance": "yellow"}


def show_repeated_run(verification: RunVerification, *, as_json: bool = False) -> None:
    """One row per model, and how deterministic the settings of the run are."""
    if as_json:
        print_json(verification.to_dict())
        return
    table = _table("model", "repeated", "result", "largest difference")
    for job in verification.models:
        largest = "" if job.largest_difference is None else f"{job.largest_difference:.3g}"
        result = f"{job.answer}: {job.reason}" if job.reason else job.answer
        table.add_row(
            Text(job.model, FAMILY_COLOURS[job.family]),
            f"repeat {job.repeat}, fold {job.fold} ({job.rows:,} rows)",
            Text(result, _COLOURS.get(job.answer, "red")),
            largest,
        )
    threads = verification.determinism.threads
    setting = f"{verification.determinism.level}, {threads} thread{'s' if threads > 1 else ''} per fit"
    changed = "; other library versions are installed now" if verification.versions_changed else ""
    console().print(Text(f"run {verification.run}: {setting}{changed}", "bold"), table)
