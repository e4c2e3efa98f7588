"""Linear models, naive Bayes, kernels and neighbours as ONNX operators, in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._onnx_encoder import Matrix
from ._onnx_graph import Graph, Tensor
from ._source import CannotHold


def _x(value: Any) -> Tensor:
    return value.x if isinstance(value, Matrix) else value


def _double(graph: Graph, value: Any) -> Tensor:
    """Float64, whatever it was: word counts are single precision."""
    return value.x if isinstance(value, Matrix) else graph.cast(value, "float64")


def _affine(graph: Graph, x: Any, coef: Any, intercept: Any) -> Tensor:
    coef = np.atleast_2d(np.asarray(coef, np.float64))
    start = np.atleast_1d(np.asarray(intercept, np.float64))
    return graph.op("Add", graph.op("MatMul", _double(graph, x), coef.T), start)


def _two(graph: Graph, z: Tensor) -> Tensor:
    """Probabilities of two classes from the second's log-odds (batch, 1)."""
    return graph.concat([graph.op("Sigmoid", graph.op("Neg", z)), graph.op("Sigmoid", z)])


def _logistic(graph: Graph, model: Any, x: Any) -> Tensor:
    z = _affine(graph, x, model.coef_, model.intercept_)
    return _two(graph, z) if len(model.classes_) == 2 else graph.op("Softmax", z, axis=-1)


def _value(graph: Graph, model: Any, x: Any) -> Tensor:
    return _affine(graph, x, model.coef_, model.intercept_)


def _dummy(graph: Graph, model: Any, inputs: Any) -> Tensor:
    """The same answer for every row of whatever comes first."""
    first = _x(inputs) if not isinstance(inputs, dict) else next(iter(inputs.values()))
    answer = getattr(model, "class_prior_", None)
    answer = np.asarray(model.constant_ if answer is None else answer, np.float64).reshape(1, -1)
    n_rows = graph.columns(graph.op("Shape", first), 0, 1, axis=0)
    shape = graph.concat([n_rows, graph.constant(np.array([answer.shape[1]]))], axis=0)
    return graph.op("Expand", answer, shape)


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
    if kind == "LinearSVC":
        return _affine(graph, x, model.coef_, model.intercept_)
    if kind == "SVC":
        return _pairs(graph, model, x)
    if kind == "NBSVM":
        from ._onnx_texts import word_features

        words = word_features(graph, model.words_, next(iter(x.values())))
        return _affine(graph, words, model.coef_, model.intercept_)
    raise CannotHold(f"the scores of {kind} have no form in ONNX here yet")


def _kernel(graph: Graph, x: Any, others: np.ndarray, gamma: float) -> Tensor:
    """exp(-gamma |x - other|^2), (batch, n_others)."""
    x, others = _x(x), np.asarray(others, np.float64)
    own = graph.sum(graph.op("Mul", x, x), 1)
    product = graph.op("MatMul", x, -2.0 * others.T)
    squared = graph.op("Add", graph.op("Add", product, own), (others**2).sum(axis=1))
    squared = graph.op("Max", squared, np.float64(0))
    return graph.op("Exp", graph.op("Mul", squared, np.float64(-gamma)))


def _pairs(graph: Graph, model: Any, x: Any) -> Tensor:
    """Scores of every pair of classes: dual coefficients of each stand in rows by the other class."""
    if model.kernel != "rbf" or (len(model.classes_) > 2 and model.decision_function_shape != "ovo"):
        raise CannotHold("a kernel machine of another kind than pairs of classes with the RBF kernel")
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
    found = _kernel(graph, x, step.map_.components_, step.map_.gamma)
    return graph.op("MatMul", found, step.map_.normalization_.T)


def _neighbours(graph: Graph, model: Any, x: Any) -> Tensor:
    """Candidates by the fast formula, twice as many as needed; their distances then exactly."""
    rows, k = np.asarray(model._fit_X, np.float64), int(model.n_neighbors)
    if model.weights != "distance" or model.effective_metric_ != "euclidean":
        raise CannotHold("neighbours with other weights than one over the Euclidean distance")
    x = _x(x)
    rough = graph.op("Add", graph.op("MatMul", x, -2.0 * rows.T), (rows**2).sum(axis=1))
    _, near = graph.op("TopK", rough, np.array([min(2 * k, len(rows))]), outputs=2, axis=1, largest=0)
    gap = graph.op("Sub", graph.op("Gather", rows, near, axis=0), graph.op("Unsqueeze", x, np.array([1])))
    distance = graph.op("Sqrt", graph.sum(graph.op("Mul", gap, gap), 2, keep=False))
    distance, order = graph.op("TopK", distance, np.array([k]), outputs=2, axis=1, largest=0)
    near = graph.op("GatherElements", near, order, axis=1)
    zero = graph.op("Equal", distance, np.float64(0))
    same = graph.cast(zero, "float64")
    any_same = graph.op("Greater", graph.op("ReduceMax", same, np.array([1])), np.float64(0))
    inverse = graph.op("Div", np.float64(1), graph.op("Where", zero, np.float64(1), distance))
    weights = graph.op("Where", any_same, same, inverse)
    y = np.asarray(model._y)
    answers = np.eye(len(model.classes_))[y.ravel()] if hasattr(model, "classes_") else y.reshape(-1, 1)
    votes = graph.op("Gather", answers.astype(np.float64), near, axis=0)
    total = graph.sum(graph.op("Mul", votes, graph.op("Unsqueeze", weights, np.array([2]))), 1, keep=False)
    return graph.op("Div", total, graph.sum(weights, 1))


MODELS: dict[str, Any] = {
    "BernoulliNB": _bernoulli,
    "Calibrated": _calibrated,
    "DummyClassifier": _dummy,
    "DummyRegressor": _dummy,
    "KNeighborsClassifier": _neighbours,
    "KNeighborsRegressor": _neighbours,
    "LinearSVR": _value,
    "LogisticRegression": _logistic,
    "MultinomialNB": _multinomial,
    "RBFFeatures": _nystroem,
    "Ridge": _value,
    "RidgeCV": _value,
    "SVR": _svr,
}
