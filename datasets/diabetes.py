"""Diabetes progression after a year: age, sex, body mass index, blood pressure and six blood values.

442 patients, as bundled with scikit-learn, in their own units and not standardised: ``age`` in years, ``bmi``
in kg/m^2, ``bp`` the mean blood pressure in mmHg, ``s1`` to ``s6`` total cholesterol, LDL, HDL, cholesterol
to HDL ratio, log of triglycerides, blood sugar. The sexes are coded 1 and 2 and read as categories. The
target is a measure of progression from 25 to 346. No missing values.
"""

TASK = "regression"
MODALITY = "tabular"
SOURCE = "embedded"
ROWS = 442
LICENCE = "free for any use, as published with the article"
CITATION = "Efron, Hastie, Johnstone and Tibshirani 2004, Least angle regression, Annals of Statistics 32(2)"


def load(*, seed: int = 0):
    """The table: X of shape (442, 10), y float64. `seed` has no effect."""
    from sklearn.datasets import load_diabetes

    from ._bundled import bundled_table

    return bundled_table(
        "diabetes",
        load_diabetes(as_frame=True, scaled=False),
        target="progression",
        task=TASK,
        categorical=("sex",),
        licence=LICENCE,
        citation=CITATION,
    )
