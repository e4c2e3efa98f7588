"""Linear SVM: the widest margin, with probabilities by Platt scaling inside the training rows."""

from ._operations import linear

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass", "regression")
OPERATIONS = {"LinearSVC": linear, "LinearSVR": linear}
SPACE = {"C": ("log", 1e-4, 1e2)}


def build(task: str, modality: str, *, random_state: int = 0, C: float = 1.0):
    """Scaled and one-hot encoded columns, then a linear support vector machine."""
    from sklearn.svm import LinearSVC, LinearSVR

    from ._estimators import Calibrated
    from ._pipelines import standardised_target, table_pipeline

    if task == "regression":
        machine = LinearSVR(C=C, dual="auto", loss="squared_epsilon_insensitive", max_iter=5000)
        return table_pipeline(standardised_target(machine.set_params(random_state=random_state)))
    return table_pipeline(Calibrated(LinearSVC(C=C, dual="auto", random_state=random_state, max_iter=5000)))
