"""`deepworth explain`: saved models and runs, bad input, pictures."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from deepworth import compare, explain, train
from deepworth.cli import main

pytestmark = pytest.mark.xdist_group("cli_explain")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    own = {"shallow-mlp": {"epochs": 5, "hidden_units": 8}}
    train("sick-healthy", model="shallow-mlp", output=str(folder / "net"), params=own)
    train("sick-healthy", model="logistic-regression", output=str(folder / "line"))
    return folder


def run(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


def result_of(*arguments):
    found = run(*arguments, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_both_families_are_explained_by_the_same_measure(saved):
    for name in ("net", "line"):
        found = result_of("explain", saved / name)
        assert found["importance"]["parts"][0]["part"] == "body_temperature_c"
        assert found["seen_in_training"] is True
        assert len(found["dependence"]) == 6
        assert 0 < found["surrogate"]["fidelity_tree"] <= 1
        assert ("gradients" in found) == (name == "net")
        assert ("coefficients" in found) == (name == "line")
    shown = run("explain", saved / "line").stdout
    assert "body_temperature_c" in shown
    assert "trained on these rows" in shown


def test_a_notebook_shows_the_tables_and_nothing_of_the_data_as_html(saved):
    found = explain(str(saved / "line"), methods=("importance",))
    assert "body_temperature_c" in found._repr_html_()
    first, *others = found.importance.parts
    hostile = [replace(first, part="<script>alert(1)</script>"), *others]
    shown = replace(found, importance=replace(found.importance, parts=hostile))._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_one_row_and_its_way_through_the_network(saved, tmp_path):
    found = result_of("explain", saved / "net", "--row", 3, "--trace")
    assert [len(layer["neurons"]) for layer in found["trace"]["layers"]] == [6, 1]
    assert set(found["trace"]["answer"]) == {"sick", "healthy"}
    shown = run("explain", saved / "net", "--row", 3, "--trace").stdout
    assert "weighted sum" in shown
    assert "sigmoid" in shown
    picture = tmp_path / "row.svg"
    one = result_of("explain", saved / "net", "--row", 3, "--plot", picture)
    (row,) = one["gradients"]["rows"]
    total = sum(p["attribution"] for p in row["parts"])
    assert total == pytest.approx(row["output"] - row["baseline_output"], rel=1e-3, abs=1e-4)
    assert picture.read_text().startswith("<?xml")


def test_units_and_probes_on_demand(saved, tmp_path):
    found = result_of("explain", saved / "net", "--method", "units,probes")
    assert len(found["units"]) == 8
    assert [p["kind"] for p in found["probes"]] == ["input", "learned", "made by hand"]
    assert "importance" not in found
    shown = run(
        "explain", saved / "net", "--method", "units,probes,importance", "--plot", tmp_path / "i.png"
    ).stdout
    assert "Linear probes" in shown
    assert (tmp_path / "i.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("name", "method", "words"),
    [
        ("line", "coefficients", ("coefficient per standard deviation", "body_temperature_c")),
        ("net", "gradients", ("integrated gradients", "body_temperature_c")),
        ("net", "units", ("loss without the unit", "dense")),
        (
            "net",
            "probes",
            ("cross-validated score of a linear model", "scaled and one-hot columns", "made by hand"),
        ),
    ],
)
def test_every_method_has_a_picture(saved, tmp_path, name, method, words):
    """The same file for the same result, letters as letters, without a date or an address of a schema."""
    for file in ("a.svg", "b.svg"):
        result_of("explain", saved / name, "--method", method, "--plot", tmp_path / file)
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    for each in words:
        assert each in text, each
    assert "dc:date" not in text
    assert "purl.org/dc/dcmitype" not in text


def test_curves_have_a_picture(saved, tmp_path):
    found = result_of("explain", saved / "line", "--method", "dependence", "--plot", tmp_path / "d.svg")
    assert len(found["dependence"][0]["curves"]) == 30
    assert "body_temperature_c" in (tmp_path / "d.svg").read_text()
    nothing = run("explain", saved / "line", "--method", "surrogate", "--plot", tmp_path / "c.svg")
    assert nothing.exit_code == 2
    assert "nothing to draw" in nothing.output
    assert not (tmp_path / "c.svg").exists()
    nowhere = run("explain", saved / "nobody")
    assert "no saved model" in nowhere.output


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("line", ["--trace"], "no network"),
        ("net", ["--row", "99999"], "rows 0 to 1499"),
        ("net", ["--method", "magic"], "no method 'magic'"),
        ("net", ["--plot", "x.gif"], "ending in .png or .svg"),
        ("net", ["iris"], "class"),
        ("line", ["--row", "3"], "of networks only"),
        ("line", ["--method", "units"], "logistic-regression has no units: remove --row and --method"),
    ],
)
def test_bad_input_is_one_line(saved, name, options, words):
    found = run("explain", saved / name, *options)
    assert found.exit_code == 2
    assert words in found.output
    assert "Traceback" not in found.output


def test_a_run_is_explained_by_its_champions(tmp_path):
    own = {"shallow-mlp": {"epochs": 5}}
    names = ["shallow-mlp", "logistic-regression", "constant"]
    done = compare("sick-healthy", models=names, folds=3, store=tmp_path, params=own, jobs=0)
    found = result_of("explain", "last", "--store", tmp_path, "--plot", tmp_path / "p.svg")
    assert [m["model"] for m in found["models"]] == ["shallow-mlp", "logistic-regression"]
    assert found["rows_held_out"] == 500
    for model in found["models"]:
        assert model["importance"]["rows"] == 500
        assert model["agreement_between_seeds"] > 0.3
    losses = found["models"][0]["training"]
    assert len(losses["loss"]) == len(losses["val_loss"]) == 5
    assert losses["loss"][-1] < losses["loss"][0]
    assert losses["regularisation"]["half_squared_norm"] > 0
    assert found["models"][1]["training"] is None
    assert -1 <= found["agreement_between_families"] <= 1
    assert found["same_most_important"] is True
    inside = found["models"][0]
    assert {u["layer"] for u in inside["units"]} == {
        p["features"] for p in inside["probes"] if p["kind"] == "learned"
    }
    assert found["models"][1]["units"] is None
    kept = json.loads(run("runs", done.run, "--store", tmp_path, "--json").stdout)["explanations"]
    assert kept["champions"] == found
    assert set(kept["surrogates"]) == set(names)
    page = run("report", "last", "--store", tmp_path, "-o", tmp_path / "page.html")
    assert page.exit_code == 0, page.output
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    for title in (
        "Permutation importance of logistic-regression",
        "Partial dependence of shallow-mlp",
        "Coefficients of logistic-regression",
        "Integrated gradients of shallow-mlp",
        "Hidden units of shallow-mlp",
        "Linear probes of shallow-mlp",
        "Loss by epoch of shallow-mlp",
    ):
        assert f"<h4>{title}</h4>" in text
        assert f"<summary>The numbers: {title.lower()}</summary>" in text
    shown = run("explain", "last", "--store", tmp_path).stdout
    assert "Do explanations agree?" in shown
    assert "Loss by epoch" in shown
    refused = run("explain", "last", "--store", tmp_path, "--row", 3)
    assert refused.exit_code == 2


def test_rows_that_are_not_named(tmp_path):
    rng = np.random.default_rng(0)
    lines = [f"{a:.3f},{b:.3f},{'yes' if a > 0 else 'no'}" for a, b in rng.normal(size=(120, 2))]
    data = tmp_path / "own.csv"
    data.write_text("a,b,answer\n" + "\n".join(lines) + "\n")
    train(str(data), model="logistic-regression", output=str(tmp_path / "m"), target="answer")
    missing = run("explain", tmp_path / "m")
    assert missing.exit_code == 2
    assert "is no named dataset" in missing.output
    found = result_of("explain", tmp_path / "m", data)
    assert found["importance"]["parts"][0]["part"] == "a"


def test_levels_that_were_not_learned_are_no_warning_to_the_user(tmp_path):
    """Rare levels stand in some folds only, of which scikit-learn warns on every prediction."""
    levels = [f"rare{i}" if i % 9 == 0 else "abc"[i % 3] for i in range(360)]
    lines = [f"{level},{'no' if level == 'a' else 'yes'}" for level in levels]
    data = tmp_path / "levels.csv"
    data.write_text("\n".join(["level,answer", *lines]) + "\n")
    names = ["logistic-regression"]
    compare(str(data), target="answer", models=names, folds=3, store=tmp_path, jobs=0, costs=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = result_of("explain", "last", "--store", tmp_path)
    assert [m["model"] for m in found["models"]] == names
