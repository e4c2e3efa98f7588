"""What the tests of this folder share."""

import pytest


@pytest.fixture(autouse=True)
def without_costs(monkeypatch):
    """Comparisons of these tests measure costs only where they ask for it: that fits every model again."""
    from deepworth import Setup

    made = Setup.of.__func__

    def of(cls, data="sick-healthy", **options):
        return made(cls, data, **{"costs": False, **options})

    monkeypatch.setattr(Setup, "of", classmethod(of))
