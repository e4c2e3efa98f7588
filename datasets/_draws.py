"""Splits drawn again and again until every class stands where it must: the seeds of the attempts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

ATTEMPTS = 20


def random_states(stream: tuple[int, int]) -> Iterator[int]:
    """A seed for each attempt. Each repeat has a stream of its own, unrelated to that of its neighbours."""
    for attempt in range(ATTEMPTS):
        yield int(np.random.SeedSequence([*stream, attempt]).generate_state(1)[0])
