"""Standard streams that take every text: what their encoding lacks is written with characters that it has.

A terminal or a pipe may speak ASCII or Windows-1252. An answer that took an hour must not end in a
``UnicodeEncodeError`` there.
"""

from __future__ import annotations

import codecs
import json
import sys
from typing import TextIO

_HANDLER = "deepworth"
# Of the same width where possible, because tables are aligned by characters.
_PLAIN = dict(zip("²³≈±·●◆█▓▒░┆─│↑↓←→×•–—‘’“”", "23~~.o*#*+.|--^v<>x*--''\"\"", strict=True))
_PLAIN |= {"│": "|", "…": "...", "≤": "<=", "≥": ">="}
_PLAIN |= dict.fromkeys(map(chr, range(0x2800, 0x2900)), "*")  # spinners
_PLAIN |= dict(zip("▁▂▃▄▅▆▇", "__--==#", strict=True))


def prepare_streams() -> None:
    """Let standard output and standard error take every text, whatever their encoding is."""
    codecs.register_error(_HANDLER, _replacement)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # notebooks and tests have streams of their own
        if reconfigure is not None:
            reconfigure(errors=_HANDLER)


def _replacement(error: UnicodeError) -> tuple[str, int]:
    """Plain characters for marks and lines, and escapes, which lose nothing, for everything else."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or escape(c) for c in lacking), error.end


def escape(character: str) -> str:
    r"""A character as JSON and Python escape it: ``\u00e9``; beyond 16 bits as a pair of surrogates."""
    return json.dumps(character)[1:-1]


def json_for(text: str, stream: TextIO | None) -> str:
    """A JSON document whose strings are escaped where the stream cannot take them: the same values."""
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
