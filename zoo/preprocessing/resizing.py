"""One way of resizing for networks, pipelines and exports: Pillow's bilinear filter with anti-aliasing.

Pillow computes in whole numbers: weights are multiples of 2**-22, each pass (columns, then rows) is rounded
to uint8. So sums come out the same in any order, on any machine and in any format; a filter in floating point
rounds ties (which every reduction by an even factor has) differently from one library to the next.
"""

from __future__ import annotations

import numpy as np

UNIT = 2.0**22  # whole weights add up to this; Pillow's PRECISION_BITS for 8 bits a channel


def resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A uint8 image (h, w, 1 or 3) at (height, width), uint8."""
    if image.shape[:2] == tuple(size):
        return image
    from PIL import Image

    height, width = size
    found = Image.fromarray(np.ascontiguousarray(image[..., 0] if image.shape[-1] == 1 else image))
    # columns first, then rows: asked for both at once, versions of Pillow choose the order by the shape
    for step in ((width, image.shape[0]), (width, height)):
        found = found.resize(step, Image.Resampling.BILINEAR)
    return np.asarray(found).reshape(height, width, image.shape[-1])
