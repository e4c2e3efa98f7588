"""Calibrators against scikit-learn, closed forms and their promises."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from deepworth import InputError
from deepworth.zoo.calibration.calibrators import (
    CALIBRATORS,
    Isotonic,
    Platt,
    StructuredMatrix,
    Temperature,
    Unchanged,
    calibrator,
    candidates,
    choose,
    cross_fitted,
    log_losses,
    log_odds,
)

SKLEARN = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
KINDS = pytest.mark.parametrize("kind", CALIBRATORS.values(), ids=list(CALIBRATORS))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def overconfident(n=4000, n_classes=3, factor=3.0, seed=0):
    """Stated probabilities, codes drawn from the true ones, and these; logits ``factor`` too large."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, n_classes)) * 2
    true = softmax(z)
    codes = (rng.random((n, 1)) > np.cumsum(true, axis=1)).sum(axis=1)
    return softmax(z * factor), codes, true


def fitted_by_sklearn(method, n_classes):
    X, y = make_classification(
        1500, n_informative=6, n_classes=n_classes, flip_y=0.2, random_state=0, n_redundant=0
    )
    model = LogisticRegression(max_iter=500).fit(X[:500], y[:500])
    theirs = CalibratedClassifierCV(FrozenEstimator(model), method=method).fit(X[500:1000], y[500:1000])
    return model, theirs, X, y


@pytest.mark.skipif(SKLEARN < (1, 8), reason="temperature scaling came with scikit-learn 1.8")
@pytest.mark.parametrize("n_classes", [2, 3])
def test_temperature_is_that_of_scikit_learn(n_classes):
    model, theirs, X, y = fitted_by_sklearn("temperature", n_classes)
    ours = Temperature.fit(model.predict_proba(X[500:1000]), y[500:1000])
    found = ours.transform(model.predict_proba(X[1000:]))
    np.testing.assert_allclose(found, theirs.predict_proba(X[1000:]), atol=1e-4)


def test_platt_is_that_of_scikit_learn():
    model, theirs, X, y = fitted_by_sklearn("sigmoid", 2)
    ours = Platt.fit(model.predict_proba(X[500:1000]), y[500:1000])
    found = ours.transform(model.predict_proba(X[1000:]))
    np.testing.assert_allclose(found, theirs.predict_proba(X[1000:]), atol=1e-4)


def test_isotonic_is_close_to_that_of_scikit_learn():
    """Ours is the centred form: the same pooled shares, without steps between."""
    model, theirs, X, y = fitted_by_sklearn("isotonic", 2)
    ours = Isotonic.fit(model.predict_proba(X[500:1000]), y[500:1000])
    p, q = (m(model.predict_proba(X[1000:]))[:, 1] for m in (ours.transform, lambda p: p))
    assert np.abs(p - theirs.predict_proba(X[1000:])[:, 1]).mean() < 0.03
    assert np.corrcoef(np.argsort(np.argsort(p)), np.argsort(np.argsort(q)))[0, 1] > 0.999


def test_isotonic_pools_the_blocks_of_scikit_learn():
    rng = np.random.default_rng(1)
    p = np.sort(rng.choice(np.linspace(0.05, 0.95, 12), 300))
    hits = (rng.random(300) < p**2).astype(int)
    theirs = IsotonicRegression().fit_transform(p, hits)
    ours = Isotonic.fit(np.column_stack([1 - p, p]), hits)
    limits = 1 / 302, 301 / 302
    assert set(np.round(np.clip(np.unique(theirs), *limits), 9)) <= set(np.round(ours.shares[0], 9))


def test_isotonic_by_hand():
    """Four rows, the middle two out of order: pooled to one half at their centre, the ends at 1/6 and 5/6."""
    p = np.array([0.1, 0.3, 0.5, 0.8])
    found = Isotonic.fit(np.column_stack([1 - p, p]), np.array([0, 1, 0, 1]))
    logits = np.log(p / (1 - p))
    np.testing.assert_allclose(found.knots[0], [logits[0], logits[1:3].mean(), logits[3]])
    np.testing.assert_allclose(found.shares[0], [1 / 6, 1 / 2, 5 / 6])
    half_way = 1 / (1 + np.exp(-(logits[0] + logits[1:3].mean()) / 2))
    middle = found.transform(np.array([[1 - half_way, half_way]]))
    np.testing.assert_allclose(middle, [[2 / 3, 1 / 3]])


def test_temperature_in_closed_form():
    """Always 90 % sure and right in 3 of 4 cases: exactly 75 % is left."""
    p = np.tile([[0.9, 0.1], [0.1, 0.9]], (200, 1))
    codes = np.where(np.arange(400) % 4 == 0, p.argmin(axis=1), p.argmax(axis=1))
    found = Temperature.fit(p, codes)
    assert found.temperature == pytest.approx(np.log(9) / np.log(3), abs=1e-4)
    np.testing.assert_allclose(found.transform(p).max(axis=1), 0.75, atol=1e-5)


def test_platt_in_closed_form():
    """Two different statements are fitted exactly: each becomes the mean of its smoothed targets."""
    stated, codes = np.repeat([0.2, 0.9], 50), np.repeat([0, 1, 0, 1], [40, 10, 5, 45])
    found = Platt.fit(np.column_stack([1 - stated, stated]), codes).transform(
        np.array([[0.8, 0.2], [0.1, 0.9]])
    )
    yes, no = 56 / 57, 1 / 47
    expected = [(10 * yes + 40 * no) / 50, (45 * yes + 5 * no) / 50]
    np.testing.assert_allclose(found[:, 1], expected, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3, 6])
@pytest.mark.parametrize("kind", [Temperature, Platt, StructuredMatrix, Isotonic])
def test_known_overconfidence_is_undone(kind, n_classes):
    if n_classes < kind.fewest_classes:
        pytest.skip("of more classes only")
    p, codes, true = overconfident(n_classes=n_classes)
    found = kind.fit(p[:3000], codes[:3000]).transform(p[3000:])
    before, after = (np.abs(q - true[3000:]).mean() for q in (p[3000:], found))
    assert after < (0.1 if kind is Temperature else 0.35) * before


def test_the_temperature_of_known_overconfidence_is_found():
    p, codes, _ = overconfident(20_000)
    assert Temperature.fit(p, codes).temperature == pytest.approx(3.0, rel=0.05)


@KINDS
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_promises(kind, data):
    """Sums of one, no share outside 0 to 1, the same after JSON, two classes never out of order."""
    n_classes = data.draw(st.integers(kind.fewest_classes, 4))
    z = data.draw(hnp.arrays(float, (30, n_classes), elements=st.floats(-40, 40)))
    codes = data.draw(hnp.arrays(int, 30, elements=st.integers(0, n_classes - 1)))
    if len(np.unique(codes)) < 2:
        codes[0] = (codes[0] + 1) % n_classes
    p = softmax(z)
    made = kind.fit(p, codes)
    found = made.transform(p)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-9)
    assert found.min() >= 0
    assert found.max() <= 1
    again = calibrator(json.loads(json.dumps(made.to_dict())), n_classes)
    np.testing.assert_array_equal(again.transform(p), found)
    if n_classes == 2:
        order = np.argsort(log_odds(p)[:, 1], kind="stable")
        assert (np.diff(found[order, 1]) >= -1e-12).all()


@pytest.mark.parametrize("certain", [[1.0, 0.0], [0.0, 1.0]])
@KINDS
def test_certain_probabilities_are_no_trouble(kind, certain):
    """Two classes, which every calibrator must at least survive."""
    p = np.vstack([np.tile([1.0, 0.0], (20, 1)), np.tile([0.0, 1.0], (20, 1))])
    made = kind.fit(p, np.r_[np.zeros(18, int), 1, 1, np.ones(18, int), 0, 0])
    assert np.isfinite(made.transform(np.array([certain]))).all()


@pytest.mark.parametrize("n_classes", [2, 3])
@KINDS
def test_the_layer_has_the_same_numbers(kind, n_classes, tmp_path):
    from deepworth.zoo.preprocessing.runtime import import_tensorflow

    import_tensorflow()
    import keras

    from deepworth.zoo.calibration.layers import CalibratedProbabilities

    p, codes, _ = overconfident(600, n_classes)
    made = kind.fit(p, codes)
    inputs = keras.Input((n_classes,))
    model = keras.Model(inputs, CalibratedProbabilities(made.to_dict(), n_classes)(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(loaded.predict(p, verbose=0), made.transform(p), atol=2e-6)


_MATRIX = {"method": "matrix", "temperature": 1.0, "uniform": 0.1, "intercepts": [0.0, 0.0]}
HOSTILE = {
    "too small a matrix": {**_MATRIX, "weights": [[1.0, 0.0]]},
    "ragged matrix": {**_MATRIX, "weights": [[1.0, 0.0], [0.0]]},
    "matrix of texts": {**_MATRIX, "weights": [["1", "0"], ["0", "1"]]},
    "no rows": {**_MATRIX, "weights": 1.0},
    "no uniform share": {**_MATRIX, "weights": [[1.0, 0.0], [0.0, 1.0]], "uniform": 0.0},
    "no object": 3,
    "unknown method": {"method": "os.system"},
    "missing number": {"method": "temperature"},
    "extra number": {"method": "none", "temperature": 2.0},
    "text": {"method": "temperature", "temperature": "2"},
    "list": {"method": "temperature", "temperature": [2.0]},
    "zero": {"method": "temperature", "temperature": 0.0},
    "not finite": {"method": "temperature", "temperature": float("inf")},
    "another number of classes": {"method": "platt", "slopes": [1.0, 1.0], "intercepts": [0.0, 0.0]},
    "falling": {"method": "platt", "slopes": [-1.0], "intercepts": [0.0]},
    "no list": {"method": "platt", "slopes": 1.0, "intercepts": 0.0},
    "unequal lists": {"method": "isotonic", "knots": [[0.0, 1.0]], "shares": [[0.5]]},
    "unsorted knots": {"method": "isotonic", "knots": [[1.0, 0.0]], "shares": [[0.2, 0.5]]},
    "falling shares": {"method": "isotonic", "knots": [[0.0, 1.0]], "shares": [[0.5, 0.2]]},
    "certain shares": {"method": "isotonic", "knots": [[0.0]], "shares": [[1.0]]},
    "flat knots": {"method": "isotonic", "knots": [0.0], "shares": [0.5]},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_numbers_from_a_file_are_checked(name):
    with pytest.raises(InputError) as caught:
        calibrator(HOSTILE[name], 2)
    assert "\n" not in str(caught.value)


def parts_of(n):
    return np.arange(n) % 5


def test_nothing_is_chosen_where_nothing_is_wrong():
    rng = np.random.default_rng(0)
    p = rng.random(2000)
    codes = (rng.random(2000) < p).astype(int)
    assert choose(np.column_stack([1 - p, p]), codes, parts_of(2000)) is Unchanged


def test_the_cause_is_found():
    p, codes, _ = overconfident(n_classes=2)
    assert choose(p, codes, parts_of(len(p))) is Temperature
    shifted = 1 / (1 + np.exp(-(log_odds(p)[:, 1] / 3 + 1.5)))
    assert choose(np.column_stack([1 - shifted, shifted]), codes, parts_of(len(p))) is Platt
    bent = np.abs(log_odds(p)[:, 1]) * 3 + log_odds(p)[:, 1] * 3.5
    bent = 1 / (1 + np.exp(-np.clip(bent, -30, 30)))
    assert choose(np.column_stack([1 - bent, bent]), codes, parts_of(len(p))) is Isotonic


@pytest.mark.parametrize(("n", "codes"), [(10, np.arange(10) % 2), (50, np.zeros(50, int))])
def test_too_little_to_choose_from_leaves_all_as_it_is(n, codes):
    assert choose(np.full((n, 2), 0.5), codes, parts_of(n)) is Unchanged


def test_cross_fitting_never_learns_from_the_part_it_serves():
    p, codes, _ = overconfident(200, 2)
    parts = parts_of(200)
    found = cross_fitted(Temperature, p, codes, parts)
    changed = codes.copy()
    changed[parts == 0] = 1 - changed[parts == 0]
    again = cross_fitted(Temperature, p, changed, parts)
    np.testing.assert_array_equal(again[parts == 0], found[parts == 0])
    assert not np.allclose(again[parts == 1], found[parts == 1])


def confused(n=3000, n_classes=8, seed=0):
    """Stated probabilities with a bias for some classes and mixed-up neighbours; codes from the true ones."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, n_classes)) * 2
    true = softmax(z)
    codes = (rng.random((n, 1)) > np.cumsum(true, axis=1)).sum(axis=1)
    mixed = 1.5 * z + 0.9 * np.roll(z, 1, axis=1) + np.linspace(-1, 1, n_classes)
    return softmax(mixed), codes, true


def loss_of(p, codes):
    return -np.log(p[np.arange(len(codes)), codes]).mean()


def test_the_matrix_undoes_what_a_temperature_cannot():
    p, codes, true = confused()
    found = {kind: cross_fitted(kind, p, codes, parts_of(len(p))) for kind in candidates(8)}
    best = loss_of(true, codes)
    excess = {kind: loss_of(q, codes) - best for kind, q in found.items()}
    assert excess[StructuredMatrix] < 0.3 * excess[Temperature]
    assert excess[StructuredMatrix] == min(excess.values())
    assert choose(p, codes, parts_of(len(p))) is StructuredMatrix


@pytest.mark.parametrize("seed", range(3))
def test_with_few_rows_the_matrix_is_nearly_the_temperature(seed):
    """The penalty grows with the parameters and falls with the rows."""
    p, codes, _ = overconfident(60, 6, seed=seed)
    few = np.abs(np.array(StructuredMatrix.fit(p, codes).weights) - np.eye(6)).max()
    p, codes, _ = confused(5000, 6, seed=seed)
    many = np.abs(np.array(StructuredMatrix.fit(p, codes).weights) - np.eye(6)).max()
    assert few < 0.3 < many
    p, codes, _ = overconfident(100, 10, seed=seed)
    held = cross_fitted(StructuredMatrix, p, codes, parts_of(100))
    assert loss_of(held, codes) < loss_of(cross_fitted(Temperature, p, codes, parts_of(100)), codes) + 0.1


def test_the_matrix_is_at_its_minimum():
    """No small change of a weight or an intercept lowers the penalised loss."""
    p, codes, _ = confused(400, 4)
    made = StructuredMatrix.fit(p, codes)
    base = Temperature(made.temperature).transform(p)
    logits = np.log((1 - made.uniform) * base + made.uniform / 4)
    penalties = np.where(np.eye(4, dtype=bool), 4, 12) / 400

    def objective(weights, intercepts):
        loss = loss_of(softmax(logits @ weights.T + intercepts), codes)
        return loss + np.sum(penalties * (weights - np.eye(4)) ** 2) + 4 / 400 * np.sum(intercepts**2)

    weights, intercepts = np.array(made.weights), np.array(made.intercepts)
    least = objective(weights, intercepts)
    rng = np.random.default_rng(0)
    for _ in range(30):
        moved = objective(weights + 1e-3 * rng.normal(size=(4, 4)), intercepts + 1e-3 * rng.normal(size=4))
        assert moved > least


# "sms" of probmetrics 1.3.0 on the rows below; its temperature stops a little earlier.
PROBMETRICS = [
    [0.29759, 0.29118, 0.41123],
    [0.33027, 0.28859, 0.38114],
    [0.32551, 0.49658, 0.17791],
    [0.22206, 0.27500, 0.50294],
    [0.15738, 0.38186, 0.46076],
]


def test_the_matrix_equals_that_of_probmetrics():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(200, 3)) * 2
    p = softmax(z)
    true = softmax(0.4 * z + np.arange(3) * 0.2 + 0.3 * np.roll(z, 1, axis=1))
    codes = np.array([rng.choice(3, p=row) for row in true])
    found = StructuredMatrix.fit(p, codes).transform(p)
    np.testing.assert_allclose(found[:5], PROBMETRICS, atol=5e-4)


def test_two_classes_leave_the_matrix_out():
    assert StructuredMatrix not in candidates(2)
    assert StructuredMatrix in candidates(3)


@pytest.mark.parametrize("name", ["digits", "wine"])
def test_the_matrix_on_embedded_data(name):
    """Never worse than a temperature by more than chance, and much better where classes are many."""
    from sklearn import datasets
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.naive_bayes import GaussianNB

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    p = cross_val_predict(GaussianNB(), X, y, cv=cv, method="predict_proba")
    parts = np.random.default_rng(0).permutation(len(y)) % 5
    losses = {
        kind: log_losses(cross_fitted(kind, p, y, parts), y) for kind in (Temperature, StructuredMatrix)
    }
    gap = losses[StructuredMatrix] - losses[Temperature]
    assert gap.mean() < 2 * gap.std() / len(y) ** 0.5
    if name == "digits":
        assert losses[StructuredMatrix].mean() < 0.85 * losses[Temperature].mean()
        assert choose(p, y, parts) is StructuredMatrix
