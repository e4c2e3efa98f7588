"""Adult, whether a person earns more than 50,000 dollars: 48,842 answers to the US census of 1994.

OpenML's data set 1590, the original training and test parts together. Age, education, occupation, working
hours, capital gain and so on, with missing values in workclass, occupation and native-country; ``fnlwgt`` is
a sampling weight of the survey.
"""

TASK = "binary"
MODALITY = "tabular"
SOURCE = "remote"
ROWS = 48_842
LICENCE = "CC BY 4.0 (UCI Machine Learning Repository)"
CITATION = "Kohavi 1996, Scaling up the accuracy of naive-Bayes classifiers, KDD"

OPENML_ID = 1590


def load(*, seed: int = 0, offline: bool | None = None, cache_dir=None):
    """The table: X of shape (48842, 14), y "<=50K" or ">50K" (positive).

    `seed` changes nothing; `offline` and `cache_dir` as in ``deepworth.datasets._download.fetch``.
    """
    from dataclasses import replace

    from ._openml import load as load_openml

    found = load_openml(str(OPENML_ID), offline=offline, cache_dir=cache_dir)
    place = replace(found.provenance, licence=LICENCE, citation=CITATION)
    return replace(found, name="adult", positive=">50K", provenance=place)
