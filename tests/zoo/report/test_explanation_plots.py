"""Pictures of explanations show the numbers that they were given."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from deepworth.zoo.report import explanation_plots
from deepworth.zoo.report.html.details import _examples
from deepworth.zoo.results.explanation import (
    Attribution,
    Coefficient,
    ExplainedModel,
    GradientPart,
    Gradients,
    Importance,
    ImportantPart,
    Regularisation,
    TrainingCurve,
)
from deepworth.zoo.results.network import Correlated, Probe, Unit


def explained(**found) -> ExplainedModel:
    """A model of which only these things are known."""
    nothing = dict.fromkeys(field.name for field in fields(ExplainedModel))
    return ExplainedModel(**{**nothing, "model": "deep-mlp", "family": "deep", **found})


def gradients(*parts: tuple[str, float], unit: str = "log-odds") -> Gradients:
    return Gradients(unit, 10, 0.0, tuple(GradientPart(*part) for part in parts), ())


def drawn(name, **found):
    """The first axes after a panel was drawn into a figure of its own."""
    figure = explanation_plots.blank(9, 4)
    explanation_plots.PANELS[name](figure, explained(**found))
    return figure.axes[0]


def labels(axes):
    return [text.get_text() for text in axes.get_yticklabels()]


def test_coefficients_are_drawn_by_size_and_class():
    lines = [
        Coefficient(f"x{i}", f"x{i}", {"a": value, "b": -value}, {"a": value, "b": -value})
        for i, value in enumerate((0.5, -2.0, 1.0))
    ]
    axes = drawn("coefficients", coefficients=tuple(lines))
    assert labels(axes) == ["x0", "x2", "x1"], "the largest on top"
    points = {line.get_label(): list(line.get_xdata()) for line in axes.lines}
    assert points["a"] == [0.5, 1.0, -2.0]
    assert points["b"] == [-0.5, -1.0, 2.0]
    assert len({line.get_marker() for line in axes.lines if line.get_label() in "ab"}) == 2


def test_units_are_drawn_by_what_is_lost():
    units = [
        Unit("dense", i + 1, 3, 0.5, 0.5, (Correlated("age", 0.5),), (0,), loss)
        for i, loss in enumerate((0.01, 0.2, -0.05))
    ]
    axes = drawn("units", units=tuple(units))
    assert labels(axes) == ["dense 3: age (+0.50)", "dense 1: age (+0.50)", "dense 2: age (+0.50)"]
    assert [bar.get_width() for bar in axes.patches] == [-0.05, 0.01, 0.2]


def test_probes_from_input_to_hand_made_features():
    kinds = ("input", "learned", "made by hand")
    scores = dict(zip(kinds, (0.6, 0.9, 0.8), strict=True))
    axes = drawn("probes", probes=tuple(Probe(k, k, 4, s, s - 0.1, s + 0.1) for k, s in scores.items()))
    assert labels(axes) == ["made by hand (4)", "learned (4)", "input (4)"]
    assert {line.get_label(): float(line.get_xdata()[0]) for line in axes.lines} == scores


def test_the_loss_by_epoch_and_the_kept_one():
    training = TrainingCurve((3.0, 2.0, 1.0), (3.0, 2.5, 2.7), 1, Regularisation(0.0, 1.0))
    axes = drawn("training", training=training)
    found = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines}
    assert found["training rows"] == ([1, 2, 3], [3.0, 2.0, 1.0])
    assert found["validation rows"][1] == [3.0, 2.5, 2.7]
    assert found["kept"][0] == [2, 2]


def test_gradients_the_largest_on_top():
    axes = drawn("gradients", gradients=gradients(("b", 2.0), ("a", 1.0)))
    assert labels(axes) == ["a", "b"]
    assert "log-odds" in axes.get_xlabel()


def test_what_is_not_there_has_no_panel():
    """Of pictures gradients have no parts, and classical models no units."""
    assert explanation_plots.panels(explained(gradients=gradients(), probes=())) == []
    there = explained(gradients=gradients(("a", 1.0)), probes=())
    assert [name for name, _ in explanation_plots.panels(there)] == ["gradients"]


def test_names_of_any_length_stay_on_the_picture():
    part = ImportantPart("x" * 400, ("x" * 400,), 0.1, 0.0, 0.2)
    figure = explanation_plots.blank(9, 4)
    importance = Importance(100, "share", 0.5, 0.95, (part,))
    explanation_plots.importance(figure, explained(importance=importance))
    (axes,) = figure.axes
    assert len(labels(axes)[0]) == 40
    figure.canvas.draw()
    assert np.all(np.isfinite(axes.get_position().bounds))


def test_heat_maps_are_summed_on_a_grid():
    """Each number of the table is the sum of its quarter of the map, and all of them the whole."""
    pixels = np.arange(64.0).reshape(8, 8)
    row = {"row": 5, "class": "7", "pixels": pixels.tolist(), "picture": np.ones((8, 8)).tolist()}
    axes = drawn("examples", examples=(row,))
    assert axes.get_title() == "row 5: for 7"
    header, rows = _examples(explained(examples=(row,)))
    assert len(header) == len(rows[0]) == 6
    assert float(rows[0][2]) == pixels[:2, :2].sum()
    assert sum(float(v) for line in rows for v in line[2:]) == pixels.sum()


def test_words_by_what_they_add():
    parts = tuple(Attribution(w, v, i) for i, (w, v) in enumerate((("a", 0.1), ("not", -2.0))))
    row = {"row": 1, "class": "yes", "parts": parts}
    axes = drawn("examples", examples=(row,))
    assert labels(axes) == ["a", "not"]
    assert _examples(explained(examples=(row,)))[1] == [
        ["row 1", "yes", "not", "-2.000"],
        ["row 1", "yes", "a", "+0.100"],
    ]
