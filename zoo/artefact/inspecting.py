"""What a saved model says of itself: the files of its folder, the libraries it needs, and its model card.

The card is its manifest in Markdown, with the YAML header that model hubs read.
"""

from __future__ import annotations

import json
import os
import platform
import re
import warnings
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ...datasets import InputError
from ..results.models import FileState, Inspection, Manifest
from .manifest import GRAPH_FILE, file_fault, parse_manifest

LARGEST_CARD = 4 * 2**20  # bytes
_COMPANIONS = {
    "proof.json": "not covered by the manifest; deepworth verify checks it",
    "manifest.json": "",
}


def inspect(path: str | os.PathLike[str]) -> Inspection:
    """Show what a saved model is, without loading it.

    Nothing is executed and no heavy library is imported, so this is safe for models from any source.

    Parameters
    ----------
    path : path
        Folder of a saved model.

    Returns
    -------
    Inspection
        Manifest, model card and files with their hashes; ``sound`` says whether every file that the
        manifest lists is the one that was saved.

    Raises
    ------
    InputError
        The folder has no valid manifest.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from deepworth.zoo.artefact import inspect, save
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> folder = save(GaussianNB().fit(X, y), tempfile.mkdtemp() + "/iris", X=X, y=y)
    >>> found = inspect(folder)
    >>> found.sound, [file.name for file in found.files]
    (True, ['card.md', 'model.skops', 'manifest.json'])
    """
    folder = Path(path)
    manifest = parse_manifest(folder)
    listed = manifest["files"]
    if "graph" in manifest:
        listed = {**listed, GRAPH_FILE: manifest["graph"]["sha256"]}
    files = (*_listed_files(folder, listed), *_other_files(folder, listed))
    return Inspection(
        path=str(folder),
        sound=all(file.state == "ok" for file in files if file.sha256),
        manifest=manifest,
        card=_card(folder, manifest["files"]),
        files=files,
        notes=tuple(_notes(manifest)),
    )


def _listed_files(folder: Path, files: dict[str, str]) -> Iterator[FileState]:
    for name, expected in files.items():
        fault = file_fault(folder / name, expected)
        size = (folder / name).lstat().st_size if (folder / name).exists() else None
        yield FileState(name, size, expected, fault or "ok")


def _other_files(folder: Path, files: dict[str, str]) -> Iterator[FileState]:
    """Files that the manifest does not list; loading the model never opens them."""
    for entry in sorted(folder.iterdir()):
        if not any(Path(name).parts[0] == entry.name for name in files):
            state = _COMPANIONS.get(entry.name, "not covered by the manifest; never opened")
            size = entry.lstat().st_size if entry.is_file() else None
            yield FileState(entry.name, size, None, state)


def _card(folder: Path, files: dict[str, str]) -> str | None:
    path = folder / "card.md"
    if "card.md" not in files or path.is_symlink() or not path.is_file():
        return None
    if path.stat().st_size > LARGEST_CARD:
        return None
    return path.read_text(encoding="utf-8", errors="replace")


def _notes(manifest: Manifest) -> list[str]:
    try:
        return library_notes(manifest)
    except InputError as error:
        return [str(error)]


_LIBRARIES = ("deepworth", "keras", "tensorflow", "scikit-learn", "skops", "pandas", "numpy")
# The library that reads each model file. Fitted attributes of scikit-learn may change with any minor version,
# in both directions; Keras reads what older versions of the same major version wrote.
_READERS = {"model.keras": ("keras",), "model.skops": ("scikit-learn",)}
_CHANGES_WITH_MINOR = ("scikit-learn",)


def versions() -> dict[str, str | int | None]:
    """Versions of libraries and Python, system and number of cores, without importing the libraries.

    Returns
    -------
    dict of str, int or None
        By name: libraries (None where one is missing), ``python``, ``system`` and ``cores``.

    Examples
    --------
    >>> from deepworth.zoo.artefact import versions
    >>> {"python", "numpy", "keras"} <= set(versions())
    True
    """
    libraries: dict[str, str | int | None] = {name: _version(name) for name in _LIBRARIES}
    machine = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    return {**libraries, **machine, "cores": os.cpu_count()}


def check_libraries(manifest: Mapping[str, Any]) -> None:
    """Warn where the installed library may read the model wrongly, and refuse where it cannot read it.

    An older major version than the model's cannot know its format; a newer major version or an older minor
    one may read it wrongly. Patch versions make no difference.

    Raises
    ------
    InputError
        The installed library is older by a major version.
    """
    for message in library_notes(manifest):
        warnings.warn(message, stacklevel=4)


def library_notes(manifest: Mapping[str, Any]) -> list[str]:
    """The warnings of :func:`check_libraries`."""
    names = [n for file, readers in _READERS.items() if file in manifest["files"] for n in readers]
    notes = [_note(name, str(manifest["versions"].get(name)), _version(name)) for name in names]
    return [note for note in notes if note]


def _note(name: str, saved_with: str, installed: str | None) -> str | None:
    then, now = _major_minor(saved_with), _major_minor(installed or "")
    if then is None or now is None:
        return None
    if now[0] < then[0]:
        raise InputError(
            f"the model was saved with {name} {saved_with}, which {name} {installed} cannot read; "
            f"pip install -U '{name}>={then[0]}'"
        )
    if now > then and (now[0] > then[0] or name in _CHANGES_WITH_MINOR):
        return (
            f"the model was saved with {name} {saved_with} and is read by {installed}; "
            "train it again to be safe"
        )
    if now < then:
        return (
            f"the model was saved with the newer {name} {saved_with}; {installed} is installed: "
            f"pip install -U {name}"
        )
    return None


def _major_minor(text: str) -> tuple[int, int] | None:
    match = re.match(r"(\d{1,6})\.(\d{1,6})", text, re.ASCII)
    return (int(match[1]), int(match[2])) if match else None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


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
    "fit_cpu_seconds": ("CPU time of a training", "s"),
    "fit_peak_bytes": ("peak memory of a training", "bytes"),
    "threads": ("threads", ""),
    "load_seconds": ("loading", "s"),
    "predict_seconds": ("prediction of 1,000 rows", "s"),
    "predict_peak_bytes": ("peak memory of predictions", "bytes"),
    "flops": ("operations for one row", ""),
    "parameters": ("parameters", ""),
    "size_bytes": ("saved model", "bytes"),
    "model_bytes": ("model file", "bytes"),
}


def card(manifest: Manifest) -> str:
    """The model card of a manifest: Markdown below a YAML header, as in Hugging Face's model cards."""
    parts = (_title, _inputs, _target, _data, _scores, _verdict, _confidence, _costs, _use, _loading)
    return header(manifest) + "\n".join(text for part in parts if (text := part(manifest)))


def header(manifest: Manifest) -> str:
    """The YAML header. Values are written as JSON, which is valid YAML."""
    kind = "values" if manifest["task"] == "regression" else "classes"
    pipeline = _PIPELINES.get((manifest["modality"], kind))
    library = "keras" if manifest["family"] in ("deep", "pretrained") else "scikit-learn"
    tags = ["deepworth", library, manifest["modality"], manifest["task"], plain(manifest["model"], 60)]
    fields: dict[str, Any] = {"library_name": "deepworth", "tags": list(dict.fromkeys(tags))}
    if pipeline:
        fields["pipeline_tag"] = pipeline
    measured = {name: value for name, value in manifest["scores"].items() if value is not None}
    if measured:
        fields["metrics"] = list(measured)
        task = pipeline or f"{manifest['modality']}-regression"
        fields["model-index"] = [_model_index(manifest, task, measured)]
    lines = [f"{name}: {_yaml(value)}" for name, value in fields.items()]
    return "\n".join(["---", *lines, "---", ""])


def _model_index(manifest: Manifest, task: str, measured: dict[str, float]) -> dict[str, Any]:
    data = plain(manifest["dataset"]["name"])
    slug = re.sub(r"\W+", "-", data, flags=re.ASCII).strip("-").lower() or "data"
    metrics = [{"type": name, "value": value} for name, value in measured.items()]
    result = {"task": {"type": task}, "dataset": {"name": data, "type": slug}, "metrics": metrics}
    return {"name": plain(f"{manifest['model']} on {manifest['dataset']['name']}"), "results": [result]}


def _yaml(value: Any) -> str:
    """JSON without characters that YAML counts as unprintable."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def plain(text: Any, most: int = 200) -> str:
    """Untrusted text as one line of Markdown, escaped and without control characters."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    text = text if len(text) <= most else text[: most - 3] + "..."
    return _html(re.sub(r"([|`\[\]*#\\])", r"\\\1", text))


def _html(text: str) -> str:
    """Signs of HTML as entities: not all that show Markdown know that a backslash escapes them."""
    return re.sub("&(?=[#a-zA-Z])", "&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


def code(text: Any, most: int = 200) -> str:
    """Untrusted text as inline code, or as plain text where it could be HTML."""
    if re.search("[<>]|&[#a-zA-Z]", str(text)):
        return plain(text, most)
    text = " ".join("".join(c if c.isprintable() and c != "`" else " " for c in str(text)).split())
    return f"`{text if len(text) <= most else text[: most - 3] + '...'}`" if text else "` `"


def _title(manifest: Manifest) -> str:
    data, versions = manifest["dataset"], manifest["versions"]
    rows = f"{data['rows']:,} rows" if data["rows"] is not None else "an unknown number of rows"
    return f"""# {plain(manifest["model"])} on {plain(data["name"])}

A {manifest["task"]} model for {manifest["modality"]} data, {_family(manifest)}, trained by deepworth
{plain(versions["deepworth"])} on {rows} (created {plain(manifest["created"])}).
"""


def _family(manifest: Manifest) -> str:
    kinds = {"deep": "a neural network", "pretrained": "a neural network on a pretrained encoder"}
    return kinds.get(manifest["family"], "a classical model")


def _inputs(manifest: Manifest) -> str:
    words = {"number": "a number", "category": "a category", "text": "text", "date": "a date"}
    words["image"] = "an image, uint8, of any size"
    lines = [f"- {code(c['name'])}: {words[c['kind']]}" for c in manifest["inputs"]]
    return f"## Inputs\n\nRaw rows. Any value may be missing.\n\n{_shortened(lines)}\n"


def _target(manifest: Manifest) -> str:
    classes = [code(name) for name in manifest["classes"]]
    if not classes:
        return f"## Output\n\n{code(manifest['target'])}: a number\n"
    names = ", ".join(classes[:MOST_LINES]) + (", ..." if len(classes) > MOST_LINES else "")
    return f"## Output\n\n{code(manifest['target'])}: {names}, each with its probability\n"


def _data(manifest: Manifest) -> str:
    data = manifest["dataset"]
    lines = [f"- Name: {plain(data['name'])}"]
    if data["fingerprint"]:
        lines.append(f"- Fingerprint (SHA-256 over rows and targets): {code(data['fingerprint'])}")
    if data["licence"]:
        lines.append(f"- Licence: {plain(data['licence'])}")
    findings = [
        f"- {code(f['code'])} ({plain(f['severity'])}): {plain(f['message'], 400)}"
        for f in manifest.get("findings") or []
    ]
    section = f"\n### Findings\n\n{_shortened(findings)}\n" if findings else ""
    return "## Data\n\n" + "\n".join(lines) + "\n" + section


def _scores(manifest: Manifest) -> str:
    evaluation = manifest.get("evaluation") or {}
    intervals = evaluation.get("intervals") or {}
    measured = {name: value for name, value in manifest["scores"].items() if value is not None}
    if not measured:
        return (
            "## Scores\n\nNot measured. `deepworth evaluate MODEL DATA` scores the model on labelled rows;\n"
            "`deepworth compare DATA --save-best DIR` saves the best model with its scores.\n"
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


def _verdict(manifest: Manifest) -> str:
    verdict = manifest.get("verdict")
    if not verdict:
        return ""
    outcome = _OUTCOMES.get(verdict.get("outcome", ""), "")
    outcome += ", if the target does not leak" if verdict.get("warnings") else ""
    return f"## Was deep learning worth it?\n\n**{outcome}**. {plain(verdict.get('sentence', ''), 600)}\n"


def _confidence(manifest: Manifest) -> str:
    """Calibration, decision threshold and coverage, as measured out of fold."""
    confidence = manifest.get("confidence") or {}
    measured, lines = confidence.get("out_of_fold", {}), []
    if "calibrator" in confidence:
        method = confidence["calibrator"]["method"]
        lines.append(f"- Probabilities: calibrator `{method}`{_calibration_errors(measured)}.")
    if confidence.get("threshold") is not None:
        costs = confidence["costs"]
        lines.append(
            f"- Predicts `{confidence['positive']}` where its probability is at least "
            f"{confidence['threshold']:.3g}: a false negative costs {costs['false_negative']:g}, a false "
            f"positive {costs['false_positive']:g}."
        )
    if confidence.get("level") is not None and "coverage" in measured:
        kind = "Prediction sets" if "calibrator" in confidence else "Prediction intervals"
        lines.append(
            f"- {kind} at {confidence['level']:.0%} contained the true answer for {measured['coverage']:.1%} "
            f"of {measured['rows']:,} rows out of fold{_referred(measured)}."
        )
    return "## Confidence\n\n" + "\n".join(lines) + "\n" if lines else ""


def _calibration_errors(measured: dict[str, Any]) -> str:
    if "after" not in measured:
        return ""
    before, after = (measured[name]["calibration_error"] for name in ("before", "after"))
    return f"; calibration error out of fold {after:.3f} (uncalibrated {before:.3f})"


def _referred(measured: dict[str, Any]) -> str:
    return f"; {measured['referred']:.1%} of them should be referred" if "referred" in measured else ""


def _costs(manifest: Manifest) -> str:
    costs = manifest.get("costs") or {}
    lines = [f"| {name} | {value} |" for name, value in dict(_cost_lines(costs)).items()]
    return "## Costs\n\n| cost | value |\n|---|---|\n" + "\n".join(lines) + "\n" if lines else ""


def _cost_lines(costs: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and value of the costs that a reader asks for, those of the cost sheet last."""
    for name, value in costs.items():
        if name in _COSTS and _is_amount(value):
            label, unit = _COSTS[name]
            amount = f"{value:.3g}" if unit == "s" else f"{value:,.0f}"
            yield label, f"{amount} {unit}".strip()
    sheet = costs.get("costs")
    if isinstance(sheet, dict):
        yield from _cost_lines(sheet)
        yield from _latency_lines(sheet.get("latency"))


def _latency_lines(latency: Any) -> Iterator[tuple[str, str]]:
    """Median and 95 % quantile of the time of a call, by its rows."""
    for call in latency.values() if isinstance(latency, dict) else ():
        if isinstance(call, dict) and all(_is_amount(call.get(name)) for name in ("rows", "median", "p95")):
            rows = f"{call['rows']:,.0f} row{'s' * (call['rows'] != 1)}"
            yield (
                f"prediction of {rows}",
                f"{call['median']:.3g} s (95 % within {call['p95']:.3g} s)",
            )


def _is_amount(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _use(manifest: Manifest) -> str:
    target, data = code(manifest["target"]), plain(manifest["dataset"]["name"])
    return f"""## Intended use

To predict {target} for new rows of the same kind and origin as {data}, where predictions are checked or the
cost of a wrong one is known. The scores above say how often the model is wrong.

## Limits

- The model may be wrong, and just as confident, on rows from another place, time or instrument. Evaluate it
  on your own labelled rows first (`deepworth evaluate`).
- It gives a prediction for every row, even for one that is unlike all training rows. Categories and words
  that are not in the training rows count as unknown, missing values as missing.
- It learned associations, not causes: to change an input in the real world need not change the outcome.
- Fairness between groups of people was not measured.
"""


def _loading(manifest: Manifest) -> str:
    return """## How to load

```python
import deepworth

model = deepworth.load("this folder")   # executes no code from the folder
model.predict(rows)                     # raw rows in, classes or values out
```

```
deepworth predict FOLDER rows.csv -o answers.csv
deepworth inspect FOLDER
```
"""


def _shortened(lines: list[str]) -> str:
    more = [f"- and {len(lines) - MOST_LINES:,} more"] if len(lines) > MOST_LINES else []
    return "\n".join(lines[:MOST_LINES] + more)
