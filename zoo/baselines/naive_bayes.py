"""Naive Bayes: each column by itself, numbers cut into ten quantile bins.

Binned numbers beat the Gaussian assumption on real tables (Dougherty, Kohavi and Sahami 1995).
"""

from ._operations import naive_bayes

MODALITIES = ("tabular",)
TASKS = ("binary", "multiclass")
OPERATIONS = {"BernoulliNB": naive_bayes}
SPACE = {"n_bins": [5, 10, 20, 40], "alpha": ("log", 0.01, 10.0)}


def build(task: str, modality: str, *, random_state: int = 0, n_bins: int = 10, alpha: float = 1.0):
    """Columns as one-hot bins and categories, then Bernoulli naive Bayes (nothing random in it)."""
    from sklearn.naive_bayes import BernoulliNB

    from ._pipelines import table_pipeline

    return table_pipeline(BernoulliNB(alpha=alpha), "binned", n_bins=n_bins)
