"""TF-IDF with a linear SVM: words, word pairs and letter groups; the classic of text classification.

Joachims (1998); probabilities by Platt scaling inside the training rows.
"""

from ._operations import linear

MODALITIES = ("text",)
TASKS = ("binary", "multiclass")
OPERATIONS = {"LinearSVC": linear}
SPACE = {"C": ("log", 0.01, 10.0)}


def build(task: str, modality: str, *, random_state: int = 0, C: float = 0.5):
    """TF-IDF of words and characters, then a calibrated linear SVM."""
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    from ._estimators import Calibrated
    from ._pipelines import words_and_characters

    return make_pipeline(words_and_characters(), Calibrated(LinearSVC(C=C, random_state=random_state)))
