from ._export import export, prove_saved, verify
from ._formats import formats

__all__ = ["export", "formats", "prove_saved", "verify"]
