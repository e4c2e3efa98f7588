from ._export import export
from ._formats import formats
from ._verify import prove_saved, verify

__all__ = ["export", "formats", "prove_saved", "verify"]
