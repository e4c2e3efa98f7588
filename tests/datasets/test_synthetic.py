"""The generated sets: their formulas, their probabilities, and what can and cannot solve them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from deepworth import InputError
from deepworth.datasets import _docstrings, sick_healthy, triage_notes


def patient(age=40, height=170, weight=65, temperature=36.8, heart=72):
    columns = ("age_years", "height_cm", "weight_kg", "body_temperature_c", "heart_rate_bpm")
    return pd.DataFrame([dict(zip(columns, (age, height, weight, temperature, heart), strict=True))])


@pytest.mark.parametrize(
    ("given", "logit"),
    [
        ({}, -2.6),
        ({"temperature": 39.4, "heart": 95.4}, -2.6 + 2.0 * 2.6),
        ({"temperature": 39.4, "age": 80}, -2.6 + 2.0 * (2.6 + 0.9) + 0.6),
        ({"temperature": 34.9}, -2.6 + 2.6),
        ({"weight": 16.5 * 1.7**2, "temperature": 38.4}, -2.6 + (2.6 + 0.5 * 2.0) + 0.6 * 2.0),
        ({"weight": 40 * 1.7**2}, -2.6 + 1.5),
        ({"heart": 107}, -2.6 + 1.2 * 2.0),
        ({"heart": 107, "temperature": 36.8 + 20 / 9}, -2.6 + 2.6 * (36.8 + 20 / 9 - 37.4)),
        ({"temperature": np.nan}, -2.6 - 0.4),
    ],
)
def test_risk_by_hand(given, logit):
    assert sick_healthy.risk(patient(**given))[0] == pytest.approx(1 / (1 + np.exp(-logit)), rel=1e-9)


def test_patients_look_like_patients():
    X = sick_healthy.load(seed=3, rows=20_000).X
    assert X["age_years"].between(18, 95).all()
    men, women = X[X["sex"] == "male"], X[X["sex"] == "female"]
    assert men["height_cm"].mean() - women["height_cm"].mean() == pytest.approx(13, abs=0.5)
    bmi = X["weight_kg"] / (X["height_cm"] / 100) ** 2
    assert bmi.quantile([0.01, 0.99]).between(14, 42).all()
    assert abs(bmi.corr(X["height_cm"])) < 0.05
    assert X["body_temperature_c"].dropna().between(28, 45).all()
    assert X["body_temperature_c"].corr(X["heart_rate_bpm"]) > 0.4
    assert X["heart_rate_bpm"].gt(20).all()


def test_temperature_is_missing_more_often_without_fever():
    X = sick_healthy.load(seed=3, rows=20_000).X
    assert X["body_temperature_c"].isna().mean() == pytest.approx(0.0857, abs=0.008)
    assert X.drop(columns="body_temperature_c").notna().all().all()


def test_labels_are_drawn_with_the_true_probability():
    dataset = sick_healthy.load(seed=5, rows=40_000)
    p, sick = dataset.true_probability[:, 1], dataset.y == "sick"
    for low, high in [(0, 0.08), (0.08, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1)]:
        rows = (p >= low) & (p < high)
        spread = np.sqrt((p * (1 - p))[rows].sum())
        assert rows.sum() > 500
        assert abs(sick[rows].sum() - p[rows].sum()) < 4 * spread
    np.testing.assert_array_equal(sick_healthy.risk(dataset.X), p)


def scores(dataset, model):
    y = (dataset.y == dataset.positive).astype(int)
    found = cross_val_predict(model, dataset.X, y, cv=5, method="predict_proba")[:, 1]
    return roc_auc_score(y, found), log_loss(y, found)


def test_a_line_is_not_enough_for_patients_and_nothing_beats_the_truth():
    dataset = sick_healthy.load()
    y = (dataset.y == "sick").astype(int)
    numbers = [c for c in dataset.X.columns if c != "sex"]
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), numbers),
        (OneHotEncoder(), ["sex"]),
    )
    auc, loss = scores(dataset, make_pipeline(columns, LogisticRegression()))
    best = dataset.true_probability[:, 1]
    assert 0.70 < auc < roc_auc_score(y, best) - 0.05
    assert loss > log_loss(y, best) + 0.05


@pytest.mark.parametrize("module", [sick_healthy, triage_notes])
def test_seed_and_rows(module):
    first, other, few = module.load(rows=200), module.load(seed=1, rows=200), module.load(rows=10)
    assert first.fingerprint() != other.fingerprint()
    assert (len(first), len(few)) == (200, 10)
    with pytest.raises(InputError, match="got rows=9; expected at least 10"):
        module.load(rows=9)


@pytest.mark.parametrize("seed", range(30))
def test_a_handful_of_patients_still_has_both_classes(seed):
    assert set(sick_healthy.load(seed=seed, rows=10).y) == {"healthy", "sick"}


def the_one(options, text):
    found = [option for option in options if option in text]
    assert len(found) == 1, (found, text)
    return found[0]


def read(note):
    """Whether a note says that the alarming finding is there now, clause by clause."""
    connector = the_one(triage_notes.CONNECTORS, note)
    present = [cue for kind in triage_notes.PRESENT for cue in kind]
    absent = [cue for kind in triage_notes.ABSENT for cue in kind]
    there = []
    for clause in note.split(connector):
        cue = the_one([*present, *absent], clause)
        finding = the_one([*triage_notes.ALARMING, *triage_notes.HARMLESS], clause)
        if cue in present:
            there.append(finding)
    assert len(there) == 1
    return there[0] in triage_notes.ALARMING


def test_whoever_reads_gets_every_note_right():
    dataset = triage_notes.load(seed=2)
    urgent = np.array([read(note) for note in dataset.X])
    np.testing.assert_array_equal(urgent, dataset.true_probability[:, 1] == 0.97)
    assert urgent.mean() == 0.5
    agreement = (urgent == (dataset.y == "urgent")).mean()
    assert agreement == pytest.approx(0.97, abs=4 * np.sqrt(0.97 * 0.03 / len(dataset)))


def test_the_words_of_both_classes_are_the_same():
    """No word is more frequent in one meaning than chance allows over thousands of notes."""
    dataset = triage_notes.load(seed=4, rows=6000)
    urgent = dataset.true_probability[:, 1] > 0.5
    words = dataset.X.str.findall(r"[a-z']+").map(set)
    for word in sorted(set().union(*words)):
        has = words.map(lambda found, word=word: word in found).to_numpy()
        share = has.mean()
        spread = np.sqrt(share * (1 - share) * 4 / len(dataset))
        assert abs(has[urgent].mean() - has[~urgent].mean()) <= 4.5 * spread, word


def test_length_of_the_notes():
    lengths = triage_notes.load().X.str.split().str.len()
    assert lengths.min() >= 18
    assert lengths.max() <= 42


@pytest.mark.parametrize(
    "counts",
    [
        {"ngram_range": (1, 2), "sublinear_tf": True},
        {"ngram_range": (1, 3), "min_df": 2},
        {"analyzer": "char_wb", "ngram_range": (2, 5)},
    ],
)
def test_counting_words_does_not_solve_the_notes(counts):
    dataset = triage_notes.load()
    auc, _ = scores(
        dataset, make_pipeline(TfidfVectorizer(**counts), LogisticRegression(C=10, solver="liblinear"))
    )
    best = roc_auc_score(dataset.y == "urgent", dataset.true_probability[:, 1])
    assert auc < 0.7
    assert best > 0.95


DOCSTRING = """
Fit a NumPy array with scikit-learn's pipeline, see https://numpy.org/doc.

.. versionadded:: 1.2

>>> import pandas as pd
>>> pd.DataFrame(np.ones(3))

Uses np.ndarray and tf.Tensor, not TF-IDF; sklearn.base and TensorFlow agree.

Examples
--------
0 1 2
"""


def test_docstrings_keep_words_and_lose_names():
    assert _docstrings.clean(DOCSTRING) == (
        "Fit a LIBRARY array with LIBRARY's pipeline, see "
        "Uses LIBRARY.ndarray and LIBRARY.Tensor, not TF-IDF; LIBRARY.base and LIBRARY agree."
    )


def test_no_docstring_names_its_library():
    found = [
        text
        for library in ("numpy", "scikit-image")
        for text in _docstrings.sample(library, 40, np.random.default_rng(0), set())
    ]
    assert len(set(found)) == 80
    for text in found:
        assert 25 <= len(text.split()) <= 80
        assert not pd.Series([text]).str.contains(r"(?i)numpy|skimage|scikit|https?:|\bnp\.").any()


def test_a_docstring_comes_once_over_all_libraries():
    seen = set()
    first = _docstrings.sample("networkx", 20, np.random.default_rng(0), seen)
    again = _docstrings.sample("networkx", 20, np.random.default_rng(0), seen)
    assert not set(first) & set(again)


def test_a_missing_library_is_one_line(monkeypatch):
    monkeypatch.setitem(_docstrings.LIBRARIES, "keras", "no_such_package")
    with pytest.raises(InputError, match="needs keras, which is not installed: pip install keras"):
        _docstrings.source_files("keras")
