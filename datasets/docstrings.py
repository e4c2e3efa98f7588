"""Docstrings, from which of eight libraries: short English texts, names of libraries masked.

Real English text that is on every machine: the first words of docstrings of public functions and classes of
eight libraries that this package needs (keras, networkx, numpy, pandas, scikit-image, scikit-learn, scipy,
tensorflow). Their sources are parsed, not imported. Names and aliases of all eight (also np, pd, tf ...),
addresses, imports, version notes and example code are removed, because they would leak the target; words
such as DataFrame or tensor stay, because they are the subject of the text. The rows depend on the installed
versions, which the provenance names, so compare scores on one machine only.
"""

TASK = "multiclass"
MODALITY = "text"
SOURCE = "embedded"
ROWS = 2000
LICENCE = "those of the libraries: BSD-3-Clause; keras and tensorflow Apache-2.0"

PER_LIBRARY = 250


def load(*, seed: int = 0):
    """The texts: X a Series of 2000 str, 25 to 80 words each, 250 of each library; y the library's name.

    Parameters
    ----------
    seed : int
        For the choice of files and docstrings. The same seed and versions give the same rows.

    Raises
    ------
    InputError
        One of the libraries is not installed.
    """
    import numpy as np
    import pandas as pd

    from ._base import Dataset, Provenance
    from ._docstrings import LIBRARIES, sample, versions

    seen: set[str] = set()
    rows = [
        (text, library)
        for number, library in enumerate(sorted(LIBRARIES))
        for text in sample(library, PER_LIBRARY, np.random.default_rng([seed, number]), seen)
    ]
    order = np.random.default_rng(seed).permutation(len(rows))
    texts, labels = zip(*(rows[i] for i in order), strict=True)
    return Dataset(
        "docstrings",
        pd.Series(texts, dtype=object, name="docstring"),
        np.array(labels),
        "multiclass",
        "text",
        provenance=Provenance("embedded", location=versions(), licence=LICENCE),
        target="library",
    )
