"""Learning rate and weight decay over the course of a training, as factors of their start values.

``progress`` runs from 0 to below 1 over all planned steps.
"""

from __future__ import annotations

import numpy as np


def constant(progress: np.ndarray) -> np.ndarray:
    """Always 1."""
    return np.ones_like(progress)


def cosine(progress: np.ndarray) -> np.ndarray:
    """Half a cosine from 1 down to 0 (Loshchilov and Hutter 2017, without restarts)."""
    return 0.5 * (1.0 + np.cos(np.pi * progress))


def flat_cosine(progress: np.ndarray) -> np.ndarray:
    """1 for the first half, then half a cosine down to 0."""
    return cosine(np.maximum(2.0 * progress - 1.0, 0.0))


def coslog4(progress: np.ndarray) -> np.ndarray:
    """Four cycles from 0 up to 1 and back, each twice as long as the one before.

    Holzmueller, Grinsztajn and Steinwart (2024), "Better by Default", section 3.
    """
    return 0.5 * (1.0 - np.cos(2.0 * np.pi * np.log2(1.0 + 15.0 * progress)))


SCHEDULES = {"constant": constant, "cosine": cosine, "flat-cosine": flat_cosine, "coslog4": coslog4}
