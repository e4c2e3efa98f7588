"""What the tests of this folder share."""

import pytest


@pytest.fixture(autouse=True)
def without_costs(monkeypatch):
    """Comparisons of these tests measure costs only where they ask for it: that fits every model again."""
    from deepworth.zoo.workflows.compare import compare

    monkeypatch.setitem(compare.__kwdefaults__, "costs", False)
