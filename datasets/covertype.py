"""Forest cover type, which of seven: 581,012 patches of 30 x 30 m in Colorado, from maps alone.

From the file that scikit-learn's fetcher uses (its address and checksum). Ten numbers (elevation, slope,
distances, shade at three hours), and two categories that the file spreads over 4 and 40 columns of zeros
and ones: here wilderness area and soil type are one column each.
"""

from ._download import RemoteFile

TASK = "multiclass"
MODALITY = "tabular"
SOURCE = "remote"
ROWS = 581_012
LICENCE = "CC BY 4.0 (UCI Machine Learning Repository)"
CITATION = "Blackard and Dean 1999, Comparative accuracies of neural networks and discriminant analysis"

FILES = (
    RemoteFile(
        "covertype/covtype.data.gz",
        "https://ndownloader.figshare.com/files/5976039",
        "sha256:614360d0257557dd1792834a85a1cdebfadc3c4f30b011d56afee7ffb5b15771",
    ),
)
_NUMBERS = [
    "elevation",
    "aspect",
    "slope",
    "horizontal_distance_to_hydrology",
    "vertical_distance_to_hydrology",
    "horizontal_distance_to_roadways",
    "hillshade_9am",
    "hillshade_noon",
    "hillshade_3pm",
    "horizontal_distance_to_fire_points",
]
_AREAS = ("Rawah", "Neota", "Comanche Peak", "Cache la Poudre")
_COVERS = (
    "Spruce/Fir",
    "Lodgepole Pine",
    "Ponderosa Pine",
    "Cottonwood/Willow",
    "Aspen",
    "Douglas-fir",
    "Krummholz",
)


def load(*, seed: int = 0, offline: bool | None = None, cache_dir=None):
    """The table: X of shape (581012, 12), y the names of the cover types.

    `seed` has no effect; `offline` and `cache_dir` are those of :func:`load_dataset`.
    """
    import numpy as np
    import pandas as pd

    from ._base import Provenance
    from ._download import fetch
    from ._published import reading
    from ._table import TableOptions, dataset_from_frame

    path = fetch(FILES[0], cache_dir=cache_dir, offline=offline)
    with reading(path):
        cells = pd.read_csv(path, header=None, dtype="int32", compression="gzip").to_numpy()
        if cells.shape[1] != 55:
            raise ValueError(f"{cells.shape[1]} columns, expected 55")
    patches = pd.DataFrame(cells[:, :10], columns=_NUMBERS)
    soils = [f"soil {i}" for i in range(1, 41)]
    patches["wilderness_area"] = pd.Categorical.from_codes(cells[:, 10:14].argmax(axis=1), list(_AREAS))
    patches["soil_type"] = pd.Categorical.from_codes(cells[:, 14:54].argmax(axis=1), soils)
    patches["cover_type"] = np.array(_COVERS)[cells[:, 54] - 1]
    return dataset_from_frame(
        patches,
        TableOptions(target="cover_type", task=TASK),
        name="covertype",
        provenance=Provenance("scikit-learn", FILES[0].url, LICENCE, CITATION),
    )
