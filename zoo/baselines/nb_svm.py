"""NB-SVM: a linear SVM on naive Bayes word ratios, hard to beat on short texts.

Wang and Manning (2012), "Baselines and Bigrams".
"""

MODALITIES = ("text",)
TASKS = ("binary", "multiclass")
LEARNING_CURVE = True
SPACE = {"C": ("log", 0.01, 10.0), "beta": ("uniform", 0.1, 1.0)}


def build(task: str, modality: str, *, random_state: int = 0, C: float = 1.0, beta: float = 0.25):
    """Presence of words and word pairs, weighted by log-count ratios, then a calibrated linear SVM."""
    from sklearn.svm import LinearSVC

    from ._estimators import Calibrated
    from ._pipelines import NBSVM

    return Calibrated(NBSVM(LinearSVC(C=C, random_state=random_state), beta=beta))
