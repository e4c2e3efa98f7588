"""Explanations in a terminal, and in a notebook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..results.explanation import (
    AttributedRow,
    Coefficient,
    Dependence,
    Explanation,
    Gradients,
    Importance,
    Occlusion,
    RunExplanation,
    Surrogate,
    TrainingCurve,
)
from ..results.network import Probe, Trace, TracedLayer, TracedNeuron, Unit
from .terminal import console, print_json
from .words import FAMILY_COLOURS, number, signed

_MOST = 15
_BAR = 24


def show(answer: Explanation | RunExplanation, *, as_json: bool = False) -> None:
    """Print what `deepworth explain` found."""
    if as_json:
        print_json(answer.to_dict())
        return
    _print(answer, console())


def as_html(answer: Explanation | RunExplanation) -> str:
    """The same tables for a notebook; what came from the data is escaped."""
    recorded = console(record=True, file=io.StringIO(), width=110)
    _print(answer, recorded)
    frame = '<pre style="font-family:monospace;line-height:1.2;overflow-x:auto">{code}</pre>'
    return recorded.export_html(code_format=frame, inline_styles=True)


def _print(answer: Explanation | RunExplanation, out: Console) -> None:
    for part in _of_run(answer) if isinstance(answer, RunExplanation) else _of_model(answer):
        out.print(part)


def _of_model(answer: Explanation) -> list[Any]:
    facts = f" on {answer.rows:,} rows of {answer.dataset}"
    parts: list[Any] = [Text.assemble((answer.model, f"bold {FAMILY_COLOURS[answer.family]}"), facts)]
    if answer.seen_in_training and answer.row is None and answer.trace is None:
        parts.append(Text("The model was trained on these rows; new rows would say more.", "yellow"))
    parts += _importance(answer.importance)
    parts += _coefficients(answer.coefficients)
    parts += _dependence(answer.dependence)
    parts += _surrogate(answer.surrogate)
    parts += _gradients(answer.gradients)
    parts += _occlusion(answer.occlusion)
    parts += _units(answer.units)
    parts += _probes(answer.probes)
    return parts + (trace_parts(answer.trace) if answer.trace else [])


def _title(words: str, why: str) -> list[Text]:
    return [Text(f"\n{words}", "bold"), Text(why, "dim")]


def _table(first: str, *columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(first, overflow="fold", min_width=12)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _bar(value: float, largest: float, style: str = "cyan") -> Text:
    return Text("█" * round(_BAR * abs(value) / largest) if largest > 0 else "", style)


def _importance(importance: Importance | None) -> list[Any]:
    if importance is None:
        return []
    title = _title(
        "Permutation importance",
        "Share of the target's variance that is no longer explained when a part is shuffled "
        f"(squared error, {importance.rows:,} rows; associated columns are shuffled together).",
    )
    if not importance.parts:
        return [*title, Text(importance.reason or "There is nothing to shuffle.")]
    table = _table("part", "importance", f"{importance.confidence_level:.0%} interval", "")
    table.columns[-1].justify = "left"
    largest = max(part.importance for part in importance.parts)
    for part in importance.parts[:_MOST]:
        between = f"{number(part.low)} to {number(part.high)}"
        table.add_row(part.part, number(part.importance), between, _bar(max(0.0, part.importance), largest))
    return [*title, table, *_more(importance.parts)]


def _more(rows: Sequence[Any]) -> list[Text]:
    return [Text(f"  ... and {len(rows) - _MOST} more (--json has all)", "dim")] if len(rows) > _MOST else []


def _coefficients(coefficients: Sequence[Coefficient] | None) -> list[Any]:
    if not coefficients:
        return []
    outputs = list(coefficients[0].coefficient)[:6]
    table = _table(
        "input", *(f"{name}\nper unit" for name in outputs), *(f"{name}\nper SD" for name in outputs)
    )
    for line in coefficients[:_MOST]:
        cells = [f"{own[name]:.3g}" for own in (line.coefficient, line.standardised) for name in outputs]
        table.add_row(line.feature, *cells)
    why = "Change of the model's output for one raw unit, and for one standard deviation, of the input."
    return [*_title("Coefficients", why), table, *_more(coefficients)]


def _dependence(curves: Sequence[Dependence] | None) -> list[Any]:
    if not curves:
        return []
    table = _table("column", "output", "from", "to", "predictions from", "to", "range")
    for curve in sorted(curves, key=lambda c: -c.range)[:_MOST]:
        name = max(curve.mean, key=lambda n: max(curve.mean[n]) - min(curve.mean[n]))
        mean = curve.mean[name]
        low, high = min(range(len(mean)), key=mean.__getitem__), max(range(len(mean)), key=mean.__getitem__)
        ends = [_value(curve.grid[i]) for i in (low, high)]
        table.add_row(curve.column, name, *ends, number(mean[low]), number(mean[high]), number(curve.range))
    why = "Lowest and highest mean prediction when one column is set to each value, the others unchanged."
    return [*_title("Partial dependence", why), table, *_more(curves)]


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _surrogate(surrogate: Surrogate | None) -> list[Any]:
    if surrogate is None:
        return []
    tree, linear = (max(0.0, value or 0.0) for value in (surrogate.fidelity_tree, surrogate.fidelity_linear))
    why = (
        f"R² with the model's predictions, on rows that were not fitted: {tree:.0%} for an 8-leaf tree, "
        f"{linear:.0%} for an 8-term linear model."
    )
    parts: list[Any] = _title("Surrogate model", why)
    table = _table("if", "rows", "answer")
    for leaf in surrogate.tree:
        table.add_row(" and ".join(leaf.conditions) or "always", f"{leaf.share:.0%}", _said(leaf.answer))
    return [*parts, table]


def _said(answer: Any) -> str:
    if not isinstance(answer, dict):
        return f"{answer:.4g}"
    name = max(answer, key=answer.__getitem__)
    return f"{name} {answer[name]:.0%}"


def _gradients(gradients: Gradients | None) -> list[Any]:
    if gradients is None:
        return []
    error = f"completeness error {gradients.completeness_error:.1e}"
    why = f"What each part adds to the output ({gradients.unit}); {error}."
    parts: list[Any] = _title("Integrated gradients", why)
    if not gradients.rows:
        table = _table("part", "mean size", "")
        table.columns[-1].justify = "left"
        largest = max((p.mean_absolute for p in gradients.parts), default=0.0)
        for part in gradients.parts[:_MOST]:
            table.add_row(part.part, number(part.mean_absolute), _bar(part.mean_absolute, largest))
        return [*parts, table if gradients.parts else Text("For images, choose one: --row N --plot FILE")]
    return parts + _rows(gradients.rows)


def _occlusion(found: Occlusion | None) -> list[Any]:
    if found is None:
        return []
    why = f"What the output ({found.unit}) would lack without each part."
    return _title("Occlusion", why) + _rows(found.rows)


def _rows(rows: Sequence[AttributedRow]) -> list[Any]:
    """Attributions of single rows."""
    parts: list[Any] = []
    for row in rows:
        said = f" for {row['class']}" if row["class"] is not None else ""
        ends = f"{number(row['baseline_output'])} (baseline) to {number(row['output'])}"
        parts.append(Text(f"Row {row['row']}: the output{said} goes from {ends}"))
        parts.append(_pixels(row) if "pixels" in row else _words(row) if _is_text(row) else _columns(row))
    return parts


def _is_text(row: AttributedRow) -> bool:
    return bool(row["parts"]) and row["parts"][0].place is not None


def _columns(row: AttributedRow) -> Table:
    table = _table("column", "adds", "")
    table.columns[-1].justify = "left"
    ranked = sorted(row["parts"], key=lambda p: -abs(p.attribution))
    largest = abs(ranked[0].attribution) if ranked else 0.0
    for part in ranked[:_MOST]:
        style = "cyan" if part.attribution > 0 else "magenta"
        table.add_row(part.part, signed(part.attribution), _bar(part.attribution, largest, style))
    return table


def _words(row: AttributedRow) -> Text:
    """The text with the words marked: for (cyan, with the number) and against (magenta)."""
    largest = max(abs(p.attribution) for p in row["parts"])
    text = Text()
    for part in row["parts"]:
        value, share = part.attribution, abs(part.attribution) / (largest or 1.0)
        style = "" if share < 0.15 else ("bold cyan" if value > 0 else "bold magenta")
        text.append(f"{part.part} " if share < 0.3 else f"{part.part}({signed(value, 2)}) ", style)
    return text


_SHADES = " ·░▒▓█"


def _pixels(row: AttributedRow) -> Text:
    """A coarse map of where the answer comes from: darker is more, in its favour or against it."""
    largest = max(abs(v) for line in row["pixels"] for v in line) or 1.0
    step = max(1, -(-len(row["pixels"][0]) // 48))
    text = Text()
    for line in row["pixels"][::step]:
        for value in line[::step]:
            sign = _SHADES[min(5, round(5 * abs(value) / largest))]
            text.append(sign * 2, "cyan" if value > 0 else "magenta")
        text.append("\n")
    return text


def _units(units: Sequence[Unit] | None) -> list[Any]:
    if not units:
        return []
    table = _table("unit", "active", "loss without", "responds to")
    table.columns[-1].justify, table.columns[-1].no_wrap = "left", False
    for unit in sorted(units, key=lambda u: -u.loss)[:_MOST]:
        words = ", ".join(f"{r.feature} ({r.correlation:+.2f})" for r in unit.responds_to)
        table.add_row(f"{unit.layer} {unit.unit}", f"{unit.active:.0%}", signed(unit.loss, 4), words)
    why = "Share of rows on which a unit is active, loss without it, features it correlates with."
    return [*_title("Hidden units", why), table, *_more(units)]


def _probes(probes: Sequence[Probe] | None) -> list[Any]:
    if not probes:
        return []
    table = _table("features", "kind", "numbers", "score", "interval")
    for probe in probes:
        between = f"{number(probe.low)} to {number(probe.high)}"
        table.add_row(probe.features, probe.kind, f"{probe.width:,}", number(probe.score), between)
    why = "Cross-validated score (accuracy, or R²) of a linear model on the values of each layer."
    return [*_title("Linear probes", why), table]


def _of_run(answer: RunExplanation) -> list[Any]:
    data = answer.dataset
    facts = f": trained on {answer.rows_trained:,} rows, explained on {answer.rows_held_out:,} held out"
    parts: list[Any] = [Text.assemble((data.name, "bold"), facts)]
    for model in answer.models:
        parts.append(Text(f"\n{model.model}", f"bold {FAMILY_COLOURS[model.family]}"))
        parts += _importance(model.importance)
        parts += _training(model.training)
    parts += _title(
        "Do explanations agree?", "Rank correlation of importances: 1 the same order, 0 none in common."
    )
    table = _table("between", "agreement")
    for model in answer.models:
        table.add_row(f"{answer.seeds} trainings of {model.model}", _rho(model.agreement_between_seeds))
    if len(answer.models) == 2:
        table.add_row("the best models of both families", _rho(answer.agreement_between_families))
    more = Text(
        "deepworth report RUN shows the rest in pictures: curves, coefficients, units, probes.", "dim"
    )
    return [*parts, table, *_readability(answer), more]


def _training(training: TrainingCurve | None) -> list[Any]:
    """The loss at some epochs, the kept one among them."""
    if training is None:
        return []
    n, best = len(training.loss), training.best_epoch
    shown = sorted({0, 1, 2, 4, 9, 19, 49, best, n - 1} & set(range(n)))
    table = _table("epoch", "training loss", "validation loss")
    for epoch in shown:
        watch = training.val_loss
        cells = [f"{training.loss[epoch]:.4f}", f"{watch[epoch]:.4f}" if watch else "-"]
        table.add_row(f"{epoch + 1}{' (kept)' if epoch == best else ''}", *cells)
    extra = training.regularisation
    why = (
        f"Weight decay {extra.weight_decay:g} is decoupled from the loss; half the squared norm of all "
        f"weight matrices is {extra.half_squared_norm:.4g}."
    )
    return [*_title("Loss by epoch", why), table]


def _rho(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"


def _readability(answer: RunExplanation) -> list[Any]:
    known = [r for r in answer.leaderboard if r.fidelity is not None]
    if not known:
        return []
    table = _table("model", answer.metric.label, "8-leaf tree", "8-term linear")
    for row in known:
        shares = [f"{max(0.0, own or 0.0):.0%}" for own in (row.fidelity_tree, row.fidelity_linear)]
        table.add_row(Text(row.model, FAMILY_COLOURS[row.family]), number(row.score), *shares)
    why = "R² of small surrogates that imitate each model, out of fold; --plot FILE draws it."
    return [*_title("Accuracy against readability", why), table]


def trace_parts(trace: Trace) -> list[Any]:
    """One neuron in full, then every layer, then the answer."""
    parts: list[Any] = [Text(f"\nRow {trace.row}: forward pass", "bold"), _inputs(trace)]
    for position, layer in enumerate(trace.layers):
        last = position == len(trace.layers) - 1
        kind = "output layer" if last else f"hidden layer {position + 1}"
        units = f"{layer.units} unit{'s' if layer.units > 1 else ''}"
        words = f"\n{kind.capitalize()}: {units}, activation {layer.activation}"
        parts.append(Text(words + ("" if last else f", {layer.active} of them not zero"), "bold"))
        best = max(layer.neurons, key=lambda n: abs(n.activation))
        parts += [_neuron(best, layer), *_others(layer)]
    return [*parts, *_answer(trace)]


def _inputs(trace: Trace, most: int = 24) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("input")
    table.add_column("raw value", justify="right")
    table.add_column("encoded", justify="right")
    shown = sorted(trace.inputs, key=lambda i: i.value == 0)[:most]
    for one in shown:
        raw = one.raw
        text = "" if raw is None else f"{raw:.6g}" if isinstance(raw, float) else str(raw)
        table.add_row(one.feature, text, f"{one.value:.4f}")
    if len(trace.inputs) > most:
        table.add_row(f"... and {len(trace.inputs) - most} more", "", "")
    return table


def _neuron(neuron: TracedNeuron, layer: TracedLayer) -> Table:
    """One weighted sum, term by term."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_footer=False)
    table.add_column(f"unit {neuron.unit}")
    for name in ("input", "weight", "product"):
        table.add_column(name, justify="right")
    for term in neuron.terms:
        cells = (f"{value:.4f}" for value in (term.input, term.weight, term.product))
        table.add_row(term.source, *cells)
    if neuron.n_rest:
        table.add_row(f"{neuron.n_rest} smaller terms", "", "", f"{neuron.rest:.4f}")
    table.add_row("bias", "", "", f"{neuron.bias:.4f}")
    table.add_row(Text("weighted sum", "bold"), "", "", Text(f"{neuron.sum:.4f}", "bold"))
    name = layer.activation
    table.add_row(f"after {name}", "", "", Text(f"{neuron.activation:.4f}", "bold cyan"))
    return table


def _others(layer: TracedLayer) -> list[Text]:
    best = max(layer.neurons, key=lambda n: abs(n.activation))
    rest = [n for n in layer.neurons if n is not best]
    if not rest:
        return []
    words = ", ".join(f"unit {n.unit}: {n.sum:.3f} -> {n.activation:.3f}" for n in rest)
    left = layer.units - len(layer.neurons)
    return [Text(f"  {words}" + (f", and {left} less active ones" if left else ""), "dim")]


def _answer(trace: Trace) -> list[Text]:
    outputs = ", ".join(f"{value:.4f}" for value in trace.outputs[:10])
    answers = ", ".join(f"{name} {value:.4g}" for name, value in trace.answer.items())
    truth = f"{trace.truth:.6g}" if isinstance(trace.truth, float) else str(trace.truth)
    return [
        Text(f"\nOutput {outputs}; {trace.last_step}"),
        Text.assemble("Answer: ", (answers, "bold"), f" (true: {truth})"),
    ]
