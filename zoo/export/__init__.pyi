from ._export import export
from ._formats import formats
from ._saved import prove_saved
from ._verify import verify

__all__ = ["export", "formats", "prove_saved", "verify"]
