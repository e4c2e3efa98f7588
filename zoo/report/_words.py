"""Numbers as people say them."""

from __future__ import annotations

FAMILY_COLOURS = {"deep": "cyan", "classical": "magenta"}


def seconds(value: float | None) -> str:
    """0.0042 as 4.2 ms, 75 as 1 min 15 s."""
    if value is None:
        return ""
    if value < 1:
        return f"{value * 1000:.2g} ms" if value < 0.0995 else f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    return f"{int(value // 60)} min {int(value % 60)} s"


def size(value: int | None) -> str:
    """1,500,000 as 1.5 MB."""
    if value is None:
        return ""
    amount = float(value)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} GB"


def count(value: int | None) -> str:
    """134145 as 134k."""
    if value is None:
        return ""
    if value < 10_000:
        return f"{value:,}"
    return f"{value / 1000:.0f}k" if value < 1_000_000 else f"{value / 1e6:.3g}M"


def number(value: float | None, digits: int = 3) -> str:
    """Three decimals for shares, significant digits for large values."""
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if abs(value) < 100 else f"{value:,.0f}"


def times(value: float) -> str:
    """37.2 as 37 times, 0.25 as a quarter's worth: 0.25 times."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def about(told: dict[str, float]) -> str:
    """An estimated time and how far off it may well be."""
    return f"about {seconds(told['seconds'])} ({seconds(told['low'])} to {seconds(told['high'])})"
