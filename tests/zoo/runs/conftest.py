"""Stand-in models and helpers that test modules of this folder import."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).with_name("stand_ins")))


@pytest.fixture(autouse=True)
def without_costs(monkeypatch):
    """Comparisons of these tests measure costs only where they ask for it: that fits every model again."""
    from deepworth.zoo.workflows.compare import compare

    monkeypatch.setitem(compare.__kwdefaults__, "costs", False)
