"""Constant: always the class shares (or the mean) of the training rows; what knowing nothing scores."""

from ._operations import none

MODALITIES = ("tabular", "image", "text")
TASKS = ("binary", "multiclass", "regression")
OPERATIONS = {"DummyClassifier": none, "DummyRegressor": none}
REFERENCE = True


def build(task: str, modality: str, *, random_state: int = 0):
    """scikit-learn's dummy estimators; ``random_state`` has nothing to decide."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if task == "regression":
        return DummyRegressor(strategy="mean")
    return DummyClassifier(strategy="prior", random_state=random_state)
