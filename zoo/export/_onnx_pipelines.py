"""Steps of scikit-learn pipelines as ONNX operators, in double precision as scikit-learn computes them.

The table encoder, linear models, naive Bayes, kernels and neighbours; trees, images and texts have files of
their own.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from ..preprocessing.columns import number_scaler
from ..preprocessing.scales import LARGEST
from ..preprocessing.tables import input_names
from ._formats import CannotHold
from ._onnx_graph import Graph, Matrix, StepWriter, Tensor
from ._onnx_texts import word_features

_RANDOM_ROWS = 16
_SECONDS_PER_DAY = 86400.0


def _table(graph: Graph, encoder: Any, inputs: Mapping[str, Tensor]) -> Matrix:
    """TableEncoder: raw columns to a float64 matrix."""
    names = dict(zip(encoder.feature_names_in_, input_names(list(encoder.feature_names_in_)), strict=True))
    raw = {column: inputs[names[column]] for column in encoder.roles_}
    parts: list[Tensor] = []
    codes: list[int] = []
    width = 0
    for name, step, columns in encoder.columns_.transformers_:
        if name == "numbers":
            x = _numbers(graph, encoder, step, _floats(graph, encoder, raw, columns))
            width += len(columns)  # only needed where codes follow, behind trees
        elif name == "categories":
            x, depth = _categories(graph, step, [raw[c] for c in columns])
            codes = list(range(width, width + depth)) if encoder.kind == "frame" else []
            width += depth
        elif name.startswith("text "):
            x = graph.cast(word_features(graph, step, raw[columns]), "float64")
            width += 1 if step.vectoriser_ is None else len(step.vectoriser_.get_feature_names_out())
        else:
            continue
        parts.append(x)
    if not parts:
        raise CannotHold("the model uses no column of the table")
    joined = graph.concat(parts)
    if encoder.kind == "scaled":
        joined = graph.op("Clip", joined, np.float64(-10), np.float64(10))
    return Matrix(joined, frozenset(codes))


def _floats(graph: Graph, encoder: Any, raw: Mapping[str, Tensor], columns: Any) -> Tensor:
    """Numbers and parts of dates as columns, NaN where missing or infinite."""
    parts = []
    for column in columns:
        if encoder.roles_.get(column) == "numeric":
            parts.append(_column(graph, raw[column]))
            continue
        name, _, part = column.rpartition(" ")
        parts.append(_date_part(graph, _column(graph, raw[name]), part))
    x = graph.concat(parts)
    finite = graph.op("Less", graph.op("Abs", x), np.float64(np.inf))  # not of NaN either
    return graph.op("Where", finite, x, np.float64(np.nan))


def _column(graph: Graph, x: Tensor) -> Tensor:
    return graph.op("Unsqueeze", x, np.array([1]))


def _date_part(graph: Graph, seconds: Tensor, part: str) -> Tensor:
    """Days since 1970, month, weekday (Monday is 0) or hour; missing dates stay NaN."""
    days = graph.op("Div", seconds, np.float64(_SECONDS_PER_DAY))
    if part == "days":
        return days
    whole = graph.op("Floor", days)
    if part == "hour":
        rest = graph.op("Sub", seconds, graph.op("Mul", whole, np.float64(_SECONDS_PER_DAY)))
        return graph.op("Floor", graph.op("Div", rest, np.float64(3600)))
    if part == "weekday":
        return _modulo(graph, graph.op("Add", whole, np.float64(3)), 7)
    return _month(graph, whole)


def _month(graph: Graph, days: Tensor) -> Tensor:
    """Month of whole days since 1970 by Hinnant's "civil from days": years begin in March."""
    of_era = _modulo(graph, graph.op("Add", days, np.float64(719468)), 146097)

    def quotient(x: Tensor, n: float) -> Tensor:
        return graph.op("Floor", graph.op("Div", x, np.float64(n)))

    leap = graph.op(
        "Sub", graph.op("Sub", quotient(of_era, 36524), quotient(of_era, 1460)), quotient(of_era, 146096)
    )
    year = quotient(graph.op("Add", of_era, leap), 365)
    before = graph.op("Add", graph.op("Mul", year, np.float64(365)), quotient(year, 4))
    of_year = graph.op("Sub", of_era, graph.op("Sub", before, quotient(year, 100)))
    five = graph.op("Add", graph.op("Mul", of_year, np.float64(5)), np.float64(2))
    month = quotient(five, 153)  # 0 is March
    shift = graph.op("Where", graph.op("Less", month, np.float64(10)), np.float64(3), np.float64(-9))
    return graph.op("Add", month, shift)


def _modulo(graph: Graph, x: Tensor, n: float) -> Tensor:
    return graph.op(
        "Sub", x, graph.op("Mul", graph.op("Floor", graph.op("Div", x, np.float64(n))), np.float64(n))
    )


def _numbers(graph: Graph, encoder: Any, step: Any, x: Tensor) -> Tensor:
    scaler = number_scaler(encoder)
    x = _clipped(graph, x) if scaler is None else _scaled(graph, scaler, x)
    if not hasattr(step, "steps"):  # for trees
        return x
    imputer, last = (part for _, part in step.steps[-2:])
    missing = graph.op("IsNaN", x)
    filled = graph.op("Where", missing, np.asarray(imputer.statistics_, np.float64), x)
    if type(last).__name__ == "KBinsDiscretizer":
        return _bins(graph, last, filled)
    parts = [filled]
    if imputer.indicator_ is not None and len(imputer.indicator_.features_):
        parts.append(graph.cast(graph.take(missing, imputer.indicator_.features_), "float64"))
    return graph.op("Div", graph.op("Sub", graph.concat(parts), last.mean_), last.scale_)


def _scaled(graph: Graph, scaler: Any, x: Tensor) -> Tensor:
    """ColumnScaler: the same three operations, none of which rounds otherwise here."""
    down, shift, up = np.asarray(scaler.scales_, np.float64).T
    constant = up == 0  # infinity times zero is none
    z = graph.op("Mul", graph.op("Sub", graph.op("Mul", x, down), shift), np.where(constant, 1.0, up))
    z = _clipped(graph, z)
    return z if not constant.any() else graph.op("Mul", z, np.where(constant, 0.0, 1.0))


def _clipped(graph: Graph, x: Tensor) -> Tensor:
    return graph.op("Clip", x, np.float64(-LARGEST), np.float64(LARGEST))


def _bins(graph: Graph, step: Any, x: Tensor) -> Tensor:
    """One-hot quantile bins, which contain their lower edge."""
    parts = []
    for i, edges in enumerate(step.bin_edges_):
        column = graph.columns(x, i, i + 1)
        inner = np.asarray(edges[1:-1], np.float64)
        if not len(inner):
            parts.append(
                graph.op("Add", graph.op("Mul", graph.op("Sign", column), np.float64(0)), np.float64(1))
            )
            continue
        reached = graph.cast(graph.op("GreaterOrEqual", column, inner), "int64")
        is_bin = graph.op("Equal", graph.sum(reached, 1), np.arange(len(inner) + 1))
        parts.append(graph.cast(is_bin, "float64"))
    return graph.concat(parts)


def _categories(graph: Graph, step: Any, columns: list[Tensor]) -> tuple[Tensor, int]:
    """Codes or one-hot columns, by a look-up of what the encoder itself gives for each known level."""
    known = [[str(v) for v in levels] for levels in step.categories_]
    parts: list[Tensor] = []
    for i, (x, levels) in enumerate(zip(columns, known, strict=True)):
        rows = np.array([[known[j][0] for j in range(len(known))]] * (len(levels) + 1), dtype=object)
        rows[:-1, i] = levels
        rows[-1, i] = "\ue002 never seen"
        with warnings.catch_warnings():  # the last row is an unknown category on purpose
            warnings.simplefilter("ignore", UserWarning)
            encoded = np.asarray(step.transform(_as_fitted(step, rows)), np.float64)
        keys = ["" if level == "(missing)" else level for level in levels]
        code = graph.lookup(x, keys, range(len(keys)), len(keys))
        parts.append(graph.op("Gather", _columns_of(step, i, encoded), code, axis=0))
    return graph.concat(parts), len(columns)


def _as_fitted(step: Any, rows: np.ndarray) -> Any:
    """Rows as a table, if the step was fitted to one."""
    import pandas as pd

    names = getattr(step, "feature_names_in_", None)
    return rows if names is None else pd.DataFrame(rows, columns=names)


def _columns_of(step: Any, i: int, encoded: np.ndarray) -> np.ndarray:
    """The columns of an encoded table that come from the i-th raw column."""
    if type(step).__name__ == "OrdinalEncoder":
        return encoded[:, i : i + 1]
    widths = step._n_features_outs
    start = sum(widths[:i])
    return encoded[:, start : start + widths[i]]


def _scale(graph: Graph, step: Any, value: Any) -> Matrix:
    x = graph.cast(_x(value), "float64")
    x = graph.op("Sub", x, step.mean_) if step.with_mean else x
    return Matrix(graph.op("Div", x, step.scale_) if step.with_std else x)


def _x(value: Any) -> Tensor:
    return value.x if isinstance(value, Matrix) else value


def _double(graph: Graph, value: Any) -> Tensor:
    """Float64 of any input: word counts are single precision."""
    return value.x if isinstance(value, Matrix) else graph.cast(value, "float64")


def _affine(graph: Graph, x: Any, coef: Any, intercept: Any) -> Tensor:
    coef = np.atleast_2d(np.asarray(coef, np.float64))
    start = np.atleast_1d(np.asarray(intercept, np.float64))
    return graph.op("Add", graph.op("MatMul", _double(graph, x), coef.T), start)


def _two(graph: Graph, z: Tensor) -> Tensor:
    """Probabilities of two classes from the log-odds (batch, 1) of the second."""
    return graph.concat([graph.op("Sigmoid", graph.op("Neg", z)), graph.op("Sigmoid", z)])


def _logistic(graph: Graph, model: Any, x: Any) -> Tensor:
    z = _affine(graph, x, model.coef_, model.intercept_)
    return _two(graph, z) if len(model.classes_) == 2 else graph.op("Softmax", z, axis=-1)


def _dummy(graph: Graph, model: Any, inputs: Any) -> Tensor:
    """The same prediction for every row."""
    first = _x(inputs) if not isinstance(inputs, dict) else next(iter(inputs.values()))
    prior = getattr(model, "class_prior_", None)
    constant = np.asarray(model.constant_ if prior is None else prior, np.float64).reshape(1, -1)
    n_rows = graph.columns(graph.op("Shape", first), 0, 1, axis=0)
    shape = graph.concat([n_rows, graph.constant(np.array([constant.shape[1]]))], axis=0)
    return graph.op("Expand", constant, shape)


def _bernoulli(graph: Graph, model: Any, x: Any) -> Tensor:
    absent = np.log(1 - np.exp(model.feature_log_prob_))
    x = graph.cast(graph.op("Greater", _x(x), np.float64(model.binarize)), "float64")
    z = _affine(graph, x, model.feature_log_prob_ - absent, model.class_log_prior_ + absent.sum(axis=1))
    return graph.op("Softmax", z, axis=-1)


def _multinomial(graph: Graph, model: Any, x: Any) -> Tensor:
    z = _affine(graph, x, model.feature_log_prob_, model.class_log_prior_)
    return graph.op("Softmax", z, axis=-1)


def _calibrated(graph: Graph, model: Any, x: Any) -> Tensor:
    scores = decision(graph, model.model_, x)
    if model.link_ is not None:
        scaler, link = (step for _, step in model.link_.steps)
        scores = graph.op("Div", graph.op("Sub", scores, scaler.mean_), scaler.scale_)
        return _logistic(graph, link, scores)
    if len(model.classes_) == 2:
        return _two(graph, scores)
    return graph.op("Softmax", scores, axis=-1)


def decision(graph: Graph, model: Any, x: Any) -> Tensor:
    """Scores of a classifier, (batch, 1) for two classes."""
    kind = type(model).__name__
    if kind == "SVC":
        return _pairs(graph, model, x)
    if kind == "NBSVM":
        words = word_features(graph, model.words_, next(iter(x.values())))
        return _affine(graph, words, model.coef_, model.intercept_)
    if linear_link(model, "decision_function") == "":
        return _affine(graph, x, model.coef_, model.intercept_)
    raise CannotHold(f"the scores of {kind} have no form in ONNX here")


def _kernel(graph: Graph, x: Any, others: np.ndarray, gamma: float) -> Tensor:
    """exp(-gamma |x - other|^2), (batch, n_others)."""
    x, others = _x(x), np.asarray(others, np.float64)
    norm = graph.sum(graph.op("Mul", x, x), 1)
    product = graph.op("MatMul", x, -2.0 * others.T)
    squared = graph.op("Add", graph.op("Add", product, norm), (others**2).sum(axis=1))
    squared = graph.op("Max", squared, np.float64(0))
    return graph.op("Exp", graph.op("Mul", squared, np.float64(-gamma)))


def _pairs(graph: Graph, model: Any, x: Any) -> Tensor:
    """Scores of all pairs of classes, whose dual coefficients are in the row of the other class."""
    if model.kernel != "rbf" or (len(model.classes_) > 2 and model.decision_function_shape != "ovo"):
        raise CannotHold("a support vector machine with another kernel than RBF, or not one against one")
    kernel = _kernel(graph, x, _dense(model.support_vectors_), model._gamma)
    dual, ends = _dense(model._dual_coef_), np.cumsum(model._n_support)
    starts = ends - model._n_support
    columns = []
    for i in range(len(model.classes_)):
        for j in range(i + 1, len(model.classes_)):
            weights = np.zeros(dual.shape[1])
            weights[starts[i] : ends[i]] = dual[j - 1, starts[i] : ends[i]]
            weights[starts[j] : ends[j]] = dual[i, starts[j] : ends[j]]
            columns.append(weights)
    weights = np.stack(columns, axis=1)
    scores = graph.op("Add", graph.op("MatMul", kernel, weights), np.asarray(model._intercept_, np.float64))
    return graph.op("Neg", scores) if len(model.classes_) == 2 else scores


def _dense(values: Any) -> np.ndarray:
    return np.asarray(values.todense() if hasattr(values, "todense") else values, np.float64)


def _svr(graph: Graph, model: Any, x: Any) -> Tensor:
    kernel = _kernel(graph, x, _dense(model.support_vectors_), model._gamma)
    return _affine(graph, kernel, _dense(model.dual_coef_), model.intercept_)


def _nystroem(graph: Graph, step: Any, x: Any) -> Tensor:
    kernel = _kernel(graph, x, step.map_.components_, step.map_.gamma)
    return graph.op("MatMul", kernel, step.map_.normalization_.T)


def _neighbours(graph: Graph, model: Any, x: Any) -> Tensor:
    """Twice as many candidates as needed by a fast formula, then the exact distances of these."""
    rows, k = np.asarray(model._fit_X, np.float64), int(model.n_neighbors)
    if model.weights != "distance" or model.effective_metric_ != "euclidean":
        raise CannotHold("neighbours with other weights than the inverse Euclidean distance")
    x = _x(x)
    rough = graph.op("Add", graph.op("MatMul", x, -2.0 * rows.T), (rows**2).sum(axis=1))
    _, near = graph.op("TopK", rough, np.array([min(2 * k, len(rows))]), outputs=2, axis=1, largest=0)
    gap = graph.op("Sub", graph.op("Gather", rows, near, axis=0), graph.op("Unsqueeze", x, np.array([1])))
    distance = graph.op("Sqrt", graph.sum(graph.op("Mul", gap, gap), 2, keep=False))
    distance, order = graph.op("TopK", distance, np.array([k]), outputs=2, axis=1, largest=0)
    near = graph.op("GatherElements", near, order, axis=1)
    zero = graph.op("Equal", distance, np.float64(0))
    identical = graph.cast(zero, "float64")
    any_identical = graph.op("Greater", graph.op("ReduceMax", identical, np.array([1])), np.float64(0))
    inverse = graph.op("Div", np.float64(1), graph.op("Where", zero, np.float64(1), distance))
    weights = graph.op("Where", any_identical, identical, inverse)
    y = np.asarray(model._y)
    targets = np.eye(len(model.classes_))[y.ravel()] if hasattr(model, "classes_") else y.reshape(-1, 1)
    votes = graph.op("Gather", targets.astype(np.float64), near, axis=0)
    total = graph.sum(graph.op("Mul", votes, graph.op("Unsqueeze", weights, np.array([2]))), 1, keep=False)
    return graph.op("Div", total, graph.sum(weights, 1))


def linear_link(model: Any, method: str) -> str | None:
    """How a model predicts from X @ coef_.T + intercept_, known by what it predicts for random rows.

    "" for these scores themselves, "sigmoid" (of two classes) or "softmax"; None for another model.
    """
    coef = np.atleast_2d(np.asarray(getattr(model, "coef_", np.nan), np.float64))
    if coef.shape[-1] != getattr(model, "n_features_in_", None) or not hasattr(model, method):
        return None
    rows = np.random.default_rng(0).normal(0, 3, (_RANDOM_ROWS, coef.shape[1]))
    scores = rows @ coef.T + np.asarray(getattr(model, "intercept_", 0.0))
    try:
        predicted = np.asarray(getattr(model, method)(rows), np.float64).reshape(_RANDOM_ROWS, -1)
    except ValueError:  # rows of this kind are not for the model
        return None
    sigmoid = expit(np.concatenate([-scores, scores], axis=1))
    links = {"": scores, "sigmoid": sigmoid, "softmax": softmax(scores, axis=1)}
    same = (name for name, link in links.items() if _is_same(link, predicted))
    return next(same, None)


def _is_same(candidate: np.ndarray, predicted: np.ndarray) -> bool:
    return candidate.shape == predicted.shape and np.allclose(candidate, predicted, rtol=1e-9, atol=1e-12)


def linear(graph: Graph, model: Any, value: Any) -> Tensor | None:
    """Probabilities (batch, n_classes) or values (batch, 1) of a linear model of any class, or None."""
    is_classifier = hasattr(model, "classes_")
    link = linear_link(model, "predict_proba" if is_classifier else "predict")
    if link is None or (link == "") == is_classifier:
        return None
    scores = _affine(graph, value, model.coef_, getattr(model, "intercept_", 0.0))
    if link == "sigmoid":
        return _two(graph, scores)
    return graph.op("Softmax", scores, axis=-1) if link == "softmax" else scores


STEPS: dict[str, StepWriter] = {
    "BernoulliNB": _bernoulli,
    "Calibrated": _calibrated,
    "DummyClassifier": _dummy,
    "DummyRegressor": _dummy,
    "KNeighborsClassifier": _neighbours,
    "KNeighborsRegressor": _neighbours,
    "MultinomialNB": _multinomial,
    "RBFFeatures": _nystroem,
    "SVR": _svr,
    "StandardScaler": _scale,
    "TableEncoder": _table,
}
