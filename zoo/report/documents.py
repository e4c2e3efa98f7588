"""Reports as files: HTML, Markdown or JSON."""

from __future__ import annotations

import os
from pathlib import Path

from ...datasets import InputError
from ..results.report import ReportSheet
from .output import as_json, check_place

KINDS = {"html": (".html", ".htm"), "md": (".md", ".markdown"), "json": (".json",)}


def kind_of(output: str | os.PathLike[str] | None, given: str | None = None) -> str:
    """The format by name or by the file's ending; refused before any work where it cannot be written."""
    if given is not None and given not in KINDS:
        raise InputError(f"unknown format {given!r}; expected {', '.join(KINDS)}")
    if output is None:
        return given or "html"
    path = Path(output)
    check_place(path)
    known_kind = next((kind for kind, endings in KINDS.items() if path.suffix.lower() in endings), None)
    if given is None and known_kind is None:
        endings = ", ".join(ending for known in KINDS.values() for ending in known)
        raise InputError(f"cannot write {path}: expected a name ending in {endings}, or --format")
    return given or str(known_kind)


def render(sheet: ReportSheet, kind: str) -> str:
    """The text of a report."""
    if kind == "json":
        return as_json(sheet.to_dict())
    if kind == "md":
        from .markdown import markdown

        return markdown(sheet)
    from .html.page import page

    return page(sheet)
