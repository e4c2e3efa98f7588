"""What benchmarks/structure.py counts, on small packages written for each rule."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import structure  # noqa: E402

COMPARE = """
    def compare(data, *, folds: int | None = None, seed: int = 0, metric: str | None = None,
                models: Sequence[str] | None = None, store: str | None = None):
        return make_plan(data, folds=folds, seed=seed, metric=metric)
"""
EXPORTS_COMPARE = '_PUBLIC = {"compare": "deepworth.zoo.workflows.compare"}'


@pytest.fixture
def package(tmp_path):
    """Read a package from the texts of its files, ``init.py`` being short for ``__init__.py``."""

    def read(files):
        for name, text in ({"init.py": "", "zoo/init.py": ""} | files).items():
            path = tmp_path / name.replace("init.py", "__init__.py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")
        return structure.Package(tmp_path)

    return read


def places(package, option):
    return structure.option_places(package)[option]


def test_files_lines_and_median_are_those_of_zoo(package):
    found = structure.figures(
        package({"zoo/a.py": "x = 1\n", "zoo/b/c.py": "\n# a\nx = 1\n", "datasets/d.py": "x = 1\n" * 9})
    )
    assert found["files"] == 3
    assert found["lines"] == 4
    assert found["median_file_lines"] == 1


def test_underscore_files_belong_into_folders_of_entries(package):
    read = package({"zoo/models/_layers.py": "", "zoo/runs/_plan.py": "", "zoo/models/deep/_x.py": ""})
    assert sorted(structure.underscore_files(read)) == [
        "zoo/models/_layers.py",
        "zoo/models/deep/_x.py",
        "zoo/runs/_plan.py",
    ]
    misplaced = structure.underscore_files(read, misplaced=True)
    assert sorted(misplaced) == ["zoo/models/deep/_x.py", "zoo/runs/_plan.py"]


@pytest.mark.parametrize(
    ("importer", "statement", "counts"),
    [
        ("zoo/runs/a.py", "from ..report._words import words", True),
        ("zoo/runs/a.py", "from ..report import _words", True),
        ("zoo/runs/a.py", "from ..report.page import _write", True),
        ("zoo/runs/a.py", "from ..report.page import write, _write", True),
        ("zoo/runs/a.py", "from ..report.html._part import part", True),
        ("zoo/runs/a.py", "import deepworth.zoo.report._words", True),
        ("zoo/runs/a.py", "def f():\n    from ..report._words import words", True),
        ("zoo/runs/a.py", "from .._loose import x", True),
        ("zoo/loose.py", "from ._loose import x", True),
        ("cli.py", "from .zoo.report._words import words", True),
        ("zoo/runs/a.py", "from ..report.page import write", False),
        ("zoo/runs/a.py", "from ... import __version__", False),
        ("zoo/runs/a.py", "from __future__ import annotations", False),
        ("zoo/runs/a.py", "from numpy._core import x", False),
        ("zoo/report/page.py", "from ._words import words", False),
        ("zoo/report/html/a.py", "from .._words import words", False),
        ("datasets/load.py", "from . import _files", False),
    ],
)
def test_private_imports_cross_rooms(package, importer, statement, counts):
    tree = {
        "cli.py": "",
        "zoo/_loose.py": "",
        "zoo/report/page.py": "",
        "zoo/report/_words.py": "",
        "zoo/report/html/_part.py": "",
        "datasets/_files.py": "",
    }
    assert len(structure.private_imports(package({**tree, importer: statement}))) == counts


def test_longest_function_is_its_body_without_docstring(package):
    text = '''
    def short():
        """One line."""
        return 1

    def long():
        """Several

        lines.
        """
        x = 1

        # a comment
        return x
    '''
    assert structure.function_lines(package({"zoo/a.py": text}))[0] == (4, "zoo/a.py:6 long")


def test_cycles_are_found_through_functions_and_lazy_names(package):
    read = package(
        {
            "zoo/a.py": "from .room import answer",
            "zoo/room/init.py": '_PUBLIC = {"answer": ".inner"}',
            "zoo/room/inner.py": "def answer():\n    from .. import a",
            "zoo/alone.py": "from . import a",
        }
    )
    assert structure.import_cycles(read) == ["zoo.a, zoo.room.inner"]


def test_no_cycle_in_imports_that_go_down(package):
    read = package(
        {"zoo/a.py": "from . import b", "zoo/b.py": "from ..datasets import c", "datasets/c.py": ""}
    )
    assert structure.import_cycles(read) == []


def test_any_counts_once_for_a_parameter_return_or_field(package):
    text = """
    class Base:
        def __init__(self, a, b: int) -> None: ...
        def fit(self, X: "Any", y: list[int]) -> Self: ...
        def _fit(self, X: Any): ...

    class Model(Base):
        name: str
        facts: dict[str, Any]
        _own: Any
        def fit(self, X: int) -> Self: ...

    def load(path: str, *rest: int, **options: Any): ...
    """
    lazy = '_PUBLIC = {"load": "deepworth.zoo.a", "Model": "deepworth.zoo.a"}'
    found = structure.any_in_public_api(package({"init.py": lazy, "zoo/a.py": text}))
    assert [part.split()[1] for part in found] == ["facts", "__init__(a)", "load(options)", "load(return)"]


def test_a_stub_says_what_is_public_and_typed(package):
    stub = """
    from .a import load as load
    def save(path: str) -> None: ...
    @overload
    def show(x: int) -> Any: ...
    @overload
    def show(x: str) -> None: ...
    def show(x): ...
    """
    read = package(
        {
            "init.pyi": "from .zoo import load as load, save as save, show as show",
            "zoo/init.pyi": stub,
            "zoo/init.py": "def __getattr__(name): ...",
            "zoo/a.py": "def load(path: str) -> Any: ...",
            "init.py": "def __getattr__(name): ...",
        }
    )
    assert [p.split()[1] for p in structure.any_in_public_api(read)] == ["load(return)", "show(return)"]


def test_a_verb_may_have_the_name_of_its_file(package):
    exports = "from .zoo.workflows import compare as compare"
    read = package(
        {
            "init.pyi": exports,
            "zoo/workflows/init.py": "",
            "zoo/workflows/init.pyi": "from .compare import compare as compare",
            "zoo/workflows/compare.py": COMPARE,
        }
    )
    assert read.find("", "compare").module.path == "zoo/workflows/compare.py"
    assert len(structure.without_example(read)) == 1


def test_names_without_a_stub_or_made_at_run_time_are_any(package):
    read = package(
        {
            "zoo/init.py": "def __getattr__(name): ...",
            "zoo/models/net.py": 'TASKS = ("binary", "multiclass")',
        }
    )
    assert structure.any_in_public_api(read) == [
        "zoo/models/net.py (its classifier, made at run time)",
        "zoo/__init__.py __getattr__ without a stub",
    ]


def test_public_names_need_an_example(package):
    text = '''
    def shown():
        """Shown.

        >>> shown()
        """

    def told():
        """Told."""

    class Bare: ...

    CONSTANT = 3
    '''
    names = ("shown", "told", "Bare", "CONSTANT")
    lazy = f"_PUBLIC = {dict.fromkeys(names, 'deepworth.zoo.a')}"
    found = structure.without_example(package({"init.py": lazy, "zoo/a.py": text}))
    assert sorted(part.split()[1] for part in found) == ["Bare", "told"]


def test_options_are_parameters_of_compare_and_fields_of_setup(package):
    setup = """
    class Limits:
        jobs: int

    class Setup:
        data: str
        limits: Limits
        seed: int
        _own: int
    """
    compare = """
    class Options(TypedDict):
        metric: str
    def compare(data, *, store: str, folds: int, **options: Unpack[Options]): ...
    """
    read = package({"init.py": EXPORTS_COMPARE, "zoo/workflows/compare.py": compare, "zoo/setup.py": setup})
    assert structure.options(read) == {
        "folds": {"int"},
        "metric": {"str"},
        "jobs": {"int"},
        "seed": {"int"},
    }


@pytest.mark.parametrize(
    ("statement", "counts"),
    [
        ("NAMES = ('folds', 'seed', 'metric')", True),
        ("def f():\n    return {'folds': 1, 'seed': 2, 'metric': 3}", True),
        ("def f(folds: int, seed: int, metric: str): ...", True),
        ("def f(folds, seed, metric): ...", True),
        ("class C:\n    folds: int\n    seed: int\n    metric: str", True),
        ("g(folds=folds, seed=seed, metric=metric)", True),
        ("def f(folds: int, seed: int): ...", False),
        ("def f(folds: int, seed: int, metric: Metric): ...", False),
        ("def f(folds: list[Fold], seed: int, metric: str): ...", False),
        ("def learning_curve(folds: int, seed: int, metric: str): ...", False),
        ("g(folds=setup.folds, seed=setup.seed, metric=setup.metric)", False),
        ("def f(s):\n    '''folds, seed, metric'''\n    return s.folds, s.seed, s.metric", False),
    ],
)
def test_a_list_of_options_is_a_place(package, statement, counts):
    read = package(
        {
            "init.py": EXPORTS_COMPARE,
            "zoo/workflows/compare.py": "from ..runs import plan\n" + dedent(COMPARE),
            "zoo/runs/plan.py": statement,
            "zoo/commands/learning_curve.py": "",
        }
    )
    found = places(read, "folds")
    assert found[-1] == "zoo/workflows/compare.py compare"
    assert len(found) == 1 + counts


def test_a_place_counts_once_and_a_click_option_always(package):
    command = """
    @click.option("--folds", type=int)
    @click.option("-m", "--model", multiple=True)
    def command(**chosen):
        names = ("folds", "seed", "metric")
        return {"folds": 1, "seed": 2, "metric": 3}

    SEED = click.option("--seed")
    """
    read = package(
        {
            "init.py": EXPORTS_COMPARE,
            "zoo/workflows/compare.py": COMPARE,
            "zoo/commands/compare.py": command,
        }
    )
    compare, function = "zoo/workflows/compare.py compare", "zoo/commands/compare.py command"
    assert places(read, "folds") == [function, compare]
    assert places(read, "models") == [function, compare]
    assert places(read, "seed") == [function, "zoo/commands/compare.py:8 SEED", compare]
    assert "store" not in structure.option_places(read)


def test_places_are_looked_for_only_where_a_comparison_leads(package):
    names = "NAMES = ('folds', 'seed', 'metric')"
    read = package(
        {
            "init.py": EXPORTS_COMPARE,
            "zoo/workflows/compare.py": "from .. import runs\nruns.run_all\n" + dedent(COMPARE),
            "zoo/runs/init.py": 'lazy(__name__, {"run_all": ".running"})',
            "zoo/runs/running.py": f"from ..report import page\nrun_all = 1\n{names}",
            "zoo/runs/curves.py": names,
            "zoo/report/page.py": names,
        }
    )
    assert places(read, "folds") == ["zoo/runs/running.py:3 NAMES", "zoo/workflows/compare.py compare"]


def test_script_prints_the_figures_of_another_checkout(package, tmp_path):
    package({"init.py": EXPORTS_COMPARE, "zoo/workflows/compare.py": COMPARE})

    def run(*words):
        command = [sys.executable, BENCHMARKS / "structure.py", "--root", tmp_path, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    figures = json.loads(run("--json", "--quick").stdout)
    assert figures["option_places"] == 1
    assert figures["public_names_without_example"] == 1
    assert figures["any_in_public_api"] == 2
    assert "| option_places | 1 | folds: zoo/workflows/compare.py compare |" in run().stdout
    assert run("--places", "seed").stdout == "zoo/workflows/compare.py compare\n"
    assert "there is no 'sed'" in run("--places", "sed").stderr
