"""Twenty newsgroups, which group a message was sent to: 18,846 messages, 7,532 of them for testing.

The by-date version that scikit-learn's fetcher uses (its address and checksum): the test messages were sent
later. The headers are cut off, because they name the group or its people; signatures and quotes stay.
"""

from ._download import RemoteFile

NAME = "20newsgroups"
TASK = "multiclass"
MODALITY = "text"
SOURCE = "remote"
ROWS = 18_846
LICENCE = "not stated by the publisher"
CITATION = "Lang 1995, NewsWeeder: learning to filter netnews, ICML"

FILES = (
    RemoteFile(
        "20newsgroups/20news-bydate.tar.gz",
        "https://ndownloader.figshare.com/files/5975967",
        "sha256:8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610",
    ),
)


def load(*, seed: int = 0, offline: bool | None = None, cache_dir=None):
    """The messages: X a Series of 18846 str, y the names of the groups, the test rows marked.

    `seed` has no effect; `offline` and `cache_dir` are those of :func:`load_dataset`.
    """
    import numpy as np
    import pandas as pd

    from ._base import Dataset, Provenance
    from ._download import fetch
    from ._published import read_messages

    path = fetch(FILES[0], cache_dir=cache_dir, offline=offline)
    parts, groups, texts = [], [], []
    for name, text in read_messages(path):
        part, group, _ = name.split("/")[-3:]
        parts.append(part)
        groups.append(group)
        texts.append(text.partition("\n\n")[2])
    return Dataset(
        NAME,
        pd.Series(texts, dtype=object, name="message"),
        np.array(groups),
        "multiclass",
        "text",
        test=np.array([part.endswith("-test") for part in parts], dtype=bool),
        provenance=Provenance("scikit-learn", FILES[0].url, LICENCE, CITATION),
        target="group",
    )
