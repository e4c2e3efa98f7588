"""A fitted model as the bytes of a file that nothing is executed from."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ...datasets._errors import InputError

# Types that skops may build: only libraries that models of the zoo are made of, by package.
TRUSTED = ("sklearn.", "numpy.", "scipy.", "deepworth.zoo.", "pandas.", "builtins.", "collections.")
TRUSTED_TYPES = ("lightgbm.", "xgboost.")


def model_content(model: Any) -> tuple[str, bytes] | None:
    """File name and bytes: ``model.keras`` for networks, ``model.skops`` else; None if neither holds it."""
    if hasattr(model, "keras_model"):
        return "model.keras", keras_bytes(model.keras_model())
    import skops.io

    try:
        content = skops.io.dumps(model)
        skops.io.get_untrusted_types(data=content)
    except Exception:  # skops has no error class of its own for "this object is not supported"
        return None
    return "model.skops", content


def keras_bytes(model: Any) -> bytes:
    """The ``.keras`` archive of a Keras model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def load_skops(path: Path) -> Any:
    """A scikit-learn model from a file, built from trusted types only."""
    import skops.io

    unknown = [t for t in skops.io.get_untrusted_types(file=path) if not _is_trusted(t)]
    if unknown:
        raise InputError(
            f"{path} holds types that are not trusted: {', '.join(unknown[:3])}; it was not loaded"
        )
    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


def _is_trusted(name: str) -> bool:
    return name.startswith(TRUSTED + TRUSTED_TYPES)


def load_keras(path: Path) -> Any:
    """A Keras model from a file; nothing in it can run code (safe mode, registered layers only)."""
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    from ..models import _pooling  # noqa: F401  registers the layer
    from ..preprocessing import _image_layers, _layers, _text_layers  # noqa: F401  register theirs

    try:
        return keras.saving.load_model(path, safe_mode=True, compile=False)
    except (ValueError, TypeError, OSError, KeyError) as error:
        first = (str(error).strip().splitlines() or [""])[0]
        raise InputError(f"{path} cannot be loaded as a Keras model: {first}") from error
