"""Logistic regression: linear, l2-regularised; every column adds its share."""

from ._operations import linear

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass")
LEARNING_CURVE = True
OPERATIONS = {"LogisticRegression": linear}
THREADS = False  # LogisticRegression ignores n_jobs, and warns where it is set
SPACE = {"C": ("log", 1e-4, 1e3)}


def build(task: str, modality: str, *, random_state: int = 0, C: float = 1.0, max_iter: int = 1000):
    """Scaled and one-hot encoded columns, then multinomial logistic regression."""
    from sklearn.linear_model import LogisticRegression

    from ._pipelines import table_pipeline

    return table_pipeline(LogisticRegression(C=C, max_iter=max_iter, random_state=random_state))
