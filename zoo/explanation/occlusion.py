"""Occlusion: how the answer for a text or an image changes without each part of it.

Of images as Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV 2014), of words
as Li, Monroe and Jurafsky, "Understanding Neural Networks through Representation Erasure" (arXiv 1612.08220).
Nothing is asked of the model but its answers, so any model can be explained: frozen encoders and classical
ones too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...datasets import Features, Modality, as_texts, take, tokenise, word_rules
from ..preprocessing.pixels import as_images
from ..results.explanation import AttributedRow, Attribution, Occlusion
from .importance import FittedModel

PARTS = 64  # of a text at most: in longer ones, neighbouring words go together
GRID = 8  # cells along each side of an image
_PICTURE = 96  # pixels of the longer side of an image that is shown
_FLOOR = 1e-6  # of probabilities


def occlusion(
    model: FittedModel,
    X: Features,
    rows: Sequence[int] | np.ndarray,
    modality: Modality,
    classes: Sequence[str] = (),
) -> Occlusion:
    """What each word of texts, or each cell of images, adds to a model's answers.

    A part's attribution is the output for the row minus the output without the part: a word is left out, a
    cell of an 8 x 8 grid gets the mean colour of its image. Texts of more than 64 words have parts of several
    words. Attributions do not add up to the output: words that say the same stand in for each other.

    Parameters
    ----------
    model : fitted estimator or SavedModel
        Over raw rows.
    X : Series of str, or uint8 images
        n_samples raw rows.
    rows : sequence of int
        Their numbers in the answer.
    modality : {"text", "image"}
    classes : sequence of str, default=()
        All classes; empty for regression. The second of two, or the predicted one of several, is explained.

    Returns
    -------
    Occlusion

    References
    ----------
    Zeiler and Fergus (2014), "Visualizing and understanding convolutional networks"; Li, Monroe and Jurafsky
    (2016), "Understanding neural networks through representation erasure".

    Examples
    --------
    >>> import pandas as pd
    >>> from deepworth.zoo import registry
    >>> from deepworth.zoo.explanation import occlusion
    >>> X, y = pd.Series(["good film", "bad film"] * 20), ["yes", "no"] * 20
    >>> model = registry.create("tfidf-naive-bayes", "binary", "text").fit(X, y)
    >>> [row] = occlusion(model, X[:1], [0], "text", ["no", "yes"]).rows
    >>> max(row["parts"], key=lambda part: part.attribution).part
    'good'
    """
    units = {0: "value", 2: "log-odds"}
    numbers = [int(row) for row in rows]
    if modality == "text":
        texts = zip(as_texts(X), numbers, strict=True)
        found = [_text(model, text, row, classes) for text, row in texts]
    else:
        images = zip(as_images(X), numbers, strict=True)
        found = [_image(model, image, row, classes) for image, row in images]
    return Occlusion(units.get(len(classes), "log probability"), tuple(found))


def _text(model: FittedModel, text: str, row: int, classes: Sequence[str]) -> AttributedRow:
    """The text, without anything, and without each of its parts."""
    spans = _spans(text)
    others = [f"{text[:start]} {text[end:]}" for start, end in spans]
    result, differences = _answered(model, pd.Series([text, "", *others], dtype=object), row, classes)
    parts = [
        Attribution(text[start:end], float(difference), place)
        for place, ((start, end), difference) in enumerate(zip(spans, differences, strict=True))
    ]
    return {**result, "parts": tuple(parts)}


def _spans(text: str) -> list[tuple[int, int]]:
    """First and behind the last letter of each word, or of neighbouring words in long texts."""
    words = [m.span() for m in re.finditer(word_rules().raw_words, text) if tokenise(m[0])]
    together = max(1, -(-len(words) // PARTS))
    runs = [words[i : i + together] for i in range(0, len(words), together)]
    return [(run[0][0], run[-1][1]) for run in runs]


def _image(model: FittedModel, image: np.ndarray, row: int, classes: Sequence[str]) -> AttributedRow:
    """The image, its mean colour, and the image without each cell."""
    edges = [np.linspace(0, side, min(GRID, side) + 1).astype(int) for side in image.shape[:2]]
    plain = np.broadcast_to(image.mean(axis=(0, 1)).round().astype(np.uint8), image.shape)
    images = [image, np.array(plain)]
    for top, bottom in zip(edges[0], edges[0][1:], strict=False):
        for left, right in zip(edges[1], edges[1][1:], strict=False):
            images.append(image.copy())
            images[-1][top:bottom, left:right] = plain[top:bottom, left:right]
    result, differences = _answered(model, np.stack(images), row, classes)
    cells = differences.reshape(len(edges[0]) - 1, -1)
    step = max(1, -(-max(image.shape[:2]) // _PICTURE))
    at = [
        np.searchsorted(own, np.arange(0, side, step), side="right") - 1
        for own, side in zip(edges, image.shape[:2], strict=True)
    ]
    picture = image[::step, ::step].astype(float).mean(axis=-1) / 255.0
    return {**result, "pixels": _nested(cells[np.ix_(*at)]), "picture": _nested(picture)}


def _answered(
    model: FittedModel, X: Any, row: int, classes: Sequence[str]
) -> tuple[AttributedRow, np.ndarray]:
    """The outputs of the row and of nothing, the first two, and what all others lack of the first."""
    target, name = _target(model, take(X, [0]), classes)
    outputs = _outputs(model, X, target, len(classes))
    result: AttributedRow = {
        "row": row,
        "class": name,
        "output": float(outputs[0]),
        "baseline_output": float(outputs[1]),
    }
    return result, outputs[0] - outputs[2:]


def _target(model: Any, X: Any, classes: Sequence[str]) -> tuple[int, str | None]:
    """The column of the explained class among the model's probabilities, and its name."""
    if not classes:
        return 0, None
    known = [str(c) for c in model.classes_]
    column = known.index(classes[1]) if len(classes) == 2 else int(np.argmax(model.predict_proba(X)[0]))
    return column, known[column]


def _outputs(model: Any, X: Any, target: int, n_classes: int) -> np.ndarray:
    """Log-odds of two classes, log probability of one of several, or values; float64 (n,)."""
    if not n_classes:
        return np.asarray(model.predict(X), np.float64)
    shares = np.asarray(model.predict_proba(X), np.float64)[:, target]
    shares = np.clip(shares, _FLOOR, 1.0 - _FLOOR if n_classes == 2 else 1.0)
    return np.log(shares) - (np.log1p(-shares) if n_classes == 2 else 0.0)


def _nested(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, values.tolist()))
