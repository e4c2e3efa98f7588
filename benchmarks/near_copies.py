"""How many planted near-duplicates are detected, by kind of change, and how long the search takes.

    python benchmarks/near_copies.py [--json] [--quick]

Texts are the film reviews, images the photographs of clothes and the small pictures of Fashion-MNIST in
../shared/data, or embedded sets where these are absent. Each change is made to 200 rows; detected is the
share of changed rows that are paired with their original. ``seconds`` is the time for all rows on the threads
that the libraries choose.
"""

from __future__ import annotations

import io
import json
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _common import figure, keep, parser, table
from PIL import Image

from deepworth import load_dataset
from deepworth.datasets._near_copies import groups_of_copies

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PLANTED = 200
HEADER = ["data", "rows", "seconds", "near-duplicates in the data", "change", "detected"]


def one_word(text: str, rng: np.random.Generator) -> str:
    words = text.split()
    words[rng.integers(len(words))] = "otherwise"
    return " ".join(words)


TEXTS: dict[str, Callable[..., str]] = {
    "one word replaced": one_word,
    "upper case": lambda text, rng: text.upper(),
    "punctuation and spaces": lambda text, rng: "  ".join(text.replace(",", " -").split()) + " !",
    "three words appended": lambda text, rng: text + " as they say",
}


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def crop(image: Image.Image, most: float, rng: np.random.Generator) -> Image.Image:
    """Cut off up to this share on each of the four sides."""
    width, height = image.size
    left, top, right, bottom = rng.random(4) * most
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return image.crop(tuple(round(side) for side in box))


IMAGES: dict[str, Callable[..., Image.Image]] = {
    "15% brighter": lambda image, rng: image.point(lambda value: min(255, value * 1.15)),
    "20% darker": lambda image, rng: image.point(lambda value: value * 0.8),
    "JPEG, quality 40": lambda image, rng: jpeg(image, 40),
    "resized to 80%": lambda image, rng: image.resize([round(side * 0.8) for side in image.size]),
    "cropped by up to 2% per side": lambda image, rng: crop(image, 0.02, rng),
    "cropped by up to 4% per side": lambda image, rng: crop(image, 0.04, rng),
    "cropped by up to 6% per side": lambda image, rng: crop(image, 0.06, rng),
}


def pixels(image: Image.Image) -> np.ndarray:
    array = np.asarray(image)
    return array[..., None] if array.ndim == 2 else array


def changed_image(image: np.ndarray, change: str, rng: np.random.Generator) -> np.ndarray:
    picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    return pixels(IMAGES[change](picture, rng))


def changed_text(text: str, change: str, rng: np.random.Generator) -> str:
    return TEXTS[change](text, rng)


def packed(rows: list[Any], like: Any) -> Any:
    """Rows as a Series of texts or an object array of images."""
    if isinstance(like, pd.Series):
        return pd.Series(rows, dtype=object)
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    return array


def measured(X: Any, changes: dict[str, Any], change_one: Callable[..., Any]) -> dict[str, Any]:
    """Time, near copies that the data have by themselves, and the share found of each change."""
    started = time.perf_counter()
    groups = groups_of_copies(X)
    figures = {
        "rows": len(X),
        "seconds": time.perf_counter() - started,
        "copies": len(X) - len(np.unique(groups)),
    }
    rng = np.random.default_rng(0)
    picked = rng.choice(len(X), min(PLANTED, len(X)), replace=False)
    rows = list(X)
    for change in changes:
        copies = [change_one(rows[i], change, rng) for i in picked]
        groups = groups_of_copies(packed(rows + copies, X))
        figures[change] = float(np.mean(groups[picked] == groups[len(rows) :]))
    return figures


def photographs(quick: bool) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(DATA / "images" / "clothing_folder.zip") as archive:
            archive.extractall(folder)
        (images,) = [p for p in Path(folder).iterdir() if p.is_dir()]
        return load_dataset(images, rows=100 if quick else None).X


def sources(quick: bool) -> dict[str, tuple[Any, dict[str, Any], Callable[..., Any]]]:
    """Data by name with the changes that suit them."""
    if not DATA.is_dir():
        texts = load_dataset("triage-notes", rows=400 if quick else None).X
        return {"triage-notes": (texts, TEXTS, changed_text)}
    reviews = pd.read_csv(DATA / "text" / "imdb_train.csv.gz")["text"]
    small = load_dataset(DATA / "images" / "fashion_mnist.npz", rows=500 if quick else 10_000).X
    return {
        "imdb_train": (reviews[:500] if quick else reviews, TEXTS, changed_text),
        "clothing_folder": (photographs(quick), IMAGES, changed_image),
        "fashion_mnist": (small, IMAGES, changed_image),
    }


def lines(figures: dict[str, dict[str, Any]]) -> list[list[Any]]:
    """One line a change."""
    rows = []
    for name, found in figures.items():
        facts = [name, f"{found['rows']:,}", figure(found["seconds"], 1), found["copies"]]
        changes = [key for key in found if key not in ("rows", "seconds", "copies")]
        for i, change in enumerate(changes):
            rows.append([*(facts if i == 0 else [""] * len(facts)), change, f"{found[change]:.0%}"])
    return rows


def main() -> None:
    chosen = parser(__doc__ or "").parse_args()
    figures = {name: measured(*source) for name, source in sources(chosen.quick).items()}
    if not chosen.quick and DATA.is_dir():
        keep("near_copies", figures)
    print(json.dumps(figures) if chosen.json else table(HEADER, lines(figures)))


if __name__ == "__main__":
    main()
