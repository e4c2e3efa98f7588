from ._export import export
from ._proof import prove_saved
from ._source import formats
from ._verify import verify

__all__ = ["export", "formats", "prove_saved", "verify"]
