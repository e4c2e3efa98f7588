"""What an export format is. A format is one public file of this folder.

Its first docstring line is its card, and its constants are

``TOLERANCE``
    The largest difference to the saved model's predictions that its proof allows.
``REQUIRES``, ``EXTRA``
    Import names of libraries that deepworth does not install itself, and the extra that does.
``LIBRARIES``
    Import names of libraries whose versions go into the proof.
``NEEDS_DEEPWORTH``
    True if an export cannot be read without deepworth; False by default.

Its functions are

``write(source, folder, *, ...)``
    Write the files of a saved model (:class:`Source`) into a folder and return :class:`Written`, or raise
    :class:`CannotHold` with the reason.
``read(folder, request)``
    Return a function from a batch (arrays by input name, first axis rows) to predictions (arrays by output
    name: "probabilities" or "value", and "label" where the format has it). The proof runs this file alone, in
    a process of its own, and fails if that process imports deepworth: relative imports belong into the other
    functions. With ``NEEDS_DEEPWORTH`` the file is imported as a module of deepworth.
``check(folder)``
    Optional: raise InputError for an export from an untrusted source that does more than compute.
``trusted_copy(folder, work)``
    Optional: a folder below ``work`` to read instead, in which code from the export is written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from ...datasets import Entry, catalogue, find_entry

if TYPE_CHECKING:
    import numpy as np

Arrays: TypeAlias = "Mapping[str, np.ndarray]"
Predict: TypeAlias = Callable[[Arrays], Arrays]


class Request(TypedDict):
    """What ``read`` needs to know of the model.

    ``output`` is "probabilities" or "value"; ``columns`` has the raw column and its kind by input name.
    """

    output: str
    columns: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Written:
    """What ``write`` says of its files.

    Attributes
    ----------
    status : str
        "works", or with what it needs: "works from numbers or ids".
    not_inside : sequence of str
        What the format leaves to its reader.
    encode : callable, optional
        From a batch of raw rows to the inputs of a format that starts behind the preprocessing.
    converter : str
        Names a general converter whose result counts only if it is proved: if the proof fails, the format
        cannot hold the model.
    """

    status: str = "works"
    not_inside: tuple[str, ...] = ()
    encode: Predict | None = None
    converter: str = ""


class CannotHold(Exception):
    """The format has no form for this model; the message says why."""


def formats() -> dict[str, Entry]:
    """List the export formats.

    Returns
    -------
    dict of Entry
        By name, which is that of the file: ``saved_model.py`` is "saved_model". ``card`` says in one line
        what the format is.

    Examples
    --------
    >>> from deepworth.zoo.export import formats
    >>> "saved_model" in formats()
    True
    >>> formats()["onnx"].card
    'ONNX: raw columns, images or texts into one graph that ONNX Runtime runs anywhere.'
    """
    return {entry.name.replace("-", "_"): entry for entry in catalogue(__package__, "write").values()}


def find_formats(names: tuple[str, ...] = ()) -> list[str]:
    """Names as they are in the catalogue, or all of them; an unknown one is an InputError."""
    known = {name.replace("_", "-"): entry for name, entry in formats().items()}
    chosen = [find_entry(known, name, "format").name for name in names or known]
    return [name.replace("-", "_") for name in dict.fromkeys(chosen)]


def missing_requirement(name: str) -> str | None:
    """The command that installs what a format lacks, or None if nothing is missing."""
    entry = formats()[name]
    libraries: tuple[str, ...] = entry.constant("REQUIRES", ())
    for library in libraries:
        if find_spec(library) is None:
            return f"needs {library}: pip install 'deepworth[{entry.constant('EXTRA')}]'"
    return None
