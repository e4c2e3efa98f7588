"""Wine, which of three growers: 13 chemical measures of wines from one region of Italy.

178 wines of three cultivars from Piedmont, as bundled with scikit-learn: alcohol, malic acid, ash, phenols,
flavonoids, colour, hue, proline and others. No missing values.
"""

TASK = "multiclass"
MODALITY = "tabular"
SOURCE = "embedded"
ROWS = 178
LICENCE = "CC BY 4.0 (UCI Machine Learning Repository)"
CITATION = "Aeberhard and Forina 1991, Wine, UCI Machine Learning Repository"


def load(*, seed: int = 0):
    """The table: X of shape (178, 13), y "class_0" to "class_2". `seed` has no effect."""
    from sklearn.datasets import load_wine

    from ._bundled import bundled_table

    return bundled_table(
        "wine", load_wine(as_frame=True), target="cultivar", task=TASK, licence=LICENCE, citation=CITATION
    )
