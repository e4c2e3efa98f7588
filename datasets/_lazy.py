"""Public names of a package that are imported when they are first touched (as PEP 562 allows)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy(
    package: str, public: dict[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` from public names and the modules that define them."""
    names = sorted(public)

    def touched(name: str) -> Any:
        if name not in public:
            known = ", ".join(names)
            raise AttributeError(f"module {package!r} has no attribute {name!r}; there are: {known}")
        return getattr(import_module(public[name], package), name)

    return touched, lambda: names, names
