"""How good is the estimated time of a comparison, before anything was run here and afterwards?

Without options: a dozen comparisons on embedded data, with the time estimated from the table of the package
alone ("new"), from other runs on this machine too ("known"), and from an earlier run of the same comparison
too ("again"). ``--measure`` runs comparisons on synthetic data of many sizes and writes the table of the
package.
"""

from __future__ import annotations

import math
import pprint
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from _common import keep, kept, parser, table

DATA = (
    ("sick-healthy", {}),
    ("sick-healthy", {"rows": 300}),
    ("breast-cancer", {}),
    ("wine", {}),
    ("iris", {}),
    ("diabetes", {}),
    ("digits", {}),
    ("digits", {"rows": 500}),
    ("triage-notes", {}),
    ("triage-notes", {"rows": 800}),
    ("docstrings", {}),
    ("docstrings", {"rows": 500}),
)
ANCHORS = ("sick-healthy", "breast-cancer", "wine", "diabetes", "digits", "triage-notes", "docstrings")
MODALITIES = ("tabular", "image", "text")
HEADER = ["data", "seconds", "new", "known", "again"]
QUICK = (("iris", {}), ("wine", {}))


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--measure", action="store_true", help="write the package's table of times")
    options.add_argument("--only", choices=MODALITIES, help="of --measure: these data, other laws stay")
    options.add_argument(
        "--store", type=Path, help="where the runs of --measure are kept, to go on with them"
    )
    chosen = options.parse_args()
    if chosen.measure:
        measure(chosen.store or Path(tempfile.mkdtemp()), chosen.only)
        return
    result = None if chosen.quick or chosen.force else kept("estimate")
    if result is None:
        result = evaluate(QUICK if chosen.quick else DATA, chosen.quick)
        if not chosen.quick:
            keep("estimate", result)
    show(result, chosen.json)


def run(name: str, data: Any, store: Path, **options: Any) -> dict[str, Any]:
    """A comparison in worker processes, as the command makes it; the machine's speed is taken anew."""
    import deepworth
    from deepworth.zoo.runs.estimate import machine_seconds

    machine_seconds.cache_clear()
    print(f"{name} ...", file=sys.stderr, flush=True)
    found = deepworth.compare(data, store=store, jobs=1, **options).to_dict()
    return {**found, "machine_seconds": machine_seconds()}


def evaluate(sizes: Any, quick: bool) -> dict[str, Any]:
    """Rows with the estimates and the clock, and how far off they are by the median and at the worst."""
    models = {"models": ["naive-bayes", "perceptron"]} if quick else {}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, options) in enumerate(sizes, 1):
            label = " ".join([name, *(f"{v} rows" for v in options.values())])
            print(f"{number} of {len(sizes)}", end=": ", file=sys.stderr)
            apart = Path(folder) / "apart" / label.replace(" ", "-")  # nothing is known there
            answer = run(label, name, apart, **options, **models)
            rows.append({"data": label, "run": str(apart / answer["run"]), "answer": answer})
        for row in rows:
            row["known"] = estimated_with(
                row, [other for other in rows if other is not row], Path(folder) / "with"
            )
            row["again"] = estimated_with(row, rows, Path(folder) / "again")
    table = [
        {
            "data": row["data"],
            "seconds": row["answer"]["estimate"]["real_seconds"],
            "new": row["answer"]["estimate"]["seconds"],
            "known": row["known"],
            "again": row["again"],
        }
        for row in rows
    ]
    figures: dict[str, Any] = {"datasets": len(table)}
    for kind in ("new", "known", "again"):
        off = sorted(max(r[kind] / r["seconds"], r["seconds"] / r[kind]) for r in table)
        figures[f"{kind}_median_factor"] = float(np.median(off))
        figures[f"{kind}_worst_factor"] = off[-1]
        figures[f"{kind}_within_factor_2"] = float(np.mean([factor <= 2 for factor in off]))
    return {**figures, "rows": table}


def estimated_with(row: dict[str, Any], others: list[dict[str, Any]], store: Path) -> float:
    """The estimate for a run's plan where these runs are known."""
    import shutil

    import deepworth

    shutil.rmtree(store, ignore_errors=True)
    store.mkdir()
    for other in others:
        (store / Path(other["run"]).name).symlink_to(other["run"])
    name, _, size = row["data"].partition(" ")
    options = {"rows": int(size.split()[0])} if size else {}
    models = [r["model"] for r in row["answer"]["leaderboard"]]
    return deepworth.preview(name, models=models, jobs=1, store=store, **options).estimate.seconds


def show(result: dict[str, Any], as_json: bool) -> None:
    import json

    if as_json:
        print(json.dumps(result))
        return
    print(table(HEADER, lines(result)))


def lines(result: dict[str, Any]) -> list[list[str]]:
    """Rows of the table: each comparison, then how far off the estimates were."""
    kinds = ("new", "known", "again")
    rows = [[row["data"], *(f"{row[k]:.1f}" for k in ("seconds", *kinds))] for row in result["rows"]]
    for what, words in (
        ("median_factor", "off by a factor of (median)"),
        ("worst_factor", "off by a factor of (worst)"),
        ("within_factor_2", "share within a factor of 2"),
    ):
        rows.append([words, "", *(f"{result[f'{kind}_{what}']:.2f}" for kind in kinds)])
    return rows


def measure(store: Path, only: str | None) -> None:
    """Run every size of the grid (of one kind of data) that the store lacks, and write the table."""
    from _shapes import grid

    store.mkdir(parents=True, exist_ok=True)
    facts = store / "facts.json"
    import json

    known = json.loads(facts.read_text()) if facts.is_file() else {}
    for name, data in grid():
        if name not in known and only in (None, data.modality):
            found = run(name, data, store)
            known[name] = {k: found[k] for k in ("run", "wall_seconds", "machine_seconds")}
            facts.write_text(json.dumps(known))
    write_table(store, known)


def write_table(store: Path, known: dict[str, Any]) -> None:
    from deepworth.zoo.runs import times as _times
    from deepworth.zoo.runs.estimate import past_fits

    speeds = {own["run"]: own["machine_seconds"] for own in known.values()}
    usual = float(np.median(list(speeds.values())))
    fits = [(p, p.seconds * usual / speeds[p.run]) for p in past_fits(store) if p.run in speeds]
    laws: dict[str, dict[str, Any]] = {}
    errors = []
    for modality in MODALITIES:
        for model in sorted({p.model for p, _ in fits if p.shape.modality == modality}):
            own = [
                (p.shape, seconds) for p, seconds in fits if (p.model, p.shape.modality) == (model, modality)
            ]
            laws.setdefault(modality, {})[model] = fitted(own)
            from deepworth.zoo.runs.estimate import law

            errors += [abs(math.log(s / law(laws[modality][model], shape))) for shape, s in own]
    print(
        f"median factor of single fits inside the grid: {math.exp(float(np.median(errors))):.2f}",
        file=sys.stderr,
    )
    rests = [rest(store / own["run"], own["wall_seconds"]) for own in known.values()]
    start = float(np.quantile(rests, 0.25))  # others may disturb it
    anchor(laws)
    if missing := [modality for modality in MODALITIES if modality not in laws]:
        scale = _times.MACHINE_SECONDS / usual  # what was measured before stays, on the machine of before
        laws = {m: {model: scaled(own, scale) for model, own in each.items()} for m, each in laws.items()}
        laws |= {modality: _times.LAWS[modality] for modality in missing}
        usual, start = _times.MACHINE_SECONDS, _times.START
    values = {
        "MACHINE_SECONDS": float(f"{usual:.3g}"),
        "START": round(start, 2),
        "SPREAD": _times.SPREAD,
        "SPREAD_KNOWN": _times.SPREAD_KNOWN,
    }
    lines = [
        '"""Measured times by model, written by `benchmarks/estimate.py --measure`; not changed by hand."""',
        "",
    ]
    lines += [f"{name} = {value}" for name, value in values.items()]
    lines += [
        "LAWS: dict[str, dict[str, tuple[float, float, float, float, float]]] = "
        + pprint.pformat(laws, width=100)
    ]
    Path(_times.__file__).write_text("\n".join(lines) + "\n", encoding="utf-8")


def anchor(laws: dict[str, dict[str, Any]]) -> None:
    """Scale the laws of each modality to kept comparisons that were timed alone: others disturb a long grid.

    The whole times of benchmarks/tradeoff.py, on a machine of the same kind, against the sums of the laws;
    the geometric mean of their ratios over datasets. Exponents stay.
    """
    import deepworth
    from deepworth.zoo.results.facts import dataset_facts
    from deepworth.zoo.runs.estimate import fleet_factor, law, shape_of

    ratios: dict[str, list[float]] = {}
    for name in ANCHORS:
        answer, data = kept(f"tradeoff-{name}"), deepworth.load_dataset(name)
        if answer is None or data.modality not in laws:
            continue
        shape = shape_of(dataset_facts(data), SimpleNamespace(test_over_train=0.25, train_rows=None))
        own, rows = laws[data.modality], answer["leaderboard"]
        expected = sum(
            law(own[r["model"]], shape) * (fleet_factor(5, 4) if r["family"] == "deep" else 5)
            for r in rows
            if r["model"] in own
        )
        ratios.setdefault(data.modality, []).append(math.log(expected / answer["wall_seconds"]))
        print(f"{name}: table {expected:.1f} s, kept {answer['wall_seconds']:.1f} s", file=sys.stderr)
    for modality, found in ratios.items():
        scale = math.exp(-sum(found) / len(found))
        print(f"{modality}: scaled by {scale:.2f}", file=sys.stderr)
        for model, (first, second, *powers) in laws[modality].items():
            laws[modality][model] = scaled((first, second, *powers), scale)


def scaled(numbers: tuple[float, ...], scale: float) -> tuple[float, ...]:
    """A law of times that are ``scale`` as long."""
    first, second, *powers = numbers
    return (*(float(f"{v * scale:.3g}") for v in (first, second)), *powers)


def rest(run: Path, wall: float) -> float:
    """Seconds of a run in which no job ran."""
    import sqlite3

    with sqlite3.connect(run / "run.sqlite") as db:
        day = "SELECT SUM(took) FROM (SELECT (julianday(MAX(ended)) - julianday(started)) * 86400 AS took"
        (busy,) = db.execute(f"{day} FROM job WHERE status = 'ok' GROUP BY model, started)").fetchone()
    return wall - busy


def fitted(own: list[tuple[Any, float]]) -> tuple[float, ...]:
    """t0 + k rows^b width^c outputs^e by least squares of logs, drawn weakly to usual exponents."""
    from scipy.optimize import least_squares

    from deepworth.zoo.runs.estimate import law

    logs = np.log([seconds for _, seconds in own])
    usual = np.array([1.0, 0.6, 0.5])

    def numbers(x: np.ndarray) -> tuple[float, ...]:
        return (math.exp(x[0]), math.exp(x[1]), *x[2:])

    def residuals(x: np.ndarray) -> np.ndarray:
        expected = np.log([law(numbers(x), shape) for shape, _ in own])
        return np.concatenate([expected - logs, 0.5 * (x[2:] - usual), 0.02 * x[:2]])

    least = float(logs.min())
    first = np.array([least - 0.5, least - 8.0, *usual])
    bounds = ([-12, -30, 0, 0, 0], [8, 8, 1.7, 2, 2])
    found = least_squares(residuals, np.clip(first, -11.9, 7.9), bounds=bounds)
    return tuple(float(f"{value:.3g}") for value in numbers(found.x))


if __name__ == "__main__":
    main()
