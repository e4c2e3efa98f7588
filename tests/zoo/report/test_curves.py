"""Learning curves and capacity as a reader sees them: terminal and pictures of typed answers."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image
from rich.console import Console

from deepworth.datasets import Finding, InputError, Provenance
from deepworth.zoo.report import curves
from deepworth.zoo.report.curve_plots import (
    COLOURS,
    check_plot,
    draw_learning_curve,
    plot_capacity,
    plot_learning_curve,
)
from deepworth.zoo.results.curves import (
    CapacityAnswer,
    CapacityPlanFacts,
    Crossover,
    CurveMetric,
    CurvePlanFacts,
    FamilyCurve,
    FamilyScore,
    GainCurve,
    LearningCurveAnswer,
    NetworkScore,
    PretrainingCurve,
    PretrainingSpan,
    SizeGain,
    SizeScore,
    Span,
    Sufficiency,
    SweepMetric,
)
from deepworth.zoo.results.facts import DatasetFacts

SIZES = (100, 200, 400, 800)
BOTH = {COLOURS["deep"], COLOURS["classical"]}
CHAMPIONS = {"deep": "deep-mlp", "classical": "random-forest"}


def power_law(asymptote, scale):
    rows = np.geomspace(100, 8000, 30)
    score = 1 - asymptote - scale * rows**-0.5
    curve = (tuple(values.tolist()) for values in (rows, score, score - 0.02, score + 0.02))
    return FamilyCurve(asymptote, scale, 0.5, *[(0.01, 0.2)] * 3, 100, 1.0, 1, *curve)


def gain_of(laws):
    """What deep gains by the curves, with a band about it."""
    rows = np.array(laws["deep"].rows)
    gain = np.subtract(laws["deep"].score, laws["classical"].score)
    return GainCurve(*(tuple(v.tolist()) for v in (rows, gain, gain - 0.01, gain + 0.01)))


@pytest.fixture
def dataset():
    return DatasetFacts(
        name="made",
        rows=1000,
        columns=4,
        width=4.0,
        task="binary",
        modality="tabular",
        target="y",
        classes=("x", "y"),
        class_counts={"x": 600, "y": 400},
        positive="y",
        target_std=None,
        test_rows=None,
        fingerprint="0",
        provenance=Provenance("memory"),
    )


@pytest.fixture
def curve(dataset):
    """Deep overtakes at 400 rows."""
    laws = {"deep": power_law(0.05, 2.5), "classical": power_law(0.1, 1.5)}
    scores = [(f, n, 1 - law.asymptote - law.scale * n**-0.5) for f, law in laws.items() for n in SIZES]
    names = ("deep", "classical", "deep_overtakes", "classical_overtakes")
    return LearningCurveAnswer(
        dataset=dataset,
        metric=CurveMetric("roc_auc", "ROC AUC", True, (0.0, 1.0)),
        plan=CurvePlanFacts(SIZES, 5, 5, 200, 0.25, 0, {}, tuple(CHAMPIONS.values()), 1, 0, 0, 40),
        families=tuple(FamilyScore(f, n, CHAMPIONS[f], s, s - 0.01, s + 0.01) for f, n, s in scores),
        models=tuple(
            SizeScore("deep-mlp", "deep", n, "ok", "", 5, 5, 1.5, s, s - 0.01, s + 0.01)
            for f, n, s in scores
            if f == "deep"
        ),
        fits=(),
        curves=laws,
        gains=tuple(SizeGain(n, 0.01, -0.01, 0.03) for n in SIZES),
        crossover=Crossover(
            *("crossover", "deep", 400.0, 300.0, 700.0, False, 100, 800, 8000),
            probabilities=dict(zip(names, (0.0, 0.01, 0.98, 0.01), strict=True)),
            spans=(Span("classical", 100, 300), Span(None, 300, 500), Span("deep", 500, 800)),
            gain=gain_of(laws),
            claim="Deep learning overtakes at about 400 rows (95% interval 300 to 700)",
            sentence="Deep learning overtakes at about 400 rows (95% interval 300 to 700).",
            interval="300 to 700",
        ),
        confidence_level=0.95,
        findings=(Finding("DW007", "warning", "look at this"),),
        interrupted=0,
        versions={},
        wall_seconds=12.0,
        exit_code=0,
    )


@pytest.fixture
def grid(dataset):
    shapes = [(d, u) for d in (0, 1, 2) for u in ((None,) if d == 0 else (8, 32))]
    networks = [
        NetworkScore(d, u, "ok", "", s, s - 0.01, s + 0.01, 0.5 * (d + 1), 10 * (d + 1), 5, 5)
        for d, u in shapes
        for s in [0.7 + 0.05 * d]
    ]
    sentence = "One hidden layer is enough: more layers gain 0.001 ROC AUC (95% interval -0.01 to 0.012)."
    unsure = "Cannot tell whether 8 units per layer are enough: some fits have no score."
    return CapacityAnswer(
        dataset=dataset,
        metric=SweepMetric("roc_auc", "ROC AUC", True),
        plan=CapacityPlanFacts("plain-mlp", (0, 1, 2), (8, 32), 5, 1, 0, 0.25, 0, {}, 1),
        networks=tuple(networks),
        answers=(
            Sufficiency("layers", 1, "yes", 0.001, -0.01, 0.012, 0.97, sentence),
            Sufficiency("units", 8, "undecided", None, None, None, None, unsure),
        ),
        headline="One hidden layer is enough",
        margin=0.01,
        confidence_level=0.95,
        findings=(),
        interrupted=0,
        versions={},
        wall_seconds=12.0,
        exit_code=0,
    )


def crossing(answer, **changed):
    """The learning curve with another crossover."""
    return replace(answer, crossover=replace(answer.crossover, **changed))


def without(answer, family):
    """The learning curve without a family."""
    laws = {name: law for name, law in answer.curves.items() if name != family}
    rows = tuple(row for row in answer.families if row.family != family)
    undecided = crossing(answer, outcome="undecided", probabilities={}, rows=None, spans=(), gain=None)
    return replace(undecided, curves=laws, families=rows)


def with_pretraining(answer):
    """The learning curve with a third family, ahead up to 300 rows."""
    law = power_law(0.15, 0.5)
    scores = [(n, 1 - law.asymptote - law.scale * n**-0.5) for n in SIZES]
    rows = [FamilyScore("pretrained", n, "sentence-encoder", s, s - 0.01, s + 0.01) for n, s in scores]
    claim = "Pretraining is ahead from 100 to 300 rows (95% confidence)"
    gained = PretrainingCurve(
        gains=tuple(SizeGain(n, 0.02, 0.01, 0.03) for n in SIZES),
        band=gain_of({"deep": law, "classical": answer.curves["classical"]}),
        spans=(PretrainingSpan("pretrained", 100, 300), PretrainingSpan(None, 300, 800)),
        decides_to=300.0,
        claim=claim,
        sentence=f"{claim}. Cannot tell from 300 to 800 rows.",
    )
    curves = {**answer.curves, "pretrained": law}
    return replace(answer, families=(*answer.families, *rows), curves=curves, pretraining=gained)


def in_one_line(text):
    return " ".join(text.replace("│", "").split())


def shown(parts, width=110):
    out = Console(width=width, file=io.StringIO(), highlight=False)
    for part in parts:
        out.print(part)
    return out.file.getvalue()


@pytest.mark.parametrize("width", [80, 110, 160])
def test_a_learning_curve_fits_the_terminal(curve, width):
    long = tuple(replace(row, champion="tfidf-logistic-regression") for row in curve.families)
    text = shown(curves.learning_curve(replace(curve, families=long), width), width)
    assert text.count(" to 0.") >= 2 * len(SIZES)  # intervals are whole, names may be cut
    assert all(f"{n:,}" in text for n in SIZES)
    assert max(map(len, text.splitlines())) <= width
    assert "With more data" in text
    assert curve.crossover.sentence in in_one_line(text)
    assert "DW007" in text
    assert "deep overtakes 98%" in in_one_line(text)


@pytest.mark.parametrize("width", [80, 110, 160])
def test_three_families_fit_the_terminal(curve, width):
    three = with_pretraining(curve)
    text = shown(curves.learning_curve(three, width), width)
    assert text.count(" to 0.") >= 3 * len(SIZES)
    assert max(map(len, text.splitlines())) <= width
    assert three.pretraining.sentence in in_one_line(text)
    assert ("champion" in text) == (width >= 110)


def test_failures_and_interruption_are_seen(curve):
    failed = replace(curve.models[0], status="failed", reason="ValueError: no")
    text = shown(curves.learning_curve(replace(curve, models=(failed, *curve.models[1:]), interrupted=1)))
    assert "deep-mlp on 100 rows failed: ValueError: no" in text
    assert "Interrupted: only finished fits are shown." in text


def test_a_power_law_that_does_not_fit_is_named(curve):
    poor = replace(curve.curves["deep"], start=200, misfit=2.5, fits=0)
    text = in_one_line(shown(curves.learning_curve(replace(curve, curves={**curve.curves, "deep": poor}))))
    assert "fitted from 200 rows; a power law does not fit, so the curve is not extrapolated" in text


def test_a_missing_family_leaves_a_dash(curve):
    assert " - " in shown(curves.learning_curve(without(curve, "deep")))


@pytest.mark.parametrize("width", [90, 110])
def test_capacity_fits_the_terminal(grid, width):
    text = shown(curves.capacity(grid), width)
    assert max(map(len, text.splitlines())) <= width
    assert "One hidden layer is enough" in text
    assert "plain-mlp on 5 folds" in " ".join(text.split())


def test_no_answer_is_said_twice(curve, grid):
    text = shown(curves.capacity(grid)) + shown(curves.learning_curve(without(curve, "deep")))
    assert text.lower().count("cannot tell") == 1


def share_of(path, colour, tolerance=12):
    """Share of the pixels of a colour."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return float(np.mean(np.abs(pixels - wanted).max(axis=2) <= tolerance))


def test_a_png_shows_both_families_and_the_crossover(curve, tmp_path):
    path = tmp_path / "curve.png"
    plot_learning_curve(curve, str(path))
    assert Image.open(path).size == (1600, 1184)
    assert all(share_of(path, colour) > 0.001 for colour in BOTH)
    plot_learning_curve(crossing(curve, outcome="undecided", rows=None), str(tmp_path / "other.png"))
    assert share_of(path, "#222222") > share_of(tmp_path / "other.png", "#222222")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["curve.png", "other.png"]


def test_what_pretraining_gains_is_drawn_below(curve, tmp_path):
    three = with_pretraining(curve)
    figure = draw_learning_curve(three)
    scores, _, gain = figure.axes
    assert gain.get_title(loc="left") == three.pretraining.claim
    assert to_hex(gain.collections[0].get_facecolor()[0]) == COLOURS["pretrained"]
    assert "sentence-encoder" in scores.get_legend().get_texts()[2].get_text()
    plot_learning_curve(three, str(tmp_path / "a.png"))
    assert all(share_of(tmp_path / "a.png", colour) > 0.001 for colour in COLOURS.values())


def test_claim_stands_in_picture_and_box(curve, tmp_path):
    """Also a long one, which fits above the picture."""
    for claim in (
        curve.crossover.claim,
        f"{curve.crossover.claim}, and somewhat more words than fit at once",
    ):
        said = crossing(curve, claim=claim, sentence=f"{claim}.")
        assert claim in in_one_line(shown(curves.learning_curve(said)))
        figure = draw_learning_curve(said)
        (title,) = [text for text in figure.texts if text.get_text() == claim]
        figure.canvas.draw()
        assert title.get_window_extent().x1 <= figure.bbox.x1


def test_the_gain_is_coloured_where_a_family_is_ahead(curve, tmp_path):
    """Grey where nobody is: the band of the gain there is neither cyan nor magenta."""
    none = crossing(curve, spans=(Span(None, 100, 800),), outcome="undecided", rows=None)
    colours = {}
    for name, answer in {"both": curve, "none": none}.items():
        gain = draw_learning_curve(answer).axes[1]
        colours[name] = {to_hex(band.get_facecolor()[0]) for band in gain.collections}
    assert colours["both"] >= BOTH
    assert not BOTH & colours["none"]


def test_the_same_result_gives_the_same_svg(curve, grid, tmp_path):
    for plot, answer in ((plot_learning_curve, curve), (plot_capacity, grid)):
        paths = [tmp_path / f"{i}.svg" for i in range(2)]
        for path in paths:
            plot(answer, str(path))
        assert paths[0].read_bytes() == paths[1].read_bytes()
        assert b"<svg" in paths[0].read_bytes()[:1000]


@pytest.mark.parametrize(
    "change",
    [
        {"low": None, "high": None},
        {"outcome": "undecided", "rows": None},
        {"rows": 6000.0, "low": 2000.0, "high": None, "extrapolated": True},
    ],
)
def test_open_ends_are_drawn(curve, tmp_path, change):
    plot_learning_curve(crossing(curve, **change), str(tmp_path / "a.png"))
    assert share_of(tmp_path / "a.png", COLOURS["deep"]) > 0.001


def test_a_curve_that_no_law_fits_ends_with_the_data(curve, tmp_path):
    columns = ("rows", "score", "score_low", "score_high")
    kept = sum(n <= 800 for n in curve.curves["deep"].rows)
    short = {
        family: replace(law, **{name: getattr(law, name)[:kept] for name in columns})
        for family, law in curve.curves.items()
    }
    ended = crossing(replace(curve, curves=short), reach=800, gain=gain_of(short))
    plot_learning_curve(ended, str(tmp_path / "a.png"))
    assert share_of(tmp_path / "a.png", "#f1f2f4", 1) < 0.001  # no part is marked as not measured


def test_one_family_or_none_can_be_drawn(curve, tmp_path):
    for family in ("deep", "classical"):
        curve = without(curve, family)
        plot_learning_curve(curve, str(tmp_path / "a.svg"))
        assert (tmp_path / "a.svg").stat().st_size > 5000


def test_errors_fall_and_have_no_upper_end(curve, tmp_path):
    errors = CurveMetric("rmse", "RMSE", False, (0.0, None))
    plot_learning_curve(replace(curve, metric=errors), str(tmp_path / "a.png"))
    assert share_of(tmp_path / "a.png", COLOURS["classical"]) > 0.001


def test_capacity_is_drawn_with_failed_networks_left_out(grid, tmp_path):
    networks = list(grid.networks)
    networks[2] = replace(networks[2], status="failed", score=None, score_low=None, score_high=None)
    plot_capacity(replace(grid, networks=tuple(networks)), str(tmp_path / "a.png"))
    assert share_of(tmp_path / "a.png", "#00405c") > 0.0005


@pytest.mark.parametrize("name", ["a.pdf", "missing/a.png", ".png"])
def test_a_picture_that_cannot_be_written_is_refused_first(name, tmp_path):
    with pytest.raises(InputError, match="cannot draw"):
        check_plot(str(tmp_path / name) if name != ".png" else str(tmp_path))


def test_drawing_leaves_pyplot_alone():
    code = (
        "import sys, deepworth.zoo.report.curve_plots as p; assert 'matplotlib' not in sys.modules; "
        "p._figure(1); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd="/")
