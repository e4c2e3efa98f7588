"""TF-IDF with naive Bayes: multinomial naive Bayes on weighted words and word pairs."""

from ._operations import naive_bayes

MODALITIES = ("text",)
TASKS = ("binary", "multiclass")
OPERATIONS = {"MultinomialNB": naive_bayes}
SPACE = {"alpha": ("log", 0.003, 3.0)}


def build(task: str, modality: str, *, random_state: int = 0, alpha: float = 0.1):
    """TF-IDF of words and word pairs, then multinomial naive Bayes (nothing random in it)."""
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    from ._pipelines import word_tfidf

    return make_pipeline(word_tfidf(), MultinomialNB(alpha=alpha))
