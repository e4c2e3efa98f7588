"""Iris, which of three species: length and width of sepals and petals.

150 flowers, 50 of each species, as bundled with scikit-learn. Setosa is linearly separable from the others;
versicolor and virginica overlap. No missing values.
"""

TASK = "multiclass"
MODALITY = "tabular"
SOURCE = "embedded"
ROWS = 150
LICENCE = "CC BY 4.0 (UCI Machine Learning Repository)"
CITATION = "Fisher 1936, The use of multiple measurements in taxonomic problems, Annals of Eugenics 7(2)"


def load(*, seed: int = 0):
    """The table: X of shape (150, 4) in cm, y the names of the species. `seed` has no effect."""
    from sklearn.datasets import load_iris

    from ._bundled import bundled_table

    return bundled_table(
        "iris", load_iris(as_frame=True), target="species", task=TASK, licence=LICENCE, citation=CITATION
    )
