"""How the code is built, counted by reading it; the package itself is not imported.

    python benchmarks/structure.py [--json] [--root DIR] [--list FIGURE] [--places OPTION]

``--root`` measures another checkout, ``--list`` prints every item behind a figure, ``--places`` every
place that lists an option. In the figures, *room* is ``datasets``, a direct subfolder of ``zoo`` with all
that is below it, or one loose file of ``zoo`` or of the root.

``files``, ``lines``, ``median_file_lines``
    Python files below ``zoo``, recursively. All lines count, blank ones and comments too.
``underscore_files``
    Files below ``zoo`` and ``datasets`` whose name starts with an underscore, without ``__init__.py``.
    ``underscore_files_misplaced`` are those in folders whose public files are not entries.
``private_imports``
    Import statements, inside functions too, of a module or a name that starts with an underscore and
    belongs to another room. Dunder names such as ``__version__`` are public. One statement counts once.
``longest_function``
    Lines of the longest function, from the first statement after its docstring to its end.
``import_cycles``
    Strongly connected groups of two or more modules. Imports inside functions and under ``TYPE_CHECKING``
    count. A name that a package exports lazily leads to the module that defines it.
``any_in_public_api``
    Parameters, returns and fields that are annotated with ``Any`` or not at all, each once: of the public
    functions, of the public methods, ``__init__`` and ``__call__`` of the public classes, inherited ones
    included, and of their annotated attributes. Public are the names of ``deepworth``,
    ``deepworth.datasets`` and ``deepworth.zoo``. Where a ``.pyi`` stub defines a name, the stub counts, as
    it does for a type checker. A name that only exists at run time counts once, for it is ``Any``, and so
    does a package that makes names by ``__getattr__`` without a stub. Generic types without parameters,
    such as ``dict``, are left to mypy.
``public_names_without_example``
    Public functions and classes whose docstring has no ``>>>``.
``option_places``
    The most places that list one option of a comparison. Options are the keyword parameters of
    ``compare`` (those of its TypedDict if it unpacks one) and the fields of ``Setup`` in ``zoo/setup.py``,
    whose groups of fields are followed. ``data``, ``store`` and ``progress`` are not among them: they say
    where a run reads, where it is kept and who watches, and every verb has them.

    A place is a function, a class or a statement of a module. It lists an option that it names

    - in the signature of a function or as an annotated field of a class, with a type that the option
      itself could have (``metric: Metric`` or ``jobs: list[Job]`` are other things of the same name),
    - as a string in a tuple, list or set, or as the key of a dict,
    - as a keyword argument that passes it on unchanged, ``folds=folds``,

    if that signature, class, literal or call names at least three options: it is a list then, and a new
    option may have to be added to it. A function that takes only one or two options uses them as its own
    arguments, and reading one (``setup.folds``, ``if folds is None``) is use as well. A ``click.option``
    always counts. A place counts once for an option, however often it names it.

    Places are looked for where a comparison is set up, run and judged: ``zoo/comparison``,
    ``zoo/workflows``, ``zoo/runs``, ``zoo/judging``, ``zoo/setup.py``, ``zoo/commands/compare.py`` and
    ``_options.py``, and there only in modules that the verbs of a comparison (compare, preview, resume,
    verdict, report, benchmark) import, directly or not. ``learning_curve(seed=...)`` declares an option of
    its own.
"""

from __future__ import annotations

import ast
import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from _common import parser, table

PACKAGE = "deepworth"
PUBLIC_MODULES = ("", "datasets", "zoo")
ENTRY_FOLDERS = {
    *("datasets", "zoo/models", "zoo/baselines", "zoo/metrics"),
    *("zoo/export", "zoo/commands", "zoo/workflows"),
}
VERBS = ("compare", "preview", "resume", "verdict", "report", "benchmark")
OPTION_FOLDERS = ("zoo/comparison/", "zoo/workflows/", "zoo/runs/", "zoo/judging/")
OPTION_FILES = ("zoo/setup.py", "zoo/commands/compare.py", "zoo/commands/_options.py")
NOT_OPTIONS = {"data", "store", "progress"}
SMALLEST_LIST = 3
PLAIN_TYPES = {
    *(
        "int",
        "float",
        "str",
        "bool",
        "object",
        "Any",
        "Path",
        "PathLike",
        "os",
        "Literal",
        "Optional",
        "Union",
    ),
    *("tuple", "list", "dict", "set", "frozenset", "Sequence", "Iterable", "Collection", "Mapping"),
    *("NotRequired", "Required", "ReadOnly", "Final", "typing"),
}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef


# ---------------------------------------------------------------- modules and imports


@dataclass(frozen=True)
class Module:
    """A file of the package; ``name`` is dotted and starts below the package, whose own name is empty."""

    name: str
    path: str
    tree: ast.Module
    lines: int
    stub: ast.Module | None

    @property
    def package(self) -> list[str]:
        """Parts of the name of the package that relative imports start from."""
        parts = self.name.split(".") if self.name else []
        return parts if self.path.endswith("__init__.py") else parts[:-1]

    def bodies(self) -> Iterator[list[ast.stmt]]:
        """Statements of the stub, which type checkers read first, and of the module."""
        yield from (flat(tree.body) for tree in (self.stub, self.tree) if tree is not None)


@dataclass(frozen=True)
class Import:
    """A module of the package that a statement imports, and the names it takes from there."""

    line: int
    target: str
    names: dict[str, str] = field(default_factory=dict)  # as bound -> as defined


@dataclass(frozen=True)
class Definition:
    """A public function, class or alias as type checkers see it."""

    module: Module
    name: str
    nodes: list[ast.stmt]
    doc: str


def flat(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements, those under ``if`` and ``try`` included."""
    found: list[ast.stmt] = []
    for node in body:
        found.append(node)
        if isinstance(node, (ast.If, ast.Try)):
            handlers = [s for h in getattr(node, "handlers", []) for s in h.body]
            found += flat([*node.body, *handlers, *node.orelse])
    return found


def below(name: str) -> str | None:
    """An absolute module name without the package, None for another package."""
    first, _, rest = name.partition(".")
    return rest if first == PACKAGE else None


def joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def imported(module: Module, node: ast.AST) -> list[Import]:
    """What a statement imports from the package."""
    if isinstance(node, ast.Import):
        targets = [below(alias.name) for alias in node.names]
        return [Import(node.lineno, target) for target in targets if target is not None]
    if not isinstance(node, ast.ImportFrom):
        return []
    if node.level:
        target = joined(*module.package[: len(module.package) + 1 - node.level], node.module or "")
    elif (found := below(node.module or "")) is not None:
        target = found
    else:
        return []
    return [Import(node.lineno, target, {a.asname or a.name: a.name for a in node.names})]


class Package:
    """All modules of a checkout, parsed."""

    def __init__(self, root: Path) -> None:
        folders = [path for name in ("datasets", "zoo") for path in (root / name).rglob("*.py")]
        loose = [path for path in (root / "__init__.py", root / "cli.py") if path.is_file()]
        modules = [self._read(root, path) for path in (*loose, *sorted(folders))]
        self.modules = {module.name: module for module in modules}

    @staticmethod
    def _read(root: Path, path: Path) -> Module:
        relative, text = path.relative_to(root), path.read_text(encoding="utf-8")
        parts = relative.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        stub = path.with_suffix(".pyi")
        typed = ast.parse(stub.read_text(encoding="utf-8")) if stub.is_file() else None
        return Module(name, relative.as_posix(), ast.parse(text), len(text.splitlines()), typed)

    def lazy_names(self, module: Module) -> dict[str, str]:
        """Names that a package imports when they are touched, from a dict of names and modules."""
        found: dict[str, str] = {}
        for node in ast.walk(module.tree) if module.path.endswith("__init__.py") else ():
            if isinstance(node, ast.Dict):
                pairs = [(text_of(k), text_of(v)) for k, v in zip(node.keys, node.values, strict=True)]
                targets = {k: self._named(module, v) for k, v in pairs if k and v}
                if len(targets) == len(pairs) and set(targets.values()) <= set(self.modules):
                    found |= targets
        return found

    def _named(self, module: Module, name: str) -> str:
        """A module named by a string: absolute, relative, or bare for one of this package."""
        target = below(name)
        return joined(*module.package, name.lstrip(".")) if target is None else target

    def find(self, module_name: str, name: str, seen: frozenset[Any] = frozenset()) -> Definition | None:
        """The definition that a name of a module leads to; None for modules and other packages."""
        module = self.modules.get(module_name)
        if module is None or (module_name, name) in seen:
            return None
        seen |= {(module_name, name)}
        for body in module.bodies():
            if nodes := [node for node in body if name in defined(node)]:
                return Definition(module, name, without_overloaded(nodes), docstring(module, name))
            for found in (i for node in body for i in imported(module, node) if name in i.names):
                if joined(found.target, found.names[name]) not in self.modules:
                    return self.find(found.target, found.names[name], seen)
        target = self.lazy_names(module).get(name)
        return None if target is None else self.find(target, name, seen)

    @cached_property
    def graph(self) -> dict[str, set[str]]:
        """Modules by the modules that they import."""
        return {name: set(self._edges(module)) - {name} for name, module in self.modules.items()}

    def _edges(self, module: Module) -> Iterator[str]:
        for found in (i for node in ast.walk(module.tree) for i in imported(module, node)):
            submodules = {b: joined(found.target, n) for b, n in found.names.items()}
            known = {bound: name for bound, name in submodules.items() if name in self.modules}
            yield from known.values()
            yield from self._touched(module, known)
            if found.target in self.modules and (len(known) < len(found.names) or not found.names):
                yield found.target
            for bound in submodules.keys() - known.keys():
                if (definition := self.find(found.target, found.names[bound])) is not None:
                    yield definition.module.name

    def _touched(self, module: Module, packages: dict[str, str]) -> Iterator[str]:
        """Modules behind ``workflows.compare`` where ``workflows`` is a package that exports lazily."""
        for node in ast.walk(module.tree) if packages else ():
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                definition = self.find(packages.get(node.value.id, "?"), node.attr)
                if definition is not None:
                    yield definition.module.name

    def reachable(self, start: str) -> set[str]:
        """Modules that a module imports, directly or not."""
        found: set[str] = set()
        waiting = [start]
        while waiting:
            new = self.graph[waiting.pop()] - found
            found |= new
            waiting += new
        return found


def defined(node: ast.stmt) -> list[str]:
    """Names that a statement defines."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def without_overloaded(nodes: list[ast.stmt]) -> list[ast.stmt]:
    """Only the overloads of a function that has some."""
    overloads = [node for node in nodes if "overload" in decorators(node)]
    return overloads or nodes[-1:]


def decorators(node: ast.AST) -> set[str]:
    return {name for d in getattr(node, "decorator_list", []) for name in names_in(d)}


def docstring(module: Module, name: str) -> str:
    """The docstring of a function or class, from the module or else from its stub."""
    bodies = [node for body in reversed(list(module.bodies())) for node in body]
    found = [n for n in bodies if isinstance(n, (*FUNCTIONS, ast.ClassDef)) and n.name == name]
    return next((text for node in found if (text := ast.get_docstring(node))), "")


def text_of(node: ast.AST | None) -> str | None:
    """The value of a string constant."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def names_in(node: ast.AST | None) -> set[str]:
    """Names and attributes in an expression, those in string annotations included."""
    found: set[str] = set()
    for part in ast.walk(node) if node is not None else ():
        if isinstance(part, ast.Subscript) and "Literal" in names_in(part.value):
            return {"Literal"} | names_in_rest(node, part)
        if isinstance(part, (ast.Name, ast.Attribute)):
            found.add(part.id if isinstance(part, ast.Name) else part.attr)
    return found
