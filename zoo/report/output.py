"""Where answers go: to standard streams, and to files.

Streams take every text: what their encoding lacks is written with characters that it has. A terminal or a
pipe may speak ASCII or Windows-1252; an answer that took an hour must not end in a ``UnicodeEncodeError``
there. Files are refused before the work begins where they cannot be written, then written whole or not at
all.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from ...datasets import InputError

_HANDLER = "deepworth"
# Of the same width where possible, because tables are aligned by characters.
_PLAIN = dict(zip("²³≈±·●◆█▓▒░┆─│↑↓←→×•–—‘’“”", "23~~.o*#*+.|--^v<>x*--''\"\"", strict=True))
_PLAIN |= {"│": "|", "…": "...", "≤": "<=", "≥": ">="}
_PLAIN |= dict.fromkeys(map(chr, range(0x2800, 0x2900)), "*")  # spinners
_PLAIN |= dict(zip("▁▂▃▄▅▆▇", "__--==#", strict=True))


def prepare_streams() -> None:
    """Let standard output and standard error take every text, whatever their encoding, open or closed."""
    _open_closed_streams()
    codecs.register_error(_HANDLER, _replacement)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # notebooks and tests have streams of their own
        if reconfigure is not None:
            reconfigure(errors=_HANDLER)


def _open_closed_streams() -> None:
    """A stream that was closed (``2>&-``, some services) leads nowhere, here and in worker processes.

    Else the next file that is opened would get its number, and what is printed would land in it.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _replacement(error: UnicodeError) -> tuple[str, int]:
    """Plain characters for marks and lines, and escapes, which lose nothing, for everything else."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or escape(c) for c in lacking), error.end


# What terminals obey, or show as something else: controls but for line ends and tabs, marks that turn the
# direction of text, separators of lines, half characters.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def safe(text: str) -> str:
    """Untrusted text for people: names and cells may hold characters that terminals obey."""
    return _UNSAFE.sub(lambda match: escape(match[0]), text)


def say(text: str, stream: TextIO | None = None, end: str = "\n") -> None:
    """Write a line for people, on standard error by default."""
    file = sys.stderr if stream is None else stream
    file.write(safe(text) + end)
    file.flush()


def escape(character: str) -> str:
    r"""A character as JSON and Python escape it: ``\u00e9``; beyond 16 bits as a pair of surrogates."""
    return json.dumps(character)[1:-1]


def json_for(text: str, stream: TextIO | None) -> str:
    """A JSON document whose strings are escaped where the stream cannot take them: the same values."""
    text = _UNSAFE.sub(lambda match: escape(match[0]) if match[0] != "\n" else match[0], text)
    if text.isascii():
        return text
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return "".join(c if c.isascii() or _takes(encoding, c) else escape(c) for c in text)


def _takes(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


ANSWER = (".json", ".csv")  # everything as one object, or its main table
ROWS = (".json", ".jsonl", ".csv", ".parquet")


def check_output(output: str | None, endings: Sequence[str] = ANSWER) -> None:
    """Refuse an output file that cannot be written."""
    if output is not None:
        _ending(output, endings)
        check_place(output)


def check_place(output: str | os.PathLike[str]) -> None:
    """Refuse a file whose folder does not exist or is read-only, and a folder."""
    path = Path(output)
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(f"cannot write {output}: its folder does not exist or is read-only")


def _ending(output: str, endings: Sequence[str]) -> str:
    ending = Path(output).suffix.lower()
    if ending not in endings:
        known = f"{', '.join(endings[:-1])} or {endings[-1]}"
        raise InputError(f"cannot write {output}: expected a name ending in {known}")
    return ending


def write_answer(answer: Any, rows: Sequence[Mapping[str, Any]], output: str | None) -> None:
    """The whole answer to .json, these rows of it to .csv; nothing without an output."""
    if output is not None:
        write_whole(as_json(answer) if _ending(output, ANSWER) == ".json" else as_csv(rows), output)


def as_json(value: Any) -> str:
    """A dataclass or a plain value as JSON, laid out for reading."""
    from ..results.json import to_json  # every command prepares its streams here, even to show help

    return json.dumps(to_json(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A header and a line a row; a row leaves empty what only others have."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_whole(text: str, output: str | os.PathLike[str]) -> None:
    """Whole or not at all."""
    path = Path(output)
    draft = path.with_name(f".{path.name}.part")
    try:
        # a file name that was no text can stand in an answer only as an escape
        draft.write_text(text, encoding="utf-8", errors="backslashreplace")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
