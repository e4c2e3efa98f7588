"""Seeds for splits that are drawn again until every class is in every part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

ATTEMPTS = 20


def random_states(stream: tuple[int, int]) -> Iterator[int]:
    """A seed for each attempt; each repeat has an independent stream."""
    for attempt in range(ATTEMPTS):
        yield int(np.random.SeedSequence([*stream, attempt]).generate_state(1)[0])
