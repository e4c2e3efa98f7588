"""What benchmarks/fair.py computes, on rows whose answer is known."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import fair

pytestmark = pytest.mark.xdist_group("docstrings")  # tensorflow is imported once


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return fair.dataset("wine").take(rng.choice(178, 60, replace=False))


def probabilities(data, of_truth):
    """``of_truth`` for the class of each row, and the rest shared by the others."""
    codes = np.searchsorted(data.classes, data.y)
    others = (1 - of_truth) / (len(data.classes) - 1)
    return np.where(np.arange(len(data.classes)) == codes[:, None], of_truth, others)


def test_equal_predictions_change_nothing(data):
    same = probabilities(data, 0.6)
    found = fair.change(data, same, same)["log_loss"]
    assert found == {"before": pytest.approx(-np.log(0.6)), "change": 0.0, "half_width": 0.0}


def test_the_change_and_its_interval_are_those_of_the_rows(data):
    before = probabilities(data, 0.6)
    better = np.arange(len(data.y)) % 2 == 0
    after = np.where(better[:, None], probabilities(data, 0.9), before)
    found = fair.change(data, before, after)["log_loss"]
    gain = np.log(0.9 / 0.6)
    assert found["change"] == pytest.approx(-gain / 2)
    assert found["half_width"] == pytest.approx(1.96 * gain / 2 / np.sqrt(len(better)))
    assert fair.changed(found).startswith("**-0.2")


def test_every_row_is_predicted_by_a_model_that_has_not_seen_it(data):
    class Remembers:
        def __init__(self, rows):
            self.rows = set(rows)

        def predict_proba(self, X):
            seen = [row in self.rows for row in X.index]
            return np.repeat(np.array(seen, float)[:, None], len(data.classes), axis=1)

    data.X.index = range(len(data.y))
    [found] = fair.out_of_fold(data, lambda train: [Remembers(train)])
    assert found.shape == (60, 3)
    assert not found.any()


def test_the_encoder_of_networks_gives_their_numbers_and_one_column_a_level():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.lognormal(size=300), "place": rng.choice(list("abcdefghijklmn"), 300)})
    encoder = fair.NetworkEncoder("robust").fit(X)
    matrix, arrays = encoder.transform(X), encoder.encoder_.transform(X)
    width = arrays["numeric"].shape[1]
    assert np.array_equal(matrix[:, :width], arrays["numeric"])
    assert np.array_equal(matrix[:, width:].argmax(axis=1), arrays["categories"][:, 0])
    assert np.all(matrix[:, width:].sum(axis=1) == 1)


def test_a_verdict_without_the_gain_of_equal_families_says_so():
    words = fair.model_lines({"champion_bias_se": 0.1})
    assert "0.10" in words[0]
    assert "not in the kept result" in words[1]
    assert len(fair.model_lines(dict.fromkeys(fair.CHAMPIONS, 0.1))) == 1


def test_every_part_has_a_kept_result_and_a_place_on_the_page():
    page = (Path(__file__).resolve().parents[1] / "docs" / "fair.md").read_text(encoding="utf-8")
    shown = fair.lines(fair.kept("fair") or {})
    assert set(shown) == {*fair.PARTS, "models"}
    assert all(f"<!-- fair_{part} -->" in page for part in shown)
