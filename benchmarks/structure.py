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
      itself has somewhere (``metric: Metric`` and ``jobs: list[Job]`` are other things of the same name),
    - as a string in a tuple, list or set, or as the key of a dict, whatever its value,
    - as a keyword argument that passes it on unchanged, ``folds=folds``,

    if that signature, class, literal or call names at least three options: it is a list then, and a new
    option may have to be added to it. A function that takes only one or two options uses them as its own
    arguments, and reading one (``setup.folds``, ``if folds is None``) is use as well. A ``click.option``
    always counts. A place counts once for an option, however often it names it.

    Places are looked for where a comparison is set up, run and judged: ``zoo/comparison``,
    ``zoo/workflows``, ``zoo/runs``, ``zoo/judging``, ``zoo/setup.py``, ``zoo/commands/compare.py`` and
    ``_options.py``, and there only in modules that the verbs of a comparison (compare, preview, resume,
    verdict, report, benchmark) import, directly or not. Signatures of other verbs do not count:
    ``learning_curve(seed=...)`` declares an option of its own.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
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
WRAPPERS = {"Optional", "Union", "Required", "NotRequired", "ReadOnly", "Final"}
SEQUENCES = r"\b(list|tuple|set|frozenset|Sequence|Iterable|Collection)\b"
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
                if (definition := self.find(found.target, found.names[name], seen)) is not None:
                    return definition
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
                name = packages.get(node.value.id, "?")
                if (definition := self.find(name, node.attr)) is not None:
                    yield definition.module.name
                elif joined(name, node.attr) in self.modules:
                    yield joined(name, node.attr)

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
    """Names and attributes in an annotation, a quoted one too; what a Literal holds are values, not names."""
    if node is None:
        return set()
    if (text := text_of(node)) is not None:
        try:
            return names_in(ast.parse(text, mode="eval"))
        except SyntaxError:
            return set()
    if isinstance(node, ast.Subscript) and "Literal" in names_in(node.value):
        return {"Literal"}
    own = {name for key in ("id", "attr") if (name := getattr(node, key, None)) is not None}
    return own.union(*map(names_in, ast.iter_child_nodes(node)))


# ---------------------------------------------------------------- files, functions, imports


def private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def room(name: str) -> str:
    """The room of a module, see the top of this file."""
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "zoo" else parts[0]


def below_zoo(package: Package) -> list[Module]:
    return [module for module in package.modules.values() if module.path.startswith("zoo/")]


def underscore_files(package: Package, misplaced: bool = False) -> list[str]:
    """Paths of underscore files, or of those in folders whose public files are no entries."""
    paths = [Path(module.path) for module in package.modules.values() if "/" in module.path]
    return [
        path.as_posix()
        for path in paths
        if private(path.stem) and not (misplaced and path.parent.as_posix() in ENTRY_FOLDERS)
    ]


def private_imports(package: Package) -> list[str]:
    """Statements that import what belongs to another room alone."""
    return [
        f"{module.path}:{found.line} {found.target}: {', '.join(found.names.values())}"
        for module in package.modules.values()
        for node in ast.walk(module.tree)
        for found in imported(module, node)
        if _is_private_import(package, module, found)
    ]


def _is_private_import(package: Package, module: Module, found: Import) -> bool:
    for name in found.names.values() or [""]:
        whole = joined(found.target, name)
        owner = whole if whole in package.modules else found.target
        if room(owner) != room(module.name) and any(private(part) for part in whole.split(".")):
            return True
    return False


def function_lines(package: Package) -> list[tuple[int, str]]:
    """Lines of every function, the longest first, and where it is."""
    found = [
        (_lines_of(node), f"{module.path}:{node.lineno} {node.name}")
        for module in package.modules.values()
        for node in ast.walk(module.tree)
        if isinstance(node, FUNCTIONS)
    ]
    return sorted(found, reverse=True)


def _lines_of(node: Function) -> int:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def import_cycles(package: Package) -> list[str]:
    """Groups of modules that import each other, directly or not."""
    reach = {name: package.reachable(name) for name in package.graph}
    groups = {
        frozenset(other for other in reach[name] if name in reach[other])
        for name in package.graph
        if name in reach[name]
    }
    return sorted(", ".join(sorted(name or PACKAGE for name in group)) for group in groups)


# ---------------------------------------------------------------- the public API


def public_names(package: Package, module: Module) -> list[str]:
    """Names that users import from a package: those of its stub or of its lazy table."""
    if module.stub is None:
        return sorted(package.lazy_names(module))
    found: list[str] = []
    for node in flat(module.stub.body):
        if isinstance(node, ast.Assign) and "__all__" in defined(node):
            return [name for part in ast.walk(node.value) if (name := text_of(part)) and name[0] != "_"]
        found += [*defined(node), *(name for i in imported(module, node) for name in i.names)]
    return [name for name in dict.fromkeys(found) if not name.startswith("_")]


def public_api(package: Package) -> tuple[list[Definition], list[str]]:
    """Public definitions, each once, and what users get that is not written down anywhere."""
    found: dict[tuple[str, str], Definition] = {}
    unwritten: list[str] = []
    for module in (package.modules[name] for name in PUBLIC_MODULES if name in package.modules):
        for name in public_names(package, module):
            definition = package.find(module.name, name)
            if definition is not None:
                found.setdefault((definition.module.name, definition.name), definition)
            elif joined(module.name, name) not in package.modules:
                unwritten.append(f"{module.path} {name}")
        if module.name == "zoo" and module.stub is None:
            unwritten += estimators_made_at_run_time(package)
    return list(found.values()), unwritten


def estimators_made_at_run_time(package: Package) -> list[str]:
    """Classifiers and regressors that ``deepworth.zoo`` makes of the networks' files."""
    kinds = {"binary": "classifier", "regression": "regressor"}
    return [
        f"{module.path} (its {kinds[task]}, made at run time)"
        for module in package.modules.values()
        if module.path.startswith("zoo/models/")
        for node in module.tree.body
        if "TASKS" in defined(node)
        for task in sorted(kinds)
        if task in map(text_of, ast.walk(node))
    ]


def any_in_public_api(package: Package) -> list[str]:
    """Annotations of the public API that are missing or hold Any."""
    definitions, found = public_api(package)
    for module in (package.modules[name] for name in PUBLIC_MODULES if name in package.modules):
        if module.stub is None and "__getattr__" in names_bound(module):
            found.append(f"{module.path} __getattr__ without a stub")
    for definition in definitions:
        for node in definition.nodes:
            found += _untyped(package, definition.module, node)
    return list(dict.fromkeys(found))


def names_bound(module: Module) -> set[str]:
    """Names of top-level functions and assignments, those of ``a, b = ...`` included."""
    functions = {node.name for node in module.tree.body if isinstance(node, FUNCTIONS)}
    assigned = [t for node in module.tree.body if isinstance(node, ast.Assign) for t in node.targets]
    return functions | {n.id for target in assigned for n in ast.walk(target) if isinstance(n, ast.Name)}


def _untyped(package: Package, module: Module, node: ast.stmt) -> list[str]:
    """Untyped parts of a function, a class with what it inherits, or a type alias."""
    if isinstance(node, ast.ClassDef):
        return [
            text for owner, part in members(package, module, node) for text in _untyped(package, owner, part)
        ]
    where = f"{module.path}:{node.lineno} "
    if isinstance(node, FUNCTIONS):
        return [where + f"{node.name}({name})" for name in untyped_parameters(node)]
    names = names_in(getattr(node, "annotation", None))
    if isinstance(node, ast.Assign) or "TypeAlias" in names:
        names = names_in(getattr(node, "value", None))
    return [where + defined(node)[0]] if "Any" in names else []


def untyped_parameters(node: Function) -> list[str]:
    """Parameters without a type, or with Any in it; ``return`` stands for what comes back."""
    found = [a.arg for a in parameters(node) if a.annotation is None or "Any" in names_in(a.annotation)]
    no_return = node.returns is None and node.name != "__init__"
    return [*found, "return"] if no_return or "Any" in names_in(node.returns) else found


def parameters(node: Function) -> list[ast.arg]:
    """All parameters but ``self`` and ``cls``."""
    a = node.args
    places = [*a.posonlyargs, *a.args]
    bound = places and places[0].arg in ("self", "cls", "mcs") and places[0].annotation is None
    stars = [star for star in (a.vararg, a.kwarg) if star is not None]
    return [*places[bool(bound) :], *a.kwonlyargs, *stars]


def members(
    package: Package, module: Module, node: ast.ClassDef, overridden: frozenset[str] = frozenset()
) -> Iterator[tuple[Module, ast.stmt]]:
    """Public methods and annotated attributes of a class, and those that it inherits in the package."""
    own = [part for part in flat(node.body) if isinstance(part, (*FUNCTIONS, ast.AnnAssign))]
    named = [(defined(part)[0], part) for part in own]
    for name, part in named:
        if name not in overridden and (not name.startswith("_") or name in ("__init__", "__call__")):
            yield module, part
    for base, definition in bases(package, module, node):
        yield from members(package, definition.module, base, overridden | {name for name, _ in named})


def bases(package: Package, module: Module, node: ast.ClassDef) -> Iterator[tuple[ast.ClassDef, Definition]]:
    """Classes of the package that a class inherits from."""
    for name in (base.id for base in node.bases if isinstance(base, ast.Name)):
        definition = package.find(module.name, name)
        for base in definition.nodes if definition is not None else ():
            if isinstance(base, ast.ClassDef) and base is not node:
                assert definition is not None
                yield base, definition


def without_example(package: Package) -> list[str]:
    """Public functions and classes whose docstring shows no call."""
    definitions, unwritten = public_api(package)
    return unwritten + [
        f"{d.module.path}:{d.nodes[0].lineno} {d.name}"
        for d in definitions
        if isinstance(d.nodes[0], (*FUNCTIONS, ast.ClassDef)) and ">>>" not in d.doc
    ]


# ---------------------------------------------------------------- places that list an option


Types = dict[str, set[str]]  # of each option: the types with which it is declared


def options(package: Package) -> Types:
    """Options of a comparison, from the signature of compare and the fields of Setup."""
    found: Types = defaultdict(set)
    for module_name, name in (("", "compare"), ("zoo.setup", "Setup")):
        definition = package.find(module_name, name)
        for node in definition.nodes if definition is not None else ():
            assert definition is not None
            for option, annotation in declared(package, definition.module, node):
                found[option] |= kinds(annotation)
    return {name: types for name, types in found.items() if name not in NOT_OPTIONS and not private(name)}


def kinds(node: ast.AST | None) -> set[str]:
    """Alternatives of an annotation without None, all sequences spelled alike: int | None is {"int"}."""
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return set()
    if (text := text_of(node)) is not None:
        return kinds(ast.parse(text, mode="eval").body)
    if isinstance(node, ast.BinOp):
        return kinds(node.left) | kinds(node.right)
    if isinstance(node, ast.Tuple):
        return set().union(*map(kinds, node.elts))
    if isinstance(node, ast.Subscript) and (outer := names_in(node.value)) & (WRAPPERS | {"Literal"}):
        return {"str"} if "Literal" in outer else kinds(node.slice)
    text = re.sub(r"\b(typing|os)\.|, \.\.\.", "", ast.unparse(node)).replace("Mapping", "dict")
    return {re.sub(SEQUENCES, "sequence", text)}


def declared(package: Package, module: Module, node: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    """Keyword parameters of a function, or fields of a class, with their annotations."""
    if isinstance(node, FUNCTIONS):
        yield from ((a.arg, a.annotation) for a in node.args.kwonlyargs)
        if node.args.kwarg is not None and "Unpack" in names_in(node.args.kwarg.annotation):
            yield from _of_classes(package, module, node.args.kwarg.annotation)
    if isinstance(node, ast.ClassDef):
        for owner, part in members(package, module, node):
            if isinstance(part, ast.AnnAssign):
                group = list(_of_classes(package, owner, part.annotation))
                yield from group or [(defined(part)[0], part.annotation)]


def _of_classes(
    package: Package, module: Module, annotation: ast.expr | None
) -> Iterator[tuple[str, ast.expr | None]]:
    """Fields of the classes that an annotation names; those of a Dataset are no options."""
    for name in sorted(names_in(annotation) - {"Dataset"}):
        definition = package.find(module.name, name)
        for node in definition.nodes if definition is not None else ():
            assert definition is not None
            if isinstance(node, ast.ClassDef):
                yield from declared(package, definition.module, node)


def modules_of_a_comparison(package: Package) -> list[Module]:
    """Modules in which options of a comparison are looked for."""
    homes = [package.find("", verb) for verb in VERBS]
    starts = {home.module.name for home in homes if home is not None} | {"zoo.setup"}
    starts |= {f"zoo.{folder}.{verb}" for folder in ("commands", "workflows") for verb in VERBS}
    starts &= set(package.modules)
    reached = starts.union(*map(package.reachable, starts))
    found = [package.modules[name] for name in sorted(reached)]
    return [m for m in found if m.path.startswith(OPTION_FOLDERS) or m.path in OPTION_FILES]


def other_verbs(package: Package) -> set[str]:
    """Verbs of the command line that are not about a comparison, and so have options of their own."""
    commands = {Path(module.path).stem for module in below_zoo(package) if "/commands/" in module.path}
    return {name for name in commands if not private(name)} - set(VERBS)


class Lists(ast.NodeVisitor):
    """Options that each place of a module lists, see the top of this file."""

    def __init__(self, module: Module, options: Types, verbs: set[str]) -> None:
        self.path, self.options, self.verbs = module.path, options, verbs
        self.places: dict[str, set[str]] = defaultdict(set)  # by option
        self._inside: list[str] = []
        for node in module.tree.body:
            self._statement = f"{self.path}:{node.lineno} {' '.join(defined(node))}".rstrip()
            self.visit(node)

    def note(self, names: list[str], smallest: int = SMALLEST_LIST) -> None:
        """A list of names; too few options in it are none."""
        known = {name for name in names if name in self.options}
        place = f"{self.path} {'.'.join(self._inside)}" if self._inside else self._statement
        for name in known if len(known) >= smallest else ():
            self.places[name].add(place)

    def note_typed(self, declared: list[tuple[str, ast.expr | None]]) -> None:
        """A list of annotated names: those that could be values of the option."""
        self.note([name for name, a in declared if self._could_hold(kinds(a), name)])

    def _could_hold(self, types: set[str], option: str) -> bool:
        known = self.options.get(option, set())
        return not types or not known or bool(types & (known | {"Any", "object"}))

    def visit_FunctionDef(self, node: Function) -> None:
        self._inside.append(node.name)
        if node.name not in self.verbs:
            self.note_typed([(a.arg, a.annotation) for a in parameters(node)])
        defaults = [d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None]
        for part in (*node.decorator_list, *defaults, *node.body):
            self.visit(part)
        self._inside.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside.append(node.name)
        fields = [part for part in flat(node.body) if isinstance(part, ast.AnnAssign)]
        self.note_typed([(defined(part)[0], part.annotation) for part in fields])
        for part in (*node.decorator_list, *node.body):
            self.visit(part)
        self._inside.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Dict(self, node: ast.Dict) -> None:
        self.note([text for key in node.keys if (text := text_of(key))])
        self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple | ast.List | ast.Set) -> None:
        self.note([text for element in node.elts if (text := text_of(element))])
        self.generic_visit(node)

    visit_List = visit_Set = visit_Tuple

    def visit_Call(self, node: ast.Call) -> None:
        passed = [(k.arg, k.value.id) for k in node.keywords if k.arg and isinstance(k.value, ast.Name)]
        self.note([name for name, value in passed if name == value])
        if getattr(node.func, "attr", getattr(node.func, "id", "")) in ("option", "argument"):
            self.note(click_names(node), smallest=1)
        self.generic_visit(node)


def click_names(node: ast.Call) -> list[str]:
    """Names that a click option may have in Python; one that repeats is named in the singular."""
    texts = [text for part in node.args if (text := text_of(part))]
    plain = [text for text in texts if not text.startswith("-")]
    long = [text.split("/")[0].removeprefix("--").replace("-", "_") for text in texts if text[:2] == "--"]
    return plain or [name for option in long for name in (option, option + "s")]


def option_places(package: Package) -> dict[str, list[str]]:
    """Every option with the places that list it, the one with most places first."""
    known, verbs = options(package), other_verbs(package)
    found: dict[str, set[str]] = {name: set() for name in known}
    for module in modules_of_a_comparison(package):
        for name, places in Lists(module, known, verbs).places.items():
            found[name] |= places
    order = sorted(found, key=lambda name: (-len(found[name]), name))
    return {name: sorted(found[name]) for name in order}


# ---------------------------------------------------------------- figures


def items(package: Package) -> dict[str, list[str]]:
    """What stands behind each figure that can be listed."""
    return {
        "underscore_files": underscore_files(package),
        "underscore_files_misplaced": underscore_files(package, misplaced=True),
        "private_imports": private_imports(package),
        "longest_function": [f"{count} lines: {where}" for count, where in function_lines(package)[:20]],
        "import_cycles": import_cycles(package),
        "any_in_public_api": any_in_public_api(package),
        "option_places": [f"{len(places)} {name}" for name, places in option_places(package).items()],
        "public_names_without_example": without_example(package),
    }


def figures(package: Package) -> dict[str, int | float]:
    """The figures by name."""
    lines = [module.lines for module in below_zoo(package)]
    counted = {name: len(found) for name, found in items(package).items()}
    most = max(map(len, option_places(package).values()), default=0)
    longest = max(function_lines(package), default=(0, ""))[0]
    return {
        "files": len(lines),
        "lines": sum(lines),
        "median_file_lines": statistics.median(lines) if lines else 0,
        **counted,
        "longest_function": longest,
        "option_places": most,
    }


def rows(package: Package) -> list[list[Any]]:
    """Lines of the table: a figure, its value, and where to look."""
    found, notes = figures(package), items(package)
    by_room = Counter(
        room(text.split(":")[0].removesuffix(".py").replace("/", ".")) for text in notes["private_imports"]
    )
    option, places = next(iter(option_places(package).items()), ("-", []))
    remarks = {
        "longest_function": notes["longest_function"][0] if notes["longest_function"] else "",
        "private_imports": ", ".join(f"{name} {count}" for name, count in by_room.most_common(5)),
        "import_cycles": "; ".join(notes["import_cycles"]),
        "option_places": f"{option}: {', '.join(places)}",
    }
    return [[name, value, remarks.get(name, "")] for name, value in found.items()]


def command_line() -> argparse.ArgumentParser:
    """The usual options of a benchmark, and which checkout and which list."""
    found = parser((__doc__ or "").partition("\n")[0])
    root = Path(__file__).resolve().parents[1]
    found.add_argument("--root", type=Path, default=root, metavar="DIR", help="the checkout to measure")
    found.add_argument("--list", metavar="FIGURE", help="print every item behind a figure")
    found.add_argument("--places", metavar="OPTION", help="print every place that lists an option")
    return found


def chosen_from(lists: dict[str, list[str]], name: str) -> str:
    """One of several lists as lines; an unknown name ends the script."""
    if name not in lists:
        raise SystemExit(f"there is no {name!r}; choose from {', '.join(lists)}")
    return "\n".join(lists[name])


def main() -> None:
    chosen = command_line().parse_args()
    package = Package(chosen.root)
    if chosen.list:
        print(chosen_from(items(package), chosen.list))
    elif chosen.places:
        print(chosen_from(option_places(package), chosen.places))
    elif chosen.json:
        print(json.dumps(figures(package)))
    else:
        print(table(["figure", "value", "where"], rows(package)))


if __name__ == "__main__":
    main()
