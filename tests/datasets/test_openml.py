"""openml:ID and openml:NAME, from answers in OpenML's own format on loopback.

scikit-learn installs recorded answers of OpenML with its tests; they are used where they are.
"""

import gzip
import hashlib
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from deepworth import InputError, load_dataset
from deepworth.datasets import _openml

ARFF = """% made for this test
@relation zoo
@attribute animal string
@attribute legs numeric
@attribute 'has hair' {no, yes}
@attribute kind {bird, mammal}
@data
""" + "\n".join(f"'the {name}',{legs},{hair},{kind}" for name, legs, hair, kind in [
    ("owl", 2, "no", "bird"), ("wren", 2, "no", "bird"), ("duck", 2, "no", "bird"), ("crow", 2, "?", "bird"),
    ("gull", 2, "no", "bird"), ("cat", 4, "yes", "mammal"), ("dog", 4, "yes", "mammal"),
    ("bat", 2, "yes", "mammal"), ("cow", "?", "yes", "mammal"), ("ape", 2, "yes", "mammal"),
])  # fmt: skip


@pytest.fixture
def api(publisher, monkeypatch):
    monkeypatch.setattr(_openml, "API", publisher.address + "/api/v1/json")

    def describe(number, arff=ARFF, **changes):
        body = arff.encode()
        about = {
            "id": str(number),
            "name": "zoo",
            "version": "1",
            "format": "ARFF",
            "licence": "Public",
            "file_id": "52352",
            "url": f"{publisher.address}/data/v1/download/52352/zoo.arff",
            "default_target_attribute": "kind",
            "ignore_attribute": "animal",
            "md5_checksum": hashlib.md5(body).hexdigest(),
        } | changes
        answer = {"data_set_description": {k: v for k, v in about.items() if v is not None}}
        publisher.answers[f"/api/v1/json/data/{number}"] = json.dumps(answer).encode()
        publisher.answers["/data/v1/download/52352/zoo.arff"] = body
        return publisher

    return describe


def test_by_number(api):
    publisher = api(62)
    dataset = load_dataset("openml:62")
    assert (dataset.name, dataset.target, dataset.task) == ("zoo", "kind", "binary")
    assert list(dataset.X.columns) == ["legs", "has hair"]
    assert [str(t) for t in dataset.X.dtypes] == ["float64", "category"]
    assert dataset.X.isna().sum().tolist() == [1, 1]
    assert dataset.classes == ("bird", "mammal")
    assert {c.name: c.role for c in dataset.schema.columns}["animal"] == "dropped"
    assert (dataset.provenance.source, dataset.provenance.licence) == ("openml", "Public")
    assert dataset.provenance.location == "https://www.openml.org/d/62"
    asked = len(publisher.asked)
    assert load_dataset("openml:62", offline=True).fingerprint() == dataset.fingerprint()
    assert len(publisher.asked) == asked == 2


def test_by_name_takes_the_first_active_version(api):
    publisher = api(62)
    listing = {"data": {"dataset": [{"did": 62, "name": "zoo", "version": 1}, {"did": 965, "name": "zoo"}]}}
    path = "/api/v1/json/data/list/data_name/zoo/limit/2/status/active/"
    publisher.answers[path] = json.dumps(listing).encode()
    assert load_dataset("openml:zoo").provenance.location == "https://www.openml.org/d/62"
    assert load_dataset("openml:zoo", offline=True).y.tolist().count("bird") == 5


def test_another_target_makes_the_default_one_a_feature(api):
    api(62, arff=ARFF.replace(",?,", ",no,"))
    dataset = load_dataset("openml:62", target="has hair")
    assert dataset.target == "has hair"
    assert list(dataset.X.columns) == ["legs", "kind"]
    assert dataset.classes == ("no", "yes")


def test_an_ignored_column_may_be_the_target(api):
    api(62, ignore_attribute=["kind", "animal"])
    dataset = load_dataset("openml:62", target="kind")
    assert list(dataset.X.columns) == ["legs", "has hair"]


def test_row_identifiers_are_left_out(api):
    api(62, ignore_attribute=None, row_id_attribute="animal")
    assert list(load_dataset("openml:62").X.columns) == ["legs", "has hair"]


def test_no_default_target_asks_for_one_and_takes_it(api):
    api(62, default_target_attribute=None)
    with pytest.raises(InputError, match=r"--target COLUMN: legs, has hair, kind"):
        load_dataset("openml:62")
    assert load_dataset("openml:62", target="kind").classes == ("bird", "mammal")


def test_several_default_targets_are_named(api):
    api(62, default_target_attribute="kind,legs")
    with pytest.raises(InputError, match="2 targets; choose one with --target: kind, legs"):
        load_dataset("openml:62")


def test_an_unknown_target_is_named(api):
    api(62)
    with pytest.raises(InputError, match="no column 'knid'; did you mean kind"):
        load_dataset("openml:62", target="knid")


def test_sparse_data_is_refused(api):
    api(62, format="Sparse_ARFF")
    with pytest.raises(InputError, match="has the format Sparse_ARFF"):
        load_dataset("openml:62")


def test_an_unknown_number_is_one_line(api):
    api(62)
    with pytest.raises(InputError, match=r"data/999999 \(HTTP 404\)"):
        load_dataset("openml:999999")


def test_a_number_that_openml_does_not_know_answers_412(api):
    api(62).answers["/api/v1/json/data/7"] = 412
    with pytest.raises(InputError, match="OpenML has no active dataset '7'"):
        load_dataset("openml:7")


def test_a_file_with_another_md5_is_refused(api):
    api(62, md5_checksum="0" * 32)
    with pytest.raises(InputError, match="checksum md5:"):
        load_dataset("openml:62")


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"error": "busy"}', b"\xff\xfe"])
def test_an_answer_of_another_form_is_not_kept(api, answer):
    publisher = api(62)
    right = publisher.answers["/api/v1/json/data/62"]
    publisher.answers["/api/v1/json/data/62"] = [answer, right]
    with pytest.raises(InputError, match="no JSON"):
        load_dataset("openml:62")
    assert len(load_dataset("openml:62")) == 10


def test_names_and_lists_of_ignored_columns():
    assert _openml._names(["Genotype", "Treatment"]) == ["Genotype", "Treatment"]
    assert _openml._names("'a b', c,") == ["a b", "c"]
    assert _openml._names(None) == []


def test_nothing_after_the_colon():
    with pytest.raises(InputError, match="with a number or a name"):
        load_dataset("openml:")


def test_offline_without_cache(api):
    api(62)
    with pytest.raises(InputError, match="offline mode is on"):
        load_dataset("openml:62", offline=True)


RECORDED = Path(find_spec("sklearn").submodule_search_locations[0], "datasets/tests/data/openml")


def recorded(publisher, number):
    """Serve scikit-learn's recorded answers, the file from loopback. They may be shortened."""
    folder = RECORDED / f"id_{number}"
    if not folder.is_dir():
        pytest.skip("scikit-learn is installed without the data of its tests")
    answer = json.loads(gzip.decompress((folder / f"api-v1-jd-{number}.json.gz").read_bytes()))
    about = answer["data_set_description"]
    about["url"] = f"{publisher.address}/file.arff"
    publisher.answers[f"/api/v1/json/data/{number}"] = json.dumps(answer).encode()
    (file,) = folder.glob("data-v1-dl-*.arff.gz")
    publisher.answers["/file.arff"] = gzip.decompress(file.read_bytes())


@pytest.mark.parametrize(
    ("number", "name", "shape", "task", "left_out"),
    [
        (61, "iris", (150, 4), "multiclass", []),
        (561, "cpu", (209, 7), "regression", []),
        (40945, "Titanic", None, "binary", []),
        (62, "zoo", (101, 16), "multiclass", ["animal"]),
    ],
)
def test_recorded_answers_of_openml(api, number, name, shape, task, left_out):
    recorded(api(1), number)
    dataset = load_dataset(f"openml:{number}")
    assert (dataset.name, dataset.task) == (name, task)
    assert shape is None or dataset.X.shape == shape
    dropped = [c.name for c in dataset.schema.columns if c.reason.startswith("OpenML")]
    assert dropped == left_out


def test_adult_comes_from_openml(api):
    recorded(api(1), 1590)
    dataset = load_dataset("adult")
    assert (dataset.name, dataset.positive, dataset.classes) == ("adult", ">50K", ("<=50K", ">50K"))
    assert dataset.X["age"].dtype == "float64"
    assert dataset.X["education"].dtype == "category"
    assert "Kohavi" in dataset.provenance.citation
