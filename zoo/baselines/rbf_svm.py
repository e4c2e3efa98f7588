"""RBF SVM: a kernel machine with curved borders; above 10,000 rows by 1,000 Nystroem features."""

from ._operations import kernel, linear

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
OPERATIONS = {"SVC": kernel, "SVR": kernel, "LinearSVC": linear, "LinearSVR": linear}
SPACE = {"C": ("log", 0.03, 100.0)}


def build(task: str, modality: str, *, random_state: int = 0, C: float = 1.0, limit: int = 10_000):
    """Scaled and one-hot encoded columns, then the machine; the exact one up to ``limit`` rows."""
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

    from ._estimators import BySize, Calibrated, RBFFeatures
    from ._pipelines import standardised_target, table_pipeline

    features = RBFFeatures(random_state=random_state)
    if task == "regression":
        many = LinearSVR(dual="auto", loss="squared_epsilon_insensitive", random_state=random_state)
        pair = standardised_target(SVR(C=C)), standardised_target(make_pipeline(features, many))
    else:
        many = LinearSVC(dual="auto", random_state=random_state)
        pair = Calibrated(SVC(C=C, random_state=random_state)), make_pipeline(features, Calibrated(many))
    return table_pipeline(BySize(*pair, limit=limit))
