"""A forward pass in a terminal, number by number."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text


def trace_parts(found: dict[str, Any]) -> list[Any]:
    """One neuron in full, then every layer, then the answer."""
    parts: list[Any] = [Text(f"\nRow {found['row']}: the way through the network", "bold"), _inputs(found)]
    for number, layer in enumerate(found["layers"]):
        last = number == len(found["layers"]) - 1
        kind = "output layer" if last else f"hidden layer {number + 1}"
        units = f"{layer['units']} unit{'s' if layer['units'] > 1 else ''}"
        words = f"\n{kind.capitalize()}: {units}, activation {layer['activation']}"
        parts.append(Text(words + ("" if last else f", {layer['active']} of them not zero"), "bold"))
        best = max(layer["neurons"], key=lambda n: abs(n["activation"]))
        parts += [_neuron(best, layer), *_others(layer)]
    return [*parts, *_answer(found)]


def _inputs(found: dict[str, Any], most: int = 24) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("input")
    table.add_column("in the data", justify="right")
    table.add_column("as the network sees it", justify="right")
    shown = sorted(found["inputs"], key=lambda i: i["value"] == 0)[:most]
    for one in shown:
        raw = one["raw"]
        text = "" if raw is None else f"{raw:.6g}" if isinstance(raw, float) else str(raw)
        table.add_row(one["feature"], text, f"{one['value']:.4f}")
    if len(found["inputs"]) > most:
        table.add_row(f"... and {len(found['inputs']) - most} more", "", "")
    return table


def _neuron(neuron: dict[str, Any], layer: dict[str, Any]) -> Table:
    """One weighted sum, term by term."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_footer=False)
    table.add_column(f"unit {neuron['unit']}")
    for name in ("input", "weight", "product"):
        table.add_column(name, justify="right")
    for term in neuron["terms"]:
        cells = (f"{term[key]:.4f}" for key in ("input", "weight", "product"))
        table.add_row(term["source"], *cells)
    if neuron["n_rest"]:
        table.add_row(f"{neuron['n_rest']} smaller terms", "", "", f"{neuron['rest']:.4f}")
    table.add_row("bias", "", "", f"{neuron['bias']:.4f}")
    table.add_row(Text("weighted sum", "bold"), "", "", Text(f"{neuron['sum']:.4f}", "bold"))
    name = layer["activation"]
    table.add_row(f"after {name}", "", "", Text(f"{neuron['activation']:.4f}", "bold cyan"))
    return table


def _others(layer: dict[str, Any]) -> list[Text]:
    best = max(layer["neurons"], key=lambda n: abs(n["activation"]))
    rest = [n for n in layer["neurons"] if n is not best]
    if not rest:
        return []
    words = ", ".join(f"unit {n['unit']}: {n['sum']:.3f} -> {n['activation']:.3f}" for n in rest)
    left = layer["units"] - len(layer["neurons"])
    return [Text(f"  {words}" + (f", and {left} less active ones" if left else ""), "dim")]


def _answer(found: dict[str, Any]) -> list[Text]:
    outputs = ", ".join(f"{value:.4f}" for value in found["outputs"][:10])
    answers = ", ".join(f"{name} {value:.4g}" for name, value in found["answer"].items())
    truth = f"{found['truth']:.6g}" if isinstance(found["truth"], float) else str(found["truth"])
    return [
        Text(f"\nOutput {outputs}; {found['last_step']}"),
        Text.assemble("Answer: ", (answers, "bold"), f" (true: {truth})"),
    ]
