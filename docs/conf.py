"""Sphinx: the documentation site. Pages are Markdown, the API comes from docstrings, options from --help."""

from __future__ import annotations

import re
from pathlib import Path

import click

import deepworth
from deepworth.cli import main

project, author = "deepworth", "the deepworth contributors"
copyright = author
version = release = deepworth.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "deepworth"
html_static_path = ["_static"]
html_css_files = ["width.css"]
autodoc_typehints = "none"  # docstrings give types in words
autodoc_member_order = "bysource"
napoleon_google_docstring = False
suppress_warnings = ["ref.python"]


def _plain_references(app, what, name, obj, options, lines: list[str]) -> None:
    """Numbered references of docstrings as a list; docutils would look for footnotes on the whole page."""
    lines[:] = [re.sub(r"^\.\. \[(\d+)\] ", r"\1. ", re.sub(r"\[(\d+)\]_", r"[\1]", line)) for line in lines]


def setup(app) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _plain_references)


def _write_help() -> None:
    """The help of every command as one page."""
    parts = ["# All options\n"]
    width = {"terminal_width": 96, "max_content_width": 96}  # characters
    group = click.Context(main, info_name="deepworth", **width)
    for name in main.list_commands(group):
        command = main.get_command(group, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=group, **width)
        parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    text, file = "\n".join(parts), Path(__file__).with_name("options.md")
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")


_write_help()
