"""Parts that several text baselines share."""

from __future__ import annotations

from typing import Any


def word_tfidf(ngrams: tuple[int, int] = (1, 2)) -> Any:
    """TF-IDF of words and word pairs, single letters and one-off words kept."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    from ..preprocessing.columns import SafeText

    return SafeText(TfidfVectorizer(ngram_range=ngrams, sublinear_tf=True, token_pattern=r"(?u)\b\w+\b"))


def character_tfidf(ngrams: tuple[int, int] = (2, 5), max_features: int = 200_000) -> Any:
    """TF-IDF of letter groups inside words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    from ..preprocessing.columns import SafeText

    vectoriser = TfidfVectorizer(
        analyzer="char_wb", ngram_range=ngrams, sublinear_tf=True, max_features=max_features
    )
    return SafeText(vectoriser)


def words_and_characters() -> Any:
    """Both, side by side."""
    from sklearn.pipeline import FeatureUnion

    return FeatureUnion([("words", word_tfidf()), ("characters", character_tfidf())])
