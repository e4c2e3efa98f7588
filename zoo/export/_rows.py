"""Synthetic rows on which an export is compared with its model; they need no training row.

Usual rows come first, from what the model learned of its columns: levels, words, medians, and thresholds of
trees, on which an export shows whether it compares as the model does. Then each column in turn is missing,
unseen, empty or extreme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import ColumnReader
from ..preprocessing.columns import number_scaler
from ..preprocessing.scales import USUAL_SPREAD, Scale, undo
from ._source import Source

USUAL = 12
EXTREME = (0.0, -0.0, 1.0, -1e30, 1e30, 1e300, -1e300, 1e-300, np.inf, -np.inf, np.nan)
DATES = ("1900-01-01", "1969-12-31 23:59:59", "2000-02-29 12:00", "2199-12-31", None)
CATEGORIES = ("never seen", "", "\u00c4\u00d6\u00df \U0001f600", "1", None)
TEXTS = (
    "",
    None,
    "...",
    "It's 5 o'clock; DON'T stop!<br />Now, or never?",
    "na\u00efve \u00c4RZTE \u4f60\u597d \U0001f600 _x_ e-mail@example.org 3.14",
    "\u0e17\u0e35\u0e48\u0e14\u0e35\U0001f44d\U0001f3fd \u26a0\ufe0f ;-) \u039f\u03a3 \u0130 \u597d\uff01",
    "  tabs\tand\nlines  ",
    "word " * 400,
)
EDGE_CASES: dict[str, tuple[Any, ...]] = {  # the last one is a missing cell
    "number": EXTREME,
    "date": DATES,
    "category": CATEGORIES,
    "text": TEXTS[2:] + TEXTS[:2],
}
SIDES = ((1, 1), (7, 5), (16, 16), (28, 28), (33, 50), (48, 8), (64, 96))


def probe_rows(source: Source, seed: int = 0) -> Any:
    """Synthetic raw rows: a DataFrame, a Series of str, or a list of uint8 images."""
    rng = np.random.default_rng(seed)
    if source.modality == "image":
        return _images(source, rng)
    known = _known(source)
    if source.modality == "text":
        return pd.Series(_texts(known.get("text", {}), rng, USUAL) + list(TEXTS), name="text", dtype=object)
    return _table(source, known, rng)


def _table(source: Source, known: dict[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    columns = source.manifest["inputs"]
    inputs = {f.column: f.input for f in source.fields}
    usual = {c["name"]: _usual(c["kind"], known.get(inputs.get(c["name"], ""), {}), rng) for c in columns}
    edge_cases = {c["name"]: EDGE_CASES[c["kind"]] for c in columns}
    rows = [{name: usual[name][i] for name in usual} for i in range(USUAL)]
    for name, values in edge_cases.items():
        start = rows[len(rows) % USUAL]
        rows += [{**start, name: value} for value in values]
    rows.append({name: values[-1] for name, values in edge_cases.items()})  # all missing
    X = pd.DataFrame(rows, columns=list(usual))
    for c in columns:
        if c["kind"] == "number":
            X[c["name"]] = X[c["name"]].astype(np.float64)
        elif c["kind"] == "date":
            X[c["name"]] = ColumnReader("datetime").read(X[c["name"]]).values
        else:
            X[c["name"]] = X[c["name"]].astype(object)
    return X


def _usual(kind: str, known: dict[str, Any], rng: np.random.Generator) -> list[Any]:
    if kind == "number":
        centre, spread = known.get("centre", 0.0), known.get("spread", 1.0)
        values = centre + spread * rng.standard_normal(USUAL)
        thresholds = known.get("values", ())[:4]
        values[: len(thresholds)] = thresholds
        return values.tolist()
    if kind == "date":
        start = pd.Timestamp(known.get("centre", 1e9), unit="s").floor("s")
        days = rng.integers(-90, 90, USUAL).tolist()
        return [str(start + pd.Timedelta(days=day, hours=day % 24)) for day in days]
    if kind == "category":
        return [str(v) for v in rng.choice(np.array(known.get("levels") or ["a"], dtype=object), USUAL)]
    return _texts(known, rng, USUAL)


def _texts(known: dict[str, Any], rng: np.random.Generator, n: int) -> list[str]:
    words = np.array(known.get("words") or ["one", "word"], dtype=object)
    return [" ".join(rng.choice(words, rng.integers(1, 30))) for _ in range(n)]


def _images(source: Source, rng: np.random.Generator) -> list[np.ndarray]:
    """Noise, black, white and a ramp of the model's own size, darker noise, and noise of other sizes."""
    height, width = source.image_size
    # reductions by integer factors, above all even ones, are where sums are ties of rounding
    multiples = [(height * k, width * j) for k, j in ((2, 2), (4, 2), (3, 1))]
    shape, *others = [(*size, source.channels) for size in ((height, width), *multiples, *SIDES)]
    noise = [rng.integers(0, 256, shape).astype(np.uint8) for _ in range(9)]
    ramp = np.linspace(0, 255, width).astype(np.uint8)
    plain = [np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)]
    plain.append(np.broadcast_to(ramp[None, :, None], shape).copy())
    darker = [np.rint(image * (i / 9)).astype(np.uint8) for i, image in enumerate(noise)]
    resized = [rng.integers(0, 256, other).astype(np.uint8) for other in others for _ in range(2)]
    return [*noise, *plain, *darker, *resized]


def _known(source: Source) -> dict[str, dict[str, Any]]:
    """What the model learned of each column, by input."""
    return _of_keras(source.keras) if source.keras is not None else _of_sklearn(source)


def _of_keras(model: Any) -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {}
    for layer in model.operations:
        for node in layer._inbound_nodes:
            for x in node.input_tensors:
                name = x._keras_history.operation.name
                known.setdefault(name, {}).update(_of_layer(layer))
    return known


def _of_layer(layer: Any) -> dict[str, Any]:
    kind = type(layer).__name__
    if kind == "RobustScale":
        return {"centre": layer.centre, "spread": 1 / layer.factor if layer.factor else 1.0}
    if kind == "QuantileScale":
        return {"centre": layer.centre, "spread": np.ptp(layer.knots) / 4, "values": layer.knots}
    if kind in ("StringLookup", "TextVectorization"):
        words = list(layer.get_vocabulary(include_special_tokens=False))
        return {"levels": words, "words": words}
    return {"words": layer.words} if kind == "BagOfWords" else {}


def _of_sklearn(source: Source) -> dict[str, dict[str, Any]]:
    """Levels, words, medians and thresholds, from the parts of the encoder and from trees."""
    known: dict[str, dict[str, Any]] = {}
    inputs = {f.column: f.input for f in source.fields}
    if source.modality == "text":
        vectorisers = [v for v in _vectorisers(source.sklearn) if v is not None]
        words = [w for v in vectorisers for w in list(v.get_feature_names_out())[:2000]]
        return {"text": {"words": words}}
    encoder = source.sklearn.steps[0][1] if hasattr(source.sklearn, "steps") else None
    for name, part, columns in getattr(getattr(encoder, "columns_", None), "transformers_", ()):
        if name == "numbers":
            known |= _of_numbers(source.sklearn, part, [inputs.get(c, "") for c in columns])
        elif name == "categories":
            for column, levels in zip(columns, part.categories_, strict=True):
                known[inputs[column]] = {"levels": [str(v) for v in levels if str(v) != "(missing)"]}
        elif name.startswith("text "):
            words = [] if part.vectoriser_ is None else list(part.vectoriser_.get_feature_names_out())
            known[inputs[columns]] = {"words": words}
    return known


def _of_numbers(pipeline: Any, part: Any, names: list[str]) -> dict[str, dict[str, Any]]:
    """Numbers around the medians or thresholds that a pipeline learned of its columns, in their units."""
    scaler = number_scaler(pipeline.steps[0][1])
    plain = [Scale(1.0, 0.0, 1.0)] * len(names)
    scales = dict(zip(names, plain if scaler is None else scaler.scales(), strict=True))
    if hasattr(part, "steps"):
        medians = {n: float(m) for n, m in zip(names, part.steps[-2][1].statistics_, strict=True)}
        spreads = {n: max(1.0, abs(m)) if scaler is None else USUAL_SPREAD for n, m in medians.items()}
        return {name: _around(medians[name], scales[name], spreads[name]) for name in names}
    # passed on to trees
    return {
        name: _around(centre, scales[name], spread, values)
        for name, (centre, spread, values) in _of_trees(pipeline.steps[-1][1], names).items()
    }


def _around(centre: float, scale: Scale, spread: float, values: Any = ()) -> dict[str, Any]:
    """A centre, a spread and some values of a scaled column, in units of the column."""
    values = np.asarray(values, np.float64)
    return {
        "centre": float(undo(centre, scale)),
        "spread": spread / scale.factor if scale.up else 1.0,
        "values": undo(values, scale),
    }


def _of_trees(model: Any, names: list[str]) -> dict[str, tuple[float, float, np.ndarray]]:
    """Numbers around the thresholds of trees, and some of the thresholds themselves."""
    known = {}
    for i, values in thresholds(model).items():
        if i < len(names) and len(values):
            low, centre, high = np.quantile(values, (0.1, 0.5, 0.9))
            some = values[np.linspace(0, len(values) - 1, 4).round().astype(int)]
            known[names[i]] = (float(centre), float(high - low) or abs(float(centre)) or 1.0, some)
    return known


def _vectorisers(model: Any) -> list[Any]:
    """Fitted vectorisers anywhere in a pipeline."""
    waiting, vectorisers = [model], []
    while waiting:
        value = waiting.pop()
        if hasattr(value, "vectoriser_"):
            vectorisers.append(value.vectoriser_)
        waiting += [part for _, part in getattr(value, "steps", [])]
        waiting += [part for _, part in getattr(value, "transformer_list", [])]
        waiting += [getattr(value, name) for name in ("words_", "model_") if hasattr(value, name)]
    return vectorisers


Split = tuple[int, float]  # column of the encoded table and threshold


def thresholds(model: Any) -> dict[int, np.ndarray]:
    """Sorted thresholds of trees by column of the encoded table; empty for other models."""
    by_column: dict[int, list[float]] = {}
    for column, threshold in _splits(model):
        by_column.setdefault(column, []).append(threshold)
    unique = {column: np.unique(values) for column, values in by_column.items()}
    # infinity separates missing from known
    return {column: values[np.isfinite(values)] for column, values in unique.items()}


def _splits(model: Any) -> Iterator[Split]:
    while hasattr(model, "model_") or hasattr(model, "regressor_"):
        model = model.model_ if hasattr(model, "model_") else model.regressor_
    if type(model).__name__ in _SPLITS:
        yield from _SPLITS[type(model).__name__](model)
    else:
        yield from _tree_splits(model)


def _tree_splits(model: Any) -> Iterator[Split]:
    """Splits of trees of scikit-learn, alone or in an ensemble of any kind."""
    if hasattr(model, "tree_"):
        inner = model.tree_.children_left >= 0
        yield from zip(
            model.tree_.feature[inner].tolist(), model.tree_.threshold[inner].tolist(), strict=True
        )
    for member in np.ravel(np.asarray(getattr(model, "estimators_", ()), dtype=object)):
        yield from _tree_splits(member)


def _histogram(model: Any) -> Iterator[Split]:
    for predictor in (p for iteration in model._predictors for p in iteration):
        for node in predictor.nodes:
            if not node["is_leaf"] and not node["is_categorical"]:
                yield histogram_column(model, int(node["feature_idx"])), float(node["num_threshold"])


def histogram_column(model: Any, feature: int) -> int:
    """The column of the encoded table that a feature of the model is: it puts categories first."""
    if getattr(model, "_preprocessor", None) is None:
        return feature
    is_categorical = np.asarray(model.is_categorical_)
    return int([*np.flatnonzero(is_categorical), *np.flatnonzero(~is_categorical)][feature])


def _lightgbm(model: Any) -> Iterator[Split]:
    waiting = [tree["tree_structure"] for tree in model.booster_.dump_model()["tree_info"]]
    while waiting:
        node = waiting.pop()
        if "leaf_value" not in node:
            waiting += [node["left_child"], node["right_child"]]
            if node["decision_type"] == "<=":
                yield int(node["split_feature"]), float(node["threshold"])


def _xgboost(model: Any) -> Iterator[Split]:
    frame = model.get_booster().trees_to_dataframe()
    frame = frame[frame["Split"].notna()]
    names = {name: i for i, name in enumerate(model.get_booster().feature_names)}
    yield from zip(frame["Feature"].map(names).tolist(), frame["Split"].tolist(), strict=True)


def _catboost(model: Any) -> Iterator[Split]:
    for feature, values in model.get_borders().items():
        yield from ((int(feature), float(value)) for value in values)


_SPLITS: dict[str, Callable[[Any], Iterator[Split]]] = {
    **dict.fromkeys(("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"), _histogram),
    **dict.fromkeys(("LGBMClassifier", "LGBMRegressor"), _lightgbm),
    **dict.fromkeys(("XGBClassifier", "XGBRegressor"), _xgboost),
    **dict.fromkeys(("CatBoostClassifier", "CatBoostRegressor"), _catboost),
}
