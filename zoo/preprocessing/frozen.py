"""Raw texts or images to the features of a frozen pretrained encoder, computed once a row.

The encoder sees no label and no other row, so nothing is learned from the training rows here but the length
of their texts where the last layers are trained. Features that were computed are used again by other folds,
see :mod:`deepworth.zoo.pretrained.kept`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import InputError, as_texts, forget_pages
from ..pretrained.found import Kind, Weights, find_weights, missing
from ..pretrained.kept import Compute, kept, key_of_image, key_of_text
from .base import InputSpec, resized
from .images import with_channels
from .texts import TermPreprocessor

_BATCH, _KEYS = 32, 1024  # rows at a time
_OPTIONS = ("weights", "fine_tune", "trained_layers", "layers", "beside_terms")
_TERMS = 20_000  # words beside features, and as many pairs
_VERSION = 1  # one more where the layers give other features for the same row
_FEWEST_PLACES, _MOST_PLACES = 16, 128  # of a text, where the last layers of its encoder are trained


def frozen_preprocessor(kind: Kind, options: Mapping[str, Any]) -> FrozenTexts | FrozenImages:
    """The preprocessor of a model with these parameters; ``weights`` and ``fine_tune`` are looked at."""
    given = {name: options[name] for name in _OPTIONS if name in options}
    return FrozenImages(**given) if kind == "image-encoder" else FrozenTexts(kind, **given)


def weights_of(kind: Kind, path: str | os.PathLike[str] | None) -> Weights:
    """Weights at a path or in the usual places, or an error that says how to get them."""
    found = find_weights(kind, path)
    if found is None:
        raise InputError(f"{kind} {missing(kind)}")
    return found


class _Frozen:
    """What both share: the encoder, and features that are used again."""

    kind: Kind
    spec: InputSpec
    _arrays: tuple[tuple[str, tuple[int, ...], str], ...]  # those of the encoder
    _found: Weights

    def __init__(self, weights: str = "auto", fine_tune: bool = False, trained_layers: int = 1) -> None:
        self.weights = weights
        self.left_out = int(trained_layers) if fine_tune else 0
        self._compiled: Callable[..., Any] | None = None

    @property
    def n_parameters(self) -> int:
        """Weights of the encoder."""
        return int(self._encoder().count_params())

    @property
    def _known_as(self) -> str:
        """What the features depend on beside the row."""
        sizes = "x".join(str(n) for _, shape, _ in self._arrays for n in shape)
        return f"{self._found.digest[:24]}-{self.kind}-{self.left_out}-{sizes}-{_VERSION}"

    def _encoder(self) -> Any:
        raise NotImplementedError

    def _transform(self, keys: Callable[[], Sequence[bytes]], n_rows: int, compute: Compute) -> Any:
        store = kept()
        if not n_rows:
            return self._empty(0)
        return compute(np.arange(n_rows)) if store is None else store.of(self._known_as, keys(), compute)

    def _call(self) -> Callable[..., Any]:
        """The encoder as a compiled function, made when it is first needed."""
        if self._compiled is None:
            import tensorflow as tf

            encoder = self._encoder()
            self._compiled = tf.function(lambda x: encoder(x, training=False), reduce_retracing=True)
        return self._compiled

    def _empty(self, n_rows: int) -> dict[str, np.ndarray]:
        return {name: np.empty((n_rows, *shape), dtype) for name, shape, dtype in self._arrays}

    def raw_layers(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Raw input, and the encoder's features of it."""
        encoder = self._encoder()
        return dict(encoder.input), dict(encoder.output)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_compiled": None}


class FrozenTexts(_Frozen):
    """Vectors of a sentence encoder, or means of static vectors.

    ``transform`` gives ``features`` float32 (n_samples, width), one or several vectors of length one. Where
    the last layers are trained it gives what they get instead: ``states`` (n_samples, length, width) and
    ``known`` bool. ``tokens`` and ``weights`` of terms stand beside them where that is asked for.

    Parameters
    ----------
    layers : int
        Layers of a sentence encoder whose vectors stand side by side, the last ones.
    beside_terms : bool
        Give frequent words and word pairs of the training texts, too.
    """

    def __init__(
        self,
        kind: Kind,
        weights: str = "auto",
        layers: int = 1,
        beside_terms: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(weights, **options)
        self.kind, self.layers = kind, int(layers)
        self.terms = TermPreprocessor(words=_TERMS, pairs=_TERMS) if beside_terms else None

    def fit(self, X: pd.Series) -> FrozenTexts:
        """Find the weights; with layers to train also the length of texts, and terms if asked for."""
        self._found = weights_of(self.kind, self.weights)
        self._arrays = self._states(X) if self.left_out else self._features()
        if self.terms is None:
            self.spec = InputSpec("text", self._arrays)
            return self
        terms = self.terms.fit(X).spec
        self.spec = InputSpec("text", (*self._arrays, *terms.arrays), vocabulary=terms.vocabulary)
        return self

    def _features(self) -> Any:
        from ..pretrained.text_encoders import pooled_layers, width_of

        n_vectors = pooled_layers(self._found, self.layers) if self.kind == "sentence-encoder" else 1
        return (("features", (n_vectors * width_of(self._found),), "float32"),)

    def _states(self, X: pd.Series) -> Any:
        from ..pretrained.text_encoders import n_layers, width_of

        if not 1 <= self.left_out <= n_layers(self._found):
            raise InputError(f"trained_layers must be 1 to {n_layers(self._found)}, got {self.left_out}")
        self.length = _common_length(X)
        shape = (self.length, width_of(self._found))
        return ("states", shape, "float32"), ("known", shape[:1], "bool")

    def transform(self, X: pd.Series) -> dict[str, np.ndarray]:
        """Features of these texts, and their terms."""
        texts = as_texts(X).tolist()

        def compute(places: np.ndarray) -> dict[str, np.ndarray]:
            return self._computed([texts[i] for i in places])

        features = self._transform(lambda: [key_of_text(text) for text in texts], len(texts), compute)
        return features if self.terms is None else {**features, **self.terms.transform(X)}

    def _computed(self, texts: list[str]) -> dict[str, np.ndarray]:
        """Texts of like length together, since a batch is as long as its longest."""
        import tensorflow as tf

        arrays = self._empty(len(texts))
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            values = self._call()({"text": tf.constant([[texts[i]] for i in batch])})
            for name, array in arrays.items():
                array[batch] = values[name].numpy()
        return arrays

    def raw_arrays(self, X: pd.Series) -> dict[str, np.ndarray]:
        """``text``: str (n_samples, 1)."""
        return {"text": as_texts(X).to_numpy(dtype=object)[:, None]}

    def _encoder(self) -> Any:
        from ..pretrained.text_encoders import sentence_model, static_model

        if self.kind == "static-vectors":
            return static_model(self._found)
        if self.left_out:
            return sentence_model(self._found, self.left_out, self.length)
        return sentence_model(self._found, layers=self.layers)

    def raw_layers(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Raw input, and the encoder's features and the terms of it."""
        inputs, outputs = super().raw_layers()
        return inputs, outputs if self.terms is None else {**outputs, **self.terms.layers_of(inputs["text"])}


def _common_length(texts: pd.Series) -> int:
    """Places for the 95th percentile of the texts, at a piece for every four characters."""
    lengths = [len(text) for text in as_texts(texts)]
    typical = int(np.percentile(lengths, 95)) // 4 + 2 if lengths else _FEWEST_PLACES
    return int(np.clip(-(-typical // 8) * 8, _FEWEST_PLACES, _MOST_PLACES))


class FrozenImages(_Frozen):
    """The last features of an image network that was trained on ImageNet, averaged over places.

    ``transform`` gives ``features`` float32 (n_samples, width), or with layers to train what they get:
    ``states`` (n_samples, height, width, channels).
    """

    kind: Kind = "image-encoder"

    def fit(self, X: np.ndarray) -> FrozenImages:
        """Find the weights."""
        from ..pretrained.image_encoders import output_shape

        self._found = weights_of(self.kind, self.weights)
        shape = output_shape(self._found, self.left_out)
        self._arrays = (("states" if self.left_out else "features", shape, "float32"),)
        self.spec = InputSpec("image", self._arrays)
        return self

    def transform(self, X: np.ndarray) -> dict[str, np.ndarray]:
        """Features of these images."""

        def compute(places: np.ndarray) -> dict[str, np.ndarray]:
            return self._computed([X[i] for i in places])

        return self._transform(lambda: self._keys(X), len(X), compute)

    def _keys(self, X: np.ndarray) -> list[bytes]:
        """Of all images; of those that lie in a file a part is in memory at a time."""
        keys: list[bytes] = []
        for start in range(0, len(X), _KEYS):
            keys += [key_of_image(image) for image in X[start : start + _KEYS]]
            forget_pages(X)
        return keys

    def _computed(self, images: list[np.ndarray]) -> dict[str, np.ndarray]:
        from ..pretrained.image_encoders import SIDE

        arrays = self._empty(len(images))
        for start in range(0, len(images), _BATCH):
            some = images[start : start + _BATCH]
            batch = np.stack([resized(with_channels(image, 3), (SIDE, SIDE)) for image in some])
            values = self._call()({"image": batch})
            for name, array in arrays.items():
                array[start : start + _BATCH] = values[name].numpy()
            forget_pages(images)
        return arrays

    def raw_arrays(self, X: np.ndarray) -> dict[str, np.ndarray]:
        """``image``: uint8 (n_samples, height, width, 3), resized here if sizes differ."""
        from ..pretrained.image_encoders import SIDE

        colour = [with_channels(image, 3) for image in X]
        if len({image.shape for image in colour}) > 1:
            colour = [resized(image, (SIDE, SIDE)) for image in colour]
        return {"image": np.stack(colour) if colour else np.zeros((0, SIDE, SIDE, 3), np.uint8)}

    def _encoder(self) -> Any:
        from ..pretrained.image_encoders import SIDE, image_model
        from .layers import ResizeImage

        return image_model(self._found, self.left_out, ResizeImage(SIDE, SIDE, name="resize"))

    @property
    def channels(self) -> int:
        """Of the images that the network takes."""
        return 3

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images that the encoder sees."""
        from ..pretrained.image_encoders import SIDE

        return SIDE, SIDE
