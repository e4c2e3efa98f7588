"""Learning curves and capacity as a reader sees them: terminal and pictures, from plain results."""

from __future__ import annotations

import copy
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from deepworth.datasets._errors import InputError
from deepworth.zoo.report import curves
from deepworth.zoo.report.curve_plots import COLOURS, check_plot, plot_capacity, plot_learning_curve

SIZES = [100, 200, 400, 800]


def scored(score, half=0.01):
    return {"score": score, "score_low": score - half, "score_high": score + half}


def law(asymptote, scale):
    rows = np.geomspace(100, 8000, 30)
    score = 1 - asymptote - scale * rows**-0.5
    return {
        "asymptote": asymptote,
        "scale": scale,
        "exponent": 0.5,
        **{f"{name}_interval": [0.01, 0.2] for name in ("asymptote", "scale", "exponent")},
        "start": 100,
        "misfit": 1.0,
        "fits": 1,
        "rows": rows.tolist(),
        "score": score.tolist(),
        "score_low": (score - 0.02).tolist(),
        "score_high": (score + 0.02).tolist(),
    }


@pytest.fixture
def dataset():
    return {
        "name": "made",
        "rows": 1000,
        "columns": 4,
        "task": "binary",
        "modality": "tabular",
        "class_counts": {"x": 600, "y": 400},
    }


@pytest.fixture
def curve(dataset):
    """Deep overtakes at 400 rows."""
    found = {"deep": law(0.05, 2.5), "classical": law(0.1, 1.5)}
    families = [
        {"family": f, "size": n, "champion": m, **scored(1 - c["asymptote"] - c["scale"] * n**-0.5)}
        for (f, c), m in zip(found.items(), ("deep-mlp", "random-forest"), strict=True)
        for n in SIZES
    ]
    model = {"family": "deep", "status": "ok", "reason": "", "fit_seconds": 1.5}
    return {
        "dataset": dataset,
        "metric": {"name": "roc_auc", "label": "ROC AUC", "greater_is_better": 1, "bounds": [0.0, 1.0]},
        "plan": {"sizes": SIZES, "repeats": 5, "official_test": 0, "ordered": 0},
        "families": families,
        "models": [{"model": "deep-mlp", "size": n, **model} for n in SIZES],
        "curves": found,
        "crossover": {
            "outcome": "crossover",
            "overtaker": "deep",
            "rows": 400.0,
            "low": 300.0,
            "high": 700.0,
            "extrapolated": 0,
            "smallest": 100,
            "largest": 800,
            "reach": 8000,
            "probabilities": {
                "deep": 0.0,
                "classical": 0.01,
                "deep_overtakes": 0.98,
                "classical_overtakes": 0.01,
            },
            "headline": "Deep learning overtakes at about 400 rows",
            "sentence": "Deep learning overtakes at about 400 training rows (300 to 700).",
            "interval": "300 to 700",
        },
        "confidence_level": 0.95,
        "findings": [{"code": "DW007", "severity": "warning", "message": "look at this"}],
        "interrupted": 0,
        "wall_seconds": 12.0,
    }


@pytest.fixture
def grid(dataset):
    networks = [
        {
            "layers": d,
            "units": u,
            "status": "ok",
            "reason": "",
            "fit_seconds": 0.5 * (d + 1),
            "parameters": 10 * (d + 1),
            **scored(0.7 + 0.05 * d),
        }
        for d in (0, 1, 2)
        for u in ([None] if d == 0 else [8, 32])
    ]
    sentence = "One hidden layer is enough: more layers gain 0.001 ROC AUC (-0.01 to 0.012)."
    return {
        "dataset": dataset,
        "metric": {"name": "roc_auc", "label": "ROC AUC", "greater_is_better": 1},
        "plan": {
            "model": "plain-mlp",
            "units": [8, 32],
            "layers": [0, 1, 2],
            "folds": 5,
            "repeats": 1,
            "official_test": 0,
        },
        "networks": networks,
        "answers": [{"axis": "layers", "value": 1, "outcome": "yes", "sentence": sentence}],
        "headline": "One hidden layer is enough",
        "confidence_level": 0.95,
        "findings": [],
        "interrupted": 0,
        "wall_seconds": 12.0,
    }


def shown(parts, width=110):
    out = Console(width=width, file=io.StringIO(), highlight=False)
    for part in parts:
        out.print(part)
    return out.file.getvalue()


@pytest.mark.parametrize("width", [80, 110, 160])
def test_a_learning_curve_fits_the_terminal(curve, width):
    for row in curve["families"]:
        row["champion"] = "tfidf-logistic-regression"
    text = shown(curves.learning_curve(curve, width), width)
    assert text.count(" to 0.") >= 2 * len(SIZES)  # intervals are whole, names may be cut
    assert all(f"{n:,}" in text for n in SIZES)
    assert max(map(len, text.splitlines())) <= width
    assert "With more data: a crossover" in text
    assert "Deep learning overtakes at about 400 training rows (300 to 700)" in " ".join(
        text.replace("│", "").split()
    )
    assert "DW007" in text
    assert "deep overtakes 98%" in " ".join(text.replace("│", "").split())


def test_failures_and_interruption_are_seen(curve):
    curve["models"][0] |= {"status": "failed", "reason": "ValueError: no"}
    curve["interrupted"] = 1
    text = shown(curves.learning_curve(curve))
    assert "deep-mlp on 100 rows failed: ValueError: no" in text
    assert "Interrupted: this is what was finished." in text


def test_what_no_law_goes_through_is_said(curve):
    curve["curves"]["deep"] |= {"start": 200, "misfit": 2.5, "fits": 0}
    text = " ".join(shown(curves.learning_curve(curve)).replace("│", "").split())
    assert "fitted from 200 rows on; no power law fits: the curve ends with the data" in text


def test_a_missing_family_leaves_a_dash(curve):
    curve["families"] = [r for r in curve["families"] if r["family"] == "classical"]
    del curve["curves"]["deep"]
    curve["crossover"] |= {"outcome": "undecided", "probabilities": {}, "rows": None}
    assert " - " in shown(curves.learning_curve(curve))


@pytest.mark.parametrize("width", [90, 110])
def test_capacity_fits_the_terminal(grid, width):
    text = shown(curves.capacity(grid), width)
    assert max(map(len, text.splitlines())) <= width
    assert "One hidden layer is enough" in text
    assert "plain-mlp on 5 folds" in " ".join(text.split())


def share_of(path, colour, tolerance=12):
    """Share of the pixels of a colour."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return float(np.mean(np.abs(pixels - wanted).max(axis=2) <= tolerance))


def test_a_png_shows_both_families_and_the_crossover(curve, tmp_path):
    path = tmp_path / "curve.png"
    plot_learning_curve(curve, str(path))
    assert Image.open(path).size == (1600, 928)
    assert all(share_of(path, colour) > 0.001 for colour in COLOURS.values())
    without = copy.deepcopy(curve)
    without["crossover"] |= {"outcome": "undecided", "rows": None}
    plot_learning_curve(without, str(tmp_path / "other.png"))
    assert share_of(path, "#222222") > share_of(tmp_path / "other.png", "#222222")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["curve.png", "other.png"]


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
        {"rows": 6000.0, "low": 2000.0, "high": None, "extrapolated": 1},
    ],
)
def test_open_ends_are_drawn(curve, tmp_path, change):
    curve["crossover"] |= change
    plot_learning_curve(curve, str(tmp_path / "a.png"))
    assert share_of(tmp_path / "a.png", COLOURS["deep"]) > 0.001


def test_a_curve_that_no_law_fits_ends_with_the_data(curve, tmp_path):
    for each in curve["curves"].values():
        kept = [i for i, n in enumerate(each["rows"]) if n <= 800]
        each |= {k: [each[k][i] for i in kept] for k in ("rows", "score", "score_low", "score_high")}
    curve["crossover"]["reach"] = 800
    plot_learning_curve(curve, str(tmp_path / "a.png"))
    assert share_of(tmp_path / "a.png", "#f1f2f4", 1) < 0.001  # no part is marked as not measured


def test_one_family_or_none_can_be_drawn(curve, tmp_path):
    for family in ("deep", "classical"):
        del curve["curves"][family]
        curve["families"] = [r for r in curve["families"] if r["family"] != family]
        curve["crossover"] |= {"outcome": "undecided", "rows": None}
        plot_learning_curve(curve, str(tmp_path / "a.svg"))
        assert (tmp_path / "a.svg").stat().st_size > 5000


def test_errors_fall_and_have_no_upper_end(curve, tmp_path):
    curve["metric"] |= {"label": "RMSE", "greater_is_better": 0, "bounds": [0.0, None]}
    plot_learning_curve(curve, str(tmp_path / "a.png"))
    assert share_of(tmp_path / "a.png", COLOURS["classical"]) > 0.001


def test_capacity_is_drawn_with_failed_networks_left_out(grid, tmp_path):
    grid["networks"][2] |= {"status": "failed", "score": None, "score_low": None, "score_high": None}
    plot_capacity(grid, str(tmp_path / "a.png"))
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
