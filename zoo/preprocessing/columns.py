"""Tables for scikit-learn pipelines: columns by role, each with its usual steps."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from ...datasets import ColumnReader, as_pandas, reader_of
from ...datasets import as_texts as series_of_texts
from .scales import LARGEST, ColumnScaler
from .tables import raw_column
from .texts import SPACED, lower_case, spaced

MAX_WORDS = 150
MAX_LEVELS = 100
MISSING = "(missing)"


class TableEncoder(TransformerMixin, BaseEstimator):
    """Raw table to a float64 matrix (n_samples, n_outputs), or to a DataFrame.

    Numbers are first brought to the size of their own spread, see :class:`~.scales.ColumnScaler`.

    Parameters
    ----------
    kind : {"scaled", "binned", "ordinal", "frame"}
        "scaled" for models that measure distances or add columns up: median for missing numbers with
        an indicator, standard scores clipped at ten, one-hot categories. "binned" for naive Bayes:
        numbers in one-hot quantile bins, one-hot categories. "ordinal" for trees: numbers with
        NaN for missing, categories as integer codes. "frame" is "ordinal" as a
        DataFrame whose categories have that dtype, as boosted trees want them.
    max_levels : int
        Categories beyond the most frequent ones share one code.
    n_bins : int
        Of each number, for "binned".
    centred : bool
        For "ordinal" and "frame": whether zero becomes the median of each number.
    """

    def __init__(
        self,
        kind: Literal["scaled", "binned", "ordinal", "frame"] = "scaled",
        max_levels: int = MAX_LEVELS,
        n_bins: int = 10,
        centred: bool = False,
    ) -> None:
        self.kind, self.max_levels, self.n_bins, self.centred = kind, max_levels, n_bins, centred

    def fit(self, X: Any, y: Any = None) -> TableEncoder:
        """Find roles and learn each column's steps from training rows."""
        X = as_frame(X)
        self.feature_names_in_ = np.array([str(c) for c in X.columns], dtype=object)
        self.n_features_in_ = X.shape[1]
        readers = {str(c): reader_of(X[c], str(c)) for c in X.columns}
        used = {str(c): readers[str(c)] for c in X.columns if _is_informative(X[c], readers[str(c)])}
        self.roles_ = {name: reader.role for name, reader in used.items()}
        # as plain values, which files of models can hold without a type of our own
        self.readers_ = {name: reader.to_dict() for name, reader in used.items()}
        self.columns_ = ColumnTransformer(self._steps(), sparse_threshold=0.0)
        with warnings.catch_warnings():
            # quantiles of a column with few values coincide, and their bins are merged
            warnings.filterwarnings("ignore", "Bins whose width are too small", UserWarning)
            self.columns_.fit(self._typed(X))
        return self

    def transform(self, X: Any) -> Any:
        """The matrix or frame; columns are found by name."""
        check_is_fitted(self, "columns_")
        encoded = np.asarray(self.columns_.transform(self._typed(as_frame(X))), dtype=np.float64)
        if encoded.shape[1] == 0:
            encoded = np.zeros((len(encoded), 1))
        if self.kind == "frame":
            return self._as_categories(encoded)
        return np.clip(encoded, -10, 10) if self.kind == "scaled" else encoded

    def count_operations(self, X: Any, count: Any) -> float:
        """None: encoding a row is no arithmetic to speak of."""
        return 0.0

    def _as_categories(self, encoded: np.ndarray) -> pd.DataFrame:
        """Codes as pandas categories, which boosted trees find by their dtype; -1 is missing."""
        frame = pd.DataFrame(encoded, columns=[f"f{i}" for i in range(encoded.shape[1])])
        start = len(self._names("numeric")) + len(_PARTS) * len(self._names("datetime"))
        levels = pd.CategoricalDtype(range(self.max_levels + 1))
        for name in frame.columns[start : start + len(self._names("categorical"))]:
            frame[name] = frame[name].where(frame[name] >= 0).astype("Int64").astype(levels)
        return frame

    def _names(self, role: str) -> list[str]:
        return [name for name, of_column in self.roles_.items() if of_column == role]

    def _typed(self, X: pd.DataFrame) -> pd.DataFrame:
        """Float64 numbers, str categories and texts; dates become four numbers."""
        by_name = {str(c): X[c] for c in X.columns}
        absent = [name for name in self.roles_ if name not in by_name]
        if absent:
            raise ValueError(f"column {absent[0]!r} is missing; expected {list(self.feature_names_in_)}")
        typed: dict[str, Any] = {}
        for name, role in self.roles_.items():
            raw = raw_column(by_name[name], self._reader(name))
            if role == "datetime":
                typed.update(_date_parts(name, raw))
            elif role == "numeric":
                typed[name] = self._finite(raw)
            else:
                typed[name] = np.where(raw == "", MISSING, raw) if role == "categorical" else raw
        return pd.DataFrame(typed, index=range(len(X)))

    def _reader(self, name: str) -> ColumnReader:
        """How a column is read; models of format 1.0 have its role only."""
        facts = getattr(self, "readers_", {}).get(name, {"role": self.roles_[name]})
        return ColumnReader.from_dict(facts)

    def _finite(self, raw: np.ndarray) -> np.ndarray:
        """Infinite numbers as missing; models saved before columns were scaled cut numbers at 1e30."""
        known = np.where(np.isfinite(raw), raw, np.nan)
        if hasattr(self.columns_, "transformers_") and number_scaler(self) is None:
            return np.clip(known, -LARGEST, LARGEST)
        return known

    def _steps(self) -> list[tuple[str, Any, Any]]:
        dates = [f"{name} {part}" for name in self._names("datetime") for part in _PARTS]
        numbers = self._names("numeric") + dates
        steps: list[tuple[str, Any, Any]] = []
        if numbers:
            steps.append(("numbers", self._number_steps(), numbers))
        if categories := self._names("categorical"):
            steps.append(("categories", self._category_steps(), categories))
        for name in self._names("text"):
            words = TfidfVectorizer(
                max_features=MAX_WORDS, token_pattern=SPACED, lowercase=False, sublinear_tf=True
            )
            steps.append((f"text {name}", SafeText(words), name))
        return steps

    def _number_steps(self) -> Any:
        if self.kind in ("ordinal", "frame"):
            return ColumnScaler(self.centred)
        if self.kind == "binned":
            imputer = SimpleImputer(strategy="median", keep_empty_features=True)
            bins = KBinsDiscretizer(self.n_bins, encode="onehot-dense", strategy="quantile")
            return make_pipeline(ColumnScaler(), imputer, bins)
        imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        return make_pipeline(ColumnScaler(), imputer, StandardScaler())

    def _category_steps(self) -> Any:
        if self.kind in ("scaled", "binned"):
            return OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                max_categories=self.max_levels,
                min_frequency=2,
                sparse_output=False,
                drop="if_binary" if self.kind == "scaled" else None,
            )
        return OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            max_categories=self.max_levels,
            min_frequency=2,
        )


def number_scaler(encoder: TableEncoder) -> ColumnScaler | None:
    """The fitted scales of the numbers of a table; None without numbers, and in models saved before."""
    for name, step, _ in encoder.columns_.transformers_:
        if name == "numbers":
            first = step.steps[0][1] if hasattr(step, "steps") else step
            return first if isinstance(first, ColumnScaler) else None
    return None


def _is_informative(values: pd.Series, reader: ColumnReader) -> bool:
    """Whether a column can help with new rows: no identifier, and no number that is always missing."""
    if reader.role == "identifier":
        return False
    return reader.role != "numeric" or bool(np.isfinite(raw_column(values, reader)).any())


class SafeText(TransformerMixin, BaseEstimator):
    """A vectoriser that gives one column of zeros where the training texts have no word.

    With the token pattern ``SPACED``, words are those of :func:`deepworth.datasets.tokenise`.
    """

    def __init__(self, vectoriser: Any) -> None:
        self.vectoriser = vectoriser

    def fit(self, X: Any, y: Any = None) -> SafeText:
        """Learn the vocabulary of the training texts, if they have one."""
        from sklearn.base import clone

        texts = self._texts(X)
        self.empty_ = not any(self.vectoriser.build_analyzer()(text) for text in texts)
        self.vectoriser_: Any = None if self.empty_ else clone(self.vectoriser).fit(texts)
        return self

    def _texts(self, X: Any) -> list[str]:
        texts = as_texts(X)
        if self.vectoriser.analyzer == "char_wb":
            return [lower_case(text) for text in texts]
        return spaced(texts) if self.vectoriser.token_pattern == SPACED else texts

    def __getstate__(self) -> dict[str, Any]:
        """The vocabulary as one text: word by word, a file of 280,000 words took 294 MB."""
        state = dict(super().__getstate__())
        fitted = state.pop("vectoriser_", None)
        if fitted is not None:
            state["words_"] = "\n".join(sorted(fitted.vocabulary_, key=fitted.vocabulary_.__getitem__))
            state["idf_"] = getattr(fitted, "idf_", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        words, idf = state.pop("words_", None), state.pop("idf_", None)
        super().__setstate__(state)
        if hasattr(self, "empty_"):
            self.vectoriser_ = None if words is None else self._with_words(words.split("\n"), idf)

    def _with_words(self, words: list[str], idf: np.ndarray | None) -> Any:
        from sklearn.base import clone

        vectoriser = clone(self.vectoriser).set_params(vocabulary=words)
        if idf is not None:
            vectoriser.idf_ = idf
        return vectoriser

    def transform(self, X: Any) -> Any:
        """Sparse matrix (n_samples, n_words), or zeros (n_samples, 1)."""
        texts = self._texts(X)
        if self.empty_:
            from scipy.sparse import csr_matrix

            return csr_matrix((len(texts), 1))
        return self.vectoriser_.transform(texts)

    def count_operations(self, X: Any, count: Any) -> float:
        """None: words are looked up."""
        return 0.0


_PARTS = ("days", "month", "weekday", "hour")


def _date_parts(name: str, seconds: np.ndarray) -> dict[str, np.ndarray]:
    known = np.isfinite(seconds)
    moments = np.where(known, seconds, 0.0).astype("datetime64[s]")
    months = moments.astype("datetime64[M]").astype(np.int64) % 12 + 1
    days = moments.astype("datetime64[D]").astype(np.int64)
    weekdays = (days + 3) % 7  # 0 is Monday; the first of January 1970 was a Thursday
    hours = moments.astype("datetime64[h]").astype(np.int64) % 24
    parts = (seconds / 86400.0, *(np.where(known, part, np.nan) for part in (months, weekdays, hours)))
    return {f"{name} {part}": np.asarray(v, np.float64) for part, v in zip(_PARTS, parts, strict=True)}


def as_frame(X: Any) -> pd.DataFrame:
    """A DataFrame as it is, also of another library; a 2-d array with columns x0, x1, ..."""
    X = as_pandas(X)
    if isinstance(X, pd.DataFrame):
        return X
    from sklearn.utils import check_array

    X = check_array(X, dtype=None, ensure_all_finite=False)
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])


def as_texts(X: Any) -> list[str]:
    """Any sequence of texts as a list of str, missing ones empty."""
    X = as_pandas(X)
    return series_of_texts(X.iloc[:, 0] if isinstance(X, pd.DataFrame) else X).tolist()
