"""The model card: the manifest in words, with the header that model hubs read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from .confidence import confidence_card

MOST_LINES = 60  # of columns and of findings
_PIPELINES = {
    ("tabular", "classes"): "tabular-classification",
    ("tabular", "values"): "tabular-regression",
    ("image", "classes"): "image-classification",
    ("text", "classes"): "text-classification",
}
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_OUTCOMES = {
    "deep": "deep learning better",
    "classical": "classical better",
    "equivalent": "practically equivalent",
    "undecided": "cannot tell",
}
_COSTS = {
    "fit_seconds": ("training of one model", "s"),
    "final_fit_seconds": ("training on all rows", "s"),
    "predict_seconds": ("prediction of 1,000 rows", "s"),
    "model_bytes": ("model file", "bytes"),
    "parameters": ("fitted numbers", ""),
}


def card(manifest: dict[str, Any]) -> str:
    """The model card of a manifest, Markdown below a YAML header as Hugging Face's model cards have it."""
    parts = (_title, _inputs, _answer, _data, _scores, _verdict, _confidence, _costs, _use, _loading)
    return header(manifest) + "\n".join(text for part in parts if (text := part(manifest)))


def header(manifest: dict[str, Any]) -> str:
    """The YAML header. Every value is written as JSON, which YAML reads as it is."""
    kind = "values" if manifest["task"] == "regression" else "classes"
    pipeline = _PIPELINES.get((manifest["modality"], kind))
    library = "keras" if manifest["family"] == "deep" else "scikit-learn"
    tags = ["deepworth", library, manifest["modality"], manifest["task"], plain(manifest["model"], 60)]
    fields: dict[str, Any] = {"library_name": "deepworth", "tags": list(dict.fromkeys(tags))}
    if pipeline:
        fields["pipeline_tag"] = pipeline
    measured = {name: value for name, value in manifest["scores"].items() if value is not None}
    if measured:
        fields["metrics"] = list(measured)
        fields["model-index"] = [_index(manifest, pipeline or f"{manifest['modality']}-regression", measured)]
    lines = [f"{name}: {_yaml(value)}" for name, value in fields.items()]
    return "\n".join(["---", *lines, "---", ""])


def _index(manifest: dict[str, Any], task: str, measured: dict[str, float]) -> dict[str, Any]:
    data = plain(manifest["dataset"]["name"])
    slug = re.sub(r"\W+", "-", data, flags=re.ASCII).strip("-").lower() or "data"
    metrics = [{"type": name, "value": value} for name, value in measured.items()]
    result = {"task": {"type": task}, "dataset": {"name": data, "type": slug}, "metrics": metrics}
    return {"name": plain(f"{manifest['model']} on {manifest['dataset']['name']}"), "results": [result]}


def _yaml(value: Any) -> str:
    """JSON in characters that YAML calls printable."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return re.sub(
        r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]", lambda m: f"\\u{ord(m[0]):04x}", text
    )


def plain(text: Any, most: int = 200) -> str:
    """A name as one line of Markdown in which nothing is a mark, without signs that steer a terminal."""
    text = "".join(c if c.isprintable() else " " for c in str(text))
    text = re.sub(r"([|`<>\[\]*#\\])", r"\\\1", " ".join(text.split()))
    return text if len(text) <= most else text[: most - 3] + "..."


def code(text: Any, most: int = 200) -> str:
    """A name in code marks, which take everything but their own sign."""
    text = " ".join("".join(c if c.isprintable() and c != "`" else " " for c in str(text)).split())
    return f"`{text if len(text) <= most else text[: most - 3] + '...'}`" if text else "` `"


def _title(manifest: dict[str, Any]) -> str:
    data, versions = manifest["dataset"], manifest["versions"]
    rows = f"{data['rows']:,} rows" if data["rows"] is not None else "rows that were not kept count of"
    return f"""# {plain(manifest["model"])} on {plain(data["name"])}

A {manifest["task"]} model for {manifest["modality"]} data, {_family(manifest)}, trained by deepworth
{plain(versions["deepworth"])} on {rows} (created {plain(manifest["created"])}).
"""


def _family(manifest: dict[str, Any]) -> str:
    return "a neural network" if manifest["family"] == "deep" else "a classical model"


def _inputs(manifest: dict[str, Any]) -> str:
    words = {"number": "a number", "category": "a category", "text": "text", "date": "a date"}
    words["image"] = "an image, uint8, of any size"
    lines = [f"- {code(c['name'])}: {words[c['kind']]}" for c in manifest["inputs"]]
    return f"## Inputs\n\nRaw rows; any value may be missing.\n\n{_shortened(lines)}\n"


def _answer(manifest: dict[str, Any]) -> str:
    classes = [code(name) for name in manifest["classes"]]
    if not classes:
        return f"## Answer\n\n{code(manifest['target'])}: a number\n"
    shown = ", ".join(classes[:MOST_LINES]) + (", ..." if len(classes) > MOST_LINES else "")
    return f"## Answer\n\n{code(manifest['target'])}: {shown}, each with its probability\n"


def _data(manifest: dict[str, Any]) -> str:
    data = manifest["dataset"]
    lines = [f"- Name: {plain(data['name'])}"]
    if data["fingerprint"]:
        lines.append(f"- Fingerprint (SHA-256 over rows and targets): {code(data['fingerprint'])}")
    if data["licence"]:
        lines.append(f"- Licence: {plain(data['licence'])}")
    found = [
        f"- {code(f['code'])} ({plain(f['severity'])}): {plain(f['message'], 400)}"
        for f in _findings(manifest)
    ]
    told = f"\n### Findings\n\n{_shortened(found)}\n" if found else ""
    return "## Data\n\n" + "\n".join(lines) + "\n" + told


def _findings(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return manifest.get("findings") or []


def _scores(manifest: dict[str, Any]) -> str:
    evaluation = manifest.get("evaluation") or {}
    intervals = evaluation.get("intervals") or {}
    measured = {name: value for name, value in manifest["scores"].items() if value is not None}
    if not measured:
        return (
            "## Scores\n\nNot measured. `deepworth evaluate MODEL DATA` scores the model on labelled rows;\n"
            "`deepworth compare DATA --save-best DIR` saves one with its scores.\n"
        )
    level = evaluation.get("confidence_level")
    head = f"{level:.0%} interval" if isinstance(level, float) else "interval"
    lines = [f"| metric | value | {head} |", "|---|---|---|"]
    lines += [
        f"| {plain(name)} | {value:.4g} | {_between(intervals.get(name))} |"
        for name, value in measured.items()
    ]
    by = f"By {plain(evaluation['by'])}.\n\n" if evaluation.get("by") else ""
    return f"## Scores\n\n{by}" + "\n".join(lines) + "\n"


def _between(pair: Any) -> str:
    return f"{pair[0]:.4g} to {pair[1]:.4g}" if pair and None not in pair else ""


def _verdict(manifest: dict[str, Any]) -> str:
    verdict = manifest.get("verdict")
    if not verdict:
        return ""
    outcome = _OUTCOMES.get(verdict.get("outcome", ""), "")
    return f"## Was deep learning worth it?\n\n**{outcome}**. {plain(verdict.get('sentence', ''), 600)}\n"


def _confidence(manifest: dict[str, Any]) -> str:
    return confidence_card(manifest.get("confidence")).lstrip("\n")


def _costs(manifest: dict[str, Any]) -> str:
    costs = manifest.get("costs") or {}
    lines = [f"| {name} | {value} |" for name, value in _cost_lines(costs)]
    return "## Costs\n\n| what | how much |\n|---|---|\n" + "\n".join(lines) + "\n" if lines else ""


def _cost_lines(costs: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Known costs in words, others by their name; nested ones under the name of what holds them."""
    for name, value in costs.items():
        words, unit = _COSTS.get(name, (name.replace("_", " "), ""))
        if isinstance(value, dict):
            yield from _cost_lines(value, f"{before}{words}: ")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            shown = f"{value:,}" if isinstance(value, int) else f"{value:.3g}"
            yield plain(before + words), f"{shown} {unit}".strip()
        elif isinstance(value, str) and value:
            yield plain(before + words), plain(value)


def _use(manifest: dict[str, Any]) -> str:
    target, data = code(manifest["target"]), plain(manifest["dataset"]["name"])
    return f"""## Intended use

To predict {target} for new rows of the kind and origin of {data}, where a wrong answer is checked or its
cost is known. The scores above say how often it is wrong.

## Limits

- It knows the rows it was trained on. Rows from another place, time or instrument may be answered wrongly and
  just as surely; score it on labelled rows of yours first (`deepworth evaluate`).
- It answers every row, also one that resembles none of the training rows. Categories and words that it never
  saw count as unknown, missing values as missing.
- An association that it learned is no cause: changing an input in the world need not change the answer.
- Whether it treats groups of people alike was not measured.
"""


def _loading(manifest: dict[str, Any]) -> str:
    return """## How to load

```python
import deepworth

model = deepworth.load("this folder")   # nothing in it is executed
model.predict(rows)                     # raw rows in, names out
```

```
deepworth predict FOLDER rows.csv -o answers.csv
deepworth inspect FOLDER
```
"""


def _shortened(lines: list[str]) -> str:
    more = [f"- and {len(lines) - MOST_LINES:,} more"] if len(lines) > MOST_LINES else []
    return "\n".join(lines[:MOST_LINES] + more)
