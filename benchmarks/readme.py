"""Write the generated parts of README.md and of the pages in docs, or check that they are current.

    python benchmarks/readme.py [--check]

Lists of models and datasets come from the catalogues, the help from the command line, tables and pictures
from the results that the other scripts keep in benchmarks/results.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import costs as costs_script
import crossover
import estimate as estimate_script
import explain
import export as export_script
import fair
import images_texts as images_texts_script
import inference
import near_copies
import published
import reading as reading_script
import runner as runner_script
import throughput as throughput_script
import tradeoff
import verdict
from _common import figure, kept, table
from _labels import readable
from _pictures import pictures, words

from deepworth.zoo.results.answer import Answer

ROOT = Path(__file__).resolve().parents[1]


def models() -> str:
    """Every registered model."""
    from deepworth.zoo import registry
    from deepworth.zoo.report.words import family_words

    rows = [
        [
            f"`{m['model']}`",
            family_words(m["family"]),
            ", ".join(m["modalities"]),
            ", ".join(m["tasks"]),
            m["card"],
        ]
        for m in registry.describe_all()
    ]
    return table(["model", "family", "data", "tasks", "what it is"], rows)


def datasets() -> str:
    """Every registered dataset."""
    from deepworth import list_datasets

    rows = [
        [f"`{d['name']}`", d["task"], d["modality"], d["rows"], d["source"], d["card"]]
        for d in list_datasets()
    ]
    return table(["name", "task", "data", "rows", "where", "what it is"], rows)


def codes() -> str:
    """Every code of a finding about data."""
    from deepworth.datasets import list_codes

    rows = [[f"`{c['code']}`", c["title"], c["advice"]] for c in list_codes()]
    return table(["code", "what was found", "what to do"], rows)


def copies() -> str:
    """Planted near copies that the checks find, from kept results."""
    return table(near_copies.HEADER, near_copies.lines(kept("near_copies") or {}))


def reading() -> str:
    """Cases of reading, row dependence and change by units, from kept results."""
    return table(reading_script.HEADER, reading_script.lines(kept("reading") or {}))


def command_help() -> str:
    """What `deepworth compare --help` prints."""
    program = Path(sys.executable).with_name("deepworth")
    environment = {**os.environ, "COLUMNS": "100"}
    shown = subprocess.run(
        [program, "compare", "--help"], capture_output=True, text=True, check=True, env=environment
    )
    return f"```\n{shown.stdout.strip()}\n```"


def tradeoffs() -> str:
    """Both ends of the trade-off, from kept results."""
    answers = {name: kept_answer(f"tradeoff-{name}") for name in tradeoff.DATASETS}
    rows = [tradeoff.line(name, answer) for name, answer in answers.items() if answer is not None]
    return table(tradeoff.HEADER, rows)


def kept_answer(name: str) -> Answer | None:
    """The answer of a kept comparison."""
    result = kept(name)
    return None if result is None else Answer.from_dict(result)


def publications() -> str:
    """Our scores next to published ones, from kept results."""
    found = {name: kept(f"published-{name}") for name in published.CASES}
    rows = [line for name, result in found.items() if result for line in published.lines(name, result)]
    return table(published.HEADER, rows)


def images_texts() -> str:
    """Every model on images and texts, from kept fits."""
    rows = images_texts_script.read(images_texts_script.KEPT)
    return table(images_texts_script.HEADER, images_texts_script.lines(rows)) if rows else ""


def throughput() -> str:
    """Training against PyTorch, from kept results."""
    found = kept("throughput")
    return table(throughput_script.HEADER, throughput_script.lines(found)) if found else ""


def startup() -> str:
    """Start-up times, from kept results."""
    figures = kept("startup") or {}
    return table(["figure", "value"], [[f"`{k}`", f"{v:.3g}"] for k, v in figures.items()])


def runner() -> str:
    """What the runner loses, repeats and costs, from kept results."""
    figures = kept("runner") or {}
    return table(["figure", "value"], [[f"`{k}`", runner_script.value(v)] for k, v in figures.items()])


def costs() -> str:
    """The cost sheet of every model on a small table, from a kept result; nothing where there is none."""
    found = kept("costs")
    if found is None:
        return ""
    words = f"On `{found['data']}` (score: {found['metric']}), `python benchmarks/costs.py`:"
    return f"{words}\n\n{table(costs_script.HEADER, costs_script.lines(found))}"


def estimates() -> str:
    """Estimated times against the clock, from a kept result; nothing where there is none."""
    found = kept("estimate")
    if found is None:
        return ""
    words = (
        f"{found['datasets']} comparisons and their time in seconds, estimated from the times in the "
        "package (new), also from other runs on the machine (known), and from the same run (again); "
        "`python benchmarks/estimate.py`:"
    )
    return f"{words}\n\n{table(estimate_script.HEADER, estimate_script.lines(found))}"


def report() -> str:
    """What a report takes, from kept results."""
    figures = kept("report") or {}
    rows = [[f"`{k}`", f"{v:.3g}" if isinstance(v, float) else f"{v:,}"] for k, v in figures.items()]
    return table(["figure", "value"], rows)


def explanations() -> str:
    """Whether explanations are complete and find what was planted, from kept results."""
    return table(explain.HEADER, explain.lines(kept("explain") or {}))


def fleet() -> str:
    """Fleets against single fits, and memory, from kept results."""
    found, memory = kept("fleet") or {}, kept("memory") or {}
    seconds = [[f"`{k}`", figure(v)] for k, v in found.items() if isinstance(v, float)]
    names = (
        *("peak_over_matrix", "cold_peak_over_matrix", "cold_growth_over_matrix", "cold_start_mb"),
        *("photographs", "photographs_pixels_mb", "photographs_peak_mb"),
    )
    return table(["figure", "value"], seconds + [[f"`{k}`", figure(memory[k])] for k in names if k in memory])


def tables() -> str:
    """Networks against libraries on the development tables, from kept results."""
    found = kept("tabular") or {}
    cpu = found.get("cpu_seconds", {})
    errors, ranks = found.get("mean_normalised_error", {}), found.get("mean_rank", {})
    rows = [
        [
            name,
            f"{ranks[name]:.1f}",
            f"{errors[name]:.3f}",
            f"{found['mean_normalised_error_without_mushroom'][name]:.3f}",
            f"{cpu[name]['mean']:.1f} s" if name in cpu else "-",
            found["sources"][name],
        ]
        for name in sorted(errors, key=errors.__getitem__)
    ]
    return table(["model", "mean rank", "error / HGB", "without mushroom", "CPU of a fit", "run"], rows)


def rivals() -> str:
    """Published models that were run on some tables or splits only, and ours on the same."""
    found = (kept("tabular") or {}).get("reference", {})
    rows = []
    for name, one in found.items():
        errors, ranks = one["mean_normalised_error"], one["mean_rank"]
        ours = [f"{errors[m]:.3f} ({ranks[m]:.1f})" for m in BESIDE]
        rows.append(
            [name, one["source"], len(one["tables"]), f"{errors[name]:.3f} ({ranks[name]:.1f})", *ours]
        )
    return table(["model", "run", "tables", "its error (rank)", *BESIDE], rows)


def verdicts() -> str:
    """What simulation says about the verdict, from kept results."""
    found = kept("verdict")
    return "\n\n".join(verdict.lines(found)) if found else ""


def intervals() -> str:
    """Candidates for the interval of a verdict, from kept results."""
    found = kept("inference")
    return "\n\n".join(inference.lines(found)) if found else ""


def confidence() -> str:
    """Stated probabilities and sets against known truth, from kept results."""
    found = kept("verdict")
    return "\n\n".join(verdict.confidence_lines(found)) if found else ""


def tables_by_name() -> str:
    """Every table's error, lost ones too, from kept results."""
    found = (kept("tabular") or {}).get("errors", {})
    shown = [m for m in SHOWN if all(m in errors for errors in found.values())]
    rows = [[name, *(f"{errors[m]:.4f}" for m in shown)] for name, errors in found.items()]
    return table(["table", *shown], rows)


def crossovers() -> str:
    """How often the interval of a known crossover holds it, from kept results."""
    found = kept("crossover")
    return table(["figure", "value"], crossover.simulation_lines(found) if found else [])


def learning_curves() -> str:
    """Learning curves of real data, from kept results."""
    found = {name: kept(f"crossover_{name}") for name in crossover.CASES}
    return table(crossover.HEADER, [crossover.lines(n, result) for n, result in found.items() if result])


def exports() -> str:
    """What each format holds of each model, from kept results."""
    return export_script.support(kept("export") or {})


def export_figures() -> str:
    """Differences, latency and streaming, from kept results."""
    found = kept("export") or {}
    rows = [[f"exports: {k}", str(v)] for k, v in found.get("cells", {}).items()]
    rows += [
        [f"largest difference from the saved model, {k}", f"{v:.1g}"]
        for k, v in found.get("largest_difference", {}).items()
    ]
    names = ("onnx_over_predict", "onnx_over_hist_gradient_boosting")
    rows += [[f"`{k}`", f"{found[k]:.2g}"] for k in names if k in found]
    counts = (
        "predict_rows",
        "predict_rows_per_second",
        "pandas_read_rows_per_second",
        "predict_memory_growth",
    )
    rows += [[f"`{k}`", f"{found[k]:,.0f}"] for k in counts if k in found]
    return table(["figure", "value"], rows)


def fairness(part: str) -> str:
    """A part of what may favour a family, from kept results."""
    return "\n\n".join(fair.lines(kept("fair") or {}).get(part, ()))


SHOWN = ("deep-mlp", "deep-mlp-ensemble", "tabm", "plain-mlp", "HGB", "MLP", "CatBoost", "RealMLP_TD")

BESIDE = ("deep-mlp", "deep-mlp-ensemble", "tabm", "CatBoost", "HGB")

BLOCKS: dict[str, Callable[[], str]] = {
    "models": models,
    "datasets": datasets,
    "codes": codes,
    "near_copies": copies,
    "help": command_help,
    "tradeoffs": tradeoffs,
    "publications": publications,
    "images_texts": images_texts,
    "throughput": throughput,
    "startup": startup,
    "runner": runner,
    "costs": costs,
    "estimate": estimates,
    "report": report,
    "explanations": explanations,
    "fleet": fleet,
    "tables": tables,
    "table_errors": tables_by_name,
    "rivals": rivals,
    "verdicts": verdicts,
    "inference": intervals,
    "confidence": confidence,
    "crossovers": crossovers,
    "reading": reading,
    "learning_curves": learning_curves,
    "exports": exports,
    "export_figures": export_figures,
    **{f"fair_{part}": partial(fairness, part) for part in (*fair.PARTS, "models")},
}


def filled(text: str) -> str:
    """A page with every marked block written anew."""

    def block(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"<!-- {name} -->\n{readable(BLOCKS[name]())}\n<!-- /{name} -->"

    return re.sub(r"<!-- (\w+) -->\n.*?<!-- /\1 -->", block, text, flags=re.DOTALL)


def paths() -> list[Path]:
    """The README and the pages in docs that have marked blocks."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [path for path in found if re.search(r"<!-- \w+ -->", path.read_text(encoding="utf-8"))]


def stale_pictures() -> dict[Path, str]:
    """Pictures that say something else than the kept results, with their new text."""
    return {
        path: new
        for path, new in pictures().items()
        if not path.is_file() or words(path.read_text(encoding="utf-8")) != words(new)
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="exit 1 if a page or picture is not current")
    check = options.parse_args().check
    pages = {path: path.read_text(encoding="utf-8") for path in paths()}
    stale = {path: new for path, old in pages.items() if (new := filled(old)) != old} | stale_pictures()
    if check:
        names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
        sys.exit(f"not current: {names}; run make readme" if stale else 0)
    for path, new in stale.items():
        path.write_text(new, encoding="utf-8")
    written = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    print(f"wrote {written}" if stale else "all pages and pictures are current")


if __name__ == "__main__":
    main()
