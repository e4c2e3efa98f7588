"""The page of a run: what it says, that it is only text and pictures, and that everybody can read it."""

from __future__ import annotations

import copy
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from deepworth.zoo.report.html import page as _page
from deepworth.zoo.report.html.figures import THEME
from deepworth.zoo.report.html.page import page
from deepworth.zoo.report.html.plots import fold_scores, front

from .conftest import CLASSES, NAMES, SCRIPT

pytestmark = pytest.mark.xdist_group("reports")

STYLE = Path(_page.__file__).with_name("templates") / "style.css"
VOID = {"meta", "link", "br", "path", "use", "rect", "circle", "line", "stop", "image"}


class Tree(HTMLParser):
    """Tags with their attributes, texts, and what stands inside what."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.open, self.wrong = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, name):
        return [attrs for tag, attrs, _ in self.tags if tag == name]


@pytest.fixture(scope="module", params=["classes", "numbers", "held"])
def sheet(request, runs):
    return getattr(runs, f"{request.param}_sheet")


@pytest.fixture(scope="module")
def text(sheet):
    return page(sheet)


@pytest.fixture(scope="module")
def tree(text):
    return Tree(text)


@pytest.fixture(scope="module")
def hostile(runs):
    return page(runs.classes_sheet)


def test_tags_are_closed_and_ids_are_unique(tree):
    assert not tree.wrong
    assert not tree.open
    ids = [attrs["id"] for _, attrs, _ in tree.tags if "id" in attrs]
    assert len(ids) > 20
    assert sorted(set(ids)) == sorted(ids)
    targets = {attrs["href"][1:] for _, attrs, _ in tree.tags if attrs.get("href", "").startswith("#")}
    assert targets <= set(ids)


def test_nothing_is_loaded_from_anywhere(text, tree):
    links = [v for _, attrs, _ in tree.tags for k, v in attrs.items() if k in ("href", "src", "srcset")]
    assert links
    assert all(link.startswith("#") or link == "data:," for link in links)
    assert not re.search(r"@import|url\((?!#)|xmlns|//www", text)
    policy = next(m["content"] for m in tree.all("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none';")
    assert "unsafe-eval" not in policy


def test_the_only_script_is_the_one_of_the_policy(hostile):
    import base64
    import hashlib

    scripts = re.findall(r"<script>(.*?)</script>", hostile, flags=re.DOTALL)
    assert len(scripts) == hostile.count("<script") == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in hostile


def test_names_from_the_data_stay_text(hostile):
    tree = Tree(hostile)
    told = "".join(tree.texts)
    assert all(name in told for name in CLASSES), "shown as they are written"
    assert not tree.all("img")
    assert not tree.all("b") or all(set(b) == {"style"} for b in tree.all("b")), "our own marks only"
    handlers = [k for _, attrs, _ in tree.tags for k in attrs if k.startswith("on")]
    assert not handlers
    assert SCRIPT not in hostile


def test_column_names_in_findings_stay_text(runs):
    sheet = copy.deepcopy(runs.classes_sheet)
    sheet["result"]["findings"] = [
        {"code": "DW002", "severity": "warning", "message": f"constant: {n}", "columns": [n], "rows": [3]}
        for n in NAMES
    ]
    text = page(sheet)
    told = "".join(Tree(text).texts)
    assert all(name in told for name in NAMES)
    assert SCRIPT not in text


def test_letters_that_no_page_can_hold_are_replaced(runs):
    sheet = copy.deepcopy(runs.classes_sheet)
    sheet["result"]["dataset"]["name"] = "a\x00b\x1b[31m\udc80c"
    text = page(sheet)
    assert "a\ufffdb\ufffd[31m\ufffdc" in text
    assert text.encode()


def test_headings_go_down_one_step_at_a_time(tree):
    levels = [int(tag[1]) for tag, _, _ in tree.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_landmarks_language_and_names(tree):
    assert tree.all("html")[0]["lang"] == "en"
    for name in ("header", "main", "nav", "footer", "title"):
        assert len(tree.all(name)) == 1, name
    assert all("aria-label" in nav for nav in tree.all("nav"))
    regions = [attrs for _, attrs, _ in tree.tags if attrs.get("role") == "region"]
    assert all("aria-label" in r or "aria-labelledby" in r for r in regions)
    named = [attrs["aria-labelledby"] for _, attrs, _ in tree.tags if "aria-labelledby" in attrs]
    ids = {attrs["id"] for _, attrs, _ in tree.tags if "id" in attrs}
    assert set(named) <= ids


def test_every_table_has_headers(tree):
    heads = tree.all("th")
    assert all(th.get("scope") in ("col", "row") for th in heads)
    assert len(heads) > 10


def test_every_picture_has_words_and_its_numbers_as_a_table(tree, text):
    pictures = tree.all("svg")
    assert len(pictures) >= 3
    assert all(p["role"] == "img" and len(p["aria-label"]) > 15 for p in pictures)
    figures = re.findall(r"<figure>.*?</figure>", text, flags=re.DOTALL)
    assert len(figures) == len(pictures)
    for figure in figures:
        assert "<figcaption>" in figure
        assert re.search(r"<details><summary>.*?<table>.*?<td", figure, flags=re.DOTALL)


def test_colours_of_pictures_follow_the_theme(text):
    svgs = "".join(re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL))
    assert "var(--deep)" in svgs
    assert "currentColor" in svgs
    assert not re.findall(r"#[0-9a-f]{6}\b", svgs), "a colour without a name would be lost on dark ground"
    assert set(re.findall(r"var\(--([a-z0-9-]+)\)", svgs)) <= set(_variables("light"))


def test_texts_of_pictures_are_text(text):
    svgs = "".join(re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL))
    assert svgs.count("<text") > 20
    assert "mathdefault" not in svgs


def _variables(ground):
    style = STYLE.read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", blocks[ground == "dark"]))


def _luminance(colour):
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """The ratio of WCAG 2.2."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_wcag_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the known near miss


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_texts_and_marks_stand_out_from_their_ground(ground):
    colours = _variables(ground)
    assert set(colours) == set(_variables("light"))
    for paper in ("paper", "shade"):
        for name in ("ink", "muted", "bad", "warn"):
            assert contrast(colours[name], colours[paper]) >= 4.5, (ground, name, paper)
        for name in (n for n in colours if n.startswith(("deep", "classical", "depth"))):
            assert contrast(colours[name], colours[paper]) >= 3.0, (ground, name, paper)


def test_every_named_colour_is_in_the_style_sheet():
    named = {v[6:-1] for v in THEME.values() if v.startswith("var(--")}
    assert named <= set(_variables("light"))


def test_the_page_is_small(text):
    assert 20_000 < len(text.encode()) < 3_000_000


def test_the_verdict_comes_first_and_is_the_answers(runs, hostile):
    told = " ".join("".join(Tree(hostile).texts).split())
    verdict = runs.classes.verdict
    assert verdict.sentence in told
    assert told.index("Verdict:") < told.index("Leaderboard")
    for p, words in ((verdict.p_deep, "deep better"), (verdict.p_classical, "classical better")):
        assert f"{words} {p:.0%}" in told
    assert "Missing: hist-gradient-boosting" in told
    assert "learning_rate" in told, "the reason of the failed model"


def test_leaderboard_holds_the_numbers_to_sort_by(runs, hostile):
    table = re.search(r"<table data-sortable.*?</table>", hostile, flags=re.DOTALL).group()
    values = [float(v) for v in re.findall(r'<th scope="row">.*?data-value="([^"]+)"', table, re.DOTALL)]
    scores = [row["score"] for row in runs.classes.rows() if row["score"] is not None]
    assert values == scores
    assert 'aria-sort="descending"' in table


def test_paired_differences_are_those_of_the_verdict(runs):
    for result, sheet in ((runs.classes, runs.classes_sheet), (runs.numbers, runs.numbers_sheet)):
        gains = [fold["gain"] for fold in sheet["paired"]["folds"]]
        assert len(gains) == 4
        assert np.mean(gains) == pytest.approx(result.verdict.gain, rel=1e-9)


def test_the_cost_sheet_is_shown_where_costs_were_measured(runs):
    measured, bare = page(runs.held_sheet), page(runs.numbers_sheet)
    for words in ("CPU of a fit", "memory of a fit", "operations", "time to predict one row"):
        assert words in measured
        assert words not in bare
    row = next(r for r in runs.held.rows() if r["model"] == "logistic-regression")
    assert f"{row['parameters']:,}" in measured


def test_fold_scores_average_to_the_leaderboard(runs):
    found = fold_scores(runs.classes_sheet)
    scores = {row["model"]: row["score"] for row in runs.classes.rows() if row["score"] is not None}
    assert {name: np.mean(values) for name, values in found.items()} == pytest.approx(scores)


def test_confusion_is_that_of_scikit_learn(runs):
    found = runs.classes_sheet["confusion"]
    frame = runs.classes.predictions()
    assert found["classes"] == sorted(CLASSES)
    for model in found["models"]:
        own = frame[frame["model"] == model["model"]]
        expected = confusion_matrix(own["truth"], own["prediction"], labels=sorted(CLASSES))
        assert model["counts"] == expected.tolist()
        assert model["right"] == np.trace(expected)


def test_bins_of_numbers_hold_every_row(runs):
    frame = runs.numbers.predictions()
    for model in runs.numbers_sheet["values"]:
        own = frame[frame["model"] == model["model"]]
        assert sum(b["rows"] for b in model["bins"]) == model["rows"] == len(own)
        mean = sum(b["rows"] * b["true"] for b in model["bins"]) / model["rows"]
        assert mean == pytest.approx(own["truth"].mean())


@pytest.mark.parametrize("greater_is_better", [True, False])
def test_the_front_is_what_nothing_dominates(greater_is_better):
    rng = np.random.default_rng(1)
    rows = [{"score": s, "cost": c} for s, c in rng.integers(1, 12, size=(40, 2)).tolist()]
    sign = 1 if greater_is_better else -1

    def beaten(row):
        return any(
            sign * o["score"] >= sign * row["score"]
            and o["cost"] <= row["cost"]
            and (o["score"], o["cost"]) != (row["score"], row["cost"])
            for o in rows
        )

    best = {(r["score"], r["cost"]) for r in rows if not beaten(r)}
    assert {(r["score"], r["cost"]) for r in front(rows, "cost", greater_is_better)} == best


def test_many_classes_are_told_by_their_mistakes(runs):
    sheet = copy.deepcopy(runs.classes_sheet)
    for model in sheet["confusion"]["models"]:
        model["counts"] = None
    text = page(sheet)
    assert 'class="matrix"' not in text
    assert "taken for" in text


def test_a_page_of_the_same_run_is_the_same_page(runs):
    assert page(runs.held_sheet) == page(runs.held_sheet)


def test_people_are_not_told_where_and_on_which_machine_it_was_made(runs, text):
    import platform

    assert str(runs.store.parent) not in text
    assert platform.node() not in "".join(Tree(text).texts) or len(platform.node()) < 4


FAMILIES = ("deep", "classical")


def _explained(answer):
    """The result of a run as `deepworth explain` leaves it, with surrogates of its first two models."""
    names = [row["model"] for row in answer["leaderboard"]][:2]
    leaves = [{"conditions": ["age <script> > 3"], "answer": {"no": 0.9, "yes": 0.1}, "share": 1.0}]
    own = {"fidelity_tree": 0.71, "fidelity_linear": 0.5, "tree": leaves}
    board = [
        {**row, "fidelity": 0.71, "fidelity_tree": 0.71, "fidelity_linear": 0.5}
        if row["model"] in names
        else {**row, "fidelity": None}
        for row in answer["leaderboard"]
    ]
    parts = [{"part": "age", "importance": 0.4, "low": 0.3, "high": 0.5}]
    model = {
        "importance": {"rows": 90, "confidence_level": 0.95, "parts": parts},
        "agreement_between_seeds": 0.9,
    }
    champions = {
        "seeds": 3,
        "rows_held_out": 90,
        "models": [{"model": name, "family": f, **model} for name, f in zip(names, FAMILIES, strict=False)],
        "agreement_between_families": None,
    }
    found = {"leaves": 8, "terms": 8, "surrogates": dict.fromkeys(names, own), "champions": champions}
    verdict = {**answer["verdict"], "deep_champion": names[0], "classical_champion": names[1]}
    return {**answer, "leaderboard": board, "explanations": found, "verdict": verdict}


def test_what_models_answer_by():
    from deepworth.zoo.report.html.explanations import explanations

    metric = {"label": "ROC AUC", "greater_is_better": True}
    board = [
        {"model": m, "family": f, "score": s}
        for m, f, s in (("net", "deep", 0.9), ("tree", "classical", 0.8))
    ]
    answer = {"leaderboard": board, "metric": metric, "dataset": {"name": "d"}, "verdict": {}}
    found = explanations(_explained(answer))
    assert found["picture"].rows == [
        ["net", "deep", "0.900", "71%", "50%"],
        ["tree", "classical", "0.800", "71%", "50%"],
    ]
    assert found["rules"][0]["rows"] == [["no 90%", "100%", "age <script> > 3"]]
    titles = [p.title for one in found["champions"] for p in one["pictures"]]
    assert titles == [f"What the answers lean on: importance of {name}" for name in ("net", "tree")]
    assert found["champions"][1]["pictures"][0].rows == [["age", "0.400", "0.300 to 0.500"]]
    assert found["agreement"][-1] == ["the champions of both families", "-"]
    assert explanations(answer) is None
