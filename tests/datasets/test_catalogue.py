"""One contract for every named dataset."""

import inspect
import re
import subprocess
import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest

from deepworth import InputError, list_datasets
from deepworth.datasets._base import MODALITIES, TASKS
from deepworth.datasets._catalogue import catalogue

ENTRIES = catalogue("deepworth.datasets", "load")
EMBEDDED = [n for n, e in ENTRIES.items() if e.constant("SOURCE") == "embedded"]
REMOTE = [n for n, e in ENTRIES.items() if e.constant("SOURCE") == "remote"]
PROMISED = {
    "sick-healthy", "triage-notes", "breast-cancer", "wine", "iris", "digits", "diabetes", "docstrings",
    "mnist", "fashion-mnist", "cifar10", "cifar100", "imdb", "reuters", "california-housing",
    "20newsgroups", "covertype", "adult",
}  # fmt: skip


@cache
def loaded(name):
    return ENTRIES[name].call()


def test_what_is_promised_is_there():
    assert set(ENTRIES) >= PROMISED
    assert set(EMBEDDED) | set(REMOTE) == set(ENTRIES)
    assert [d["name"] for d in list_datasets()] == list(ENTRIES)


@pytest.mark.parametrize("name", ENTRIES)
def test_card_and_constants(name):
    entry = ENTRIES[name]
    assert 20 <= len(entry.card) <= 110
    assert entry.card.endswith(".")
    assert entry.constant("TASK") in TASKS
    assert entry.constant("MODALITY") in MODALITIES
    assert isinstance(entry.constant("ROWS"), int)
    assert entry.constant("LICENCE")
    assert inspect.getdoc(entry.call)


@pytest.mark.parametrize("name", ENTRIES)
def test_signature(name):
    parameters = inspect.signature(ENTRIES[name].call).parameters
    assert all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in parameters.values())
    assert parameters["seed"].default == 0
    assert {"offline", "cache_dir"} <= set(parameters) or name in EMBEDDED


def test_entries_are_light():
    code = (
        "import sys; from deepworth import list_datasets; assert len(list_datasets()) > 10;"
        "heavy = {'numpy', 'pandas', 'sklearn', 'scipy', 'keras', 'tensorflow', 'pyarrow', 'rich'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", EMBEDDED)
def test_what_the_constants_promise(name):
    entry, dataset = ENTRIES[name], loaded(name)
    assert (dataset.name, dataset.task, dataset.modality) == (
        name,
        entry.constant("TASK"),
        entry.constant("MODALITY"),
    )
    assert len(dataset) == len(dataset.X) == entry.constant("ROWS")
    assert dataset.provenance.source in ("embedded", "scikit-learn")
    assert dataset.provenance.licence


@pytest.mark.parametrize("name", EMBEDDED)
def test_features_have_the_contract_s_dtypes(name):
    dataset = loaded(name)
    if dataset.modality == "tabular":
        kinds = {str(t) for t in dataset.X.dtypes}
        assert kinds <= {"float64", "category", "string"}
        assert list(dataset.X.index) == list(range(len(dataset)))
        roles = {c.name: c.role for c in dataset.schema.columns}
        assert roles[dataset.target] == "target"
        assert set(dataset.X.columns) == {n for n, role in roles.items() if role != "target"}
    elif dataset.modality == "image":
        assert dataset.X.dtype == np.uint8
        assert dataset.X.ndim == 4
        assert dataset.X.shape[3] in (1, 3)
        assert (dataset.X.min(), dataset.X.max()) == (0, 255)
    else:
        assert isinstance(dataset.X, pd.Series)
        assert all(type(text) is str and text.strip() == text != "" for text in dataset.X)
        assert not dataset.X.duplicated().any()


@pytest.mark.parametrize("name", EMBEDDED)
def test_targets(name):
    dataset = loaded(name)
    assert dataset.y.shape == (len(dataset),)
    if dataset.task == "regression":
        assert dataset.y.dtype == np.float64
        assert np.isfinite(dataset.y).all()
        assert dataset.classes == ()
        return
    assert dataset.y.dtype.kind == "U"
    assert dataset.classes == tuple(np.unique(dataset.y))
    assert len(dataset.classes) == 2 if dataset.task == "binary" else len(dataset.classes) > 2
    assert np.unique(dataset.y, return_counts=True)[1].min() >= 20
    assert (dataset.positive in dataset.classes) == (dataset.task == "binary")


@pytest.mark.parametrize("name", EMBEDDED)
def test_the_same_seed_gives_the_same_rows(name):
    assert ENTRIES[name].call().fingerprint() == loaded(name).fingerprint()


@pytest.mark.parametrize("name", EMBEDDED)
def test_true_probability(name):
    dataset = loaded(name)
    p = dataset.true_probability
    assert (p is not None) == (name in ("sick-healthy", "triage-notes"))
    if p is not None:
        assert p.dtype == np.float64
        assert p.shape == (len(dataset), len(dataset.classes))
        assert ((p > 0) & (p < 1)).all()
        np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)


@pytest.mark.parametrize("name", REMOTE)
def test_remote_sets_stay_off_the_network_when_told(name, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"offline mode is on.*https://.*save|save https://") as error:
        ENTRIES[name].call(offline=True, cache_dir=tmp_path)
    assert str(tmp_path) in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(set(REMOTE) - {"adult"}))
def test_remote_files_have_published_checksums(name):
    files = ENTRIES[name].constant("FILES")
    assert files
    for file in files:
        assert file.url.startswith("https://")
        assert file.name.split("/")[0] == name
        assert re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", file.checksum)


KERAS_KEEPS = ["mnist", "imdb", "reuters", "fashion-mnist"]


@pytest.mark.parametrize("name", KERAS_KEEPS)
def test_checksums_and_addresses_are_those_of_the_installed_keras(name):
    from importlib.util import find_spec
    from pathlib import Path

    folder = Path(find_spec("keras").submodule_search_locations[0], "src", "datasets")
    source = (folder / f"{name.replace('-', '_')}.py").read_text("utf-8")
    for file in ENTRIES[name].constant("FILES"):
        assert file.url.rpartition("/")[2] in source
        assert file.url.rpartition("/")[0] in source
        assert name == "fashion-mnist" or file.checksum.partition(":")[2] in source


@pytest.mark.parametrize("name", ["20newsgroups", "covertype", "california-housing"])
def test_checksums_and_addresses_are_those_of_the_installed_scikit_learn(name):
    from importlib.util import find_spec
    from pathlib import Path

    files = {"20newsgroups": "twenty_newsgroups", "covertype": "covtype"}
    folder = Path(find_spec("sklearn").submodule_search_locations[0], "datasets")
    source = (folder / f"_{files.get(name, name.replace('-', '_'))}.py").read_text("utf-8")
    for file in ENTRIES[name].constant("FILES"):
        assert file.url in source
        assert file.checksum.partition(":")[2] in source
