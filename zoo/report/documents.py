"""Reports as files: HTML, Markdown or JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ...datasets._errors import InputError

KINDS = {"html": (".html", ".htm"), "md": (".md", ".markdown"), "json": (".json",)}


def kind_of(output: str | os.PathLike[str] | None, given: str | None = None) -> str:
    """The format by name or by the file's ending; refused before any work where it cannot be written."""
    if given is not None and given not in KINDS:
        raise InputError(f"no report as {given!r}; there are: {', '.join(KINDS)}")
    if output is None:
        return given or "html"
    path = Path(output)
    if path.is_dir() or not path.absolute().parent.is_dir() or not os.access(path.absolute().parent, os.W_OK):
        raise InputError(f"cannot write {path}: its folder does not exist or is read-only")
    found = next((kind for kind, endings in KINDS.items() if path.suffix.lower() in endings), None)
    if given is None and found is None:
        endings = ", ".join(ending for known in KINDS.values() for ending in known)
        raise InputError(f"cannot write {path}: expected a name ending in {endings}, or --format")
    return given or str(found)


def render(sheet: dict[str, Any], kind: str) -> str:
    """The text of a report; ``sheet`` is what :func:`deepworth.report` collects of a run."""
    if kind == "json":
        return json.dumps(sheet, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if kind == "md":
        from .markdown import markdown

        return markdown(sheet)
    from .html._page import page

    return page(sheet)


def write(text: str, output: str | os.PathLike[str]) -> None:
    """Whole or not at all."""
    path = Path(output)
    draft = path.with_name(f".{path.name}.part")
    try:
        # a file name that was no text can stand in a JSON report only as an escape
        draft.write_text(text, encoding="utf-8", errors="backslashreplace")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
