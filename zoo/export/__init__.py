"""Saved models in other formats, each proved in a process of its own."""

from ...datasets._lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "export": "._export",
        "formats": "._catalogue",
        "prove_saved": "._own_proof",
        "verify": "._verify",
    },
)
