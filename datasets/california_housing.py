"""California housing, the median price of a district: 20,640 census blocks of 1990 with eight features.

From the archive that scikit-learn's fetcher uses (its address and checksum), because it names the columns;
Keras's copy is a matrix of the same numbers. As in scikit-learn, rooms, bedrooms and people are divided by
households; the target is in 100,000 dollars and capped at 5.
"""

from ._download import RemoteFile

TASK = "regression"
MODALITY = "tabular"
SOURCE = "remote"
ROWS = 20_640
LICENCE = "not stated by the publisher"
CITATION = "Pace and Barry 1997, Sparse spatial autoregressions, Statistics and Probability Letters 33"

FILES = (
    RemoteFile(
        "california-housing/cal_housing.tgz",
        "https://ndownloader.figshare.com/files/5976036",
        "sha256:aaa5c9a6afe2225cc2aed2723682ae403280c4a3695a2ddda4ffb5d8215ea681",
    ),
)
_MEMBER = "CaliforniaHousing/cal_housing.data"
_COLUMNS = [
    "longitude",
    "latitude",
    "house_age",
    "rooms",
    "bedrooms",
    "population",
    "households",
    "median_income",
    "value",
]


def load(*, seed: int = 0, offline: bool | None = None, cache_dir=None):
    """The table: X of shape (20640, 8), y the median house value in 100,000 dollars.

    `seed` has no effect; `offline` and `cache_dir` are those of :func:`load_dataset`.
    """
    import tarfile

    import pandas as pd

    from ._base import Provenance
    from ._download import fetch
    from ._published import reading
    from ._table import TableOptions, dataset_from_frame

    path = fetch(FILES[0], cache_dir=cache_dir, offline=offline)
    with reading(path), tarfile.open(path) as archive:
        blocks = pd.read_csv(archive.extractfile(_MEMBER), header=None, names=_COLUMNS, dtype="float64")
    for column in ("rooms", "bedrooms", "population"):
        blocks[f"{column}_per_household"] = blocks[column] / blocks["households"]
    blocks["median_house_value"] = blocks["value"] / 100_000
    return dataset_from_frame(
        blocks.drop(columns=["rooms", "bedrooms", "households", "value"]),
        TableOptions(target="median_house_value", task=TASK),
        name="california-housing",
        provenance=Provenance("scikit-learn", FILES[0].url, LICENCE, CITATION),
    )
