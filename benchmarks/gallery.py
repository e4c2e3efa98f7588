"""Reports on six embedded datasets, each opened in a browser if one is installed.

    python benchmarks/gallery.py [--output DIR] [--quick] [--json]

Tables with two and three classes and for regression, images, and texts. Models of both families are compared
on each and the best ones explained; the first report includes a learning curve and a grid of networks. Pages
and index go to build/gallery. ``--quick`` trains small networks, explains and measures the costs of one table
only, and adds no curves.
"""

from __future__ import annotations

import html
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from _common import parser, table

JOINED = "sick-healthy"  # has a learning curve and a grid of networks
SHOWN = "wine"  # has costs and explanations in a quick gallery too
ROOT = Path(__file__).resolve().parents[1]
CASES: dict[str, list[str]] = {
    "sick-healthy": ["constant", "logistic-regression", "hist-gradient-boosting", "shallow-mlp", "plain-mlp"],
    "breast-cancer": ["constant", "logistic-regression", "rbf-svm", "perceptron", "shallow-mlp"],
    "wine": ["constant", "logistic-regression", "random-forest", "perceptron", "shallow-mlp"],
    "diabetes": ["constant", "linear-regression", "random-forest", "perceptron", "shallow-mlp"],
    "digits": ["constant", "hog-svm", "pca-svm", "cnn"],
    "triage-notes": ["constant", "tfidf-logistic-regression", "tfidf-naive-bayes", "rnn"],
}
SMALL: dict[str, dict[str, Any]] = {
    "plain-mlp": {"epochs": 2, "hidden_units": (8, 8)},
    "shallow-mlp": {"epochs": 5},
    "perceptron": {"epochs": 5},
    "cnn": {"epochs": 1, "width": 8},
    "rnn": {"epochs": 1, "embedding_dim": 4, "recurrent_units": 4, "cell": "gru"},
}


def write_page(name: str, models: list[str], folder: Path, store: Path, quick: bool) -> dict[str, Any]:
    """Compare on one dataset and write its page."""
    import deepworth

    full = not quick or name == SHOWN
    options: dict[str, Any] = {"folds": 2, "rows": 150, "costs": full} if quick else {"folds": 3}
    if quick:
        options["params"] = {m: SMALL[m] for m in models if m in SMALL}
    result = deepworth.compare(name, models=models, store=store, **options)
    if full:
        deepworth.explain_run(result.run, store=store, seeds=2 if quick else 3)
    page = folder / f"{name}.html"
    joined = joins(name, store) if name == JOINED and not quick else []
    deepworth.report(result.run, page, store=store, join=joined)
    return {"data": name, "outcome": result.verdict.outcome, "page_bytes": page.stat().st_size}


def joins(name: str, folder: Path) -> list[Path]:
    """A learning curve and a grid of networks on the same data, as files."""
    import deepworth

    found = {
        "curve": deepworth.learning_curve(name, models=["hist-gradient-boosting", "shallow-mlp"], sizes=5),
        "networks": deepworth.capacity(name, layers=(0, 1, 2), units=(8, 64), folds=3),
    }
    for key, answer in found.items():
        (folder / f"{key}.json").write_text(json.dumps(answer.to_dict()), encoding="utf-8")
    return [folder / f"{key}.json" for key in found]


def index(rows: list[dict[str, Any]]) -> str:
    """A list of the pages."""
    from deepworth.zoo.report.words import OUTCOMES

    items = "".join(
        f'<li><a href="{row["data"]}.html">{html.escape(row["data"])}</a>: {OUTCOMES[row["outcome"]]}</li>'
        for row in rows
    )
    head = '<meta charset="utf-8"><title>deepworth: gallery</title>'
    body = f"<main><h1>Gallery</h1><ul>{items}</ul></main>"
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def browsed(folder: Path, names: list[str]) -> dict[str, list[str]] | None:
    """Console messages, errors and requests of each page in a browser; None without a browser.

    Screenshots of the pages in light and dark are written beside them.
    """
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if program is None:
        return None
    found: dict[str, list[str]] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for name in names:
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            wrong = found.setdefault(name, [])
            page.on("console", lambda message, wrong=wrong: wrong.append(message.text))
            page.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto((folder / f"{name}.html").as_uri())
            page.click("#board thead th:nth-child(1) button")
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=folder / f"{name}-{scheme}.png", full_page=True)
            wrong += asked[1:]
            page.close()
        browser.close()
    return found


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--output", type=Path, default=ROOT / "build" / "gallery")
    chosen = options.parse_args()
    chosen.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as store:
        rows = [write_page(n, m, chosen.output, Path(store), chosen.quick) for n, m in CASES.items()]
    (chosen.output / "index.html").write_text(index(rows), encoding="utf-8")
    complaints = browsed(chosen.output, list(CASES))
    for row in rows:
        row["complaints"] = None if complaints is None else complaints[row["data"]]
    if chosen.json:
        print(json.dumps({"pages": rows}))
    else:
        header = ["data", "outcome", "bytes", "errors and requests in the browser"]
        cells = [[r["data"], r["outcome"], f"{r['page_bytes']:,}", _words(r["complaints"])] for r in rows]
        print(table(header, cells))
    raise SystemExit(int(any(r["complaints"] for r in rows)))


def _words(complaints: list[str] | None) -> str:
    return "no browser" if complaints is None else "; ".join(complaints) or "none"


if __name__ == "__main__":
    main()
