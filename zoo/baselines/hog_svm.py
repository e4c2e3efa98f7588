"""HOG with an RBF SVM: histograms of gradients, the classic hand-made image features.

Dalal and Triggs (2005), with means of a coarse grid beside them; probabilities by Platt scaling inside the
training rows. Above 20,000 rows the kernel is approximated: by 3,000 Nystroem features (Williams and Seeger
2001), and a least squares SVM (Suykens and Vandewalle 1999) on them.
"""

from ._operations import kernel, linear

MODALITIES = ("image",)
TASKS = ("binary", "multiclass")
LEARNING_CURVE = True
OPERATIONS = {"SVC": kernel, "RidgeClassifier": linear}
SPACE = {"C": ("log", 1.0, 100.0)}


def build(task: str, modality: str, *, random_state: int = 0, C: float = 10.0, cells: int = 7):
    """Images of one size, gradients and coarse means, then an RBF SVM (above 20,000 rows approximated)."""
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from ..preprocessing.pixels import Gradients, SameSize
    from ._estimators import BySize, Calibrated, RBFFeatures

    exact = Calibrated(SVC(C=C, random_state=random_state))
    squares = Calibrated(RidgeClassifier(alpha=0.1 / C, solver="cholesky", random_state=random_state))
    many = make_pipeline(RBFFeatures(n_components=3000, random_state=random_state), squares)
    machine = BySize(exact, many, limit=20_000)
    return make_pipeline(SameSize(), Gradients(cells=cells), StandardScaler(), machine)
