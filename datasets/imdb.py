"""IMDB, positive or negative: 50,000 film reviews, 25,000 of them for testing.

Keras's copy, in which a review is a list of word numbers by frequency; here they are words again (lower
case, without punctuation). Addresses and checksums are those of ``keras.datasets.imdb``. The file keeps its
lists as a pickle, which is read with a reader that rebuilds arrays of numbers and nothing else.
"""

from ._download import RemoteFile

TASK = "binary"
MODALITY = "text"
SOURCE = "remote"
ROWS = 50_000
LICENCE = "not stated by the publisher"
CITATION = "Maas, Daly, Pham, Huang, Ng and Potts 2011, Learning word vectors for sentiment analysis, ACL"

_BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
FILES = (
    RemoteFile(
        "imdb/imdb.npz",
        _BASE + "imdb.npz",
        "sha256:69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
        keras="imdb.npz",
    ),
    RemoteFile(
        "imdb/imdb_word_index.json",
        _BASE + "imdb_word_index.json",
        "md5:bfafd718b763782e994055a2d397834f",
        keras="imdb_word_index.json",
    ),
)


def load(*, seed: int = 0, offline: bool | None = None, cache_dir=None):
    """The reviews: X a Series of 50000 str, y "negative" or "positive", the test rows last.

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
        reviews = [review for part in ("train", "test") for review in arrays[f"x_{part}"]]
        labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
        n_train = len(arrays["y_train"])
    return Dataset(
        "imdb",
        pd.Series(texts_of(reviews, words_by_rank(index)), dtype=object, name="review"),
        np.where(labels == 1, "positive", "negative"),
        "binary",
        "text",
        test=np.arange(len(labels)) >= n_train,
        provenance=Provenance("keras", FILES[0].url, LICENCE, CITATION),
        target="sentiment",
    )
