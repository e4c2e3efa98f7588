"""Power laws: exact data give the parameters back, bounds hold, one odd size does not bend the curve."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth.zoo.judging.power_law import EXPONENTS, fit_power_law

SIZES = np.array([50, 100, 200, 400, 800, 1600, 3200, 6400])


@settings(deadline=None, max_examples=60)
@given(st.floats(0, 0.5), st.floats(0.2, 20), st.floats(0.15, 1.5))
def test_exact_data_give_the_curve_back(a, b, c):
    law = fit_power_law(SIZES, a + b * SIZES**-c, refinements=8)
    assert law.exponent == pytest.approx(c, rel=0.01)
    assert law.asymptote == pytest.approx(a, abs=0.003 * b)
    beyond = np.geomspace(50, 64_000, 30)
    assert law(beyond) == pytest.approx(a + b * beyond**-c, rel=0.02, abs=1e-5)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(0, 10), min_size=8, max_size=8))
def test_whatever_the_errors_the_curve_falls_and_stays_above_zero(errors):
    law = fit_power_law(SIZES, np.array(errors))
    assert law.asymptote >= 0
    assert law.scale >= 0
    assert EXPONENTS[0] * 0.999 <= law.exponent <= EXPONENTS[1] * 1.001
    drawn = law(np.geomspace(50, 64_000, 50))
    assert (np.diff(drawn) <= 1e-12).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_no_point_of_a_fine_grid_is_better(seed):
    """The closed solution and its bounds against brute force over a, b and c."""
    rng = np.random.default_rng(seed)
    errors = rng.uniform(0, 1, 8)
    law = fit_power_law(SIZES, errors, reweightings=0, refinements=6)
    found = np.sum((errors - law(SIZES)) ** 2)
    a = rng.uniform(0, 1, 4000)
    b = rng.uniform(0, 1, 4000) * 10 ** rng.uniform(-2, 3, 4000)
    c = rng.uniform(*EXPONENTS, 4000)
    tried = a[:, None] + b[:, None] * SIZES ** -c[:, None]
    assert found <= np.sum((errors - tried) ** 2, axis=1).min() + 1e-9


def test_many_curves_are_fitted_as_each_alone():
    rng = np.random.default_rng(0)
    errors = 0.1 + 3 * SIZES**-0.5 + rng.normal(0, 0.01, (2, 3, 8))
    sigma = np.full(8, 0.01)
    together = fit_power_law(SIZES, errors, sigma)
    alone = fit_power_law(SIZES, errors[1, 2], sigma)
    assert together.exponent.shape == (2, 3)
    assert together.exponent[1, 2] == pytest.approx(float(alone.exponent))
    assert together(SIZES).shape == (2, 3, 8)


def test_flat_and_rising_errors_are_a_level():
    for errors in (np.full(8, 0.3), np.linspace(0.2, 0.4, 8)):
        law = fit_power_law(SIZES, errors)
        assert law(SIZES) == pytest.approx(np.full(8, errors.mean()), abs=0.02)


def test_one_odd_size_hardly_moves_the_rest():
    truth = 0.1 + 3 * SIZES**-0.5
    odd = truth.copy()
    odd[3] += 0.2
    sigma = np.full(8, 0.005)
    plain = fit_power_law(SIZES, odd, sigma, reweightings=0)
    robust = fit_power_law(SIZES, odd, sigma, reweightings=10)
    far = np.array([12_800, 64_000])
    assert np.abs(robust(far) - (0.1 + 3 * far**-0.5)).max() < 0.012
    assert np.abs(robust(SIZES) - truth).max() < 0.6 * np.abs(plain(SIZES) - truth).max()


def test_sizes_count_by_their_precision():
    errors = 0.1 + 3 * SIZES**-0.5
    errors[0] += 0.3
    sigma = np.full(8, 0.001)
    sigma[0] = 1.0
    law = fit_power_law(SIZES, errors, sigma)
    assert law(SIZES)[1:] == pytest.approx(errors[1:], abs=1e-3)
