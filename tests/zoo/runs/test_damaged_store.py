"""One bad run hides no other: it is named, its use ends in one line, and it can be removed."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from deepworth import InputError, runs
from deepworth.cli import main
from deepworth.zoo.runs.journal import lock
from deepworth.zoo.workflows.runs import remove_run

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from _stores import KINDS, changed_store, sound_store, use_store

pytestmark = pytest.mark.xdist_group("damaged store")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    sound_store(folder)
    return folder


@pytest.mark.parametrize("block", range(3))
def test_a_changed_run_hides_no_other_and_can_be_removed(block, sound, tmp_path, capsys):
    """A few of those that benchmarks/hostile.py tries by the thousand."""
    for number in range(10 * block, 10 * block + 10):
        store = shutil.copytree(sound, tmp_path / f"store-{number}")
        run, kind = changed_store(store, random.Random(number))
        assert use_store(store, run), kind
    assert kind.removesuffix(" (as it was)") in KINDS
    assert "fault of deepworth" not in capsys.readouterr().out


def test_the_whole_name_removes_a_run(sound, tmp_path):
    store = shutil.copytree(sound, tmp_path / "store")
    first, second = (run.run for run in runs(store=store))
    for name in ("last", first[:-1], "", "..", ".", "/"):
        with pytest.raises(InputError, match="not the whole name"):
            remove_run(name, store=store)
    held = lock(store / first)
    with pytest.raises(InputError, match="another process"):
        remove_run(first, store=store)
    os.close(held)
    shown = CliRunner().invoke(main, ["runs", "--remove", first, "--store", str(store), "--json"])
    assert json.loads(shown.output)["removed"] == first
    assert [run.run for run in runs(store=store)] == [second]
    assert CliRunner().invoke(main, ["runs", "--remove", str(store / second)]).exit_code == 0
    assert runs(store=store) == []


def test_a_link_to_a_run_is_not_followed(sound, tmp_path):
    store = shutil.copytree(sound, tmp_path / "store")
    name = runs(store=store)[0].run
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "linked").symlink_to(store / name)
    with pytest.raises(InputError, match="not the whole name"):
        remove_run("linked", store=tmp_path / "other")
    assert (store / name / "run.sqlite").is_file()
