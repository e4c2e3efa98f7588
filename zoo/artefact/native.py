"""What compiled code would follow without looking: trees, neighbours, support vectors, words, matrices.

Compiled code of scikit-learn and SciPy takes counts and positions as they are. A wrong one, or an attribute
that is missing so that a check is left out, makes it read or write beyond an array. So every structure of a
loaded model that such code follows is checked here, with all the attributes that it needs, or built again
from arrays. Estimators that are not on the list are refused, even if they were harmless. What a model may do
beside computing (read files, start processes, match expressions that never end) is bounded by values of
parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

LEAF = -1
# Modules of scikit-learn whose estimators compute with NumPy, or are checked below; ``but`` are those whose
# compiled code nothing checks.
_MODULES = """
_loss calibration compose cross_decomposition discriminant_analysis dummy ensemble exceptions
feature_extraction feature_selection gaussian_process impute isotonic kernel_approximation kernel_ridge
linear_model metrics mixture model_selection multiclass multioutput naive_bayes neighbors neural_network
pipeline preprocessing random_projection semi_supervised svm tree utils
"""
MODULES = frozenset(_MODULES.split())
_DECOMPOSITION = {"PCA", "IncrementalPCA", "TruncatedSVD", "KernelPCA", "FastICA", "FactorAnalysis"}
_BUT = {
    *("IsolationForest", "RandomTreesEmbedding", "LocalOutlierFactor", "KernelDensity", "OneClassSVM"),
    *("PatchExtractor", "SplineTransformer", "PolynomialCountSketch", "BernoulliRBM"),
}
# Patterns of words that take linear time; those of our pipelines, and scikit-learn's own.
PATTERNS = frozenset(["[^ ]+", r"(?u)\b\w\w+\b"])
_METRICS = frozenset(
    ["euclidean", "l2", "sqeuclidean", "minkowski", "manhattan", "l1", "cityblock", "chebyshev", "cosine"]
)
_LIBRARIES = ("sklearn.", "scipy.", "numpy.", "deepworth.zoo.")
_LONGEST_SIDE = 4096  # of an image that a model works on, in pixels


class Broken(ValueError):
    """A structure that compiled code would follow out of its arrays."""


def require(condition: Any, what: str) -> None:
    """Refuse a model whose part, named in a few words, is not as it must be."""
    if not condition:
        raise Broken(f"{what} in it is broken")


def check_native(model: Any) -> None:
    """Check every structure of a model that compiled code follows, and build its search trees again.

    Raises
    ------
    ValueError
        One of them is broken, lacks an attribute, or belongs to an estimator that nothing here knows.
    """
    checks = _checks()
    rebuilt: set[int] = set()
    try:
        for value in objects(model):
            require(_is_known(type(value)), f"{type(value).__name__}, which is not trusted,")
            _limit(value)
            for kind in type(value).__mro__:
                if kind.__name__ in checks and kind.__module__.startswith(_LIBRARIES):
                    checks[kind.__name__](value)
            if getattr(value, "_tree", None) is not None:
                rebuilt.add(id(value._tree))
        for value in objects(model):
            if type(value).__name__ in ("KDTree", "BallTree", "KDTree32", "BallTree32"):
                require(id(value) in rebuilt, "a search tree")
    except (AttributeError, KeyError, IndexError, TypeError, OverflowError) as error:
        raise Broken(f"it lacks what its estimators need: {error}") from error


def can_be_checked(model: Any) -> bool:
    """Whether a fitted model consists of parts that :func:`check_native` knows; arrays are not looked at."""
    try:
        for value in objects(model):
            require(_is_known(type(value)), type(value).__name__)
            if hasattr(value, "token_pattern"):
                _check_words(value, with_vocabulary=False)
    except Broken:
        return False
    return True


def objects(model: Any) -> Iterator[Any]:
    """Every object in a model, each once."""
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, (str, bytes, int, float, type(None), type)):
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, (list, tuple, set)):
            waiting += value
        elif isinstance(value, np.ndarray):
            waiting += value.ravel().tolist() if value.dtype == object else []
        elif isinstance(value, partial):  # to ask for its __dict__ would make one, which is saved then
            yield value
            state: Any = value.__reduce__()[2]
            function, arguments, keywords, own = state
            waiting += [function, *arguments, *keywords.values(), *(own or {}).values()]
        else:
            yield value
            waiting += getattr(value, "__dict__", {}).values()


def _is_known(kind: type) -> bool:
    """Whether a class of scikit-learn is one that is checked, or computes with NumPy alone."""
    library, _, rest = kind.__module__.partition(".")
    if library != "sklearn":
        return True  # the list of trusted types has decided
    if rest.startswith("decomposition."):
        return kind.__name__ in _DECOMPOSITION
    return rest.partition(".")[0] in MODULES and kind.__name__ not in _BUT


def _limit(value: Any) -> None:
    """Nothing starts processes, prints or caches: these parameters change no prediction."""
    own = getattr(value, "__dict__", {})
    if not type(value).__module__.startswith(("sklearn.", "deepworth.")):
        return
    for name, harmless in (("n_jobs", None), ("verbose", 0), ("memory", None)):
        if name in own:
            setattr(value, name, harmless)


def _checks() -> dict[str, Callable[[Any], None]]:
    """The check of each class, by its name; subclasses have those of their bases too."""
    return {
        "Tree": _check_tree,
        "BaseDecisionTree": _check_decision_tree,
        "BaseForest": _check_forest,
        "BaseGradientBoosting": _check_gradient_boosting,
        "BaseHistGradientBoosting": _check_histogram_boosting,
        "BaseLibSVM": _check_support,
        "NeighborsBase": _check_neighbours,
        "OneHotEncoder": _check_one_hot,
        "CountVectorizer": _check_words,
        "HashingVectorizer": _check_words,
        "DictVectorizer": _check_vocabulary,
        "SameSize": _check_same_size,
        "Gradients": _check_gradients,
        "PatchResponses": _check_patches,
        "RandomState": lambda rng: _check_generator(rng._bit_generator),
        "Generator": lambda rng: _check_generator(rng.bit_generator),
        "_spbase": _check_sparse,
        "spmatrix": _check_sparse,
    }


def _is_fitted(estimator: Any) -> bool:
    """Templates, such as the tree of a forest, have parameters alone."""
    return any(name.endswith("_") and not name.endswith("__") for name in vars(estimator))


def _width(estimator: Any) -> int:
    """The number of columns that scikit-learn compares with those of new rows; without it, it does not."""
    width = vars(estimator)["n_features_in_"]
    require(isinstance(width, (int, np.integer)) and width > 0, "a number of columns")
    return int(width)


def _numbers(value: Any, *shape: int | None, kinds: str = "fiu") -> np.ndarray:
    """An array of numbers of this shape; None stands for any length."""
    array = np.asarray(value)
    fits = array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    require(array.dtype.kind in kinds and fits, "an array")
    return array


def _check_tree(tree: Any) -> None:
    """Children come after their parent, so every walk ends."""
    n_nodes = tree.node_count
    require(n_nodes > 0, "a tree")
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    position, inner = np.arange(n_nodes), left != LEAF
    require(len(left) == n_nodes and len(tree.value) == n_nodes, "a tree")
    require(((right == LEAF) == ~inner).all(), "a tree")
    for child in (left, right):
        require(((child > position) & (child < n_nodes) | ~inner).all(), "a tree")
    require(((feature >= 0) & (feature < tree.n_features) | ~inner).all(), "a tree")


def _check_decision_tree(estimator: Any) -> None:
    if not _is_fitted(estimator):
        return
    tree = vars(estimator)["tree_"]
    require(type(tree).__name__ == "Tree", "a tree")
    require(tree.n_features == _width(estimator) and tree.n_outputs == estimator.n_outputs_, "a tree")


def _check_forest(forest: Any) -> None:
    """Trees of a forest do not look at the width of rows themselves: they get what the forest has checked."""
    if not _is_fitted(forest):
        return
    width = _width(forest)
    require(isinstance(forest.estimators_, list) and forest.estimators_, "a forest")
    for each in forest.estimators_:
        require(type(each).__module__.startswith("sklearn.tree."), "a forest")
        require(_width(each) == width and each.tree_.n_outputs == forest.n_outputs_, "a forest")


def _check_gradient_boosting(model: Any) -> None:
    if not _is_fitted(model):
        return
    stages, width = np.asarray(vars(model)["estimators_"], dtype=object), _width(model)
    classes = getattr(model, "n_classes_", 1)
    require(stages.ndim == 2 and stages.shape[1] == (classes if classes > 2 else 1), "a forest")
    for each in stages.ravel():
        require(type(each).__name__ == "DecisionTreeRegressor" and _width(each) == width, "a forest")
        require(each.tree_.n_outputs == 1 and each.tree_.max_n_classes == 1, "a forest")


def _check_histogram_boosting(model: Any) -> None:
    if not _is_fitted(model):
        return
    width, own = _width(model), vars(model)
    require(own["_n_features"] == width and not getattr(model, "_in_fit", False), "a boosting")
    categorical = _numbers(own["_bin_mapper"].is_categorical_, width, kinds="bu") != 0
    known = own["_bin_mapper"].bin_thresholds_
    require(len(known) == width, "a boosting")
    for position in np.flatnonzero(categorical):
        values = _numbers(known[position], None, kinds="f")
        require(((values >= 0) & (values < 256)).all(), "a boosting")  # they are set as bits of 256
    if own.get("_preprocessor") is not None:
        _check_one_to_one(own["_preprocessor"], width)
    for predictor in np.asarray(own["_predictors"], dtype=object).ravel():
        require(type(predictor).__name__ == "TreePredictor", "a boosting")
        _check_predictor(predictor, categorical)


def _check_predictor(predictor: Any, categorical: np.ndarray) -> None:
    nodes = predictor.nodes
    position, inner = np.arange(len(nodes)), nodes["is_leaf"] == 0
    require(len(nodes), "a tree")
    for name in ("left", "right"):
        child = nodes[name].astype(np.int64)
        require(((child > position) & (child < len(nodes)) | ~inner).all(), "a tree")
    feature = nodes["feature_idx"].astype(np.int64)
    require(((feature >= 0) & (feature < len(categorical)) | ~inner).all(), "a tree")
    split = inner & (nodes["is_categorical"] != 0)
    require(categorical[feature[split]].all(), "a tree")
    for bits in (predictor.binned_left_cat_bitsets, predictor.raw_left_cat_bitsets):
        _numbers(bits, None, 8, kinds="u")
        require((nodes["bitset_idx"][split] < len(bits)).all(), "a tree")


def _check_one_to_one(transformer: Any, width: int) -> None:
    """What a boosting does to its columns: categories to codes, numbers as they are. No column is lost."""
    from sklearn.utils.validation import check_array

    places: list[int] = []
    require(type(transformer).__name__ == "ColumnTransformer" and _width(transformer) == width, "a boosting")
    for name, step, columns in vars(transformer)["transformers_"]:
        chosen = np.asarray(columns)
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool or not chosen.size else chosen
        require(list(chosen) == list(transformer._transformer_to_input_indices[name]), "a boosting")
        if step == "drop":
            require(not chosen.size, "a boosting")
            continue
        function = getattr(getattr(step, "func", None), "func", None)
        is_check = type(step).__name__ == "FunctionTransformer" and function is check_array
        require(is_check or type(step).__name__ == "OrdinalEncoder", "a boosting")
        require(_width(step) == chosen.size, "a boosting")
        places += [int(i) for i in chosen]
    require(sorted(places) == list(range(width)), "a boosting")


def _check_support(model: Any) -> None:
    """As libsvm counts: a coefficient per vector and other class, an intercept per pair of classes."""
    if not _is_fitted(model):
        return
    own, width, vectors = vars(model), _width(model), model.support_vectors_
    regression = "SVR" in type(model).__name__
    counts = _numbers(own["_n_support"], None, kinds="iu").astype(np.int64)
    n_classes = 2 if regression else len(own["classes_"])
    n_vectors, pairs = vectors.shape[0], n_classes * (n_classes - 1) // 2
    require(regression or (len(counts) == n_classes and (counts >= 0).all()), "a set of support vectors")
    # of the two counts of a regression libsvm fills only the first
    require(
        (counts[0] if regression else counts.sum()) == n_vectors == len(own["support_"]), "support vectors"
    )
    require(own["_dual_coef_"].shape == (n_classes - 1, n_vectors), "a set of support vectors")
    require(vectors.ndim == 2 and vectors.shape[1] == width, "a set of support vectors")
    require(len(own["shape_fit_"]) == 2 and own["shape_fit_"][1] == width, "a set of support vectors")
    _numbers(own["_intercept_"], pairs, kinds="f")
    for name in ("_probA", "_probB"):
        require(len(_numbers(own[name], None, kinds="f")) in (0, pairs), "a set of support vectors")
    require(own["kernel"] in ("linear", "poly", "rbf", "sigmoid"), "a kernel")


def _check_neighbours(model: Any) -> None:
    """Rows that are compared with new ones; their search tree is built again."""
    if not _is_fitted(model):
        return
    own, width = vars(model), _width(model)
    rows = own["_fit_X"]
    if not hasattr(rows, "nnz"):
        rows = _numbers(rows, None, width)
        require(np.isfinite(rows).all(), "a set of neighbours")
    require(rows.shape[1] == width and 0 < rows.shape[0] == own["n_samples_fit_"], "a set of neighbours")
    require(own["effective_metric_"] in _METRICS, "a set of neighbours")
    require(own["_fit_method"] in ("brute", "kd_tree", "ball_tree"), "a set of neighbours")
    if "Classifier" in type(model).__name__:
        _check_labels(own["_y"], own["classes_"], rows.shape[0])
    elif "_y" in own:
        require(len(own["_y"]) == rows.shape[0], "a set of neighbours")
    if own["_fit_method"] == "brute":
        require(own["_tree"] is None, "a search tree")
    else:
        _rebuild(model)


def _check_labels(codes: Any, classes: Any, n_rows: int) -> None:
    """Compiled code counts the classes of neighbours by their codes."""
    columns = np.asarray(codes).reshape(n_rows, -1).T
    known = classes if isinstance(classes, list) else [classes]
    require(len(columns) == len(known) and columns.dtype.kind == "i", "a set of neighbours")
    for own, names in zip(columns, known, strict=True):
        require(((own >= 0) & (own < len(names))).all(), "a set of neighbours")


def _rebuild(neighbours: Any) -> None:
    """Replace the search tree from the file by a new one of the stored rows."""
    from sklearn.neighbors import BallTree, KDTree

    kind = KDTree if neighbours._fit_method == "kd_tree" else BallTree
    rows, params = np.asarray(neighbours._fit_X, np.float64), neighbours.effective_metric_params_ or {}
    require(isinstance(neighbours.leaf_size, int) and neighbours.leaf_size > 0, "a search tree")
    neighbours._tree = kind(rows, neighbours.leaf_size, metric=neighbours.effective_metric_, **params)


def _check_one_hot(encoder: Any) -> None:
    """Positions of categories are those of columns in a sparse matrix, whose builder does not look."""
    if not _is_fitted(encoder):
        return
    own = vars(encoder)
    categories, width = own["categories_"], _width(encoder)
    require(len(categories) == width == len(own["_n_features_outs"]), "an encoder")
    dropped = own["_drop_idx_after_grouping"]
    require(dropped is None or len(dropped) == width, "an encoder")
    for i, values in enumerate(categories):
        _check_categories(np.asarray(values))
        last, n_columns = len(values), own["_n_features_outs"][i]
        if own["_infrequent_enabled"] and (mapping := own["_default_to_infrequent_mappings"][i]) is not None:
            places = _numbers(mapping, len(values), kinds="iu")
            require(((places >= 0) & (places < len(values))).all(), "an encoder")
            last = int(places.max(initial=-1)) + 1
        if dropped is not None and dropped[i] is not None:
            require(isinstance(dropped[i], (int, np.integer)) and 0 <= dropped[i] < last, "an encoder")
            last -= 1
        require(last <= n_columns, "an encoder")
    require(list(own["_n_features_outs"]) == encoder._compute_n_features_outs(), "an encoder")


def _check_categories(values: np.ndarray) -> None:
    """Numbers are looked up by halving, which needs them in order; missing ones are last."""
    require(values.ndim == 1, "an encoder")
    if values.dtype.kind in "fiu":
        known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
        require((known[1:] > known[:-1]).all() and np.array_equal(known, values[: len(known)]), "an encoder")


def _check_words(vectoriser: Any, with_vocabulary: bool = True) -> None:
    """Texts are read as they are: not as names of files, and by patterns that take linear time."""
    own = vars(vectoriser)
    require(own["input"] == "content" and own["encoding"] in ("utf-8", "utf8"), "a reader of texts")
    require(own["analyzer"] in ("word", "char", "char_wb"), "a reader of texts")
    require(own["tokenizer"] is None and own["preprocessor"] is None, "a reader of texts")
    require(own["strip_accents"] in (None, "ascii", "unicode"), "a reader of texts")
    require(own["token_pattern"] in PATTERNS, "a pattern of words")
    shortest, longest = own["ngram_range"]
    require(isinstance(longest, int) and 0 < shortest <= longest <= 10, "a reader of texts")
    require(np.dtype(own["dtype"]).kind in "fiu", "a reader of texts")
    if "n_features" in own:
        require(isinstance(own["n_features"], int) and 0 < own["n_features"] <= 2**24, "a reader of texts")
    if with_vocabulary:
        _check_vocabulary(vectoriser)


def _check_vocabulary(vectoriser: Any) -> None:
    """Words are columns of a sparse matrix: each number up to theirs, once."""
    if "vocabulary_" not in vars(vectoriser):
        return
    places = vectoriser.vocabulary_
    require(isinstance(places, dict) and sorted(places.values()) == list(range(len(places))), "a vocabulary")


def _check_generator(generator: Any) -> None:
    """Numbers left over from the last block of a Mersenne twister are taken by their position."""
    state = generator.state
    if state["bit_generator"] == "MT19937":
        require(0 <= state["state"]["pos"] <= 624, "a generator of random numbers")


def _check_sparse(matrix: Any) -> None:
    require(matrix.format in ("csr", "csc"), "a sparse matrix")
    matrix.check_format(full_check=True)


def _small(value: Any, least: int, most: int) -> None:
    """A whole number, or several, within a range."""
    for number in value if isinstance(value, (tuple, list)) else (value,):
        whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
        require(whole and least <= number <= most, "a size of images")


def _check_same_size(resizing: Any) -> None:
    if _is_fitted(resizing):
        require(len(resizing.size_) == 2 and resizing.channels_ in (1, 3, 4), "a size of images")
        _small(resizing.size_, 1, _LONGEST_SIDE)


def _check_gradients(gradients: Any) -> None:
    """Sizes of cells, by which compiled code divides."""
    if _is_fitted(gradients):
        require(len(gradients.cell_) == 2 and len(gradients.size_) == 3, "a size of images")
        _small(gradients.cell_, 2, _LONGEST_SIDE)
        _small(gradients.size_, 1, _LONGEST_SIDE)
        _small((gradients.orientations, gradients.cells), 1, 64)


def _check_patches(patches: Any) -> None:
    if _is_fitted(patches):
        require(len(patches.shape_) == 3, "a size of images")
        _small(patches.shape_, 1, _LONGEST_SIDE)
        _small(patches.size_, 1, min(64, *patches.shape_[:2]))
        _small((patches.stride_, patches.grid), 1, 64)
