"""Exports and their proofs on the terminal."""

from __future__ import annotations

import json
from typing import Any

import click


def show(found: dict[str, Any], *, as_json: bool) -> None:
    """One line a format, with the largest difference or the reason."""
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, default=str))
        return
    click.echo(f"{found['path']}")
    for name, row in found["formats"].items():
        click.echo(f"  {name:<12} {line(row)}")
        for rest in row.get("not_inside", ()):
            click.echo(f"  {'':<12} not inside: {rest}")


def line(row: dict[str, Any]) -> str:
    """What came of a format, in words."""
    if row.get("largest_difference") is None:
        return f"{row.get('status', '')}: {row.get('reason', '')}"
    batches = " and ".join(map(str, row["batches"]))
    return (
        f"{row['status']}: {row['rows']} rows in batches of {batches}, largest difference "
        f"{row['largest_difference']:.2g} (at most {row['tolerance']:.0e})"
    )


def show_verified(found: dict[str, Any], *, as_json: bool) -> None:
    """What a repeated proof gave."""
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, default=str))
        return
    for name, row in found["formats"].items():
        mark = {True: "holds", False: "DIFFERS"}.get(row.get("holds", ""), "-")
        why = f" {row['reason']}" if row.get("holds") is False and "reason" in row else ""
        click.echo(f"  {name:<12} {mark}  {line(row) if not why else why.strip()}")


def exit_code(found: dict[str, Any], *, strict: bool) -> int:
    """0 if all formats hold; with ``strict``, what cannot be held counts as failed."""
    wrong = ("failed", "cannot", "not tried") if strict else ("failed",)
    return int(any(row["status"] in wrong for row in found["formats"].values()))
