"""Constraints that hold every dependency to its oldest supported version, one a line.

    python .ci/oldest.py > constraints.txt && pip install -c constraints.txt -e '.[dev]'

The versions are the lower bounds in pyproject.toml. A dependency without one is not constrained.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def constraints(project: dict) -> list[str]:
    """``name==version`` for every requirement of the form ``name>=version``, those of the extras too."""
    requirements = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        requirements += extra
    bounds = (re.match(r"([\w.-]+)>=([\w.]+)", requirement) for requirement in requirements)
    return sorted({f"{bound[1]}=={bound[2]}" for bound in bounds if bound})


if __name__ == "__main__":
    print("\n".join(constraints(tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"])))
