"""`deepworth predict`: every format in and out, any order of columns, nothing half written."""

from __future__ import annotations

import gzip
import io
import json
import resource
import subprocess
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepworth import InputError
from deepworth.cli import main
from deepworth.datasets import _stream
from deepworth.zoo.artefact.loading import load
from deepworth.zoo.artefact.outputs import six_digits
from deepworth.zoo.artefact.predicting import raw_rows

KEPT = Path(__file__).resolve().parents[2] / "fixtures" / "artefacts"
FAMILIES = ("shallow-mlp", "logistic-regression")
N = 300


def run(*args, stdin=None):
    runner = CliRunner()
    if version("click") < "8.2":
        runner.mix_stderr = False
    return runner.invoke(main, [str(a) for a in args], catch_exceptions=False, input=stdin)


@pytest.fixture(scope="module")
def rows():
    """More rows than were trained on, with what may be odd in them."""
    rng = np.random.default_rng(3)
    X = pd.DataFrame(
        {
            "age": rng.normal(40, 12, N).round(1),
            "Ward (old)": rng.choice(["north", "süd", "east", "moon", "a,b", 'say "x"'], N),
            "smoker": rng.choice(["True", "False"], N),
            "seen": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, N), unit="D"),
        }
    )
    X.loc[::9, "age"] = np.nan
    X.loc[::7, "Ward (old)"] = None
    X.loc[::11, "seen"] = pd.NaT
    return X


@pytest.fixture(scope="module")
def models(kept):
    return {name: load(folder) for name, folder in kept.items()}


def csv(rows):
    return rows.to_csv(index=False, date_format="%Y-%m-%d").encode()


def parquet(rows):
    data = io.BytesIO()
    rows.to_parquet(data, index=False)
    return data.getvalue()


def jsonl(rows):
    return rows.to_json(orient="records", lines=True, date_format="iso").encode()


FORMS = {
    "rows.csv": csv,
    "rows.csv.gz": lambda rows: gzip.compress(csv(rows)),
    "rows.tsv": lambda rows: rows.to_csv(index=False, sep="\t", date_format="%Y-%m-%d").encode(),
    "decimal comma.csv": lambda rows: rows.to_csv(
        index=False, sep=";", decimal=",", date_format="%Y-%m-%d"
    ).encode(),
    "utf16.csv": lambda rows: csv(rows).decode().encode("utf-16"),
    "bom.csv": lambda rows: b"\xef\xbb\xbf" + csv(rows),
    "rows.parquet": parquet,
    "rows.jsonl": jsonl,
    "rows.json": lambda rows: rows.to_json(orient="records", date_format="iso").encode(),
}


@pytest.mark.parametrize("small_parts", [False, True], ids=["whole", "in parts"])
@pytest.mark.parametrize("form", FORMS)
def test_every_format_gives_the_same_answers(form, small_parts, rows, models, kept, tmp_path, monkeypatch):
    if small_parts:
        monkeypatch.setattr(_stream, "ROWS", 64)
        monkeypatch.setattr(_stream, "_HEAD", 400)
        monkeypatch.setattr(_stream, "BLOCK", 1000)
    name = "logistic-regression"
    (tmp_path / form).write_bytes(FORMS[form](rows))
    result = run("predict", kept[name], tmp_path / form, "-o", tmp_path / "out.parquet")
    assert result.exit_code == 0, result.stderr
    found = pd.read_parquet(tmp_path / "out.parquet")
    np.testing.assert_allclose(
        found[["probability_ill", "probability_well"]], models[name].predict_proba(rows), atol=1e-9
    )
    assert found["prediction"].tolist() == models[name].predict(rows).tolist()
    assert "300 rows in" in result.stderr
    assert "rows/s" in result.stderr


@pytest.mark.parametrize("form", ["rows.csv", "rows.csv in parts", "rows.parquet", "rows.jsonl"])
def test_the_format_of_standard_input_is_recognised_by_its_first_bytes(form, rows, models, kept, monkeypatch):
    if form.endswith("in parts"):
        monkeypatch.setattr(_stream, "_HEAD", 400)
    result = run("predict", kept["shallow-mlp"], "-", stdin=FORMS[form.split()[0]](rows))
    assert result.exit_code == 0, result.stderr
    found = pd.read_csv(io.StringIO(result.stdout))
    expected = models["shallow-mlp"].predict_proba(rows)
    np.testing.assert_allclose(found[["probability_ill", "probability_well"]], expected, rtol=1e-5, atol=1e-5)


READERS = {
    "csv": pd.read_csv,
    "parquet": pd.read_parquet,
    "jsonl": lambda p: pd.read_json(p, lines=True),
}


@pytest.mark.parametrize("ending", READERS)
def test_every_format_is_written(ending, rows, models, kept, tmp_path):
    (tmp_path / "in.csv").write_bytes(csv(rows))
    target = tmp_path / f"out.{ending}"
    assert run("predict", kept["shallow-mlp"], tmp_path / "in.csv", "-o", target).exit_code == 0
    found = READERS[ending](target)
    assert list(found.columns) == [
        "prediction", "confidence", "probability_ill", "probability_well", "prediction_set", "refer",
    ]  # fmt: skip
    expected = models["shallow-mlp"].predict_proba(rows)
    np.testing.assert_allclose(found["probability_ill"], expected[:, 0], atol=1e-6)
    sets = models["shallow-mlp"].predict_set(rows)
    assert found["prediction_set"].fillna("").str.count("ill").tolist() == sets[:, 0].astype(int).tolist()
    assert (
        found["refer"].sum()
        == (sets.sum(axis=1) != 1).sum()
        + ((sets.sum(axis=1) == 1) & (sets.argmax(axis=1) != expected.argmax(axis=1))).sum()
    )


def test_json_is_one_list(rows, kept, tmp_path):
    (tmp_path / "in.csv").write_bytes(csv(rows[:3]))
    found = json.loads(run("predict", kept["logistic-regression"], tmp_path / "in.csv", "--json").stdout)
    assert [set(r) >= {"prediction", "confidence"} for r in found] == [True] * 3


def test_the_name_of_a_column_may_have_an_equals_sign():
    columns = [{"name": name, "kind": "number"} for name in ("lab", "lab=CRP", "lab=CRP=max")]
    manifest = {"modality": "tabular", "inputs": columns, "target": "sick"}
    [(_, row, _)] = raw_rows(manifest, ["lab=CRP=max=1=2", "lab=CRP=4", "lab=3"], print)
    assert row.iloc[0].to_dict() == {"lab=CRP=max": "1=2", "lab=CRP": "4", "lab": "3"}


def test_columns_come_in_any_order_and_extra_ones_are_named(rows, models, kept):
    shuffled = rows[rows.columns[::-1]].assign(id=1, state="ill")
    result = run("predict", kept["logistic-regression"], "-", stdin=csv(shuffled))
    assert "Note: not used by the model and ignored: columns 'id', 'state'" in result.stderr
    found = pd.read_csv(io.StringIO(result.stdout))["probability_ill"]
    np.testing.assert_allclose(found, models["logistic-regression"].predict_proba(rows)[:, 0], rtol=1e-5)
    with pytest.warns(UserWarning, match="ignored: columns 'id', 'state'$"):
        models["shallow-mlp"].predict(shuffled)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "not used by the model")
        models["shallow-mlp"].predict(rows)


WRONG = {
    "no column": (lambda X: X.drop(columns="smoker"), "column 'smoker' is missing"),
    "two columns": (lambda X: X[["age"]], "columns 'Ward (old)' and 2 more are missing"),
}
UNREAD = {
    "word": (
        lambda X: X.assign(age=["1"] * 200 + ["old"] + ["2"] * 99),
        "column 'age': 1 of 300 cells could not be read as numbers, first row 201: 'old'",
    ),
    "no date": (
        lambda X: X.assign(seen=["2020-01-01"] * 290 + ["soon"] * 10),
        "column 'seen': 10 of 300 cells could not be read as dates, first row 291: 'soon'",
    ),
}


@pytest.fixture
def predict_in_parts(tmp_path, monkeypatch):
    """Predictions of a table as a file that is read in several parts."""
    monkeypatch.setattr(_stream, "ROWS", 64)
    monkeypatch.setattr(_stream, "_HEAD", 400)

    def predict(model, table):
        (tmp_path / "in.csv").write_bytes(csv(table))
        return run("predict", model, tmp_path / "in.csv", "-o", tmp_path / "out.csv")

    return predict


@pytest.mark.parametrize("case", UNREAD)
@pytest.mark.parametrize("name", FAMILIES)
def test_cells_that_are_not_read_are_missing_and_counted_over_all_parts(
    case, name, rows, kept, tmp_path, predict_in_parts
):
    spoil, words = UNREAD[case]
    result = predict_in_parts(kept[name], spoil(rows))
    assert result.exit_code == 0
    assert result.stderr.count(words) == 1
    assert len(pd.read_csv(tmp_path / "out.csv")) == 300


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_wrong_is_named_by_column_and_row(case, name, rows, kept, tmp_path, predict_in_parts):
    spoil, words = WRONG[case]
    result = predict_in_parts(kept[name], spoil(rows))
    assert result.exit_code == 2
    assert words in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"], "nothing half written"


BROKEN = {
    "ragged": (lambda data: data + b"1,2\n", "row 301 has 2 cells, the header has 4"),
    "not UTF-8": (lambda data: data + b"1,\xff,True,2020-01-01\n", "byte 0xff in line 302 is not UTF-8"),
    "cut gzip": (lambda data: gzip.compress(data)[:-200], "cannot be"),
    "empty": (lambda data: b"", "empty"),
    "header only": (lambda data: data.split(b"\n")[0] + b"\n", "no rows"),
    "cut parquet": (lambda data: b"PAR1" + data, "parquet"),
    "no JSON": (lambda data: b'{"age": 1}\n{"age"', "line 2 is not valid JSON"),
    "a list a line": (lambda data: b'{"age": 1}\n[1]\n', "line 2 is not an object"),
    "twice": (lambda data: b"age," + data[: data.index(b"\n")] + b"\n1,2,3,4,5\n", "occurs 2 times"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_input_ends_in_one_line(case, rows, kept, tmp_path, monkeypatch):
    monkeypatch.setattr(_stream, "_HEAD", 400)
    spoil, words = BROKEN[case]
    (tmp_path / "in.csv").write_bytes(spoil(csv(rows)))
    result = run("predict", kept["logistic-regression"], tmp_path / "in.csv", "-o", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert words in result.stderr
    assert len([line for line in result.stderr.splitlines() if line.startswith("Error")]) == 1
    assert not (tmp_path / "out.csv").exists()


FRAMES = {
    "list": (lambda X: X.assign(smoker=[[1]] * len(X)), r"'smoker', row 1: expected a category, got \[1\]"),
    "bytes": (lambda X: X.assign(smoker=[b"a"] * len(X)), "'smoker', row 1: expected a category"),
    "moment as number": (
        lambda X: X.assign(age=pd.Timestamp("2020-01-01")),
        "'age', row 1: expected a number",
    ),
    "list as number": (lambda X: X.assign(age=[[1, 2]] * len(X)), "'age', row 1: expected a number"),
    "complex": (lambda X: X.assign(age=1j), "'age', row 1: expected a number"),
    "column twice": (lambda X: pd.concat([X, X[["age"]]], axis=1), "'age' is there twice"),
}


@pytest.mark.parametrize("case", FRAMES)
def test_wrong_dtypes_are_refused_by_column_and_row(case, rows, models):
    spoil, words = FRAMES[case]
    with pytest.raises(InputError, match=words):
        models["logistic-regression"].predict(spoil(rows[1:5].reset_index(drop=True)))


CELL = {
    "age": st.one_of(
        st.none(),
        st.floats(width=64),
        st.integers(-(10**20), 10**20),
        st.sampled_from(["", "?", "NA", "12", " 3.5 ", "1e400", "$1,200", "12 %"]),
    ),
    "Ward (old)": st.one_of(st.none(), st.text(max_size=8), st.integers(), st.booleans(), st.floats()),
    "smoker": st.one_of(st.none(), st.booleans(), st.sampled_from(["True", "False", "true", ""])),
    "seen": st.one_of(
        st.none(),
        st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01")),
        st.dates(pd.Timestamp("1700-01-01").date(), pd.Timestamp("2200-01-01").date()),
        st.sampled_from(["2020-02-29", "", "NA", "2021-03-04T05:06:07Z"]),
    ),
}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.fixed_dictionaries(CELL), min_size=1, max_size=5), seed=st.integers(0, 9))
def test_any_frame_is_answered_alike_by_row_order_and_dtype(rows, seed, models):
    X = pd.DataFrame({c: pd.Series([r[c] for r in rows], dtype=object) for c in CELL})
    order = np.random.default_rng(seed).permutation(len(X))
    for model in models.values():
        found = model.predict_proba(X)
        assert found.shape == (len(X), 2)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(model.predict_proba(X.iloc[order]), found[order], atol=1e-6)
        np.testing.assert_allclose(model.predict_proba(X[X.columns[::-1]]), found, atol=1e-6)
        np.testing.assert_allclose(model.predict_proba(X.convert_dtypes()), found, atol=1e-6)
        assert set(model.predict(X)) <= {"ill", "well"}


@pytest.mark.parametrize(
    "value", [0.123456789, 1.0, 0.0, 1e-300, 5e-324, 123456.789, 1.5e300, np.inf, np.nan, -0.1]
)
def testsix_digits_are_those_of_print(value):
    found = six_digits(np.array([value]))[0]
    np.testing.assert_allclose(
        found, float(f"{value:.6g}") if 1e-20 < abs(value) < 1e20 else value, rtol=1e-15
    )


def test_a_full_disk_leaves_nothing(rows, kept, tmp_path):
    (tmp_path / "in.csv").write_bytes(csv(rows))
    (tmp_path / "out.csv").write_text("old answers")
    done = subprocess.run(
        [sys.executable, "-m", "deepworth.cli", "predict", kept["logistic-regression"], tmp_path / "in.csv",
         "-o", tmp_path / "out.csv"],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out.csv").read_text() == "old answers"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv", "out.csv"]
