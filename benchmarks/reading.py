"""Whether every cell is read alike everywhere: cases that must hold, row dependence, and change by units.

    python benchmarks/reading.py [--json] [--quick]

``cases`` are the small files of ../shared/cases/reader (left out, and said so, where they are absent) and
the columns of _reading_cases.py; ``passed`` of them were read as they must be. ``row_dependence`` is the
largest difference of a row's probability between the file, the row alone, other orders, small chunks and
other formats, over tables of every role and spelling and the files, for five models. ``scale_error`` is the
largest change of a held-out score when columns or target are in other units, over all models of tables.
``seconds_200k`` is the processor time, which other programs do not change, to load a CSV file of 200,000
rows and 16 columns; pandas.read_csv, which only parses, reads it in turns with us, so that figures of other
machines can be compared.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _common import keep, parser, table
from _reading_cases import COLUMN_CASES, ColumnCase

import deepworth
from deepworth.datasets import InputError, _stream, load_dataset
from deepworth.zoo import registry
from deepworth.zoo.artefact import SavedModel, load, predict_parts

CASES = Path(__file__).resolve().parents[2] / "shared" / "cases" / "reader"
MODELS = ("logistic-regression", "random-forest", "hist-gradient-boosting", "shallow-mlp", "tabm")
ALONE = 12  # rows that are predicted alone
ROWS = 200_000  # of the table whose loading is timed


# Columns


def column_fault(case: ColumnCase) -> str | None:
    """What is read otherwise than it must be, or None."""
    frame = pd.DataFrame({"x": pd.Series(case.cells, dtype=object)})
    frame["z"] = np.arange(len(frame)) % 7 + 0.5
    frame["y"] = np.where(np.arange(len(frame)) % 2, "yes", "no")
    column = next(c for c in load_dataset(frame, target="y", **case.options).schema.columns if c.name == "x")
    if column.role != case.role:
        return f"role {column.role}, expected {case.role}"
    for cell, expected in case.values.items():
        found = value_of(column.reader, cell)
        if found != expected:
            return f"{cell!r} was read as {found!r}, expected {expected!r}"
    return None


def value_of(reader: Any, cell: Any) -> Any:
    """A number, a date in ISO format, a level; "missing", or None for a cell that was not read."""
    read = reader.read(pd.Series([cell], dtype=object))
    if read.unread[0]:
        return None
    value = read.values.iloc[0]
    if pd.isna(value):
        return "missing"
    return float(value) if reader.role == "numeric" else str(value).removesuffix(" 00:00:00")


# Files


def dataset_of(name: str, target: str, **options: Any) -> Any:
    return load_dataset(CASES / f"{name}.csv", target=target, **options)


def is_read(name: str, target: str, roles: Mapping[str, str], **facts: Any) -> str | None:
    """Check the roles of a file's columns, and facts such as its task, classes and missing cells."""
    dataset = dataset_of(name, target, **facts.pop("options", {}))
    found = {c.name: c for c in dataset.schema.columns}
    wrong = [f"{c} is {found[c].role}" for c, role in roles.items() if found[c].role != role]
    for fact, expected in facts.items():
        value = _FACTS[fact](dataset, found)
        if not _agrees(value, expected):
            wrong.append(f"{fact} is {value!r}, expected {expected!r}")
    return "; ".join(wrong) or None


_FACTS: dict[str, Callable[[Any, Any], Any]] = {
    "task": lambda dataset, columns: dataset.task,
    "classes": lambda dataset, columns: list(dataset.classes),
    "n_classes": lambda dataset, columns: len(dataset.classes),
    "missing": lambda dataset, columns: {n: c.n_missing for n, c in columns.items() if c.n_missing},
    "unread": lambda dataset, columns: {n: c.n_unread for n, c in columns.items() if c.n_unread},
    "units": lambda dataset, columns: {
        n: c.reader.numbers.units[0] for n, c in columns.items() if c.reader and c.reader.numbers.units
    },
    "codes": lambda dataset, columns: {f.code for f in dataset.findings},
    "least": lambda dataset, columns: {n: float(dataset.X[n].min()) for n in dataset.X},
}


def _agrees(value: Any, expected: Any) -> bool:
    if isinstance(expected, set):
        return expected <= value
    if isinstance(expected, dict) and isinstance(value, dict):
        return all(value.get(key) == wanted for key, wanted in expected.items())
    return bool(value == expected)


def refused(name: str, target: str, words: str) -> str | None:
    """Check that a file is refused in one line with these words."""
    try:
        dataset_of(name, target)
    except InputError as error:
        return None if words in str(error) and "\n" not in str(error) else f"refused with {str(error)!r}"
    return "was read"


def trained(name: str, target: str, model: str, folder: Path, **options: Any) -> Path:
    """A saved model of a case file; trained once."""
    place = folder / f"{name}-{model}-{len(options)}"
    if not place.exists():
        few = {"epochs": 2} if registry.family(model) == "deep" else {}
        data = str(CASES / f"{name}.csv")
        deepworth.train(data, target=target, model=model, output=place, params={model: few}, **options)
    return place


@cache
def loaded(artefact: Path) -> SavedModel:
    """A saved model, loaded once."""
    return load(artefact)


def answers(artefact: Path, data: Any) -> np.ndarray:
    """Probabilities or values of rows, (n_samples, n_outputs), as ``deepworth predict`` computes them."""
    given = data if isinstance(data, list) else [str(data)]
    parts = [pd.DataFrame(part) for part in predict_parts(loaded(artefact), given, lambda message: None)]
    found = pd.concat(parts, ignore_index=True)
    numbers = [c for c in found.columns if c.startswith("probability")] or ["prediction"]
    return found[numbers].to_numpy(dtype=np.float64)


def predicts_alike(
    folder: Path, name: str, target: str, *pairs: tuple[Any, Any], **options: Any
) -> str | None:
    """Check that a model of a file gives the same answers for both of each pair of inputs."""
    artefact = trained(name, target, "logistic-regression", folder, **options)
    gaps = [float(np.abs(answers(artefact, a) - answers(artefact, b)).max()) for a, b in pairs]
    return None if max(gaps) <= 1e-6 else f"answers differ by {max(gaps):.3g}"


def scores_alike(folder: Path, name: str, other: str, target: str, **options: Any) -> str | None:
    """Check that a model of one file has the same scores on both."""
    artefact = trained(name, target, "logistic-regression", folder, **options)
    first, second = (
        deepworth.evaluate(artefact, str(CASES / f"{f}.csv"), n_samples=5) for f in (name, other)
    )
    gaps = {m: (first.scores[m].value, second.scores[m].value) for m in first.scores}
    wrong = {m: pair for m, pair in gaps.items() if pair[0] != pair[1]}
    return f"scores differ: {wrong}" if wrong else None


def _csv(name: str) -> Path:
    return CASES / f"{name}.csv"


def _null_rows(folder: Path) -> str | None:
    artefact = trained("dc_semicolon", "ok", "logistic-regression", folder)
    gaps = np.abs(answers(artefact, _csv("dcp_null")) - answers(artefact, _csv("dcp_ok"))).max(axis=1)
    is_null = np.array(["NULL" in line for line in _csv("dcp_null").read_text().splitlines()[1:]])
    return None if gaps[~is_null].max() == 0 else f"answers differ by {gaps[~is_null].max():.3g}"


def _true_rows(folder: Path) -> str | None:
    artefact = trained("bool_ty", "y", "logistic-regression", folder)
    found = answers(artefact, _csv("pq1"))
    parquet = folder / "true.parquet"
    pd.DataFrame({"f": [True], "z": [0.1], "x": [50]}).to_parquet(parquet)
    same = np.vstack([found[:4], answers(artefact, parquet)])
    return (
        None if np.ptp(same, axis=0).max() <= 1e-9 else f"answers differ by {np.ptp(same, axis=0).max():.3g}"
    )


def _python_estimators(folder: Path) -> str | None:
    """Estimators over raw rows answer alike in any order, and as with dates in ISO format."""
    german, iso = (pd.read_csv(_csv(name), dtype=str) for name in ("date_de", "date_iso"))
    for name in ("shallow-mlp", "logistic-regression"):
        few = {"epochs": 2} if registry.family(name) == "deep" else {}
        model = registry.create(name, "binary", "tabular", random_state=0, **few)
        model.fit(german[["when", "x"]], german["y"])
        found = model.predict_proba(german[["when", "x"]])
        turned = model.predict_proba(german[["when", "x"]][::-1])[::-1]
        if (
            max(np.abs(found - turned).max(), np.abs(found - model.predict_proba(iso[["when", "x"]])).max())
            > 1e-6
        ):
            return f"{name} depends on the order of rows or on the spelling of dates"
    return None


FILES: dict[str, Callable[[Path], str | None]] = {
    "date_de": lambda f: (
        is_read("date_de", "y", {"when": "datetime"})
        or predicts_alike(
            f,
            "date_de",
            "y",
            (_csv("date_de"), _csv("date_iso")),
            (["when=03.04.2023", "x=50"], ["when=2023-04-03", "x=50"]),
        )
        or scores_alike(f, "date_de", "date_iso", "y")
    ),
    "date_de in Python": _python_estimators,
    "date_iso": lambda f: is_read("date_iso", "y", {"when": "datetime"}),
    "date_ambig": lambda f: is_read("date_ambig", "y", {"when": "datetime"}, codes={"DW035"}),
    "date_ambig by option": lambda f: _both_orders(),
    "date_ampm": lambda f: is_read("date_ampm", "y", {"when": "datetime"}, unread={"when": None}),
    "date_de2": lambda f: (
        is_read("date_de2", "y", {"when": "datetime"})
        or predicts_alike(f, "date_de", "y", (_csv("date_de"), _csv("date_de2")))
    ),
    "date_dmony": lambda f: (
        is_read("date_dmony", "y", {"when": "datetime"})
        or predicts_alike(f, "date_de", "y", (_csv("date_de"), _csv("date_dmony")))
    ),
    "date_dash_dmy_time": lambda f: is_read("date_dash_dmy_time", "y", {"when": "datetime"}),
    "date_one_unknown": lambda f: is_read(
        "date_one_unknown", "y", {"when": "datetime"}, unread={"when": 1}, codes={"DW021"}
    ),
    "date_9999": lambda f: (
        is_read("date_9999", "y", {"when": "datetime"}, missing={"when": None})
        or predicts_alike(f, "date_9999", "y", (_csv("date_9999"), _csv("date_9999")))
    ),
    "dc_semicolon": lambda f: is_read("dc_semicolon", "ok", {"temp": "numeric", "z": "numeric"}),
    "dc_semicolon_null": lambda f: is_read(
        "dc_semicolon_null", "ok", {"temp": "numeric"}, missing={"temp": 6}, unread={"temp": None}
    ),
    "dc_semicolon_one_bad": lambda f: is_read(
        "dc_semicolon_one_bad", "ok", {"temp": "numeric"}, unread={"temp": 1}, codes={"DW021"}
    ),
    "dc_semicolon_thousands": lambda f: is_read(
        "dc_semicolon_thousands", "ok", {"umsatz": "numeric"}, missing={"umsatz": None}
    ),
    "dc_semicolon_unit": lambda f: is_read(
        "dc_semicolon_unit",
        "ok",
        {"preis": "numeric", "rabatt": "numeric"},
        units={"preis": "€", "rabatt": "%"},
    ),
    "dcp_ok, dcp_null": _null_rows,
    "cur": lambda f: (
        is_read("cur", "ok", {"price": "numeric", "disc": "numeric", "neg": "numeric"}, missing={"neg": None})
        or (None if dataset_of("cur", "ok").X["neg"].min() < 0 else "no negative number")
    ),
    "cur_target": lambda f: is_read("cur_target", "rent", {}, task="regression"),
    "space_thousands": lambda f: is_read(
        "space_thousands",
        "ok",
        {"pop": "numeric", "pop2": "numeric", "pop3": "numeric"},
        missing={"pop": None},
    ),
    "lead_zero_target14": lambda f: is_read("lead_zero_target14", "dept", {}, n_classes=14),
    "lead_zero_target3": lambda f: is_read("lead_zero_target3", "code", {}, classes=["007", "012", "0123"]),
    "mixed_1_10": lambda f: is_read("mixed_1_10", "y", {}, task="binary", classes=["0", "1"]),
    "none_label": lambda f: (
        refused("none_label", "disorder", "--keep-na")
        or is_read("none_label", "disorder", {}, options={"keep_na": True}, n_classes=3)
    ),
    "big_ids_target": lambda f: is_read("big_ids_target", "account", {}, n_classes=2),
    "neg_labels": lambda f: is_read("neg_labels", "y", {}, classes=["-1", "1"]),
    "float_labels": lambda f: is_read("float_labels", "y", {}, task="binary"),
    "comma_labels": lambda f: is_read("comma_labels", "y", {}, classes=["Lyon,\nSud", 'Paris, "Nord"']),
    "cat_int, cat_float": lambda f: (
        predicts_alike(f, "cat_int", "y", (_csv("cat_int"), _csv("cat_float")), categorical=["kind"])
        or scores_alike(f, "cat_int", "cat_float", "y", categorical=["kind"])
    ),
    "lab_int, lab_float": lambda f: scores_alike(f, "lab_int", "lab_float", "y"),
    "bool_ty, pq1": _true_rows,
    "unnamed": lambda f: is_read("unnamed", "y", {"x": "numeric", "Unnamed: 0": "identifier"}),
    "sep_line": lambda f: is_read("sep_line", "y", {"x": "numeric", "z": "numeric"}),
    "bom16": lambda f: is_read("bom16", "y", {"größe": "numeric"}),
    "cr_only": lambda f: is_read("cr_only", "y", {"x": "numeric", "z": "numeric"}),
    "latin1": lambda f: refused("latin1", "y", "iconv"),
    "comment_head": lambda f: refused("comment_head", "y", "is a comment or a title, remove it"),
    "total_row": lambda f: is_read("total_row", "y", {"x": "numeric"}, codes={"DW037"}),
    "zh": lambda f: is_read("zh", "label", {"text": "text"}),
    "imb": lambda f: is_read("imb", "y", {}, task="binary"),
}


def _both_orders() -> str | None:
    first = [
        dataset_of("date_ambig", "y", dayfirst=d).X["when"].iloc[1].isoformat()[:10] for d in (True, False)
    ]
    return None if first == ["2023-05-03", "2023-03-05"] else f"read as {first}"


def faults(folder: Path) -> dict[str, str | None]:
    """What is wrong with each case, None where nothing is."""
    found = {f"column: {case.name}": _caught(lambda c=case: column_fault(c)) for case in COLUMN_CASES}
    for name, check in FILES.items() if CASES.is_dir() else ():
        found[f"file: {name}"] = _caught(lambda c=check: c(folder))
    return found


def _caught(check: Callable[[], str | None]) -> str | None:
    try:
        return check()
    except Exception as error:  # a case that ends in an error has not passed, the others go on
        return f"{type(error).__name__}: {error}"


# Row dependence


def rich_table(n: int = 300) -> pd.DataFrame:
    """Cells as text, of every role and many spellings, with missing, unread and unseen ones."""
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
    amount = rng.normal(1000, 400, n).round(2)
    frame = pd.DataFrame(
        {
            "day": days.strftime("%d.%m.%Y"),
            "logged": days.strftime("%m/%d/%Y %I:%M:%S %p"),
            "amount": [f"{v:,.2f} €".translate({44: ".", 46: ","}) for v in amount],
            "share": [f"{v:.1f} %" for v in rng.random(n) * 100],
            "size": rng.normal(size=n).round(3).astype(str),
            "code": rng.choice(["1", "1.0", "2", "2.00", "03"], n),
            "smokes": rng.choice(["TRUE", "True", "false", "FALSE"], n),
            "note": [
                " ".join(rng.choice(["good", "bad", "late", "early", "疲れた", "👍"], 6)) for _ in range(n)
            ],
        }
    )
    frame["sick"] = np.where(amount + 300 * rng.normal(size=n) > 1000, "yes", "no")
    for column in frame.columns[:-1]:
        frame.loc[rng.choice(n, 6, replace=False), column] = rng.choice(["", "NA", "?"])
    frame.loc[5, "day"], frame.loc[6, "amount"] = "soon", "much"
    return frame


def forms(frame: pd.DataFrame, folder: Path) -> Iterator[tuple[str, Any, np.ndarray]]:
    """The same rows in other formats, orders and numbers: name, what to predict, which rows these are."""
    everything = np.arange(len(frame))
    shuffled = np.random.default_rng(1).permutation(len(frame))
    writers: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
        "rows.csv": lambda f, p: f.to_csv(p, index=False),
        "rows.tsv": lambda f, p: f.to_csv(p, index=False, sep="\t"),
        "semicolon.csv": lambda f, p: f.to_csv(p, index=False, sep=";"),
        "rows.csv.gz": lambda f, p: f.to_csv(p, index=False),
        "rows.jsonl": lambda f, p: f.to_json(p, orient="records", lines=True),
        "rows.parquet": lambda f, p: f.to_parquet(p, index=False),
    }
    for name, write in writers.items():
        for rows, kind in ((everything, ""), (shuffled, "shuffled "), (shuffled[:7], "few ")):
            path = folder / f"{kind.strip()}{name}"
            write(frame.iloc[rows], path)
            yield kind + name, path, rows
    for row in shuffled[:ALONE]:
        cells = frame.iloc[row].fillna("")
        yield f"row {row} alone", [f"{name}={cells[name]}" for name in frame.columns], np.array([row])


def row_dependence(folder: Path, frame: pd.DataFrame, target: str, model: str, **options: Any) -> float:
    """The largest difference of a row's answer between all forms."""
    place = Path(tempfile.mkdtemp(dir=folder))
    path = place / "train.csv"
    frame.to_csv(path, index=False)
    few = {"epochs": 2} if registry.family(model) == "deep" else {}
    artefact = place / "model"
    deepworth.train(str(path), target=target, model=model, output=artefact, params={model: few}, **options)
    reference = answers(artefact, path)
    largest = 0.0
    for name, data, rows in forms(frame.drop(columns=target), place):
        for chunk, head in ((_stream.ROWS, _stream._HEAD), (16, 200)):
            _stream.ROWS, kept = chunk, (_stream.ROWS, _stream._HEAD)
            _stream._HEAD = head
            try:
                gap = float(np.abs(answers(artefact, data) - reference[rows]).max())
            finally:
                _stream.ROWS, _stream._HEAD = kept
            if gap > 1e-6:
                print(f"{model}: {name} in parts of {chunk} differs by {gap:.3g}", file=sys.stderr)
            largest = max(largest, gap)
    return largest


def tables(quick: bool) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Tables whose rows are predicted in all forms: one of every role, and the files of the cases."""
    yield "every role", rich_table(), "sick"
    targets = {"dc_semicolon": "ok", "dc_semicolon_unit": "ok", "cur": "ok", "space_thousands": "ok"}
    names = ("date_de", "date_ampm", "date_dmony", "bool_ty", *targets)
    for name in names if CASES.is_dir() and not quick else ():
        delimiter = ";" if name.startswith("dc_") else ","
        frame = pd.read_csv(_csv(name), dtype=str, keep_default_na=False, sep=delimiter)
        yield name, frame, targets.get(name, "y")


# Units

UNITS = {"1e-9": (1e-9, 0.0), "1e9": (1e9, 0.0), "1e9 more": (1.0, 1e9), "1e44": (1e44, 0.0)}


def scale_errors(quick: bool) -> dict[str, float]:
    """The largest change of each model's held-out score when columns and target are in other units."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    X["c"] = np.exp(X["c"])
    y = np.sin(2 * X["a"]) + 0.6 * X["b"] + rng.normal(scale=0.3, size=400)
    names = [n for n in registry.suited("regression", "tabular") if registry.missing_requirement(n) is None]
    return {name: _scale_error(name, X, y) for name in (names[:3] if quick else names)}


def _scale_error(name: str, X: pd.DataFrame, y: pd.Series) -> float:
    few = {"epochs": 5} if registry.family(name) == "deep" else {}
    scores = {"as it is": _score(name, few, X, y)}
    for unit, (factor, shift) in UNITS.items():
        scores[f"columns {unit}"] = _score(name, few, X * factor + shift, y)
        scores[f"target {unit}"] = _score(name, few, X, y * factor + shift)
    return max(abs(score - scores["as it is"]) for score in scores.values())


def _score(name: str, few: dict[str, Any], X: pd.DataFrame, y: pd.Series) -> float:
    model = registry.create(name, "regression", "tabular", random_state=0, **few)
    predicted = np.asarray(model.fit(X[:300], y[:300]).predict(X[300:]), dtype=np.float64)
    truth = y[300:].to_numpy()
    unit = truth.std()  # before squares, which would leave the range of float64
    return float(1 - np.mean(((truth - predicted) / unit) ** 2))


# Time


def large_table(path: Path) -> None:
    """A CSV file of numbers with missing cells, whole numbers, categories, a date and a target."""
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 3000, ROWS), unit="D")
    columns: dict[str, Any] = {f"x{i}": rng.normal(size=ROWS).round(3 + i % 3 * 2) for i in range(9)}
    columns |= {f"n{i}": rng.integers(0, 1000, ROWS).astype(float) for i in range(3)}
    for cells in columns.values():
        cells[rng.random(ROWS) < 0.02] = np.nan
    columns["city"] = rng.choice([f"city {i}" for i in range(50)], ROWS)
    columns["kind"] = rng.choice(list("abcd"), ROWS)
    columns["day"] = days.strftime("%Y-%m-%d")
    columns["y"] = rng.choice(["no", "yes"], ROWS)
    pd.DataFrame(columns).to_csv(path, index=False)


def loading_times(folder: Path, quick: bool) -> dict[str, float]:
    """The shortest time of several loads, and that of pandas, which takes its turn after each."""
    path = folder / "large.csv"
    large_table(path)
    readers: dict[str, Callable[[], Any]] = {
        "seconds_200k": lambda: load_dataset(path, target="y"),
        "seconds_200k_pandas": lambda: pd.read_csv(path),
    }
    times: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(1 if quick else 7):
        for name, read in readers.items():
            start = time.process_time()
            read()
            times[name].append(time.process_time() - start)
    return {name: min(found) for name, found in times.items()}


HEADER = ["figure", "value"]


def lines(found: dict[str, Any]) -> list[list[Any]]:
    """The figures as rows of a table."""
    if not found:
        return []
    return [
        ["cases that are read as they must be", f"{found['passed']} of {found['cases']}"],
        [
            "largest difference of a row's probability by format, order, chunk",
            f"{found['row_dependence']:.1g}",
        ],
        [
            "largest change of a held-out score by the unit of columns or target",
            f"{found['scale_error']:.1g}",
        ],
        [
            "seconds to load 200,000 rows of 16 columns (pandas.read_csv)",
            f"{found['seconds_200k']:.1f} ({found['seconds_200k_pandas']:.1f})",
        ],
    ]


def measure(quick: bool) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = faults(folder)
        models = MODELS[:1] if quick else MODELS
        differences = {
            f"{data}, {model}": row_dependence(folder, frame, target, model)
            for data, frame, target in tables(quick)
            for model in models
        }
        seconds = loading_times(folder, quick)
    scales = scale_errors(quick)
    return {
        "cases": len(found),
        "passed": sum(fault is None for fault in found.values()),
        "failed": {case: fault for case, fault in found.items() if fault is not None},
        "row_dependence": max(differences.values()),
        "scale_error": max(scales.values()),
        "scale_errors": scales,
        **seconds,
        "files_of_cases": CASES.is_dir(),
    }


def main() -> None:
    options = parser(__doc__ or "").parse_args()
    found = measure(options.quick)
    if not options.quick:
        keep("reading", found)
    if options.json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    print(table(HEADER, lines(found)))
    for case, fault in found["failed"].items():
        print(f"{case}: {fault}")


if __name__ == "__main__":
    main()
