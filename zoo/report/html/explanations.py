"""The section about what models answer by: readability of all, and the champions in detail.

What `deepworth explain RUN` found of the champions: a picture a method, each with its numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Any

from .. import explanation_plots
from ..explanation_plots import blank, strongest
from ..words import number
from .figures import Picture, inline


def explanations(answer: dict[str, Any]) -> dict[str, Any] | None:
    """What `deepworth compare` measured of every model, and `deepworth explain RUN` of the champions."""
    found = answer.get("explanations") or {}
    if not found.get("surrogates") or not any(_plain(r) for r in answer["leaderboard"]):
        return None
    explained = found.get("champions") or {}
    return {
        "picture": _readability(answer, found),
        "rules": [rules for name in _champions(answer) if (rules := _rules(name, found["surrogates"]))],
        "champions": champions(explained),
        "agreement": _agreement(explained),
    }


def _plain(row: dict[str, Any]) -> bool:
    return row["model"] != "constant" and row["score"] is not None and row.get("fidelity") is not None


def _champions(answer: dict[str, Any]) -> list[str]:
    return [name for f in ("deep", "classical") if (name := answer["verdict"][f"{f}_champion"])]


def _readability(answer: dict[str, Any], found: dict[str, Any]) -> Picture:
    rows = [r for r in answer["leaderboard"] if _plain(r)]
    label = answer["metric"]["label"]
    return Picture(
        inline(
            explanation_plots.readability(answer, (9.0, 4.6), titled=False),
            "readability",
            f"{label} of every model against the share of its answers that a small surrogate foretells",
        ),
        "Accuracy against readability",
        f"A tree of at most {found['leaves']} leaves and a linear model of at most {found['terms']} terms "
        "learn what a model says; shown is the share of its answers (R²) that the better of them foretells "
        "on rows it was not fitted on.",
        ["model", "family", label, "tree", "linear model"],
        [
            [
                r["model"],
                r["family"],
                number(r["score"]),
                *(_share(r[f"fidelity_{k}"]) for k in ("tree", "linear")),
            ]
            for r in rows
        ],
    )


def _share(value: float) -> str:
    return f"{max(0.0, value):.0%}"


def _rules(name: str, surrogates: dict[str, Any]) -> dict[str, Any] | None:
    """The tree that stands for a champion, a line a leaf."""
    if name not in surrogates:
        return None
    own = surrogates[name]
    rows = [
        [_said(leaf["answer"]), f"{leaf['share']:.0%}", " and ".join(leaf["conditions"]) or "always"]
        for leaf in own["tree"]
    ]
    title = f"{name} in a few lines: these foretell {_share(own['fidelity_tree'])} of its answers"
    return {"title": title, "header": ["answer", "rows", "if"], "rows": rows}


def _said(answer: Any) -> str:
    if not isinstance(answer, dict):
        return f"{answer:.4g}"
    name = max(answer, key=answer.__getitem__)
    return f"{name} {answer[name]:.0%}"


def _agreement(explained: dict[str, Any]) -> list[list[str]]:
    if not explained:
        return []
    rows = [
        [f"{explained['seeds']} trainings of {m['model']}", _rho(m["agreement_between_seeds"])]
        for m in explained["models"]
    ]
    if len(rows) == 2:
        rows.append(["the champions of both families", _rho(explained["agreement_between_families"])])
    return rows


def _rho(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"


_MOST = 20
_GRID = 4  # in which the numbers of a heat map are summed
_EPOCHS = 50  # rows of a table of losses
Rows = tuple[list[str], list[list[str]]]


def champions(found: dict[str, Any]) -> list[dict[str, Any]]:
    """For each champion a title, and the pictures of all that was found of it."""
    return [
        {
            "title": f"{model['model']}, explained on {found['rows_held_out']:,} rows held out",
            "pictures": [_picture(name, put, model) for name, put in explanation_plots.panels(model)],
        }
        for model in found.get("models", [])
    ]


def _picture(name: str, put: Callable[..., None], model: dict[str, Any]) -> Picture:
    title, caption, table = _METHODS[name]
    figure = blank(9.0, 3.8)
    put(figure, model)
    words = f"{title} of {model['model']}"
    return Picture(inline(figure, f"{name}-{model['family']}", words), words, caption, *table(model))


def _importance(model: dict[str, Any]) -> Rows:
    found = model["importance"]
    rows = [
        [p["part"], number(p["importance"]), f"{number(p['low'])} to {number(p['high'])}"]
        for p in found["parts"][:_MOST]
    ]
    return ["part", "importance", f"{found['confidence_level']:.0%} interval"], rows


def _dependence(model: dict[str, Any]) -> Rows:
    """The drawn curves side by side, a row a point of the grids."""
    header, columns = ["point"], []
    for curve in sorted(model["dependence"], key=lambda c: -c["range"])[:4]:
        name = max(curve["mean"], key=lambda n: max(curve["mean"][n]) - min(curve["mean"][n]))
        said = "mean answer" if name == "value" else f"mean of {name}"
        header += [curve["column"], f"{said} [95%]"]
        columns.append([f"{at:.4g}" if isinstance(at, float) else str(at) for at in curve["grid"]])
        ends = zip(curve["mean"][name], curve["low"][name], curve["high"][name], strict=True)
        columns.append([f"{number(mean)} [{number(low)}, {number(high)}]" for mean, low, high in ends])
    rows = zip_longest(*columns, fillvalue="")
    return header, [[str(i + 1), *row] for i, row in enumerate(rows)]


def _coefficients(model: dict[str, Any]) -> Rows:
    lines = model["coefficients"]
    outputs = list(lines[0]["coefficient"])
    header = ["input", *(f"{n}: a unit" for n in outputs), *(f"{n}: a deviation" for n in outputs)]
    ranked = sorted(lines, key=lambda line: -max(map(abs, line["standardised"].values())))
    rows = [
        [
            line["feature"],
            *(f"{line[kind][name]:.3g}" for kind in ("coefficient", "standardised") for name in outputs),
        ]
        for line in ranked[:_MOST]
    ]
    return header, rows


def _gradients(model: dict[str, Any]) -> Rows:
    rows = [[p["part"], number(p["mean_absolute"])] for p in model["gradients"]["parts"][:_MOST]]
    return ["part", f"mean size ({model['gradients']['unit']})"], rows


def _examples(model: dict[str, Any]) -> Rows:
    """Words with what they add; of a picture the sums over a grid of four by four."""
    rows, shown = [], model["examples"]
    if "pixels" not in shown[0]:
        for one in shown:
            rows += [
                [f"row {one['row']}", str(one["class"]), word["part"], f"{word['attribution']:+.3f}"]
                for word in strongest(one)
            ]
        return ["example", "for", "word", "adds"], rows
    for one in shown:
        height, width = len(one["pixels"]), len(one["pixels"][0])
        sums = [[0.0] * _GRID for _ in range(_GRID)]
        for y, line in enumerate(one["pixels"]):
            for x, value in enumerate(line):
                sums[y * _GRID // height][x * _GRID // width] += value
        rows += [
            [f"row {one['row']}, for {one['class']}", str(y + 1), *(f"{v:+.3f}" for v in line)]
            for y, line in enumerate(sums)
        ]
    return ["example", "from above", *(f"column {x + 1} of {_GRID}" for x in range(_GRID))], rows


def _units(model: dict[str, Any]) -> Rows:
    rows = [
        [
            f"{unit['layer']} {unit['unit']}",
            f"{unit['active']:.0%}",
            f"{unit['loss']:+.4f}",
            ", ".join(f"{r['feature']} ({r['correlation']:+.2f})" for r in unit["responds_to"]),
        ]
        for unit in sorted(model["units"], key=lambda u: -u["loss"])[:_MOST]
    ]
    return ["unit", "active on rows", "lost without it", "goes with (correlation)"], rows


def _probes(model: dict[str, Any]) -> Rows:
    rows = [
        [
            p["features"],
            p["kind"],
            f"{p['width']:,}",
            number(p["score"]),
            f"{number(p['low'])} to {number(p['high'])}",
        ]
        for p in model["probes"]
    ]
    return ["features", "kind", "numbers", "score", "95% interval"], rows


def _loss(model: dict[str, Any]) -> Rows:
    found = model["training"]
    watched = found.get("val_loss")
    n, best = len(found["loss"]), found["best_epoch"]
    shown = sorted({*range(0, n, -(-n // _EPOCHS)), best, n - 1})
    rows = [
        [
            f"{i + 1}{' (kept)' if i == best else ''}",
            f"{found['loss'][i]:.4f}",
            f"{watched[i]:.4f}" if watched else "-",
        ]
        for i in shown
    ]
    return ["epoch", "loss of training rows", "loss of rows that watch"], rows


_METHODS: dict[str, tuple[str, str, Callable[[dict[str, Any]], Rows]]] = {
    "importance": (
        "What the answers lean on: importance",
        "The share of the target's variance that is explained no longer when a part says nothing any more; "
        "columns that go together are shuffled together.",
        _importance,
    ),
    "dependence": (
        "Partial dependence",
        "The answer when a column is set to other values: thick the mean with its interval, thin the curves "
        "of single rows. The four columns that change the answer most.",
        _dependence,
    ),
    "coefficients": (
        "Coefficients",
        "What an input adds to the score; scaling and one-hot codes are undone.",
        _coefficients,
    ),
    "gradients": (
        "Integrated gradients",
        "What each part adds to the output of the network, its size averaged over rows.",
        _gradients,
    ),
    "examples": (
        "Single answers",
        "What each pixel or word adds to the output for the class above it: blue for it, orange "
        "against. The numbers of pictures are sums over a grid of four by four.",
        _examples,
    ),
    "units": (
        "Single hidden units",
        "What is lost when a unit is switched off, and the feature that goes with it most.",
        _units,
    ),
    "probes": (
        "Linear probes",
        "How much of the answer a linear model reads from each layer, beside features made by hand: learned "
        "against engineered features.",
        _probes,
    ),
    "training": (
        "Loss by epoch",
        "The loss of the training rows (with dropout) and of rows that only watch; the weights of the kept "
        "epoch are the model.",
        _loss,
    ),
}
