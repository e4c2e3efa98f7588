"""Breast cancer, malignant or benign: 30 measures of cell nuclei in a fine needle aspirate.

569 tumours from Wisconsin, as bundled with scikit-learn: radius, texture, perimeter, area, smoothness,
compactness, concavity, concave points, symmetry and fractal dimension of the nuclei, each as mean, standard
error and worst value. No missing values; 212 malignant (positive), 357 benign.
"""

TASK = "binary"
MODALITY = "tabular"
SOURCE = "embedded"
ROWS = 569
LICENCE = "CC BY 4.0 (UCI Machine Learning Repository)"
CITATION = "Street, Wolberg and Mangasarian 1993, Nuclear feature extraction for breast tumor diagnosis"


def load(*, seed: int = 0):
    """The table: X of shape (569, 30), y "benign" or "malignant". `seed` has no effect."""
    from sklearn.datasets import load_breast_cancer

    from ._bundled import bundled_table

    return bundled_table(
        "breast-cancer",
        load_breast_cancer(as_frame=True),
        target="diagnosis",
        task=TASK,
        positive="malignant",
        licence=LICENCE,
        citation=CITATION,
    )
