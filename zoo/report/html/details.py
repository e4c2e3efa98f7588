"""The sections about probabilities, mistakes, curves and explanations.

Explanations are surrogates of all models, and what ``deepworth explain`` found of the best: each method is a
picture with its numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ...results.answer import Answer, LeaderboardRow
from ...results.curves import CapacityAnswer, LearningCurveAnswer
from ...results.explanation import AttributedRow, ExplainedModel, Explanations, RunExplanation, Surrogate
from ...results.report import ReportSheet
from ...results.saved import CalibrationAnswer, CalibrationError, Share
from .. import calibration as calibration_plots
from .. import explanation_plots
from ..curve_plots import draw_capacity, draw_learning_curve
from ..explanation_plots import blank, strongest
from ..words import family_words, interval, number, seconds, signed, without_reference
from .plots import Picture, inline

View = dict[str, Any]  # the variables of a template
Table = tuple[list[str], list[list[str]]]


def calibration(answer: CalibrationAnswer | None) -> View | None:
    """Reliability, calibration error and sets of the shown models; intervals for regression."""
    if answer is None or not answer.models:
        return None
    regression = answer.dataset.task == "regression"
    header, rows = _of_values(answer) if regression else _of_classes(answer)
    picture = Picture(
        inline(calibration_plots.draw(answer), "reliability", "Predicted against observed frequencies"),
        "Reliability diagram",
        "The best models; deepworth calibration shows all models of the run.",
        *(_levels(answer) if regression else _curves(answer)),
    )
    what = "Prediction intervals" if regression else "Prediction sets"
    return {
        "picture": picture,
        "header": header,
        "rows": rows,
        "note": f"{what} should hold the truth for {answer.confidence_level:.0%} of the rows. "
        f"Brackets are {answer.interval_level:.0%} intervals.",
        "lines": [] if regression else [_CLASSES_NOTE],
    }


_CLASSES_NOTE = (
    "Calibration error: mean difference between predicted probabilities and observed frequencies, without "
    "the part that is due to chance. Calibrators and prediction sets were fitted on the other folds."
)


def _of_classes(answer: CalibrationAnswer) -> Table:
    header = ["model", "calibration error", "by chance", "best calibrator", "calibrated error", "Brier score"]
    header += ["coverage of sets", "mean set size", "referred"]
    rows = []
    for model in answer.models:
        error, brier, sets = model.calibration_error, model.brier, model.sets
        if error is None or brier is None or sets is None:
            continue
        best = (model.calibrators or {}).get(model.best_calibrator or "")
        calibrated = None if best is None or model.best_calibrator == "none" else best.calibration_error.value
        rows.append(
            [
                model.model,
                _with_interval(error),
                number(error.by_chance),
                model.best_calibrator or "-",
                number(calibrated),
                _with_interval(brier),
                _with_interval(sets.coverage),
                f"{sets.mean_set_size:.2f}",
                f"{sets.referred:.1%}",
            ]
        )
    return header, rows


def _of_values(answer: CalibrationAnswer) -> Table:
    rows = [
        [
            model.model,
            _with_interval(model.intervals.coverage),
            f"± {number(model.intervals.half_width)}",
        ]
        for model in answer.models
        if model.intervals is not None
    ]
    return ["model", f"coverage (nominal {answer.confidence_level:.0%})", "width"], rows


def _with_interval(value: Share | CalibrationError) -> str:
    return f"{number(value.value)} [{number(value.low)}, {number(value.high)}]"


def _curves(answer: CalibrationAnswer) -> Table:
    rows = []
    for model in answer.models:
        if model.reliability is None:
            continue
        both = {"as trained": model.reliability.none, "calibrated": model.reliability.calibrated}
        for words, curve in both.items():
            columns = (curve.stated, curve.happened, curve.low, curve.high, curve.rows)
            for stated, happened, low, high, n in zip(*columns, strict=True):
                ends = interval(low, high)
                rows.append([model.model, words, number(stated), number(happened), ends, f"{n:,.0f}"])
    return ["model", "probabilities", "predicted", "observed", "95% interval", "rows"], rows


def _levels(answer: CalibrationAnswer) -> Table:
    rows = [
        [model.model, f"{point.level:.0%}", _with_interval(point.coverage), number(point.half_width)]
        for model in answer.models
        for point in model.levels or ()
    ]
    return ["model", "nominal coverage", "coverage", "value ±"], rows


def confusion(sheet: ReportSheet) -> list[View] | None:
    """Matrices of the shown models; of very many classes the most frequent mistakes only."""
    answer = sheet.confusion
    if answer is None or not answer.models:
        return None
    classes = answer.classes
    return [
        {
            "model": model.model,
            "mistakes": model.mistakes,
            "rows": f"{model.rows:,}",
            "right": f"{model.right:,}",
            "classes": classes,
            "matrix": None if model.counts is None or classes is None else _matrix(model.counts, classes),
        }
        for model in answer.models
    ]


def _matrix(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> list[View]:
    return [
        {
            "name": name,
            "cells": [
                {"rows": f"{n:,}", "share": round(n / (sum(line) or 1), 3), "right": i == j}
                for j, n in enumerate(line)
            ],
        }
        for i, (name, line) in enumerate(zip(classes, counts, strict=True))
    ]


def curve(answer: LearningCurveAnswer | None) -> View | None:
    """A learning curve of the same data, and where the families cross."""
    if answer is None:
        return None
    sentence, below = answer.crossover.sentence, "by how much deep learning is better"
    if answer.pretraining is not None:
        sentence = f"{sentence} {answer.pretraining.sentence}"
        below += ", and pretraining"
    rows = [
        [
            f"{row.size:,}",
            family_words(row.family),
            row.champion,
            number(row.score),
            interval(row.score_low, row.score_high),
        ]
        for row in sorted(answer.families, key=lambda row: (row.size, row.family))
    ]
    picture = Picture(
        inline(draw_learning_curve(answer), "curve", sentence),
        "Learning curves",
        "Points: the best model of each family by the number of training rows. Lines: power laws with an "
        f"asymptote. Below: {below}, in the colour of the family that is ahead. "
        "Grey ground: beyond the measured sizes.",
        ["training rows", "family", "model", answer.metric.label, f"{answer.confidence_level:.0%} interval"],
        rows,
    )
    return {"sentence": sentence, "picture": picture}


def capacity(answer: CapacityAnswer | None) -> View | None:
    """A grid of networks on the same data."""
    if answer is None:
        return None
    rows = [
        [
            str(row.layers),
            "-" if row.units is None else f"{row.units:,}",
            number(row.score),
            interval(row.score_low, row.score_high),
            seconds(row.fit_seconds) or "-",
        ]
        for row in answer.networks
    ]
    picture = Picture(
        inline(draw_capacity(answer), "capacity", answer.headline),
        "Networks by depth and width",
        f"Scores, and seconds of one fit; bars are {answer.confidence_level:.0%} intervals.",
        ["hidden layers", "units per layer", answer.metric.label, "interval", "fit"],
        rows,
    )
    return {"sentences": [one.sentence for one in answer.answers], "picture": picture}


_MOST = 20
_GRID = 4  # in which the numbers of a heat map are summed
_EPOCHS = 50  # rows of a table of losses


def explanations(answer: Answer) -> dict[str, Any] | None:
    """What `deepworth compare` measured of every model, and `deepworth explain RUN` of the best ones."""
    measured = answer.explanations
    if measured is None or not measured.surrogates or not _imitated(answer):
        return None
    explained = measured.champions
    verdict = answer.verdict
    imitated = {row.model for row in _imitated(answer)}
    best = [name for name in (verdict.deep_champion, verdict.classical_champion) if name in imitated]
    return {
        "picture": _fidelity(answer, measured),
        "rules": [_rules(name, measured.surrogates[name]) for name in best if name in measured.surrogates],
        "champions": [] if explained is None else _explained_models(explained),
        "agreement": [] if explained is None else _agreement(explained),
    }


def _imitated(answer: Answer) -> list[LeaderboardRow]:
    """Models with a score and a surrogate."""
    rows = without_reference(answer.leaderboard)
    return [row for row in rows if row.score is not None and row.fidelity is not None]


def _fidelity(answer: Answer, measured: Explanations) -> Picture:
    label = answer.metric.label
    return Picture(
        inline(
            explanation_plots.readability(answer, (9.0, 4.6), titled=False),
            "readability",
            f"{label} of every model against R² of a small surrogate model",
        ),
        "Score against fidelity of a surrogate",
        f"R² of a tree with at most {measured.leaves} leaves, or of a linear model with at most "
        f"{measured.terms} terms, that imitates the model, whichever is higher, on held-out rows.",
        ["model", "family", label, "tree", "linear model"],
        [
            [
                row.model,
                row.family,
                number(row.score),
                _share(row.fidelity_tree),
                _share(row.fidelity_linear),
            ]
            for row in _imitated(answer)
        ],
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{max(0.0, value):.0%}"


def _rules(name: str, surrogate: Surrogate) -> dict[str, Any]:
    """The tree that imitates a model, a line a leaf."""
    rows = [
        [_prediction(leaf.answer), f"{leaf.share:.0%}", " and ".join(leaf.conditions) or "always"]
        for leaf in surrogate.tree
    ]
    title = f"A tree that imitates {name} (R² {_share(surrogate.fidelity_tree)})"
    return {"title": title, "header": ["prediction", "rows", "if"], "rows": rows}


def _prediction(answer: Mapping[str, float] | float) -> str:
    if not isinstance(answer, Mapping):
        return f"{answer:.4g}"
    name = max(answer, key=answer.__getitem__)
    return f"{name} {answer[name]:.0%}"


def _agreement(explained: RunExplanation) -> list[list[str]]:
    rows = [
        [f"{explained.seeds} trainings of {model.model}", _correlation(model.agreement_between_seeds)]
        for model in explained.models
    ]
    if len(rows) == 2:
        between = _correlation(explained.agreement_between_families)
        rows.append(["the best models of both families", between])
    return rows


def _correlation(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"


def _explained_models(explained: RunExplanation) -> list[dict[str, Any]]:
    """For each model a title, and the pictures of all that was found of it."""
    return [
        {
            "title": f"{model.model}, explained on {explained.rows_held_out:,} held-out rows",
            "pictures": [_picture(name, put, model) for name, put in explanation_plots.panels(model)],
        }
        for model in explained.models
    ]


def _picture(name: str, put: Callable[..., None], model: ExplainedModel) -> Picture:
    title, caption, table = _METHODS[name]
    figure = blank(9.0, 3.8)
    put(figure, model)
    words = f"{title} of {model.model}"
    return Picture(inline(figure, f"{name}-{model.family}", words), words, caption, *table(model))


def _importance(model: ExplainedModel) -> Table:
    importance = model.importance
    rows = [
        [part.part, number(part.importance), interval(part.low, part.high)]
        for part in importance.parts[:_MOST]
    ]
    return ["feature", "importance", f"{importance.confidence_level:.0%} interval"], rows


def _dependence(model: ExplainedModel) -> Table:
    """The drawn curves side by side, a row a point of the grids."""
    header, columns = ["point"], []
    for curve in sorted(model.dependence or (), key=lambda curve: -curve.range)[:4]:
        name = max(curve.mean, key=lambda n: max(curve.mean[n]) - min(curve.mean[n]))
        header += [curve.column, f"{'mean prediction' if name == 'value' else f'mean of {name}'} [95%]"]
        columns.append([f"{at:.4g}" if isinstance(at, float) else str(at) for at in curve.grid])
        points = zip(curve.mean[name], curve.low[name], curve.high[name], strict=True)
        columns.append([f"{number(mean)} [{number(low)}, {number(high)}]" for mean, low, high in points])
    rows = zip_longest(*columns, fillvalue="")
    return header, [[str(i + 1), *row] for i, row in enumerate(rows)]


def _coefficients(model: ExplainedModel) -> Table:
    lines = model.coefficients or ()
    outputs = list(lines[0].coefficient)
    header = ["input", *(f"{name}: per unit" for name in outputs)]
    header += [f"{name}: per standard deviation" for name in outputs]
    ranked = sorted(lines, key=lambda line: -max(map(abs, line.standardised.values())))
    rows = [
        [
            line.feature,
            *(f"{part[name]:.3g}" for part in (line.coefficient, line.standardised) for name in outputs),
        ]
        for line in ranked[:_MOST]
    ]
    return header, rows


def _gradients(model: ExplainedModel) -> Table:
    gradients = model.gradients
    assert gradients is not None
    rows = [[part.part, number(part.mean_absolute)] for part in gradients.parts[:_MOST]]
    return ["feature", f"mean absolute attribution ({gradients.unit})"], rows


def _examples(model: ExplainedModel) -> Table:
    """Words with their attributions; of an image the sums over a grid of four by four."""
    examples = model.examples or ()
    if "pixels" in examples[0]:
        rows = [line for example in examples for line in _pixel_rows(example)]
        return ["example", "row of the grid", *(f"column {x + 1} of {_GRID}" for x in range(_GRID))], rows
    rows = [
        [f"row {example['row']}", str(example["class"]), word.part, signed(word.attribution)]
        for example in examples
        for word in strongest(example)
    ]
    return ["example", "class", "word", "attribution"], rows


def _pixel_rows(example: AttributedRow) -> list[list[str]]:
    name = f"row {example['row']}, class {example['class']}"
    sums = _grid_sums(example["pixels"])
    return [[name, str(y + 1), *(signed(value) for value in line)] for y, line in enumerate(sums)]


def _grid_sums(pixels: Sequence[Sequence[float]]) -> list[list[float]]:
    height, width = len(pixels), len(pixels[0])
    sums = [[0.0] * _GRID for _ in range(_GRID)]
    for y, line in enumerate(pixels):
        for x, value in enumerate(line):
            sums[y * _GRID // height][x * _GRID // width] += value
    return sums


def _units(model: ExplainedModel) -> Table:
    rows = [
        [
            f"{unit.layer} {unit.unit}",
            f"{unit.active:.0%}",
            signed(unit.loss, 4),
            ", ".join(f"{feature.feature} ({feature.correlation:+.2f})" for feature in unit.responds_to),
        ]
        for unit in sorted(model.units or (), key=lambda unit: -unit.loss)[:_MOST]
    ]
    return ["unit", "rows with activation", "increase of the loss without it", "correlated features"], rows


def _probes(model: ExplainedModel) -> Table:
    rows = [
        [probe.features, probe.kind, f"{probe.width:,}", number(probe.score), interval(probe.low, probe.high)]
        for probe in model.probes or ()
    ]
    return ["features", "kind", "number of features", "score", "95% interval"], rows


def _loss(model: ExplainedModel) -> Table:
    training = model.training
    assert training is not None
    validation, n, best = training.val_loss, len(training.loss), training.best_epoch
    shown = sorted({*range(0, n, -(-n // _EPOCHS)), best, n - 1})
    rows = [
        [
            f"{i + 1}{' (kept)' if i == best else ''}",
            f"{training.loss[i]:.4f}",
            "-" if not validation or (value := validation[i]) is None else f"{value:.4f}",
        ]
        for i in shown
    ]
    return ["epoch", "training loss", "validation loss"], rows


_METHODS: dict[str, tuple[str, str, Callable[[ExplainedModel], Table]]] = {
    "importance": (
        "Permutation importance",
        "By how much the loss grows when a feature is shuffled, as a share of the target's variance. "
        "Correlated columns are shuffled together.",
        _importance,
    ),
    "dependence": (
        "Partial dependence",
        "Prediction when a column is set to other values: thick the mean with its interval, thin the curves "
        "of single rows. The four columns with the largest effect.",
        _dependence,
    ),
    "coefficients": (
        "Coefficients",
        "What an input adds to the score; scaling and one-hot encoding are undone.",
        _coefficients,
    ),
    "gradients": (
        "Integrated gradients",
        "Mean absolute attribution of each feature to the output of the network.",
        _gradients,
    ),
    "examples": (
        "Explained predictions",
        "Attribution of each pixel or word to the output for the class above it: blue for it, orange against "
        "it. The table has the sums over a grid of four by four for images.",
        _examples,
    ),
    "units": (
        "Hidden units",
        "By how much the loss grows when a unit is switched off, and the feature most correlated with it.",
        _units,
    ),
    "probes": (
        "Linear probes",
        "How well a linear model predicts the target from each layer, compared with engineered features.",
        _probes,
    ),
    "training": (
        "Loss by epoch",
        "Loss of the training rows (with dropout) and of the validation rows; the weights of the kept epoch "
        "are the model.",
        _loss,
    ),
}
