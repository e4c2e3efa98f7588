from ._export import export, prove_saved, verify
from ._formats import formats
from ._kept_graph import open_graph, predict_one

__all__ = ["export", "formats", "open_graph", "predict_one", "prove_saved", "verify"]
