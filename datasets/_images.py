"""Image files to uint8 arrays of bounded size."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ._base import Finding
from ._errors import InputError
from ._stored_images import ImageStore, has_room

# Names of image files, wherever they are looked for: formats that Pillow reads without further libraries.
IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
LONGEST_SIDE = 256
# Of all pixels together where they must be in memory.
MAX_BYTES = 2 * 1024**3
_AT_ONCE = 1024  # files
_GREY = ("1", "L", "LA", "La", "I", "F")


def read_images(paths: list[Path], root: Path, findings: list[Finding]) -> tuple[np.ndarray, np.ndarray]:
    """Images as the array that :class:`Dataset` holds, and which files could be read.

    Photographs are rotated by their EXIF orientation, reduced to at most 256 pixels on the longest side, and
    transparent pixels become white. Grey when every image is grey, otherwise RGB. Where they take much memory
    their pixels are kept in a file, which is used again as long as the images do not change.

    Returns
    -------
    X : uint8 ndarray (n_good, height, width, channels), or object array of such when sizes differ, or when
        they are in a file
    good : bool ndarray (n_files,)
    """
    side = LONGEST_SIDE
    if not has_room(3 * len(paths) * side**2):
        side = longest_side(len(paths))
    store = ImageStore(paths, side)
    results = store.known()
    if results is None:
        results = _read_into(store, paths, side)
    good = np.array([not isinstance(result, str) for result in results])
    if not good.any():
        raise InputError(
            f"{root}: none of {len(paths)} images can be read, such as {_shown(paths[0], root)}; replace them"
        )
    _note_broken(paths, results, good, root, findings)
    shrunk = sum(result for result in results if not isinstance(result, str))
    if shrunk:
        message = (
            f"{shrunk} of {good.sum()} images were reduced to at most {side} pixels on their longest side"
        )
        findings.append(Finding("DW026", "info", message))
    images = store.finish(results)
    if store.file.exists() and images.dtype == object:
        message = f"the pixels are kept in {store.file} ({store.file.stat().st_size / 1e9:.1f} GB)"
        findings.append(Finding("DW026", "info", message))
    return images, good


def _read_into(store: ImageStore, paths: list[Path], side: int) -> list[bool | str]:
    """Of each file whether it was reduced, or why it cannot be read; some at a time, to bound memory."""
    results: list[bool | str] = []
    try:
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for start in range(0, len(paths), _AT_ONCE):
                for read in pool.map(lambda path: _read(path, side), paths[start : start + _AT_ONCE]):
                    if not isinstance(read, str):
                        store.add(read[0])
                    results.append(read if isinstance(read, str) else read[1])
    except BaseException:
        store.discard()
        raise
    return results


def longest_side(n_images: int) -> int:
    """At most 256 pixels, fewer when many images would not fit into memory, and there is no disk for them."""
    return min(LONGEST_SIDE, int((MAX_BYTES / (3 * n_images)) ** 0.5))


def _read(path: Path, side: int) -> tuple[np.ndarray, bool] | str:
    """The pixels and whether they were reduced, or why the file cannot be read."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            reduced = max(image.size) > side
            if reduced:
                image.thumbnail((side, side))
            return _pixels(ImageOps.exif_transpose(image)), reduced
    # Pillow's decoders raise any of these on damaged files.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, Image.DecompressionBombError) as error:
        return (
            " ".join(str(error).split()).replace(str(path), "").replace("''", "").strip()
            or type(error).__name__
        )


def _pixels(image) -> np.ndarray:
    from PIL import Image

    if image.mode.startswith("I;16") or image.mode == "I":
        return (np.asarray(image).astype(np.int64) // 256).clip(0, 255).astype(np.uint8)[..., None]
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image, dtype=np.float64))
        values = values * 255 if values.min() >= 0 and values.max() <= 1 else values
        return np.rint(values).clip(0, 255).astype(np.uint8)[..., None]
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        grey = image.mode == "LA"
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("L" if grey else "RGB")
    image = image.convert("L" if image.mode in _GREY else "RGB")
    pixels = np.array(image, dtype=np.uint8)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _note_broken(
    paths: list[Path], results: list, good: np.ndarray, root: Path, findings: list[Finding]
) -> None:
    broken = np.flatnonzero(~good)
    if not len(broken):
        return
    named = "; ".join(f"{_shown(paths[i], root)} ({results[i][:80]})" for i in broken[:3])
    more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
    message = f"{len(broken)} of {len(paths)} images cannot be read and were left out: {named}{more}"
    findings.append(Finding("DW025", "warning", message))


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
