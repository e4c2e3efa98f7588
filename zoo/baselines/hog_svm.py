"""HOG with an RBF SVM: histograms of gradients, the classic hand-made image features.

Dalal and Triggs (2005); probabilities by Platt scaling inside the training rows.
"""

from ._operations import kernel, linear

MODALITIES = ("image",)
TASKS = ("binary", "multiclass")
LEARNING_CURVE = True
OPERATIONS = {"SVC": kernel, "LinearSVC": linear}


def build(task: str, modality: str, *, random_state: int = 0, C: float = 10.0, cells: int = 7):
    """Images of one size, gradients and coarse colours, then an RBF SVM (above 20,000 rows a linear one)."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC, LinearSVC

    from ..preprocessing.pixels import Gradients, SameSize
    from ._estimators import BySize, Calibrated

    curved = Calibrated(SVC(C=C, random_state=random_state))
    straight = Calibrated(LinearSVC(C=0.01, dual="auto", random_state=random_state))
    machine = BySize(curved, straight, limit=20_000)
    return make_pipeline(SameSize(), Gradients(cells=cells), StandardScaler(), machine)
