"""Descriptions of data, with a target and without one, and the examples in the docstrings."""

from __future__ import annotations

import doctest
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import deepworth.datasets as public
from deepworth.cli import main
from deepworth.datasets import InputError, check_data, describe_dataset, load_dataset

N = 40


def patients(**columns):
    rng = np.random.default_rng(0)
    frame = {
        "patient_id": range(1000, 1000 + N),
        "weight [kg]": rng.normal(70, 9, N).round(1),
        "visits": rng.integers(0, 3, N),
        "height": [None, *rng.normal(170, 9, N - 1)],
        "note": [f"patient {i} slept well and ate little" for i in range(N)],
        "sick": ["no", "yes"] * (N // 2),
    }
    return pd.DataFrame({**frame, **columns})


@pytest.fixture
def table(tmp_path):
    patients().to_csv(tmp_path / "patients.csv", index=False)
    return tmp_path / "patients.csv"


def test_a_table_without_a_target_is_described_with_the_columns_that_could_be_it(table):
    found = describe_dataset(table, preview=2)
    assert (found["name"], found["rows"], found["modality"]) == ("patients", N, "tabular")
    assert {c["name"]: c["role"] for c in found["columns"]} == {
        "patient_id": "identifier",
        "weight [kg]": "numeric",
        "visits": "numeric",
        "height": "numeric",
        "note": "text",
        "sick": "categorical",
    }
    assert [(t["name"], t["task"]) for t in found["possible_targets"]] == [
        ("weight [kg]", "regression"),
        ("visits", "multiclass"),
        ("height", "regression"),
        ("sick", "binary"),
    ], "not the identifier or the text; one missing value rules out no column"
    assert [found[key] for key in ("task", "target", "classes", "target_range", "fingerprint")] == [None] * 5
    assert [f["code"] for f in found["findings"]] == ["DW001"]
    assert [row["sick"] for row in found["preview"]] == ["no", "yes"]
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(found, default=str)), "plain values only"


def test_every_possible_target_can_be_the_target(table):
    for possible in describe_dataset(table)["possible_targets"]:
        dataset = load_dataset(table, target=possible["name"])
        assert dataset.task == possible["task"]


def test_options_hold_for_a_table_without_a_target(table):
    found = describe_dataset(table, drop=["sick"], categorical=["visits"])
    roles = {c["name"]: c["role"] for c in found["columns"]}
    assert (roles["sick"], roles["visits"]) == ("dropped", "categorical")
    assert [t["name"] for t in found["possible_targets"]] == ["weight [kg]", "visits", "height"]
    with pytest.raises(InputError, match="no column 'sik'; did you mean sick"):
        describe_dataset(table, drop=["sik"])


def test_several_guesses_are_described_too():
    both = patients(label=["a", "b"] * (N // 2), y=range(N))
    assert "label" in [t["name"] for t in describe_dataset(both)["possible_targets"]]


def test_with_a_target_nothing_else_is_offered(table):
    found = describe_dataset(table, target="sick")
    assert found["possible_targets"] == []
    assert found["classes"] == {"no": N // 2, "yes": N // 2}
    assert found["fingerprint"] == load_dataset(table, target="sick").fingerprint()


def test_a_dataset_in_memory_is_described_and_checked():
    wine = load_dataset("wine")
    assert describe_dataset(wine) == describe_dataset("wine")
    assert check_data(wine) == check_data("wine")


def test_a_file_without_a_header_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("5.1,3.5,1.4\n" * 20)
    with pytest.raises(InputError, match="add a line of column names"):
        describe_dataset(tmp_path / "a.csv")


def test_checks_need_a_target(table):
    with pytest.raises(InputError, match="no target given; choose one with --target COLUMN: patient_id"):
        check_data(table)


def shown(*arguments):
    result = CliRunner().invoke(main, ["datasets", *map(str, arguments)], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_of_the_readme(table):
    text = shown(table)
    assert "patients: 40 rows, a table without a target" in text
    assert "--target COLUMN: weight [kg] (regression), visits (multiclass), height (regression)" in text
    assert text.count("weight [kg]") == 3, "names in brackets are not markup"
    assert json.loads(shown(table, "--json"))["target"] is None


def test_a_table_that_is_too_small_for_any_target(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,x\n2,y\n")
    assert "no column can be the target" in shown(tmp_path / "a.csv")


def examples():
    finder = doctest.DocTestFinder(recurse=False)
    for name in public.__all__:
        value = getattr(public, name)
        if callable(value) and str(getattr(value, "__module__", "")).startswith("deepworth"):
            yield from finder.find(value, name, globs={})


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example.name)
def test_the_example_of_every_public_name_runs(example):
    assert example.examples, f"{example.name} has no example"
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(example).failed == 0
