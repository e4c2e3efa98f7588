"""report(): the whole answer of a run on one page."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..report import documents
from ..report.output import write_whole
from ._sheet import sheet


def report(
    run: str = "last",
    output: str | os.PathLike[str] | None = None,
    *,
    format: str | None = None,
    join: Sequence[str | os.PathLike[str]] = (),
    store: str | os.PathLike[str] | None = None,
) -> str:
    """One page about a past run, from what it kept; trains nothing and asks nothing of any network.

    Parameters
    ----------
    run : str
        Its id, an unmistakable start of it, "last", or its folder.
    output : path, optional
        Where to write the page, whole or not at all; its ending says the format.
    format : {"html", "md", "json"}, optional
        By the ending of ``output``, else html.
    join : sequence of path
        Answers of ``learning_curve`` and ``capacity`` about the same data, as JSON, to be shown too.
    store : path, optional
        Where runs are kept.

    Returns
    -------
    str
        The page.

    Raises
    ------
    InputError
        There is no such run, it has no result, or the page cannot be written.
    """
    kind = documents.kind_of(output, format)
    text = documents.render(sheet(run, store=store, joined=join), kind)
    if output is not None:
        write_whole(text, output)
    return text
