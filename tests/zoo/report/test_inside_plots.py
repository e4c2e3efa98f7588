"""Pictures of what is inside models show the numbers that they were given."""

from __future__ import annotations

import numpy as np

from deepworth.zoo.report import explanation_plots
from deepworth.zoo.report import explanation_plots as inside_plots


def drawn(name, found):
    """The first axes after a panel was drawn into a figure of its own."""
    figure = inside_plots.blank(9, 4)
    inside_plots.PANELS[name](figure, found)
    return figure.axes[0]


def labels(axes):
    return [text.get_text() for text in axes.get_yticklabels()]


def test_coefficients_are_drawn_by_size_and_class():
    lines = [
        {"feature": f"x{i}", "standardised": {"a": value, "b": -value}}
        for i, value in enumerate((0.5, -2.0, 1.0))
    ]
    axes = drawn("coefficients", {"coefficients": lines})
    assert labels(axes) == ["x0", "x2", "x1"], "the largest on top"
    points = {line.get_label(): list(line.get_xdata()) for line in axes.lines}
    assert points["a"] == [0.5, 1.0, -2.0]
    assert points["b"] == [-0.5, -1.0, 2.0]
    assert len({line.get_marker() for line in axes.lines if line.get_label() in "ab"}) == 2


def test_units_are_drawn_by_what_is_lost():
    units = [
        {
            "layer": "dense",
            "unit": i + 1,
            "loss": loss,
            "responds_to": [{"feature": "age", "correlation": 0.5}],
        }
        for i, loss in enumerate((0.01, 0.2, -0.05))
    ]
    axes = drawn("units", {"units": units})
    assert labels(axes) == ["dense 3: age (+0.50)", "dense 1: age (+0.50)", "dense 2: age (+0.50)"]
    assert [bar.get_width() for bar in axes.patches] == [-0.05, 0.01, 0.2]


def test_probes_from_input_to_hand_made_features():
    kinds = ("input", "learned", "made by hand")
    probes = [
        {"features": kind, "kind": kind, "width": 4, "score": s, "low": s - 0.1, "high": s + 0.1}
        for kind, s in zip(kinds, (0.6, 0.9, 0.8), strict=True)
    ]
    axes = drawn("probes", {"probes": probes})
    assert labels(axes) == ["made by hand (4)", "learned (4)", "input (4)"]
    assert {line.get_label(): float(line.get_xdata()[0]) for line in axes.lines} == dict(
        zip(kinds, (0.6, 0.9, 0.8), strict=True)
    )


def test_the_loss_by_epoch_and_the_kept_one():
    training = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 2.5, 2.7], "best_epoch": 1}
    axes = drawn("training", {"training": training})
    found = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines}
    assert found["training rows"] == ([1, 2, 3], [3.0, 2.0, 1.0])
    assert found["rows that watch"][1] == [3.0, 2.5, 2.7]
    assert found["kept"][0] == [2, 2]


def test_gradients_the_largest_on_top():
    parts = [{"part": name, "mean_absolute": v} for name, v in (("b", 2.0), ("a", 1.0))]
    axes = drawn("gradients", {"gradients": {"parts": parts, "unit": "log-odds"}})
    assert labels(axes) == ["a", "b"]
    assert "log-odds" in axes.get_xlabel()


def test_what_is_not_there_has_no_panel():
    """Of pictures gradients have no parts, and classical models no units."""
    parts = [{"part": "a", "mean_absolute": 1.0}]
    found = {"gradients": {"parts": [], "unit": "value"}, "units": None, "probes": [], "importance": None}
    assert explanation_plots.panels(found) == []
    there = {**found, "gradients": {"parts": parts, "unit": "value"}}
    assert [name for name, _ in explanation_plots.panels(there)] == ["gradients"]


def test_names_of_any_length_stay_on_the_picture():
    part = {"part": "x" * 400, "importance": 0.1, "low": 0.0, "high": 0.2}
    figure = inside_plots.blank(9, 4)
    explanation_plots.importance(figure, {"importance": {"parts": [part]}, "family": "deep"})
    (axes,) = figure.axes
    assert len(labels(axes)[0]) == 40
    figure.canvas.draw()
    assert np.all(np.isfinite(axes.get_position().bounds))


def test_heat_maps_are_summed_on_a_grid():
    """Each number of the table is the sum of its quarter of the map, and all of them the whole."""
    from deepworth.zoo.report.html.explanations import _examples

    pixels = np.arange(64.0).reshape(8, 8)
    row = {"row": 5, "class": "7", "pixels": pixels.tolist(), "picture": np.ones((8, 8)).tolist()}
    axes = drawn("examples", {"examples": [row]})
    assert axes.get_title() == "row 5: for 7"
    header, rows = _examples({"examples": [row]})
    assert len(header) == len(rows[0]) == 6
    assert float(rows[0][2]) == pixels[:2, :2].sum()
    assert sum(float(v) for line in rows for v in line[2:]) == pixels.sum()


def test_words_by_what_they_add():
    from deepworth.zoo.report.html.explanations import _examples

    parts = [
        {"place": i, "part": w, "attribution": v} for i, (w, v) in enumerate((("a", 0.1), ("not", -2.0)))
    ]
    row = {"row": 1, "class": "yes", "parts": parts}
    axes = drawn("examples", {"examples": [row]})
    assert labels(axes) == ["a", "not"]
    assert _examples({"examples": [row]})[1] == [
        ["row 1", "yes", "not", "-2.000"],
        ["row 1", "yes", "a", "+0.100"],
    ]
