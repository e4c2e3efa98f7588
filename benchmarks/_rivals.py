"""The models that tabular.py compares: any of our registry, and other libraries at their defaults."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "deep-mlp": ("deep-mlp", {}),
    "deep-mlp-ensemble": ("deep-mlp", {"ensemble": True}),
    "tabm": ("tabm", {}),
    "shallow-mlp": ("shallow-mlp", {}),
    "plain-mlp": ("plain-mlp", {}),
}
LIBRARIES = {  # name in the results file: distribution
    "HGB": "scikit-learn",
    "MLP": "scikit-learn",
    "Linear": "scikit-learn",
    "LightGBM": "lightgbm",
    "XGBoost": "xgboost",
    "CatBoost": "catboost",
}
PYTABKIT = ("RealMLP_TD", "RealMLP_TD_ce", "TabM_D", "RealMLP_TD_ce_cv5")


def canonical(name: str) -> str:
    """The name in the results file of a name in any case."""
    known = {n.lower(): n for n in (*LIBRARIES, *PYTABKIT)}
    return known.get(name.lower(), name)


def installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False


def create(name: str, task: str, seed: int, threads: int) -> Any:
    """A new model by its name in the results: of a library at its defaults, or any of our registry."""
    if name in LIBRARIES:
        return LIBRARY_MAKERS[name](task, seed, threads)
    from deepworth.zoo import registry

    entry, params = NETWORKS.get(name, (name, {}))
    return registry.create(entry, task, "tabular", random_state=seed, **params)


def boosted_histograms(task: str, seed: int, threads: int) -> Any:
    """scikit-learn's boosted trees; columns of dtype category are native categories."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    return kind(random_state=seed)


def linear(task: str, seed: int, threads: int) -> Any:
    """Ridge or logistic regression behind imputation, scaling and one-hot codes."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline

    return make_pipeline(numbers(), Ridge() if task == "regression" else LogisticRegression(max_iter=1000))


def perceptrons(task: str, seed: int, threads: int) -> Any:
    """scikit-learn's MLP behind the same steps; a regression learns a standardised target."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if task != "regression":
        return make_pipeline(numbers(), MLPClassifier(random_state=seed))
    model = make_pipeline(numbers(), MLPRegressor(random_state=seed))
    return TransformedTargetRegressor(model, transformer=StandardScaler())


def numbers() -> Any:
    """A table as numbers: medians with marks of what was missing, scaled, and one-hot categories."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    return make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (
            make_pipeline(
                SimpleImputer(strategy="constant", fill_value="(missing)"),
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            ),
            make_column_selector(dtype_include="category"),
        ),
    )


def lightgbm(task: str, seed: int, threads: int) -> Any:
    """LightGBM at its defaults; it finds the categories by their dtype."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    kind = LGBMRegressor if task == "regression" else LGBMClassifier
    return PlainNames(kind(random_state=seed, n_jobs=threads, verbose=-1))


def xgboost(task: str, seed: int, threads: int) -> Any:
    """XGBoost at its defaults, categories native."""
    from xgboost import XGBClassifier, XGBRegressor

    kind = XGBRegressor if task == "regression" else XGBClassifier
    return PlainNames(kind(random_state=seed, n_jobs=threads, enable_categorical=True))


def catboost(task: str, seed: int, threads: int) -> Any:
    """CatBoost at its defaults, categories native."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    kind = CatBoostRegressor if task == "regression" else CatBoostClassifier
    return TextCategories(
        kind(random_state=seed, thread_count=threads, verbose=False, allow_writing_files=False)
    )


class PlainNames:
    """LightGBM and XGBoost refuse brackets in the names of columns: these are called x0, x1, ..."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: Any, y: Any) -> None:
        self.model.fit(self._adapted(X), y)

    def predict(self, X: Any) -> Any:
        return self.model.predict(self._adapted(X))

    def predict_proba(self, X: Any) -> Any:
        return self.model.predict_proba(self._adapted(X))

    def _adapted(self, X: Any) -> Any:
        return X.set_axis([f"x{i}" for i in range(X.shape[1])], axis=1)


class TextCategories(PlainNames):
    """CatBoost takes categories as text without gaps: a missing one is a category of its own."""

    def fit(self, X: Any, y: Any) -> None:
        self.model.fit(self._adapted(X), y, cat_features=list(X.select_dtypes("category")))

    def _adapted(self, X: Any) -> Any:
        categories = X.select_dtypes("category")
        return X.assign(**{c: X[c].astype(object).fillna("missing").astype(str) for c in categories})


LIBRARY_MAKERS: dict[str, Callable[[str, int, int], Any]] = {
    "HGB": boosted_histograms,
    "MLP": perceptrons,
    "Linear": linear,
    "LightGBM": lightgbm,
    "XGBoost": xgboost,
    "CatBoost": catboost,
}


def versions(name: str) -> str:
    """Libraries that a model's numbers depend on."""
    ours = ("deepworth", "keras", "tensorflow")
    return "; ".join(f"{d} {version(d)}" for d in ([LIBRARIES[name]] if name in LIBRARIES else ours))
