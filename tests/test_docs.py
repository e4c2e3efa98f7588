"""The documentation says what is true: outputs, code to copy, links, and a site without a warning."""

from __future__ import annotations

import importlib.util
import json
import pydoc
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import deepworth

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture(scope="module")
def tool():
    """docs/outputs.py as a module."""
    spec = importlib.util.spec_from_file_location("outputs", DOCS / "outputs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["index.md", "start.md", "commands.md", "teachers.md"])
def test_commands_print_what_the_page_shows(tool, page):
    found = tool.outputs((DOCS / page).read_text(encoding="utf-8"))
    assert found
    for command, shown, now in found:
        assert not tool.differs(shown, now), f"deepworth {command}\n{now}\n(docs/outputs.py --write mends it)"


def test_only_what_may_change_is_masked(tool):
    same = (
        "Took 1.2 s. Kept as run 20261121-131335-iris-f9a1",
        "Took 31 ms. Kept as run 20250101-010101-iris-aaaa",
    )
    assert not tool.differs(*same)
    for one, other in (
        ("Verdict: cannot tell", "Verdict: deep learning better"),
        ("perceptron 0.9", "rbf-svm 0.9"),
        ("150 rows", "151 rows"),
        ("takes 2 x the time", "takes 2 times the time"),
        ("a b", "a b c"),
    ):
        assert tool.differs(one, other)
    assert not tool.differs("a long beginning\n[...]", "a long beginning\nand more")
    assert tool.differs("another beginning\n[...]", "a long beginning\nand more")
    assert tool.differs("[...]", "anything"), "nothing shown is nothing tested"


def files_of(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    return dict(re.findall(r"^`([\w/]+\.py)`[^\n]*:\n\n```python\n(.*?)```", text, re.DOTALL | re.MULTILINE))


COMPARE = """
import deepworth, json
from deepworth.datasets import list_datasets
assert deepworth.__file__.startswith({folder!r}), deepworth.__file__
result = deepworth.compare(
    "two-moons",
    models=["wide-logistic-regression", "broad-mlp"],
    params={{"broad-mlp": {{"hidden_units": 16, "epochs": 3}}}},
    metric="cohen_kappa",
    folds=2,
    store=False,
)
print(json.dumps({{row.model: [row.family, row.status] for row in result.answer.leaderboard}}))
print([d["card"] for d in list_datasets() if d["name"] == "two-moons"])
from click.testing import CliRunner
from deepworth.cli import main
commands = [["--help"], ["classes", "two-moons"]]
print(json.dumps([CliRunner().invoke(main, words).output for words in commands]))
"""


def test_files_to_copy_become_entries(tmp_path):
    """The files of adding.md in a copy of the package: catalogued, loaded, trained, compared, called."""
    files = files_of("adding.md")
    assert set(files) >= {
        "zoo/baselines/wide_logistic_regression.py",
        "zoo/models/broad_mlp.py",
        "zoo/metrics/cohen_kappa.py",
        "zoo/commands/classes.py",
        "datasets/two_moons.py",
    }
    copy = tmp_path / "deepworth"
    for name in ("zoo", "datasets"):
        shutil.copytree(DOCS.parent / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "__init__.pyi", "cli.py"):
        shutil.copy(DOCS.parent / name, copy)
    for name, code in files.items():
        (copy / name).write_text(code, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-B", "-c", COMPARE.format(folder=str(copy))],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    rows, card, outputs = result.stdout.strip().splitlines()[-3:]
    assert json.loads(rows) == {
        "wide-logistic-regression": ["classical", "ok"],
        "broad-mlp": ["deep", "ok"],
    }
    assert "Two moons" in card
    shown, counts = json.loads(outputs)
    assert "Count the rows of each class of DATA." in shown
    assert counts.split() == ["0", "200", "1", "200"]


PAGES = {page.relative_to(DOCS).as_posix(): page for page in DOCS.rglob("*.md") if "_build" not in page.parts}
GENERATED = {"options.md"}


def listed(page):
    """Pages in the tables of contents of a page."""
    trees = re.findall(r"```{toctree}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    names = [line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")]
    return {(page.parent / f"{name}.md").resolve().relative_to(DOCS).as_posix() for name in names}


def test_every_page_is_in_a_table_of_contents():
    found = listed(PAGES["index.md"]) | listed(PAGES["design/index.md"])
    assert found | {"index.md"} == set(PAGES) | GENERATED


@pytest.mark.parametrize("name", sorted(PAGES))
def test_links_and_names_in_the_pages_exist(name):
    text = PAGES[name].read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        target = (PAGES[name].parent / link).resolve()
        assert target.exists() or target.name in GENERATED, link
    for api in re.findall(r"auto(?:function|class):: deepworth\.([\w.]+)", text):
        assert callable(pydoc.locate(f"deepworth.{api}")), api


def test_files_named_in_the_pages_exist():
    """Paths of modules move; pages that say where something is must follow."""
    for name, page in PAGES.items():
        for path in re.findall(
            r"`((?:zoo|datasets|tests|benchmarks|docs)/[\w/]+\.\w+)`", page.read_text("utf-8")
        ):
            assert (DOCS.parent / path).exists() or name == "adding.md", (name, path)


def test_the_guide_names_every_part_of_the_package(source_files):
    text = (DOCS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parts = {f.parts[1] for f in source_files if f.parts[0] == "zoo" and f.suffix == ".py"}
    for part in parts - {"__init__.py"}:
        assert re.search(rf"^  {part}/? ", text, re.MULTILINE), part


def test_blocks_of_output_fit_the_page(tool):
    """Otherwise readers must scroll sideways. Lines of Markdown reports are as long as their paragraphs."""
    for name, page in PAGES.items():
        for block in re.findall(
            r"^```(?:console|text)\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
        ):
            lines = [] if "--format md" in block else block.splitlines()
            assert max(map(len, lines), default=0) <= tool.ROOM, (name, max(lines, key=len))


def test_commands_named_in_the_pages_exist():
    from click import Context

    from deepworth.cli import main

    known = set(main.list_commands(Context(main)))
    named = set()
    for page in PAGES.values():
        for line in page.read_text(encoding="utf-8").splitlines():
            named |= set(re.findall(r"(?:^|\$ |^ +|`)deepworth ([a-z][a-z-]+)", line))
    named -= {"is", "and", "answers", "compares", "comes", "classes"}  # prose, and the example of adding.md
    assert named <= known
    assert len(named) >= 10


def command_lines():
    """Every line of README and the pages that calls deepworth, without its comment."""
    for page in (DOCS.parent / "README.md", *PAGES.values()):
        blocks = re.findall(r"^ *```(\S*)\n(.*?)^ *```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        for language, block in blocks:
            for line in block.splitlines():
                if not language and line.strip().startswith("deepworth "):
                    yield page.name, shlex.split(line.strip(), comments=True)[1:]


def test_options_in_the_pages_exist():
    from click import Context

    from deepworth.cli import main

    found = list(command_lines())
    assert len(found) > 50
    for page, (name, *words) in found:
        command = main.get_command(Context(main), name)
        assert command is not None, (page, name)
        known = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
        given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert given <= known, (page, name, given - known)


AVOIDED = (
    r"champion|near[- ]cop|made rows|cannot be told|without the luck|foretell|leaves? (it|that) away|\bdoubt"
)


@pytest.mark.parametrize("name", [*sorted(PAGES), "../README.md", "../CONTRIBUTING.md", "../CHANGELOG.md"])
def test_pages_use_the_words_of_the_glossary(name):
    """Outputs and generated tables are what programs say."""
    text = (DOCS / name).read_text(encoding="utf-8").partition("## Words we avoid")[0]
    prose = re.sub(r"```.*?```|<!-- (\w+) -->.*?<!-- /\1 -->|`[^`]*`", "", text, flags=re.DOTALL)
    assert not re.findall(AVOIDED, prose, flags=re.IGNORECASE)


def test_every_command_is_shown_with_what_it_prints(tool):
    from click import Context

    from deepworth.cli import main

    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    shown = {command.split()[0] for command, _ in tool.BLOCK.findall(text)}
    assert set(main.list_commands(Context(main))) <= shown


def test_the_site_is_built_without_a_warning(tmp_path):
    pytest.importorskip("sphinx", reason="sphinx is not installed (deepworth[docs])")
    pytest.importorskip("myst_parser")
    pytest.importorskip("furo")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        str(DOCS),
        str(tmp_path),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    text = (tmp_path / "python.html").read_text(encoding="utf-8")
    summary = str(deepworth.compare.__doc__).splitlines()[0]
    assert summary.rstrip(".") in text, "the API comes from docstrings"
    assert "--no-store" in (tmp_path / "options.html").read_text(encoding="utf-8")


def test_links_of_the_readme_lead_somewhere():
    text = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert len(links) > 10
    for link in links:
        assert (DOCS.parent / link).exists(), link
    assert len(text.splitlines()) < 400, "a page that makes a newcomer want the tool; the rest is in docs"
