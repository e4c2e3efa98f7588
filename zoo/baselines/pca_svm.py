"""PCA with an RBF SVM: the main directions of the pixels, as in eigenfaces (Turk and Pentland 1991)."""

from ._operations import kernel, linear

MODALITIES = ("image",)
TASKS = ("binary", "multiclass")
LEARNING_CURVE = True
OPERATIONS = {"SVC": kernel, "LinearSVC": linear}


def build(task: str, modality: str, *, random_state: int = 0, C: float = 10.0, n_components: int = 100):
    """Pixels, their main directions, then an RBF SVM (above 20,000 rows on Nystroem features)."""
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC, LinearSVC

    from ..preprocessing.pixels import Flatten, MainDirections, SameSize
    from ._estimators import BySize, Calibrated, RBFFeatures

    exact = Calibrated(SVC(C=C, random_state=random_state))
    many = Calibrated(LinearSVC(dual="auto", random_state=random_state))
    machine = BySize(exact, make_pipeline(RBFFeatures(random_state=random_state), many), limit=20_000)
    directions = MainDirections(n_components=n_components, random_state=random_state)
    return make_pipeline(SameSize(max_side=32), Flatten(), directions, machine)
