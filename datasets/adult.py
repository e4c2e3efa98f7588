"""Adult, whether a person earns more than 50,000 dollars: 48,842 answers to the US census of 1994.

OpenML's dataset 1590, the original training and test sets together. Age, education, occupation, working
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

    `seed` has no effect; `offline` and `cache_dir` are those of :func:`load_dataset`.
    """
    from dataclasses import replace

    from ._openml import load as load_openml

    dataset = load_openml(str(OPENML_ID), offline=offline, cache_dir=cache_dir)
    provenance = replace(dataset.provenance, licence=LICENCE, citation=CITATION)
    return replace(dataset, name="adult", positive=">50K", provenance=provenance)
