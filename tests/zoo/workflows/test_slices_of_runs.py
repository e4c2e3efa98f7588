"""Slices and the mean of both families from a comparison to its kept run, and judged again."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from deepworth import cli
from deepworth.datasets import Dataset
from deepworth.zoo.workflows.verdict import verdict

from ..judging.test_judge import run

pytestmark = pytest.mark.xdist_group("slices of runs")


def table(n=1200):
    """A forest, in the place of a network, follows what a line cannot: a turn where colour is red."""
    rng = np.random.default_rng(0)
    a, red = rng.normal(size=n), rng.random(n) < 0.3
    y = np.where(np.where(red, -a, a) + 0.3 * rng.normal(size=n) > 0, "yes", "no")
    X = pd.DataFrame({"a": a, "colour": pd.Categorical(np.where(red, "red", "blue"))})
    return Dataset("turned", X, y, "binary", "tabular")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    store = tmp_path_factory.mktemp("slices")
    return store, run(store, table(), metric="accuracy")


def test_a_run_finds_where_its_families_differ(kept):
    _, result = kept
    best = result.answer.slices.found[0]
    assert best.better == "deep"
    assert "colour is red" in best.words
    assert result.answer.together is not None


def test_judged_again_by_the_same_criteria_slices_stay(kept):
    store, result = kept
    assert verdict(result.run, store=store).answer == result.answer
    assert verdict(result.run, margin=0.2, store=store).answer.slices == result.answer.slices


@pytest.mark.parametrize(
    "changed",
    [{"metric": "roc_auc"}, {"confidence_level": 0.9}, {"models": ["deep-mlp", "logistic-regression"]}],
)
def test_by_others_there_are_none_since_a_run_keeps_no_columns(kept, changed):
    store, result = kept
    again = verdict(result.run, store=store, **changed).answer
    assert again.slices is None
    assert again.together is not None


def test_the_command_tells_them(kept, monkeypatch):
    store, result = kept
    monkeypatch.setenv("DEEPWORTH_HOME", str(store.parent))
    shown = CliRunner().invoke(cli.main, ["verdict", str(store / result.run)])
    assert shown.exit_code == 0, shown.output
    assert "Where the families differ" in shown.output
    assert "colour is red" in shown.output


def test_an_official_test_part_is_halved(tmp_path):
    data = table()
    data.test = np.arange(1200) % 2 == 0
    found = run(tmp_path, data, metric="accuracy", folds=None).answer
    assert "colour is red" in found.slices.found[0].words
    assert found.together is not None


def test_one_family_alone_has_neither(tmp_path):
    found = run(tmp_path, table(), models=["constant", "logistic-regression"]).answer
    assert (found.slices, found.together) == (None, None)
