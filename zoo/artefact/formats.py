"""Model files that hold no code: a fitted model to bytes and back, and how large it is.

Skops archives may come from untrusted sources. Before skops reads one, its schema and arrays are checked for
their size. Afterwards :mod:`.native` checks what compiled code follows without looking. Keras archives are
checked in :mod:`.keras_archive`.
"""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...datasets import InputError
from ..baselines import trusted_types
from .keras_archive import build_model, check_archive, member_faults
from .manifest import quoted
from .native import can_be_checked, check_native

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


# What skops may build beside the types that it trusts itself and those that the files of baselines state. A
# partial calls a function when the model predicts, and that function must be in the list too.
TRUSTED = frozenset(
    [
        "collections.OrderedDict",
        "functools.partial",
        "numpy.dtype",
        "sklearn.compose._column_transformer._RemainderColsList",  # a list of columns, up to scikit-learn 1.6
        "sklearn.utils.validation.check_array",
    ]
)
TRUSTED_MODULES = (
    "deepworth.zoo.baselines.",
    "deepworth.zoo.preprocessing.columns.",
    "deepworth.zoo.preprocessing.pixels.",
    "deepworth.zoo.preprocessing.pixels.",
    "deepworth.zoo.preprocessing.scales.",
)


def model_content(model: Any) -> tuple[str, bytes] | None:
    """Name and bytes of the model file, ``model.keras`` or ``model.skops``; None if neither holds the model.

    The calibrator of a network is its last layer; that of another model is in the manifest.
    """
    if hasattr(model, "keras_model"):
        return "model.keras", _keras_bytes(model.keras_model())
    import skops.io

    try:
        content = skops.io.dumps(uncalibrated(model))
        types = skops.io.get_untrusted_types(data=content)
    except Exception:  # skops has no error class of its own for "this object is not supported"
        return None
    if not all(map(_is_trusted, types)) or not can_be_checked(model):
        return None  # load would refuse it
    return "model.skops", content


def uncalibrated(model: Any) -> Any:
    """The fitted estimator inside Calibrated or ConformalRegressor, or the model itself."""
    return model.estimator_ if hasattr(model, "confidence_") else model


def _keras_bytes(model: Any) -> bytes:
    """The ``.keras`` archive of a Keras model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def load_skops(path: Path) -> Any:
    """Load a scikit-learn model that consists of trusted types only.

    Parameters
    ----------
    path : Path
        A ``.skops`` file.

    Returns
    -------
    BaseEstimator

    Raises
    ------
    InputError
        The file is damaged, or has a type that is not trusted; it is not executed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from deepworth.zoo.artefact import load_skops, save
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> folder = save(GaussianNB().fit(X, y), Path(tempfile.mkdtemp()) / "model", X=X, y=y)
    >>> load_skops(folder / "model.skops").score(X, y)
    0.96
    """
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning

    check_skops(path)
    try:
        types = skops.io.get_untrusted_types(file=path)
        unknown = [name for name in types if not _is_trusted(name)]
        if not unknown:
            with warnings.catch_warnings():  # the versions were compared before, once for all parts
                warnings.simplefilter("ignore", InconsistentVersionWarning)
                model = skops.io.load(path, trusted=types)
            check_native(model)
            return model
    except Exception as error:  # a damaged archive fails in many ways, none of skops's own
        first = (str(error).strip().splitlines() or [""])[0]
        raise InputError(f"{path} cannot be loaded: {type(error).__name__}: {first[:200]}") from error
    names = ", ".join(map(quoted, unknown[:3]))
    raise InputError(f"{path} contains types that are not trusted: {names}; it was not loaded")


def _is_trusted(name: str) -> bool:
    """Whether a type is in the list, or a class (not a function) of our pipelines."""
    is_ours = name.startswith(TRUSTED_MODULES) and name.rpartition(".")[2][:1].isupper()
    return is_ours or name in TRUSTED or name in trusted_types()


def load_keras(path: Path) -> Any:
    """Load a Keras model that consists of trusted layers only.

    Parameters
    ----------
    path : Path
        A ``.keras`` file.

    Returns
    -------
    keras.Model

    Raises
    ------
    InputError
        The file is damaged, or has a layer or a function that is not trusted; it is not executed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from deepworth.zoo import PerceptronClassifier
    >>> from deepworth.zoo.artefact import load_keras, save
    >>> model = PerceptronClassifier(epochs=1).fit([[0.0], [1.0]] * 8, ["no", "yes"] * 8)
    >>> load_keras(save(model, Path(tempfile.mkdtemp()) / "model") / "model.keras").count_params()
    2
    """
    from ..preprocessing.runtime import import_tensorflow

    import_tensorflow()
    import_module("..layers", __package__)
    check_archive(path)
    try:
        return build_model(path)
    except Exception as error:  # a damaged or hostile network fails in as many ways as there are layers
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path} cannot be loaded as a Keras model: {first[:300]}") from error


def model_bytes(model: BaseEstimator) -> int | None:
    """Size of the model file that :func:`~deepworth.zoo.artefact.save` would write.

    Parameters
    ----------
    model : fitted estimator
        A network, or any scikit-learn estimator.

    Returns
    -------
    int or None
        Bytes; None if the model cannot be saved without pickle.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from deepworth.zoo.artefact import model_bytes
    >>> model = GaussianNB().fit(*load_iris(return_X_y=True))
    >>> 1000 < model_bytes(model) < 10_000
    True
    """
    content = model_content(model)
    return None if content is None else len(content[1])


def count_parameters(model: BaseEstimator) -> int:
    """Count the numbers that a model learned from the training rows.

    Networks say it themselves (``n_parameters``). Of other models every numeric array of a fitted attribute
    counts, wherever it is in a pipeline: coefficients, tree nodes (feature, threshold and value), stored
    training rows. Class names and the like do not count.

    Parameters
    ----------
    model : fitted estimator, or a Keras model
        A pipeline counts all of its steps.

    Returns
    -------
    int

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from deepworth.zoo.artefact import count_parameters
    >>> count_parameters(LogisticRegression(max_iter=1000).fit(*load_iris(return_X_y=True)))
    16
    """
    if hasattr(model, "n_parameters"):
        return int(model.n_parameters())
    if hasattr(model, "count_params"):  # a Keras model
        return int(model.count_params())
    return _count(model, set())


# Units of columns and of the target ("scales_", "unit_") are no parameters: they change no answer.
_BOOKKEEPING = {
    "classes_",
    "feature_names_in_",
    "n_features_in_",
    "rng_",
    "_random_state",
    "scales_",
    "unit_",
}


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
    if type(value).__name__ == "Tree" and hasattr(value, "node_count"):  # feature, threshold, value per node
        return int(value.node_count * 2 + value.value.size)
    if type(value).__name__ == "TreePredictor":  # of histogram gradient boosting
        return int(value.nodes.size * 3)
    if hasattr(value, "booster_") or hasattr(value, "get_booster") or hasattr(value, "tree_count_"):
        return _count_boosted(value)
    if not hasattr(value, "__dict__"):
        return 0
    fitted = {k: v for k, v in vars(value).items() if _is_fitted_name(k, value) and k not in _BOOKKEEPING}
    return sum(_count(v, seen) for v in fitted.values())


def _is_fitted_name(name: str, owner: Any) -> bool:
    """Fitted attributes end in an underscore; steps of a pipeline are fitted in place."""
    return name.endswith("_") or name in ("steps", "estimator", "calibrators", "_fit_X", "_predictors")


def _count_boosted(model: Any) -> int:
    """Three numbers per node: feature, threshold and value."""
    if hasattr(model, "booster_"):
        return 3 * sum(int(t["num_leaves"]) * 2 - 1 for t in model.booster_.dump_model()["tree_info"])
    if hasattr(model, "get_booster"):
        return 3 * len(model.get_booster().trees_to_dataframe())
    return 3 * int(sum(model.get_tree_leaf_counts()))


SCHEMA = "schema.json"
LARGEST_SCHEMA = 512 * 2**20  # bytes; 280,000 words and their weights take some MiB
LARGEST_RATIO = 200  # by which a sparse matrix, which skops writes compressed, may grow
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
            if SCHEMA in archive.namelist() and b'"TreeNode"' in (schema := archive.read(SCHEMA)):
                yield from _tree_faults(json.loads(schema), archive)
    except Exception as error:  # zipfile and numpy fail on damaged files in many ways
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        yield f"is damaged or not a skops archive: {first[:200]}"


def _tree_faults(schema: Any, archive: zipfile.ZipFile) -> Iterator[str]:
    """Whether trees are made with a number of classes for each output: compiled code reads them unchecked.

    skops takes whatever had the same id before, so a part of a tree must be alike wherever its id is used.
    """
    seen: dict[Any, Any] = {}
    parts: list[dict[str, Any]] = []
    trees, waiting = [], [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            first = seen.setdefault(str(value.get("__id__")), value)
            parts += [value] if "__id__" in value and first != value else []
            trees += [value] if value.get("__loader__") == "TreeNode" else []
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    changed = {str(part["__id__"]) for part in parts}
    for tree in trees:
        _, classes, outputs = arguments = tree["__reduce__"]["args"]["content"]
        loaders = [part["__loader__"] for part in (tree["__reduce__"]["args"], *arguments)]
        known = np.load(io.BytesIO(archive.read(classes["file"])), allow_pickle=False)
        same = not changed & {str(p["__id__"]) for p in (tree, tree["__reduce__"]["args"], *arguments)}
        expected = loaders == ["TupleNode", "JsonNode", "NdArrayNode", "JsonNode"] and same
        if not expected or known.shape != (int(outputs["content"]),) or not known.size:
            yield "contains a tree whose outputs do not match its classes"
            return


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
