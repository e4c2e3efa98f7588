"""What a format cannot hold."""

from __future__ import annotations


class CannotHold(Exception):
    """The format has no form for this model; the message says why, as a row of the proof."""
