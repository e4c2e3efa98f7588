"""Lists: models, datasets, runs. Works from plain objects only."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ._words import FAMILY_COLOURS, number, seconds
from .terminal import _SEVERITY, console, print_json


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name in ("model", "name", "run", "column", "status"))
    return table


def show_models(models: list[dict[str, Any]], *, as_json: bool = False) -> None:
    """Every model with its family, modalities and card."""
    if as_json:
        print_json(models)
        return
    table = _table("model", "family", "for", "what it is")
    for m in models:
        card = (
            Text(m["card"])
            if m["missing"] is None
            else Text.assemble(m["card"], (f" ({m['missing']})", "yellow"))
        )
        colour = FAMILY_COLOURS[m["family"]]
        table.add_row(Text(m["model"], colour), Text(m["family"], colour), ", ".join(m["modalities"]), card)
    console().print(table)


def show_model(model: dict[str, Any], *, as_json: bool = False) -> None:
    """One model with its parameters and their defaults."""
    if as_json:
        print_json({**model, "parameters": {k: _plain(v) for k, v in model["parameters"].items()}})
        return
    out = console()
    out.print(
        Text(model["model"], f"bold {FAMILY_COLOURS[model['family']]}"), Text(model["description"]), sep="\n"
    )
    out.print(f"\n{model['family']}, for {', '.join(model['modalities'])}; {', '.join(model['tasks'])}")
    if model["missing"]:
        out.print(f"[yellow]{model['missing']}[/yellow]")
    table = _table("parameter", "default")
    for name, value in model["parameters"].items():
        table.add_row(name, repr(value))
    out.print(table)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def show_datasets(datasets: list[dict[str, Any]], *, as_json: bool = False) -> None:
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
    out.print("[dim]Any file or folder is a dataset too, and openml:ID: deepworth datasets DATA[/dim]")


def show_dataset(data: dict[str, Any], *, as_json: bool = False) -> None:
    """One dataset: facts, columns with roles and reasons, findings, first rows."""
    if as_json:
        print_json(data)
        return
    out = console()
    out.print(
        Text.assemble(
            (data["name"], "bold"), f": {data['rows']:,} rows, {data['task']} {data['modality']} task"
        )
    )
    if data["test_rows"]:
        out.print(f"{data['test_rows']:,} of them are its official test part")
    out.print(_target_line(data))
    if data["columns"]:
        table = _table("column", "role", "missing", "values", "why")
        for c in data["columns"]:
            table.add_row(c["name"], c["role"], str(c["n_missing"] or ""), f"{c['n_unique']:,}", c["reason"])
        out.print(table)
    for f in data["findings"]:
        out.print(Text(f"{f['code']} {f['message']}", _SEVERITY[f["severity"]]))
    out.print(_preview(data["preview"]))
    where = data["provenance"]
    known = [where["source"], where["location"], where["licence"], where["citation"]]
    out.print(Text("; ".join(part for part in known if part), "dim"))


def _target_line(data: dict[str, Any]) -> str:
    if data["classes"] is None:
        r = data["target_range"]
        return f"target {data['target']}: {number(r['min'])} to {number(r['max'])}, mean {number(r['mean'])}"
    total = sum(data["classes"].values())
    shown = [f"{name} {n:,} ({n / total:.0%})" for name, n in list(data["classes"].items())[:10]]
    more = f", and {len(data['classes']) - 10} more" if len(data["classes"]) > 10 else ""
    return f"target {data['target']}: {', '.join(shown)}{more}"


def _preview(rows: list[dict[str, Any]], most: int = 8, longest: int = 60) -> Table:
    """The first rows; wide tables show their first columns and the target."""
    names = list(rows[0]) if rows else []
    shown = names if len(names) <= most else [*names[: most - 1], names[-1]]
    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, title="first rows", title_justify="left", title_style="dim"
    )
    for name in shown:
        table.add_column(name, overflow="ellipsis", no_wrap=True, max_width=longest)
    for row in rows:
        table.add_row(*("" if row[n] is None else str(row[n])[: longest * 2] for n in shown))
    return table


def show_runs(runs: list[dict[str, Any]], *, as_json: bool = False) -> None:
    """Past runs, newest first."""
    if as_json:
        print_json(runs)
        return
    if not runs:
        console().print("No runs yet: deepworth compare makes one.")
        return
    # the name of the data is in that of the run; --json has both
    table = _table("run", "status", "jobs", "models", "metric", "verdict", "took", "estimated")
    table.collapse_padding = True  # or the widest rows would be broken within words at 110 columns
    for r in runs:
        table.add_row(
            *(r["run"], r["status"], _jobs(r), str(r["models"])),
            *(r["metric"] or "", r["outcome"] or ""),
            *(seconds(r.get(name)) for name in ("real_seconds", "estimated_seconds")),
        )
    console().print(table)


def _jobs(run: dict[str, Any]) -> str:
    """Jobs that ended, of those that are planned."""
    done, planned = run.get("jobs_done"), run.get("jobs")
    if planned is None:
        return ""
    return str(planned) if done == planned else f"{done} of {planned}"
