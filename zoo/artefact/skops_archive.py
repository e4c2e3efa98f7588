"""Skops archives from untrusted sources: what they may contain, and what compiled code may follow.

Before skops reads an archive, its schema and arrays are checked for their size. Afterwards trees and support
vectors are checked: compiled code follows their indices and counts without looking, and a wrong one makes it
read beyond an array, or run for ever.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...datasets import InputError
from .keras_archive import member_faults

SCHEMA = "schema.json"
LARGEST_SCHEMA = 512 * 2**20  # bytes; 280,000 words and their weights take some MiB
LARGEST_RATIO = 200  # by which a sparse matrix, which skops writes compressed, may grow
LEAF = -1
_MEMBER = re.compile(r"[0-9a-f-]{1,40}\.(npy|npz|bin)")  # bin: boosted trees


def check_skops(path: Path) -> None:
    """Refuse an archive that skops would not write.

    Raises
    ------
    InputError
        The first fault. Nothing was built.
    """
    fault = next(_faults(path), None)
    if fault is not None:
        raise InputError(f"{path} {fault}; it was not loaded")


def _faults(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            members, size = archive.infolist(), os.fstat(file.fileno()).st_size
            yield from member_faults(members, size, _is_expected, "skops")
            if SCHEMA not in archive.namelist():
                yield f"lacks {SCHEMA}"
            elif archive.getinfo(SCHEMA).file_size > LARGEST_SCHEMA:
                yield f"has a {SCHEMA} of more than {LARGEST_SCHEMA:,} bytes"
            for name in archive.namelist():
                if name.endswith(".npy"):
                    yield from _array_faults(name, archive.read(name))
                elif name.endswith(".npz"):
                    yield from _packed_faults(name, archive.read(name))
    except Exception as error:  # zipfile and numpy fail on damaged files in many ways
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        yield f"is damaged or not a skops archive: {first[:200]}"


def _is_expected(name: str) -> bool:
    return name == SCHEMA or bool(_MEMBER.fullmatch(name))


def _array_faults(name: str, data: bytes) -> Iterator[str]:
    """Whether an array has as many bytes as its shape needs."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    count = 1
    for n in shape:
        count *= n
    if dtype.hasobject or count < 0 or count * dtype.itemsize != len(data) - file.tell():
        yield f"contains an array {name} whose size does not match its shape"


def _packed_faults(name: str, data: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as inner:
        unpacked = sum(member.file_size for member in inner.infolist())
        if unpacked > LARGEST_RATIO * len(data) + 2**20:
            yield f"contains {name}, which would grow from {len(data):,} to {unpacked:,} bytes"
            return
        for member in inner.namelist():
            yield from _array_faults(f"{name}/{member}", inner.read(member))


def check_native(model: Any) -> None:
    """Check all trees and support vectors in a model, and rebuild its search trees.

    Raises
    ------
    ValueError
        One of them is broken.
    """
    for value in _objects(model):
        width = getattr(value, "n_features_in_", None)
        kind = type(value).__name__
        if kind == "Tree" and hasattr(value, "children_left"):
            _check_tree(value)
        elif hasattr(value, "tree_"):
            _require(value.tree_.n_features == width)
        elif hasattr(value, "_predictors"):
            _check_boosted(value)
        elif hasattr(value, "_dual_coef_") and hasattr(value, "support_vectors_"):
            _check_support(value)
        elif hasattr(value, "estimators_") and width is not None:
            inner = np.asarray(value.estimators_, dtype=object).ravel()
            _require(all(getattr(e, "n_features_in_", width) == width for e in inner))
        if getattr(value, "_tree", None) is not None and hasattr(value, "_fit_X"):
            _rebuild(value)


def _rebuild(neighbours: Any) -> None:
    """Replace the search tree from the file by a new one of the stored rows."""
    rows, params = np.asarray(neighbours._fit_X, np.float64), neighbours.effective_metric_params_ or {}
    kind, metric = type(neighbours._tree), neighbours.effective_metric_
    neighbours._tree = kind(rows, neighbours.leaf_size, metric=metric, **params)


def _objects(model: Any) -> Iterator[Any]:
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
        else:
            yield value
            waiting += getattr(value, "__dict__", {}).values()


def _require(condition: Any) -> None:
    if not condition:
        raise ValueError("a tree or a set of support vectors in it is broken")


def _check_tree(tree: Any) -> None:
    """Children come after their parent, so every walk ends."""
    left, right, n_nodes = tree.children_left, tree.children_right, tree.node_count
    position, inner = np.arange(n_nodes), left != LEAF
    _require(n_nodes > 0 and len(left) == n_nodes and len(tree.value) == n_nodes)
    _require(((right == LEAF) == ~inner).all())
    for child in (left, right):
        _require(((child > position) & (child < n_nodes) | ~inner).all())
    feature = tree.feature
    _require(((feature >= 0) & (feature < tree.n_features) | ~inner).all())


def _check_boosted(model: Any) -> None:
    width = model.n_features_in_
    _require(getattr(model, "_n_features", width) == width)
    for predictor in np.asarray(model._predictors, dtype=object).ravel():
        nodes = predictor.nodes
        position, inner = np.arange(len(nodes)), nodes["is_leaf"] == 0
        _require(len(nodes))
        for name in ("left", "right"):
            child = nodes[name].astype(np.int64)
            _require(((child > position) & (child < len(nodes)) | ~inner).all())
        feature = nodes["feature_idx"].astype(np.int64)
        _require(((feature >= 0) & (feature < width) | ~inner).all())
        split = inner & (nodes["is_categorical"] != 0)
        for bits in (predictor.binned_left_cat_bitsets, predictor.raw_left_cat_bitsets):
            _require(bits.ndim == 2 and bits.shape[1] == 8)
            _require((nodes["bitset_idx"][split] < len(bits)).all())


def _check_support(model: Any) -> None:
    """As libsvm counts: a coefficient per vector and other class, an intercept per pair of classes."""
    counts, vectors = np.asarray(model._n_support), model.support_vectors_
    n_classes, n_vectors = max(2, len(counts)), vectors.shape[0]
    pairs = n_classes * (n_classes - 1) // 2
    regression = not hasattr(model, "classes_")  # of its two counts libsvm fills only the first
    _require((counts >= 0).all() or regression)
    _require((counts[0] if regression else counts.sum()) == n_vectors == len(model.support_))
    _require(model._dual_coef_.shape == (n_classes - 1, n_vectors))
    _require(len(model._intercept_) == pairs and tuple(model.shape_fit_)[1] == vectors.shape[1])
    _require(all(len(getattr(model, n, ())) in (0, pairs) for n in ("_probA", "_probB")))
