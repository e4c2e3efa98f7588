"""The page of a run: what it says, that it is only text and pictures, and that everybody can read it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from deepworth.datasets import Finding
from deepworth.zoo.report.html import page as _page
from deepworth.zoo.report.html.details import explanations
from deepworth.zoo.report.html.page import page
from deepworth.zoo.report.html.plots import FIT, THEME, fold_scores, front
from deepworth.zoo.results.explanation import Explanations, LinearSurrogate, Rule, Surrogate

from .conftest import CLASSES, NAMES, SCRIPT, run_explanation

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
    findings = tuple(Finding("DW002", "warning", f"constant: {n}", (n,), (3,)) for n in NAMES)
    answer = replace(runs.classes_sheet.result, findings=findings)
    text = page(replace(runs.classes_sheet, result=answer))
    told = "".join(Tree(text).texts)
    assert all(name in told for name in NAMES)
    assert SCRIPT not in text


def test_letters_that_no_page_can_hold_are_replaced(runs):
    answer = runs.classes_sheet.result
    answer = replace(answer, dataset=replace(answer.dataset, name="a\x00b\x1b[31m\udc80c"))
    text = page(replace(runs.classes_sheet, result=answer))
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
    scores = [row.score for row in runs.classes.answer.leaderboard if row.score is not None]
    assert values == scores
    assert 'aria-sort="descending"' in table


def test_paired_differences_are_those_of_the_champions(runs):
    for result, sheet in ((runs.classes, runs.classes_sheet), (runs.numbers, runs.numbers_sheet)):
        verdict, sign = result.verdict, 1 if result.metric.greater_is_better else -1
        scores = {row.model: row.score for row in result.answer.leaderboard}
        gains = [fold.gain for fold in sheet.paired.folds]
        assert len(gains) == 4
        gain = sign * (scores[verdict.deep_champion] - scores[verdict.classical_champion])
        assert np.mean(gains) == pytest.approx(gain, rel=1e-9)


def test_the_cost_sheet_is_shown_where_costs_were_measured(runs):
    measured, bare = page(runs.held_sheet), page(runs.numbers_sheet)
    for words in ("CPU time of a fit", "memory of a fit", "operations", "time to predict one row"):
        assert words in measured
        assert words not in bare
    row = next(r for r in runs.held.answer.leaderboard if r.model == "logistic-regression")
    assert f"{row.parameters:,}" in measured


def test_fold_scores_average_to_the_leaderboard(runs):
    found = fold_scores(runs.classes_sheet)
    scores = {row.model: row.score for row in runs.classes.answer.leaderboard if row.score is not None}
    assert {name: np.mean(values) for name, values in found.items()} == pytest.approx(scores)


def test_confusion_is_that_of_scikit_learn(runs):
    confusion = runs.classes_sheet.confusion
    frame = runs.classes.predictions()
    assert list(confusion.classes) == sorted(CLASSES)
    for model in confusion.models:
        own = frame[frame["model"] == model.model]
        expected = confusion_matrix(own["truth"], own["prediction"], labels=sorted(CLASSES))
        assert np.array_equal(model.counts, expected)
        assert model.right == np.trace(expected)
        assert model.mistakes[0].rows == (expected - np.diag(np.diag(expected))).max()


def test_bins_of_numbers_hold_every_row(runs):
    frame = runs.numbers.predictions()
    for model in runs.numbers_sheet.values:
        own = frame[frame["model"] == model.model]
        assert sum(part.rows for part in model.bins) == model.rows == len(own)
        mean = sum(part.rows * part.true for part in model.bins) / model.rows
        assert mean == pytest.approx(own["truth"].mean())
        error = sum(part.rows * part.mean_absolute_error for part in model.bins) / model.rows
        assert error == pytest.approx((own["truth"] - own["prediction"]).abs().mean())


@pytest.mark.parametrize("greater_is_better", [True, False])
def test_the_front_is_what_nothing_dominates(runs, greater_is_better):
    rng = np.random.default_rng(1)
    row = runs.classes.answer.leaderboard[0]
    points = rng.integers(1, 12, size=(40, 2)).tolist()
    rows = [replace(row, score=score, fit_seconds=cost) for score, cost in points]
    sign = 1 if greater_is_better else -1

    def beaten(row):
        return any(
            sign * o.score >= sign * row.score
            and o.fit_seconds <= row.fit_seconds
            and (o.score, o.fit_seconds) != (row.score, row.fit_seconds)
            for o in rows
        )

    best = {(r.score, r.fit_seconds) for r in rows if not beaten(r)}
    assert {(r.score, r.fit_seconds) for r in front(rows, FIT, greater_is_better)} == best


def test_many_classes_are_shown_by_their_errors(runs):
    confusion = runs.classes_sheet.confusion
    models = tuple(replace(model, counts=None) for model in confusion.models)
    text = page(replace(runs.classes_sheet, confusion=replace(confusion, models=models)))
    assert 'class="matrix"' not in text
    assert "predicted as" in text


def test_a_page_of_the_same_run_is_the_same_page(runs):
    assert page(runs.held_sheet) == page(runs.held_sheet)


def test_people_are_not_told_where_and_on_which_machine_it_was_made(runs, text):
    import platform

    assert str(runs.store.parent) not in text
    assert platform.node() not in "".join(Tree(text).texts) or len(platform.node()) < 4


def explained(answer):
    """The answer as `deepworth explain` leaves it, with surrogates of its first two models."""
    names = [row.model for row in answer.leaderboard][:2]
    leaf = Rule(("age <script> > 3",), {"no": 0.9, "yes": 0.1}, 1.0)
    surrogate = Surrogate(90, 0.71, 0.9, 0.5, 0.8, (leaf,), LinearSurrogate("log-odds", 0.0, ()))
    fidelities = {"fidelity": 0.71, "fidelity_tree": 0.71, "fidelity_linear": 0.5}
    board = [
        replace(row, **fidelities) if row.model in names else replace(row, fidelity=None)
        for row in answer.leaderboard
    ]
    champions = run_explanation(answer, names, part="age")
    verdict = replace(answer.verdict, deep_champion=names[0], classical_champion=names[1])
    measured = Explanations(dict.fromkeys(names, surrogate), 8, 8, champions=champions)
    return replace(answer, leaderboard=tuple(board), explanations=measured, verdict=verdict)


def test_explanations_of_the_best_models(runs):
    answer = explained(runs.classes.answer)
    first, second = (row for row in answer.leaderboard if row.fidelity is not None)
    section = explanations(answer)
    assert section["picture"].rows == [
        [row.model, row.family, f"{row.score:.3f}", "71%", "50%"] for row in (first, second)
    ]
    assert section["rules"][0]["rows"] == [["no 90%", "100%", "age <script> > 3"]]
    titles = [picture.title for one in section["champions"] for picture in one["pictures"]]
    assert titles == [f"Permutation importance of {row.model}" for row in (first, second)]
    assert section["champions"][1]["pictures"][0].rows == [["age", "0.400", "0.300 to 0.500"]]
    assert section["agreement"][-1] == ["the best models of both families", "-"]
    assert explanations(replace(answer, explanations=None)) is None
