"""Docstrings of installed libraries, read from their source files without importing them."""

from __future__ import annotations

import ast
import inspect
import os
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ._errors import InputError

# Name of the distribution -> name of the package.
LIBRARIES = {
    "keras": "keras",
    "networkx": "networkx",
    "numpy": "numpy",
    "pandas": "pandas",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "tensorflow": "tensorflow",
}
MASK = "LIBRARY"
READ = 4000  # characters of a docstring to read; the first 80 words are kept
MIN_WORDS, MAX_WORDS = 25, 80
PER_FILE = 8  # so that a few long files do not fill the sample

# Other people's code inside a library (tensorflow keeps an old keras), tests, and C++ headers.
_SKIPPED = {"tests", "testing", "externals", "_vendored", "_external", "array_api_compat", "array_api_extra"}
_SKIPPED |= {"include", "legacy", "_legacy", "conftest.py", "keras_deps", "_extern", "compat", "__pycache__"}
_EXAMPLES = re.compile(r"^ *Examples? *\n *-{3,}.*\Z", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"```.*?(```|\Z)", re.DOTALL)
_CODE_LINE = re.compile(r"^\s*(>>>|\.\.\.|import |from \S+ import ).*$", re.MULTILINE)
_VERSION_NOTE = re.compile(r"^\s*\.\. (version\w+|deprecated|currentmodule|module|math)::.*$", re.MULTILINE)
_ADDRESS = re.compile(r"(https?://|www\.)\S+")
_NAMES = re.compile(
    r"scikit[-_ ](learn|image)|\b\w*(numpy|pandas|scipy|sklearn|scikit|skimage|keras|tensorflow|networkx)\w*",
    re.IGNORECASE,
)
_ALIASES = re.compile(r"\b(np|pd|sp|tf|nx|ski|jnp|tnp|xp)\b(?!-)")


def sample(library: str, count: int, rng: np.random.Generator, seen: set[str]) -> list[str]:
    """Up to `count` cleaned docstrings of a library that are not in `seen`, to which they are added."""
    files = source_files(library)
    texts_kept: list[str] = []
    for i in rng.permutation(len(files)):
        texts = list(dict.fromkeys(t for t in docstrings_in(files[i]) if t not in seen))
        picked = [texts[j] for j in rng.permutation(len(texts))[:PER_FILE]]
        seen.update(picked)
        texts_kept += picked
        if len(texts_kept) >= count:
            break
    return texts_kept[:count]


def source_files(library: str) -> list[Path]:
    """The Python files of an installed library in a fixed order, without private folders and tests."""
    spec = find_spec(LIBRARIES[library])
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"the dataset docstrings needs {library}, which is not installed: pip install {library}"
        )
    root = Path(next(iter(spec.submodule_search_locations)))
    paths: list[str] = []
    for folder, folders, files in os.walk(root):
        inner = Path(folder) != root
        folders[:] = [f for f in folders if f not in _SKIPPED and not (f == "keras" and inner)]
        paths += [os.path.join(folder, f) for f in files if f.endswith(".py") and not _is_test(f)]
    return [Path(f) for f in sorted(paths)]


def _is_test(name: str) -> bool:
    return name.startswith(("test_", "gen_", "conftest")) or name.endswith("_test.py")


def docstrings_in(path: Path) -> Iterator[str]:
    """Cleaned docstrings of the public functions and classes of a file that have enough words."""
    source = path.read_bytes()
    if b'"""' not in source:
        return
    for node in _definitions(ast.parse(source)):
        text = clean(ast.get_docstring(node, clean=False) or "")
        if text.count(" ") >= MIN_WORDS - 1:
            yield text


def _definitions(parent: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Public functions, classes and methods; those inside functions are not public."""
    for node in parent.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node)


def clean(docstring: str) -> str:
    """One line of at most 80 words without code, addresses, version notes or library names."""
    text = _FENCE.sub(" ", _EXAMPLES.sub(" ", inspect.cleandoc(docstring[:READ])))
    text = _VERSION_NOTE.sub(" ", _CODE_LINE.sub(" ", text))
    text = _ALIASES.sub(MASK, _NAMES.sub(MASK, _ADDRESS.sub(" ", text)))
    return " ".join(text.split()[:MAX_WORDS])


def versions() -> str:
    """The installed versions, on which the rows depend."""
    return ", ".join(f"{library} {_version(library)}" for library in sorted(LIBRARIES))


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:  # installed under another name, such as tensorflow-cpu
        return "of unknown version"
