"""TF-IDF with ridge regression: a number from weighted words and word pairs."""

from ._operations import linear

MODALITIES = ("text",)
TASKS = ("regression",)
LEARNING_CURVE = True
OPERATIONS = {"Ridge": linear}
SPACE = {"alpha": ("log", 0.03, 30.0)}


def build(task: str, modality: str, *, random_state: int = 0, alpha: float = 1.0):
    """TF-IDF of words and word pairs, then ridge."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    from ._pipelines import word_tfidf

    return make_pipeline(word_tfidf(), Ridge(alpha=alpha, random_state=random_state))
