"""Model cards: what they say, the header that hubs read, names that would break them."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepworth.zoo.artefact.inspecting import card, header
from deepworth.zoo.artefact.manifest import read_manifest


@pytest.fixture(scope="module")
def manifest(kept):
    return read_manifest(kept["shallow-mlp"])


def fields(text):
    """The header, read without a YAML library: one line a field, its value JSON, a subset of YAML."""
    start, body, rest = text.split("---\n", 2)
    assert start == ""
    assert rest.startswith("# ")
    lines = [re.fullmatch(r"([a-z_-]+): (.+)", line) for line in body.splitlines()]
    assert all(lines)
    return {line[1]: json.loads(line[2]) for line in lines}


def test_the_card_holds_all_that_is_promised(manifest, kept):
    text = (kept["shallow-mlp"] / "card.md").read_text()
    assert text == card({k: v for k, v in manifest.items() if k != "files"} | {"files": {}})
    for part in ("Inputs", "Output", "Data", "Findings", "Scores", "Confidence", "Costs", "Intended use",
                 "Limits", "How to load", "Was deep learning worth it?"):  # fmt: skip
        assert re.search(rf"^##+ {re.escape(part)}$", text, re.MULTILINE), part
    for words in (manifest["dataset"]["fingerprint"], "0.6 to 0.9", "DW010", "cannot tell", "`Ward (old)`"):
        assert words in text


def test_the_header_is_what_hubs_read(manifest):
    found = fields(card(manifest))
    assert found["library_name"] == "deepworth"
    assert found["pipeline_tag"] == "tabular-classification"
    assert {"deepworth", "keras", "tabular", "binary"} <= set(found["tags"])
    assert found["metrics"] == ["roc_auc"]  # a score that is not known is left out
    result = found["model-index"][0]["results"][0]
    assert result["task"] == {"type": "tabular-classification"}
    assert result["metrics"] == [{"type": "roc_auc", "value": 0.75}]


def test_a_model_without_scores_says_so(manifest):
    bare = {**manifest, "scores": {}, "evaluation": {}, "findings": [], "verdict": {}, "confidence": None}
    text = card(bare)
    assert "Not measured" in text
    assert "model-index" not in text
    assert "Findings" not in text


NAMES = st.text(min_size=1, max_size=30)
ODD = [
    "a|b",
    "---",
    "x\n---\nlibrary_name: owned",
    "`code`",
    "<script>alert(1)</script>",
    "[link](http://x)",
    "\x1b[2J",
    "\u2028",
    "\ud83d",
    "\U0001f600",
    "\x85",
    '"',
    "'",
    "a: b # c",
    "{}",
    "\ufeff",
]


@settings(max_examples=60, deadline=None)
@given(name=st.one_of(st.sampled_from(ODD), NAMES), column=st.one_of(st.sampled_from(ODD), NAMES))
def test_no_name_breaks_the_card(name, column, manifest):
    changed = {
        **manifest,
        "model": name,
        "target": column,
        "dataset": {**manifest["dataset"], "name": name},
        "inputs": [{"name": column, "kind": "number", "input": None}],
        "findings": [{"code": name, "severity": name, "message": column}],
    }
    text = card(changed)
    assert fields(text)["library_name"] == "deepworth"
    body = text.split("---\n", 2)[2]
    assert "\x1b" not in text
    assert next(line for line in body.splitlines() if line.startswith("#")).startswith("# ")
    assert body.count("\n## ") == card(manifest).count("\n## ")
    assert "<script" not in body.replace("\\<script", "").replace("`<script>alert(1)</script>`", "")


def test_hugging_face_reads_the_header(manifest):
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    data = hub.ModelCard(card(manifest)).data
    assert data.library_name == "deepworth"
    assert data.pipeline_tag == "tabular-classification"
    assert [(e.metric_type, e.metric_value) for e in data.eval_results] == [("roc_auc", 0.75)]


@pytest.mark.parametrize("name", ODD)
def test_yaml_reads_what_json_reads(name, manifest):
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    text = header({**manifest, "model": name, "dataset": {**manifest["dataset"], "name": name}})
    body = text.split("---\n")[1]
    found = yaml.safe_load(body)
    expected = {line.partition(": ")[0]: json.loads(line.partition(": ")[2]) for line in body.splitlines()}
    assert found == expected
