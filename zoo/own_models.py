"""Models of the user's own: an estimator, a function or a Python file becomes an entry like any other.

========================  ===============================================================================
given                     becomes
========================  ===============================================================================
an estimator              clones of it, with its parameters
a class of estimators     what it makes without arguments, with its parameters
``make()``                the estimator that it returns; ``task``, ``modality`` and ``random_state`` are
                          given to a function that asks for them, and parameters with a default can be set
``build(inputs, units)``  a network that is trained like those of ``zoo/models``
``"my.py"``               ``build`` of that file, which may be an entry file as it is
``"my.py:name"``          any of these by its name in that file
========================  ===============================================================================

A file states facts as constants, as entry files do, and may state its ``FAMILY``. A run keeps names, sources
and hashes of its models, and no code.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..datasets import Entry, InputError
from .own_code import (
    CodeFile,
    InMemory,
    absolute,
    digest_of,
    expression_of,
    is_file,
    name_of,
    read_file,
    sha256,
)
from .own_entries import Estimator, ModelLike, entry_of

if TYPE_CHECKING:
    from .results.rows import Family

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")


@dataclass(frozen=True)
class OwnModel:
    """A model of the user's own.

    Attributes
    ----------
    name : str
        Unique among all models, whatever the case.
    source : str
        ``/path/my.py:make``, or the expression in Python of an object in memory.
    digest : str
        SHA-256 of what defines it.
    family : {"deep", "classical"}
    definition : object
        What makes it; None where only its facts were kept.
    """

    name: str
    source: str
    digest: str
    family: Family
    definition: CodeFile | InMemory | None = field(default=None, compare=False, repr=False)

    @property
    def in_file(self) -> bool:
        """Whether it is made by a Python file."""
        return is_file(self.source)

    @cached_property
    def entry(self) -> Entry:
        """Its entry, for which its code is run."""
        if self.definition is None:
            raise InputError(f"{self.name} is made by code of your own, which must be named again")
        return entry_of(self.name, self.source, self.definition.load())

    def facts(self) -> dict[str, str]:
        """What is kept of it."""
        return {name: getattr(self, name) for name in ("name", "source", "digest", "family")}

    def check_travels(self) -> None:
        """Refuse what cannot be sent to another process."""
        if isinstance(self.definition, InMemory):
            self.definition.content()

    def __getstate__(self) -> dict[str, Any]:
        """Without the entry, which the other process makes itself."""
        return {name: value for name, value in vars(self).items() if name != "entry"}


_joined: ContextVar[dict[str, OwnModel]] = ContextVar("own models of a comparison")


@contextlib.contextmanager
def joined(models: Sequence[OwnModel]) -> Iterator[None]:
    """These models stand beside those of the catalogue meanwhile, for this thread only."""
    token = _joined.set({model.name: model for model in models})
    try:
        yield
    finally:
        _joined.reset(token)


def own_models() -> dict[str, OwnModel]:
    """The models that were joined, by name."""
    return _joined.get({})


def is_one_model(value: object) -> bool:
    """Whether this is a model and no list of them."""
    return isinstance(value, (str, Estimator)) or callable(value)


def as_models(models: Any) -> Sequence[Any]:
    """A list of models as it is, one model as a list, and None as none."""
    if models is None:
        return ()
    return (models,) if is_one_model(models) else models


def key_of(name: str) -> str:
    """Names with the same key are the same for whoever types them."""
    return name.strip().lower().replace("_", "-")


def name_models(models: Sequence[ModelLike]) -> tuple[tuple[str, ...], tuple[OwnModel, ...]]:
    """Names of all models in their order, and those that are the user's own.

    Parameters
    ----------
    models : sequence of str, estimator or function
        Names of the catalogue stay as they are.

    Returns
    -------
    names : tuple of str
    own : tuple of OwnModel
        Each once.

    Raises
    ------
    InputError
        A file is absent or cannot be run, or holds nothing that makes a model.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> names, own = name_models(["constant", LogisticRegression(C=2.0)])
    >>> names, own[0].family
    (('constant', 'LogisticRegression'), 'classical')
    """
    taken = {*_catalogue(), *(key_of(name) for name in models if isinstance(name, str) and not is_file(name))}
    names: list[str] = []
    own: dict[tuple[str, str], OwnModel] = {}
    for model in models:
        if isinstance(model, str) and not is_file(model):
            names.append(model)
            continue
        made = _own_model(model)
        known = own.setdefault((made.source, made.digest), made)
        if known is made:
            known = _renamed(made, _unique(made.name, taken))
            own[made.source, made.digest] = known
            taken.add(key_of(known.name))
        names.append(known.name)
    return tuple(names), tuple(own.values())


def given_again(
    kept: Sequence[OwnModel], models: Sequence[ModelLike | OwnModel], run: str
) -> tuple[OwnModel, ...]:
    """The models of a run, made by what was named again; refused where one is missing or has changed."""
    own = [model for model in models if not isinstance(model, str) or is_file(model)]
    named = [model if isinstance(model, OwnModel) else _own_model(model) for model in own]
    by_digest = {model.digest: model for model in named}
    same = {key_of(model.name): model for model in named}
    for model in kept:
        if model.digest not in by_digest and key_of(model.name) in same:
            raise InputError(f"{model.name} has changed since run {run} began; start a new run")
        if model.digest not in by_digest:
            raise InputError(
                f"run {run} has a model of your own, {model.name}; name it again: {in_words(kept)}"
            )
    others = [name for name in models if isinstance(name, str) and not is_file(name)]
    others += [model.name for model in named if model.digest not in {one.digest for one in kept}]
    if others:
        raise InputError(f"run {run} has no model {others[0]} of your own; name only those that it has")
    return tuple(_renamed(by_digest[model.digest], model.name) for model in kept)


def in_words(models: Sequence[OwnModel]) -> str:
    """How models of the user's own are named on the command line, or in Python where it cannot name them."""
    if all(model.in_file for model in models):
        return f"-m {','.join(model.source for model in models)}"
    shown = [repr(model.source) if model.in_file else model.source for model in models]
    return f"models=[{', '.join(shown)}] in Python"


def _renamed(model: OwnModel, name: str) -> OwnModel:
    return OwnModel(name, model.source, model.digest, model.family, model.definition)


def _unique(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken."""
    number, found = 1, name
    while key_of(found) in taken:
        number += 1
        found = f"{name}-{number}"
    return found


def _catalogue() -> set[str]:
    """Names of all entry files; this floor knows of the files only."""
    zoo = Path(__file__).parent
    return {key_of(f.stem) for folder in ("models", "baselines") for f in (zoo / folder).glob("[!_]*.py")}


def _own_model(model: ModelLike) -> OwnModel:
    definition: CodeFile | InMemory
    if isinstance(model, str):
        source = absolute(model)
        definition = read_file(source)
        loaded = definition.load()
        stated = loaded.constants.get("NAME") if definition.attribute is None else None
        stem = Path(definition.path).stem.replace("_", "-")
        name = str(stated or definition.attribute or stem)
        digest = sha256(definition.text, definition.attribute or "build")
    else:
        definition, source = InMemory(model), expression_of(model)
        loaded = definition.load()
        name, digest = name_of(model), digest_of(model, loaded.constants)
    if not _NAME.fullmatch(name):
        raise InputError(f"{loaded.where}: NAME must be a name such as 'my-model', got {name!r}")
    entry = entry_of(name, source, loaded)
    return OwnModel(name, source, digest, entry.constant("FAMILY", "classical"), definition)
