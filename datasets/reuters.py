"""Reuters newswires, which of 46 topics: 11,228 short texts of 1987, 2,246 of them for testing.

Keras's copy, in which a text is a list of word numbers by frequency; here they are words again. Addresses,
checksums and topic names are those of ``keras.datasets.reuters``, and so is the test set (the last fifth
after a shuffle with seed 113). The file keeps its lists as a pickle, which is read with a reader
that rebuilds arrays of numbers and nothing else.
"""

from ._download import RemoteFile

TASK = "multiclass"
MODALITY = "text"
SOURCE = "remote"
ROWS = 11_228
LICENCE = "free for research, as the publisher states for Reuters-21578"
CITATION = "Lewis 1997, Reuters-21578 text categorization test collection"

TOPICS = [
    "cocoa",
    "grain",
    "veg-oil",
    "earn",
    "acq",
    "wheat",
    "copper",
    "housing",
    "money-supply",
    "coffee",
    "sugar",
    "trade",
    "reserves",
    "ship",
    "cotton",
    "carcass",
    "crude",
    "nat-gas",
    "cpi",
    "money-fx",
    "interest",
    "gnp",
    "meal-feed",
    "alum",
    "oilseed",
    "gold",
    "tin",
    "strategic-metal",
    "livestock",
    "retail",
    "ipi",
    "iron-steel",
    "rubber",
    "heat",
    "jobs",
    "lei",
    "bop",
    "zinc",
    "orange",
    "pet-chem",
    "dlr",
    "gas",
    "silver",
    "wpi",
    "hog",
    "lead",
]

_BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
FILES = (
    RemoteFile(
        "reuters/reuters.npz",
        _BASE + "reuters.npz",
        "sha256:d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
        keras="reuters.npz",
    ),
    RemoteFile(
        "reuters/reuters_word_index.json",
        _BASE + "reuters_word_index.json",
        "md5:4d44cc38712099c9e383dc6e5f11a921",
        keras="reuters_word_index.json",
    ),
)


def load(*, seed: int = 0, offline: bool | None = None, cache_dir=None):
    """The newswires: X a Series of 11228 str, y the names of the topics, Keras's test rows last.

    `seed` has no effect; `offline` and `cache_dir` are those of :func:`load_dataset`.
    """
    import numpy as np
    import pandas as pd

    from ._base import Dataset, Provenance
    from ._download import fetch
    from ._published import read_ragged, reading, texts_of, words_by_rank

    path, index = (fetch(file, cache_dir=cache_dir, offline=offline) for file in FILES)
    with reading(path):
        arrays = read_ragged(path)
        order = np.arange(len(arrays["x"]))
        np.random.RandomState(113).shuffle(order)
        sequences, topics = arrays["x"][order], arrays["y"][order]
    return Dataset(
        "reuters",
        pd.Series(texts_of(sequences, words_by_rank(index)), dtype=object, name="newswire"),
        np.array(TOPICS)[topics],
        "multiclass",
        "text",
        test=np.arange(len(topics)) >= int(len(topics) * (1 - 0.2)),
        provenance=Provenance("keras", FILES[0].url, LICENCE, CITATION),
        target="topic",
    )
