"""A fitted model as the bytes of a file that nothing is executed from.

How large a fitted model is: bytes on disk and fitted numbers.
"""

from __future__ import annotations

import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import InputError
from .keras_archive import check_archive, quoted
from .skops_archive import check_native, check_skops

# What skops may build beside the types it trusts itself: exactly what the zoo's baselines consist of.
# A partial calls a function when the model predicts, and that function must be in the list too.
TRUSTED = frozenset(
    [
        "catboost.core.CatBoostClassifier",
        "catboost.core.CatBoostRegressor",
        "collections.OrderedDict",
        "functools.partial",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "numpy.dtype",
        "sklearn.compose._column_transformer._RemainderColsList",  # a list of columns, up to scikit-learn 1.6
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._ball_tree.BallTree",  # built anew from the kept rows before it is asked
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.tree._tree.Tree",
        "sklearn.utils.validation.check_array",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRegressor",
    ]
)
OWN_CLASSES = (
    "deepworth.zoo.baselines.",
    "deepworth.zoo.preprocessing.columns.",
    "deepworth.zoo.preprocessing.pixels.",
)


def model_content(model: Any) -> tuple[str, bytes] | None:
    """File name and bytes: ``model.keras`` for networks, ``model.skops`` else; None if neither holds it.

    A calibrator is the last layer of a network; that of another model is in the manifest.
    """
    if hasattr(model, "keras_model"):
        return "model.keras", keras_bytes(model.keras_model())
    import skops.io

    model = inner(model)

    try:
        content = skops.io.dumps(model)
        skops.io.get_untrusted_types(data=content)
    except Exception:  # skops has no error class of its own for "this object is not supported"
        return None
    return "model.skops", content


def inner(model: Any) -> Any:
    """The fitted estimator inside one that adds confidence to it, or the model itself."""
    return model.estimator_ if hasattr(model, "confidence_") else model


def keras_bytes(model: Any) -> bytes:
    """The ``.keras`` archive of a Keras model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def load_skops(path: Path) -> Any:
    """A scikit-learn model from a file, built from trusted types only."""
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning

    check_skops(path)
    try:
        found = skops.io.get_untrusted_types(file=path)
        unknown = [name for name in found if not _is_trusted(name)]
        if not unknown:
            with warnings.catch_warnings():  # the versions were compared before, once for all parts
                warnings.simplefilter("ignore", InconsistentVersionWarning)
                model = skops.io.load(path, trusted=found)
            check_native(model)
            return model
    except Exception as error:  # a damaged archive fails in many ways, none of skops's own
        first = (str(error).strip().splitlines() or [""])[0]
        raise InputError(f"{path} cannot be loaded: {type(error).__name__}: {first[:200]}") from error
    shown = ", ".join(map(quoted, unknown[:3]))
    raise InputError(f"{path} holds types that are not trusted: {shown}; it was not loaded")


def _is_trusted(name: str) -> bool:
    """Listed by name, or a public class (not a function) of our own pipelines."""
    own = name.startswith(OWN_CLASSES) and name.rpartition(".")[2][:1].isupper()
    return own or name in TRUSTED


def load_keras(path: Path) -> Any:
    """A Keras model from a file; it is built only if all that it names is trusted."""
    from ..preprocessing.runtime import import_tensorflow

    import_tensorflow()
    import_module("..layers", __package__)
    check_archive(path)
    from .keras_archive import built

    try:
        return built(path)
    except Exception as error:  # a damaged or hostile network fails in as many ways as there are layers
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path} cannot be loaded as a Keras model: {first[:300]}") from error


def model_bytes(model: Any) -> int | None:
    """Bytes of the model file that :func:`save` would write; None where no safe format holds the model."""
    content = model_content(model)
    return None if content is None else len(content[1])


def count_parameters(model: Any) -> int:
    """Numbers learned from the training rows: weights, coefficients, tree nodes, kept rows.

    Networks say it themselves (``n_parameters``). Elsewhere all numeric arrays of fitted attributes
    are counted once, wherever they hang in a pipeline; bookkeeping such as class names is left out.
    """
    if hasattr(model, "n_parameters"):
        return int(model.n_parameters())
    if hasattr(model, "count_params"):  # a Keras model
        return int(model.count_params())
    return _count(model, set())


_BOOKKEEPING = {"classes_", "feature_names_in_", "n_features_in_", "rng_", "_random_state"}


def _count(value: Any, seen: set[int]) -> int:
    if id(value) in seen or isinstance(value, (str, bytes, bool, int, np.integer, type(None))):
        return 0
    seen.add(id(value))
    if isinstance(value, (float, np.floating)):
        return 1
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return sum(_count(v, seen) for v in value.ravel())
        return int(value.size) if value.dtype.kind in "fiu" or value.dtype.names else 0
    if hasattr(value, "nnz"):
        return int(value.nnz)
    if isinstance(value, dict):
        return sum(_count(v, seen) for v in value.values())
    if isinstance(value, (list, tuple)):
        return sum(_count(v, seen) for v in value)
    return _count_object(value, seen)


def _count_object(value: Any, seen: set[int]) -> int:
    if type(value).__name__ == "Tree" and hasattr(value, "node_count"):  # feature, threshold, value a node
        return int(value.node_count * 2 + value.value.size)
    if type(value).__name__ == "TreePredictor":  # of histogram gradient boosting
        return int(value.nodes.size * 3)
    if hasattr(value, "booster_") or hasattr(value, "get_booster") or hasattr(value, "tree_count_"):
        return _boosted(value)
    if not hasattr(value, "__dict__"):
        return 0
    fitted = {k: v for k, v in vars(value).items() if _is_fitted_name(k, value) and k not in _BOOKKEEPING}
    return sum(_count(v, seen) for v in fitted.values())


def _is_fitted_name(name: str, owner: Any) -> bool:
    """Fitted attributes end in an underscore; steps of a pipeline are fitted in place."""
    return name.endswith("_") or name in ("steps", "estimator", "calibrators", "_fit_X", "_predictors")


def _boosted(model: Any) -> int:
    """Three numbers a node: feature, threshold and value."""
    if hasattr(model, "booster_"):
        return 3 * sum(int(t["num_leaves"]) * 2 - 1 for t in model.booster_.dump_model()["tree_info"])
    if hasattr(model, "get_booster"):
        return 3 * len(model.get_booster().trees_to_dataframe())
    return 3 * int(sum(model.get_tree_leaf_counts()))
