"""Every cell is read alike everywhere: in training, alone, in any batch, order, chunk and format."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deepworth
from deepworth.datasets import ColumnReader, InputError, NumberFormat, check_reader, inspect_column
from deepworth.zoo.preprocessing.tables import raw_column

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import reading  # noqa: E402
from _reading_cases import COLUMN_CASES  # noqa: E402

pytestmark = pytest.mark.xdist_group("reading")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reading")


@pytest.mark.parametrize("case", COLUMN_CASES, ids=lambda case: case.name)
def test_a_column_is_read_as_stated(case):
    assert reading.column_fault(case) is None


@pytest.mark.skipif(not reading.CASES.is_dir(), reason="the small files of cases are not here")
@pytest.mark.parametrize("name", reading.FILES)
def test_a_file_is_read_as_stated(name, folder):
    assert reading.FILES[name](folder) is None


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**20),
    st.floats(),
    st.text(max_size=6),
    st.dates().map(str),
    st.sampled_from(
        ["NA", "1.0", "1", "TRUE", "03.04.2023", "8,75", "1,512", "$5", "5 kg", "soon", "20230131"]
    ),
)
READERS = st.builds(
    ColumnReader,
    st.sampled_from(["numeric", "datetime", "categorical", "text"]),
    st.sampled_from([None, "day", "month", "year"]),
    st.sampled_from(
        [NumberFormat(), NumberFormat(",", "."), NumberFormat(".", ",", ("$",)), NumberFormat(",", "")]
    ),
    st.sampled_from([None, (), ("-", "soon")]),
    st.booleans(),
)


@given(READERS, st.lists(CELLS, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_a_cell_is_read_alike_alone_and_beside_any_others(reader, cells, random):
    order = list(range(len(cells)))
    random.shuffle(order)
    together = reader.read(pd.Series(cells, dtype=object))
    shuffled = reader.read(pd.Series([cells[i] for i in order], dtype=object))
    for position, i in enumerate(order):
        alone = reader.read(pd.Series([cells[i]], dtype=object))
        values = [
            found.values.astype(object).iloc[k]
            for found, k in ((together, i), (shuffled, position), (alone, 0))
        ]
        assert len({"missing" if pd.isna(value) else repr(value) for value in values}) == 1
        assert together.unread[i] == shuffled.unread[position] == alone.unread[0]


@given(READERS, CELLS.filter(lambda cell: isinstance(cell, str)))
def test_a_cell_of_text_is_read_alike_without_pandas(reader, cell):
    value, unread = reader.read_text(cell)
    cells = pd.Series([cell], dtype=object)
    wanted = raw_column(cells, reader)[0]
    assert value == wanted or (value != value and wanted != wanted)
    assert unread == reader.read(cells).unread[0]


@given(READERS)
def test_a_reader_comes_back_from_json(reader):
    assert ColumnReader.from_dict(json.loads(json.dumps(reader.to_dict()))) == reader


@pytest.mark.parametrize(
    "facts",
    [
        {},
        [],
        {"role": "target"},
        {"role": "numeric", "decimal": ";"},
        {"role": "numeric", "decimal": ",", "thousands": ","},
        {"role": "numeric", "units": "kg"},
        {"role": "numeric", "units": ["x" * 10_000]},
        {"role": "datetime", "order": ["day"]},
        {"role": "categorical", "missing": [1]},
        {"role": "categorical", "booleans": "yes"},
        {"role": "text", "pattern": "(a+)+"},
    ],
)
def test_a_reader_from_an_untrusted_source_is_checked(facts):
    with pytest.raises(ValueError, match=r"reader|unknown|decimal"):
        check_reader(facts)


@given(st.lists(CELLS, min_size=3, max_size=30))
def test_the_reader_of_any_column_reads_its_own_cells_as_it_did(cells):
    series = pd.Series(cells, dtype=object)
    found = inspect_column(series, "x")
    again = found.reader.read(series).values
    finite = again.where(~np.isinf(again)) if found.role == "numeric" else again
    pd.testing.assert_series_equal(finite, found.values, check_names=False)


SPELLED = {
    case.name: case.cells
    for case in COLUMN_CASES
    if not case.options and case.role != "identifier" and all(isinstance(c, str) for c in case.cells)
}


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from(sorted(SPELLED)), min_size=1, max_size=5, unique=True),
    st.integers(0, 2**31),
)
def test_tables_of_any_spelling_are_answered_alike_in_every_form(names, seed):
    rng = np.random.default_rng(seed)
    n = 60
    frame = pd.DataFrame({name: rng.choice(SPELLED[name], n) for name in names}, dtype=object)
    frame = frame.mask(rng.random(frame.shape) < 0.05, "")
    frame["size"] = rng.normal(size=n).round(3).astype(str)
    frame["sick"] = rng.choice(["yes", "no"], n)
    with tempfile.TemporaryDirectory() as name:
        assert reading.row_dependence(Path(name), frame, "sick", "logistic-regression") <= 1e-6


IN_ANOTHER_PROCESS = """
import sys, json
sys.path.insert(0, sys.argv[1])
import reading
from pathlib import Path
artefact, folder = Path(sys.argv[2]), Path(sys.argv[3])
frame = reading.rich_table()
found = {name: reading.answers(artefact, data).tolist() for name, data, rows in reading.forms(frame, folder)}
found["frame"] = reading.loaded(artefact).predict_proba(frame).tolist()
print(json.dumps(found))
"""


@pytest.mark.parametrize("model", ["random-forest", "shallow-mlp"])
def test_another_process_answers_every_form_alike(model, tmp_path):
    frame = reading.rich_table()
    frame.to_csv(tmp_path / "train.csv", index=False)
    few = {"epochs": 2} if model == "shallow-mlp" else {"n_estimators": 20}
    artefact = tmp_path / "model"
    deepworth.train(
        str(tmp_path / "train.csv"), target="sick", model=model, output=artefact, params={model: few}
    )
    (tmp_path / "forms").mkdir()
    command = [sys.executable, "-W", "ignore", "-c", IN_ANOTHER_PROCESS, str(BENCHMARKS), str(artefact)]
    done = subprocess.run([*command, str(tmp_path / "forms")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = {name: np.array(values) for name, values in json.loads(done.stdout).items()}
    reference = found["rows.csv"]
    rows_of = {name: rows for name, _, rows in reading.forms(frame, tmp_path / "forms")}
    assert len(found) > 20
    for name, values in found.items():
        np.testing.assert_allclose(values, reference[rows_of.get(name, slice(None))], atol=1e-6, err_msg=name)


def test_a_test_file_is_read_as_the_training_rows(tmp_path):
    """A few odd rows of the test file change neither roles nor how training rows are read."""
    frame = reading.rich_table(120)
    odd = frame.head(20).assign(day="03/04/2023", amount="1,512", size="8,75")
    frame.to_csv(tmp_path / "train.csv", index=False)
    odd.to_csv(tmp_path / "test.csv", index=False)
    alone = deepworth.load_dataset(tmp_path / "train.csv", target="sick")
    both = deepworth.load_dataset(tmp_path / "train.csv", target="sick", test=tmp_path / "test.csv")
    assert both.schema.readers() == alone.schema.readers()
    assert (both.X["day"][both.test] == pd.Timestamp("2023-04-03")).all()
    assert both.X["amount"][both.test].eq(1.512).all()
    assert both.X["size"][both.test].eq(8.75).all()


def test_readers_of_other_data_are_used(tmp_path):
    train = deepworth.load_dataset(reading.rich_table(120), target="sick")
    rows = reading.rich_table(120).assign(day="03/04/2023")
    dataset = deepworth.load_dataset(rows, target="sick", readers=train.schema.readers())
    assert (dataset.X["day"] == pd.Timestamp("2023-04-03")).all()


@pytest.mark.parametrize(
    ("option", "value"), [("decimal", ";"), ("thousands", "x"), ("numeric", ["nothing"])]
)
def test_wrong_reading_options_are_refused(option, value):
    with pytest.raises(InputError, match=f"{option}|nothing"):
        deepworth.load_dataset(reading.rich_table(60), target="sick", **{option: value})


def test_no_date_is_guessed_anywhere():
    root = BENCHMARKS.parent
    source = [p for room in ("datasets", "zoo") for p in (root / room).rglob("*.py")]
    assert [p.name for p in source if "to_datetime(" in p.read_text(encoding="utf-8")] == []


def test_evaluate_says_what_it_could_not_read(tmp_path):
    frame = reading.rich_table(150)
    frame.to_csv(tmp_path / "train.csv", index=False)
    deepworth.train(
        str(tmp_path / "train.csv"), target="sick", model="logistic-regression", output=tmp_path / "model"
    )
    frame.assign(amount="much", smokes="maybe").to_csv(tmp_path / "odd.csv", index=False)
    command = [
        sys.executable,
        "-m",
        "deepworth.cli",
        "evaluate",
        str(tmp_path / "model"),
        str(tmp_path / "odd.csv"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    notes = done.stderr.splitlines()
    assert sum("'amount': 150 of 150 cells could not be read as numbers" in note for note in notes) == 1
    assert (
        sum("'smokes': 150 of 150 cells hold a level that training never saw" in note for note in notes) == 1
    )


def test_a_proof_keeps_the_readers(tmp_path):
    frame = reading.rich_table(100)
    frame.to_csv(tmp_path / "train.csv", index=False)
    deepworth.train(
        str(tmp_path / "train.csv"), target="sick", model="logistic-regression", output=tmp_path / "model"
    )
    proof = json.loads((tmp_path / "model" / "proof.json").read_text(encoding="utf-8"))
    readers = {field["column"]: field["reader"] for field in proof["inputs"]}
    assert readers["day"] == {"role": "datetime", "order": "day", "example": readers["day"]["example"]}
    assert readers["amount"]["decimal"] == ","


@pytest.mark.parametrize("name", ["logistic-regression", "shallow-mlp"])
def test_a_model_saved_with_few_rows_reads_as_it_learned(name, tmp_path):
    frame = reading.rich_table(200)
    X, few = frame.drop(columns="sick"), {"epochs": 2} if name == "shallow-mlp" else {}
    model = reading.registry.create(name, "binary", "tabular", random_state=0, **few).fit(X, frame["sick"])
    ambiguous = X[X["day"].str[:2].isin(["01", "02", "03"])].head(3).assign(logged="01/02/2020 01:00:00 PM")
    deepworth.save(model, tmp_path / "model", X=ambiguous)
    saved = reading.loaded(tmp_path / "model")
    np.testing.assert_allclose(saved.predict_proba(X), model.predict_proba(X), atol=1e-6)
