"""TF-IDF with logistic regression: weighted words and word pairs, added up."""

from ._operations import linear

MODALITIES = ("text",)
TASKS = ("binary", "multiclass")
LEARNING_CURVE = True
OPERATIONS = {"LogisticRegression": linear}
THREADS = False  # LogisticRegression ignores n_jobs, and warns where it is set
SPACE = {"C": ("log", 0.1, 1000.0)}


def build(task: str, modality: str, *, random_state: int = 0, C: float = 10.0):
    """TF-IDF of words and word pairs, then logistic regression."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from ._pipelines import word_tfidf

    return make_pipeline(word_tfidf(), LogisticRegression(C=C, max_iter=1000, random_state=random_state))
