"""A copy of the package with files dropped into it, and Python that imports the copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def copy_with(folder: Path, files: dict[str, str]) -> Path:
    """A folder to put on the path: the package, and these files by their names below it."""
    package = folder / "deepworth"
    for name in ("zoo", "datasets"):
        shutil.copytree(ROOT / name, package / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "__init__.pyi", "cli.py"):
        shutil.copy(ROOT / name, package)
    for name, text in files.items():
        (package / name).write_text(text.lstrip(), encoding="utf-8")
    return folder


def run_python(folder: Path, *arguments: str) -> str:
    """What Python prints that imports the copy in this folder."""
    result = subprocess.run(
        [sys.executable, "-B", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout
