"""Runs that repeat themselves: what is set, what is recorded, and what verify measures."""

import json
import shutil
import sqlite3

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from deepworth import InputError
from deepworth.cli import main
from deepworth.zoo.results.facts import Determinism
from deepworth.zoo.runs.limits import VARIABLES, Limits, determinism_of, make_limits
from deepworth.zoo.runs.store import load_results
from deepworth.zoo.runs.worker import COUNTS, environment
from deepworth.zoo.setup import Resources
from deepworth.zoo.workflows.compare import compare
from deepworth.zoo.workflows.verify import difference, verify_run

pytestmark = pytest.mark.xdist_group("determinism")

MODELS = ["constant", "hist-gradient-boosting", "perceptron"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A deterministic run with a network, in worker processes."""
    store = tmp_path_factory.mktemp("runs")
    options = {"models": MODELS, "params": {"perceptron": {"epochs": 3}}, "folds": 2, "costs": False}
    return compare("sick-healthy", rows=150, store=store, deterministic=True, jobs=1, **options).answer


@pytest.fixture
def folder(kept, tmp_path):
    """A copy that a test may spoil."""
    target = tmp_path / kept.run
    shutil.copytree(kept.path, target)
    return target


def test_one_thread_and_deterministic_kernels_are_set():
    limits = make_limits(Resources(deterministic=True))
    assert (limits.workers, limits.threads, limits.cores) == (1, 1, 1)
    found = environment(limits.threads, deterministic=True)
    assert {name: found[name] for name in COUNTS} == dict.fromkeys(COUNTS, "1")
    assert {name: found[name] for name in VARIABLES} == VARIABLES
    assert make_limits(Resources(jobs=2, threads=3, deterministic=True)).threads == 3
    for wrong in ({"jobs": 0}, {"cluster": "tcp://nowhere:1"}):
        with pytest.raises(InputError, match="worker processes of this machine"):
            make_limits(Resources(**wrong, deterministic=True))


def test_levels_by_their_settings():
    found = [determinism_of(Limits(), 1), determinism_of(Limits(1, 1, deterministic=True), 1)]
    found.append(determinism_of(Limits(1, 4, deterministic=True), 4))
    assert [own.level for own in found] == ["seeded", "bit-equal by setting", "deterministic kernels"]
    assert [own.threads for own in found] == [1, 1, 4]
    assert [own.variables for own in found] == [{}, VARIABLES, VARIABLES]


def test_the_record_says_which_level_was_reached(kept):
    assert kept.determinism == Determinism("bit-equal by setting", 1, VARIABLES)
    assert kept.plan.limits.deterministic
    assert load_results(kept.path).facts.determinism == kept.determinism


def test_a_deterministic_run_repeats_itself_bit_for_bit(kept):
    found = verify_run(kept.path)
    assert [row.model for row in found.models] == MODELS
    assert {row.answer for row in found.models} == {"bit-equal"}
    assert {row.largest_difference for row in found.models} == {0.0}
    assert found.holds
    assert not found.versions_changed
    assert found.determinism == kept.determinism


def spoil(folder, model, change):
    file = folder / "predictions.parquet"
    frame = pd.read_parquet(file)
    rows = (frame["model"] == model) & (frame["fold"] == 0)
    columns = [name for name in frame if name.startswith("probability_")]
    frame.loc[rows, columns[0]] += change
    frame.to_parquet(file, index=False)


def test_a_run_that_answers_otherwise_is_told(folder):
    spoil(folder, "constant", 1e-3)
    spoil(folder, "hist-gradient-boosting", 1e-9)
    runner = CliRunner()
    runner.mix_stderr = False  # click 8.1 mixes the streams unless told; later versions never do
    result = runner.invoke(main, ["verify", str(folder), "--json", "-q"])
    assert result.exit_code == 1, result.output
    rows = {row["model"]: row for row in json.loads(result.stdout)["models"]}
    assert rows["constant"]["answer"] == "different"
    assert rows["constant"]["largest_difference"] == pytest.approx(1e-3)
    assert rows["hist-gradient-boosting"]["answer"] == "within tolerance"


def test_what_cannot_be_repeated_is_one_line(folder, tmp_path):
    runner = CliRunner()
    runner.mix_stderr = False  # click 8.1 mixes the streams unless told; later versions never do
    (folder / "predictions.parquet").unlink()
    with sqlite3.connect(folder / "run.sqlite") as db:
        db.execute("UPDATE run SET dataset = json_set(dataset, '$.fingerprint', 'other')")
    db.close()
    for target, why in ((folder, "have changed"), (tmp_path / "none", "no runs in")):
        result = runner.invoke(main, ["verify", str(target), "-q"])
        assert (result.exit_code, "Traceback" in result.stderr) == (2, False)
        assert why in result.stderr


@pytest.mark.parametrize(
    ("change", "answer"), [(0.0, "bit-equal"), (1e-8, "within tolerance"), (1e-2, "different")]
)
def test_three_answers(change, answer):
    before = np.array([[0.25, 0.75], [0.5, 0.5]])
    assert difference(before, before + change)[0] == answer
