"""PCA with an RBF SVM: the main directions of the pixels, as in eigenfaces (Turk and Pentland 1991).

Above 20,000 rows the kernel is approximated by 2,000 Nystroem features (Williams and Seeger 2001), and a
least squares SVM (Suykens and Vandewalle 1999) on them.
"""

from ._operations import kernel, linear

MODALITIES = ("image",)
TASKS = ("binary", "multiclass")
LEARNING_CURVE = True
OPERATIONS = {"SVC": kernel, "RidgeClassifier": linear}
SPACE = {"C": ("log", 0.3, 100.0), "n_components": [30, 60, 100, 200]}


def build(task: str, modality: str, *, random_state: int = 0, C: float = 10.0, n_components: int = 100):
    """Pixels, their main directions, then an RBF SVM (above 20,000 rows approximated)."""
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC

    from ..preprocessing.pixels import Flatten, MainDirections, SameSize
    from ._estimators import BySize, Calibrated, RBFFeatures

    exact = Calibrated(SVC(C=C, random_state=random_state))
    squares = Calibrated(RidgeClassifier(alpha=0.1 / C, solver="cholesky", random_state=random_state))
    many = make_pipeline(RBFFeatures(n_components=2000, random_state=random_state), squares)
    machine = BySize(exact, many, limit=20_000)
    directions = MainDirections(n_components=n_components, random_state=random_state)
    return make_pipeline(SameSize(max_side=32), Flatten(), directions, machine)
