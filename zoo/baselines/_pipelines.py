"""Pipelines that several baselines share, from raw tables or texts to the model, and NB-SVM.

Also what goes around estimators of the user's own: raw rows in, probabilities out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from ..preprocessing.columns import SafeText, TableEncoder
from ..preprocessing.pixels import Flatten, SameSize
from ..preprocessing.texts import SPACED
from ._estimators import Calibrated, CodedLabels
from ._operations import features_used


def table_pipeline(model: Any, kind: str = "scaled", **options: Any) -> Any:
    """Encode a raw table, then the model; ``kind`` and options are those of ``TableEncoder``."""
    return make_pipeline(TableEncoder(kind, **options), model)  # type: ignore[arg-type]


def standardised_target(regressor: Any) -> Any:
    """The regressor on a target with mean 0 and standard deviation 1, predictions in its own units."""
    return TransformedTargetRegressor(regressor, transformer=StandardScaler())


def word_tfidf(ngrams: tuple[int, int] = (1, 2)) -> Any:
    """TF-IDF of words and word pairs, words that occur once included.

    In scripts without spaces, words are characters and pairs are two of them side by side.
    """
    return SafeText(
        TfidfVectorizer(ngram_range=ngrams, sublinear_tf=True, token_pattern=SPACED, lowercase=False)
    )


def character_tfidf(ngrams: tuple[int, int] = (2, 5), max_features: int = 200_000) -> Any:
    """TF-IDF of letter groups inside words."""
    vectoriser = TfidfVectorizer(
        analyzer="char_wb", ngram_range=ngrams, sublinear_tf=True, max_features=max_features
    )
    return SafeText(vectoriser)


def words_and_characters() -> Any:
    """TF-IDF of words and of letter groups, side by side."""
    return FeatureUnion([("words", word_tfidf()), ("characters", character_tfidf())])


class NBSVM(ClassifierMixin, BaseEstimator):
    """A linear SVM on naive Bayes log-count ratios (Wang and Manning 2012, section 2.3).

    For each class against the rest, r = log((p / |p|_1) / (q / |q|_1)) with p, q the smoothed counts
    of documents that hold a word; features are r * presence, and the weights of the SVM are moved
    towards their mean magnitude: (1 - beta) * mean|w| + beta * w.
    """

    def __init__(
        self, svm: Any, alpha: float = 1.0, beta: float = 0.25, ngrams: tuple[int, int] = (1, 2)
    ) -> None:
        self.svm, self.alpha, self.beta, self.ngrams = svm, alpha, beta, ngrams

    def fit(self, X: Any, y: Any) -> NBSVM:
        """Count, weight and separate each class from the rest."""
        counter = CountVectorizer(binary=True, ngram_range=self.ngrams, token_pattern=SPACED, lowercase=False)
        self.words_ = SafeText(counter).fit(X)
        present = csr_matrix(self.words_.transform(X), dtype=np.float64)
        y = np.asarray(y)
        self.classes_ = np.unique(y)
        separated = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        machines = [self._weights(present, y == c) for c in separated]
        self.coef_ = np.stack([m[0] for m in machines])
        self.intercept_ = np.array([m[1] for m in machines])
        return self

    def _weights(self, present: csr_matrix, positive: np.ndarray) -> tuple[np.ndarray, float]:
        """Coefficients and intercept of one class against the rest."""
        p = self.alpha + np.asarray(present[positive].sum(axis=0)).ravel()
        q = self.alpha + np.asarray(present[~positive].sum(axis=0)).ravel()
        ratio = np.log((p / p.sum()) / (q / q.sum()))
        machine = clone(self.svm).fit(present.multiply(ratio).tocsr(), positive)
        weights = machine.coef_.ravel()
        blended = (1 - self.beta) * np.abs(weights).mean() + self.beta * weights
        return blended * ratio, float(machine.intercept_[0]) * self.beta

    def count_operations(self, X: Any, count: Callable[[Any, Any], float]) -> float:
        """A multiplication and an addition for each word of a text, for each class."""
        return len(self.coef_) * (2.0 * features_used(self.words_.transform(X)) + 1)

    def decision_function(self, X: Any) -> np.ndarray:
        """(n_samples,) for two classes, else (n_samples, n_classes)."""
        scores = csr_matrix(self.words_.transform(X), dtype=np.float64) @ self.coef_.T + self.intercept_
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> np.ndarray:
        """The class on whose side each text lies."""
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)]


_WITHOUT_NAMES = "xgboost"  # its classifiers take class codes only


def over_raw_rows(model: Any, task: str, modality: str) -> Any:
    """The model over raw rows, with probabilities for classes.

    A pipeline, what holds one, and what says by its tags that it takes tables, get the rows as they are.
    Anything else is put behind the preprocessing of the baselines.
    """
    model = model if task == "regression" else _with_probabilities(model)
    return model if takes_raw_rows(model) else make_pipeline(*_encoders(modality), model)


def takes_raw_rows(model: Any) -> bool:
    """Whether an estimator brings its own preprocessing."""
    inside = [model, *model.get_params(deep=True).values()]
    return any(isinstance(each, Pipeline) for each in inside) or _takes_tables(inside)


def _takes_tables(inside: list[Any]) -> bool:
    """Whether the tags of an estimator, or of one in it, say more than a matrix of numbers."""
    estimators = [each for each in inside if hasattr(each, "fit") and hasattr(each, "predict")]
    for each in estimators:
        try:
            tags = get_tags(each).input_tags
        except Exception:  # a class without tags takes what scikit-learn's usually take
            continue
        if tags.string or (tags.categorical and not _counts_categories(each)) or not tags.two_d_array:
            return True
    return False


def _counts_categories(model: Any) -> bool:
    """scikit-learn's own say ``categorical`` where they take codes, which are numbers."""
    return type(model).__module__.startswith("sklearn.")


def _encoders(modality: str) -> tuple[Any, ...]:
    """As the baselines have them: scaled numbers and one-hot categories, scaled pixels, TF-IDF of words."""
    if modality == "image":
        return SameSize(max_side=32), Flatten(), StandardScaler()
    return (word_tfidf(),) if modality == "text" else (TableEncoder("scaled"),)


def _with_probabilities(model: Any) -> Any:
    """A classifier with probabilities, of any names of classes."""
    inside = [model, *model.get_params(deep=True).values()]
    if any(type(each).__module__.partition(".")[0] == _WITHOUT_NAMES for each in inside):
        return CodedLabels(model)
    if hasattr(model, "predict_proba"):
        return model
    if hasattr(model, "decision_function"):
        return Calibrated(model)
    raise TypeError(
        f"{type(model).__name__} has neither predict_proba nor decision_function, and classes are scored by "
        f"probabilities"
    )
