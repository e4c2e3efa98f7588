"""The crossover of two curves: every outcome, the reach, and how often the interval holds the truth."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth.zoo.judging.crossover import find_crossover, rows_in_words
from deepworth.zoo.judging.curve_spread import ScoredUnits
from deepworth.zoo.judging.power_law import ErrorCurve, fit_curves, spread_of
from deepworth.zoo.results.curves import ScoringRows

SIZES = np.array([100, 200, 400, 800, 1600, 3200])
N_ROWS = 100


def curves(deep, classical, noise=0.002, seed=0, repeats=5, common=0.01):
    """Two curves with noise of their own and with what both share: easy and hard scoring rows."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(repeats, N_ROWS)) * common * np.sqrt(N_ROWS)
    shared = rows.mean(axis=1, keepdims=True)
    parts = np.repeat(((rows - shared) / N_ROWS).reshape(-1, 1), len(SIZES), axis=1)
    own = [rng.normal(0, noise, (repeats, len(SIZES))) for _ in range(2)]
    laws = [a + b * SIZES ** -float(c) for a, b, c in (deep, classical)]
    return [ErrorCurve(SIZES, law + shared + e, parts) for law, e in zip(laws, own, strict=True)]


def fitted(both, n_draws=600, ratio=0.0):
    """Their laws; other rows score every repeat."""
    repeats = len(both[0].errors)
    units = ScoredUnits(ScoringRows(tuple(np.arange(N_ROWS) + N_ROWS * r for r in range(repeats))))
    return fit_curves(both, spread_of(both, units, ratio), seed=1, n_draws=n_draws)


def found(*laws, level=0.95, **options):
    return find_crossover(*fitted(curves(*laws, **options)), level)


def test_a_crossover_inside_the_data():
    # 0.1 + 5 n^-0.5 = 0.2 + n^-0.5 where n = 1600
    result = found((0.1, 5, 0.5), (0.2, 1, 0.5))
    assert result.outcome == "crossover"
    assert result.overtaker == "deep"
    assert result.low < 1600 < result.high
    assert result.rows == pytest.approx(1600, rel=0.2)
    assert not result.extrapolated
    assert result.deep_ahead == 1 or result.deep_ahead == 2
    assert result.sentence.startswith("Deep learning overtakes at about 1,")
    assert f"(95% interval {result.interval})" in result.sentence


def test_a_crossover_beyond_the_data_is_called_an_extrapolation():
    # equal at 10,000 rows, about three times the data
    result = found((0.1, 10.0, 0.5), (0.15, 5.0, 0.5), noise=0.0002)
    assert result.outcome == "crossover"
    assert result.extrapolated
    assert result.low < 10_000 < (result.high or np.inf)
    assert result.low > SIZES[-1]
    assert "This is an extrapolation: at most 3,200 rows were measured." in result.sentence
    assert "would overtake" in result.claim


def test_classical_may_overtake_too():
    result = found((0.2, 1, 0.5), (0.1, 5, 0.5))
    assert (result.outcome, result.overtaker) == ("crossover", "classical")
    assert "Classical learning overtakes" in result.sentence


@pytest.mark.parametrize(
    ("laws", "outcome"),
    [
        (((0.1, 2, 0.5), (0.2, 3, 0.5)), "deep"),
        (((0.2, 3, 0.5), (0.1, 2, 0.5)), "none_in_reach"),
        (((0.1, 2, 0.5), (0.1, 2, 0.5)), "undecided"),
    ],
)
def test_no_crossover(laws, outcome):
    result = found(*laws)
    assert result.outcome == outcome
    assert result.rows is None
    assert result.sentence


def test_ahead_at_every_size_but_unknown_beyond():
    # the crossover lies at 16,000 of 32,000 rows, too far to be sure of
    result = found((0.1, 6.325, 0.5), (0.12, 3.795, 0.5), noise=0.01)
    assert result.outcome == "classical"
    beyond = ("Deep learning is unlikely to overtake before", "With more data the order is uncertain.")
    assert any(words in result.sentence for words in beyond)


def test_who_was_not_seen_behind_does_not_overtake():
    """Equal at the smallest size and ahead later: no crossover was seen, and none is claimed."""
    result = found((0.1, 2.2, 0.5), (0.12, 2.0, 0.5), noise=0.004, seed=3)
    assert result.outcome == "ahead_from"
    assert result.overtaker == "deep"
    assert result.rows is None
    assert 100 < result.spans[-1].first < 1600
    assert "Cannot tell from" in result.sentence
    assert result.claim.startswith("Deep learning is ahead from")


def test_an_early_lead_of_the_overtaker_is_not_forgotten():
    """Ahead, behind, ahead: the last change is not the whole story."""
    both = curves((0.1, 5, 0.5), (0.2, 1, 0.5))
    both[0].errors[:, 0] = both[1].errors[:, 0] - 0.1
    result = find_crossover(*fitted(both))
    assert result.outcome == "ahead_from"
    assert result.low < 1600 < result.high


def test_nothing_is_said_beyond_ten_times_the_data():
    # equal at 90,000 rows, 28 times the data
    result = found((0.1, 20, 0.5), (0.15, 5, 0.5), noise=0.0001)
    assert result.reach == 32_000
    assert result.outcome == "none_in_reach"
    assert result.high is None
    assert (
        result.claim == "Classical learning is ahead at every size from 100 to 32,000 rows (95% confidence)"
    )
    assert "the curves are extrapolated: at most 3,200 rows were measured" in result.sentence


def test_nothing_is_extrapolated_where_no_law_fits():
    """Classical is far ahead, but its errors go up and down, so nothing is known beyond the data."""
    both = curves((0.4, 2, 0.5), (0.1, 2, 0.5))
    both[1].errors[:] += np.array([0, 0.1, -0.05, 0.1, -0.05, 0.1])
    both = fitted(both, n_draws=300)
    result = find_crossover(*both)
    assert [f.fits for f in both] == [True, False]
    assert result.outcome == "classical"
    assert result.reach == result.largest
    assert "No power law fits the curves, so they are not extrapolated." in result.sentence


def test_a_lead_is_claimed_only_where_it_was_measured():
    for seed in range(12):
        result = found((0.1, 3.5, 0.5), (0.11, 3.2, 0.5), noise=0.01, seed=seed)
        assert all(result.smallest <= s.first <= s.last <= result.largest for s in result.spans)


def test_probabilities_sum_to_one_and_ends_stay_in_reach():
    for seed in range(10):
        result = found((0.1, 5, 0.5), (0.13, 4, 0.5), noise=0.03, seed=seed)
        assert sum(result.probabilities.values()) == pytest.approx(1)
        ends = [v for v in (result.low, result.rows, result.high) if v is not None]
        assert all(result.smallest <= v <= result.reach for v in ends)
        assert ends == sorted(ends)


def test_the_interval_holds_the_truth():
    """40 runs at 95 %: 34 or fewer hits would come up once in 300 times."""
    hits = 0
    for seed in range(40):
        result = found((0.1, 5, 0.5), (0.2, 1, 0.5), noise=0.012, seed=seed, common=0.03)
        low, high = result.low or 0, np.inf if result.high is None else result.high
        hits += low <= 1600 <= high and (low, high) != (0, np.inf)
    assert hits >= 35


def test_shared_rows_widen_the_interval():
    both = curves((0.1, 5, 0.5), (0.2, 1, 0.5), noise=0.004)
    narrow, wide = (find_crossover(*fitted(both, ratio=ratio)) for ratio in (0.0, 0.25))
    assert wide.high / wide.low > narrow.high / narrow.low


def test_small_sizes_that_follow_no_power_law_are_left_out():
    both = curves((0.1, 5, 0.5), (0.2, 1, 0.5))
    both[0].errors[:, 0] = 0.5  # of no use before 200 rows
    both = fitted(both, n_draws=300)
    assert (both[0].start, both[1].start) == (200, 100)
    result = find_crossover(*both)
    assert result.smallest == 100
    assert result.low < 1600 < result.high


def test_a_size_is_said_with_two_digits():
    assert [rows_in_words(n) for n in (84.4, 123, 1649, 12_345, 987_654)] == [
        "84",
        "120",
        "1,600",
        "12,000",
        "990,000",
    ]


FAMILIES = {"deep": "Deep learning", "classical": "Classical learning"}


def bands(result, span):
    """Ends of the band of the gain at the sizes of a span."""
    gain = result.gain
    inside = [i for i, n in enumerate(gain.rows) if span.first <= n <= span.last]
    return np.array(gain.low)[inside], np.array(gain.high)[inside]


@settings(deadline=None, max_examples=40)
@given(
    st.tuples(st.floats(0.05, 0.2), st.floats(0.5, 8), st.floats(0.3, 0.8)),
    st.tuples(st.floats(0.05, 0.2), st.floats(0.5, 8), st.floats(0.3, 0.8)),
    st.sampled_from([0.001, 0.01, 0.04]),
    st.integers(0, 1000),
    st.sampled_from([0.8, 0.95]),
)
def test_words_claim_what_the_paired_band_shows(deep, classical, noise, seed, level):
    """Outcome, claim, sentence and spans agree; a lead is claimed only where the band excludes 0."""
    result = find_crossover(*fitted(curves(deep, classical, noise, seed), n_draws=300), level)
    claimed = [span for span in result.spans if span.ahead]
    for span in claimed:
        low, high = bands(result, span)
        assert (low > 0).all() if span.ahead == "deep" else (high < 0).all()
    ends = [(span.first, span.last) for span in result.spans]
    assert (ends[0][0], ends[-1][1]) == (result.smallest, result.largest)
    assert result.sentence.startswith(f"{result.claim}.")
    if result.outcome == "undecided":
        assert not claimed
        assert result.claim.startswith(f"Cannot tell from {result.smallest:,} to {result.largest:,} rows")
        return
    assert f"{level:.0%} " in result.claim
    if result.outcome == "crossover":
        assert result.claim.startswith(FAMILIES[result.overtaker])
        return
    assert claimed
    who = next(family for family, words in FAMILIES.items() if result.claim.startswith(words))
    assert who in {span.ahead for span in claimed}
    if result.outcome in FAMILIES:
        assert [span.ahead for span in result.spans] == [result.outcome]
    if result.outcome == "ahead_from":
        first = result.spans[-1]
        said = int(re.search(r"(?:from|at) ([\d,]+)", result.claim)[1].replace(",", ""))
        assert (first.ahead, first.last) == (who, result.largest)
        assert said >= int(first.first)
    if result.outcome == "ahead_to":
        assert result.spans[0].ahead == who


def test_equal_curves_are_hardly_ever_told_apart():
    """60 runs at 95 %: more than 8 would come up once in 200 times."""
    law, wrong = (0.1, 2, 0.5), 0
    for seed in range(60):
        wrong += found(law, law, noise=0.01, seed=seed).outcome != "undecided"
    assert wrong <= 8
