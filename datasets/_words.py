"""What a word of a text is, in every script: one rule for roles, near copies, text models and their exports.

Letters, digits and their marks side by side are a word where a script puts spaces between words. Each
character of a script without spaces (Chinese, Japanese, Thai, Khmer, ...) is a word with its marks. Emoji and
. , ! ? ; are words too; other signs are gaps.

The categories of characters are written out as ranges of those that Python knows: regular expressions of
Python have no categories, and those of TensorFlow and ONNX Runtime follow other versions of Unicode.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

# First and last characters of blocks: scripts of South-East Asia without spaces, then those of East Asia.
_UNSPACED = (
    "\u0e00\u0eff \u1000\u109f \u1780\u17ff \u1950\u19df \u1a20\u1aaf \u1b00\u1b7f \ua980\ua9ff \uaa60\uaadf "
    "\u2e80\u2fdf \u3005\u3007 \u3021\u312f \u31a0\u31bf \u31f0\u31ff \u3400\u4dbf \u4e00\u9fff \ua000\ua4cf "
    "\uf900\ufaff \uff66\uff9f \U00016fe0\U00018dff \U0001aff0\U0001b2ff \U00020000\U0003fffd"
)
# Emoji of every version of Unicode, also those that are punctuation or symbols of mathematics by category.
_EMOJI = (
    "\u203c\u203c \u2049\u2049 \u2190\u21ff \u2300\u23ff \u25a0\u27bf \u2b00\u2bff \u3030\u3030 \u303d\u303d "
    "\U0001f000\U0001faff"
)
# What changes the look of a sign but not the sign: joiners, soft hyphens, variants, colours of skin.
_LOOKS = "\u00ad\u00ad \u200c\u200d \u2060\u2060 \ufe00\ufe0f \U0001f3fb\U0001f3ff \U000e0020\U000e007f"
_APOSTROPHES = "'' \u2019\u2019"  # don't -> dont: a negation stays one word
_FLAG = "[\U0001f1e6-\U0001f1ff]"  # a letter; two of them make a flag
_EMOTICONS = {")": "\U0001f642", "(": "\U0001f641"}  # by the mouth
_BREAK = r"<[bB][rR][ \t\r\n]*/?>"
# The punctuation that changes a sense, and the same signs in other scripts.
PUNCTUATION = {
    ".": "\u3002\uff0e\uff61\u0964\u06d4\u1362\u104b\u17d4",
    ",": "\uff0c\u3001\uff64\u060c\u1363\u104a",
    "!": "\uff01",
    "?": "\uff1f\u061f",
    ";": "\uff1b\u061b",
}
_DOTTED = ("\u0130", "i")  # the Turkish capital i: in lower case, Unicode keeps its dot as a mark
_SAME = {"\u03c3": "\u03c2", **PUNCTUATION}  # sigma at the end of a word is a sigma
Steps: TypeAlias = list[tuple[re.Pattern[str], str]]
_END = 0x34000  # behind it are tags, variants and private characters only


@dataclass(frozen=True)
class WordRules:
    """The rule as regular expressions; those of ``replaced`` and behind it are for texts in lower case.

    They mean the same in Python and in RE2, the expressions of TensorFlow and ONNX Runtime.

    Attributes
    ----------
    capital : str
        The only letter whose lower case is two characters; it becomes ``small`` first.
    small : str
    replaced : tuple of (str, str)
        Expressions, and what replaces them: breaks of lines in HTML and gaps become a space, apostrophes
        vanish, emoticons become emoji, punctuation of other scripts becomes that of Latin.
    gap : str
        Everything that is no part of a word.
    single : str
        Words of one character, with its marks: a space is put before and after them.
    words : str
        Every word of a text after these steps.
    raw_words : str
        The same pieces of a raw text in upper or lower case, before anything is replaced; a piece may hold
        characters that vanish, be an emoticon, or a break of lines, which is no word.
    removed : frozenset of str
        Characters that vanish.
    same : dict of str to str
        The character that replaces another one.
    emoticons : dict of str to str
        For each emoji, the expression of a raw piece that becomes it.

    Examples
    --------
    >>> from deepworth.datasets import WordRules, word_rules
    >>> rules: WordRules = word_rules()
    >>> "'" in rules.removed
    True
    """

    capital: str
    small: str
    replaced: tuple[tuple[str, str], ...]
    gap: str
    single: str
    words: str
    raw_words: str
    removed: frozenset[str]
    same: dict[str, str]
    emoticons: dict[str, str]


def tokenise(text: str) -> list[str]:
    """Split a text into words of any script, emoji and punctuation.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    list of str
        In lower case, without apostrophes.

    Examples
    --------
    >>> from deepworth.datasets import tokenise
    >>> tokenise("Don't panic, it's 42 :-)")
    ['dont', 'panic', ',', 'its', '42', '\U0001f642']
    >>> tokenise("\u5f88\u597d\u5403\U0001f44d\U0001f3fd\uff01")
    ['\u5f88', '\u597d', '\u5403', '\U0001f44d', '!']
    """
    text = text.replace(*_DOTTED).lower()
    steps, words = _ascii() if text.isascii() else _any_script()
    for expression, new in steps:
        text = expression.sub(new, text)
    return words.findall(text)


def split_cell(text: str) -> list[str]:
    """Parts between spaces, and each character of a script without spaces: how many words a cell holds.

    Korean has spaces, but several of its words stand between two of them, so its syllables count.
    """
    spaced = text.isascii() or max(text) < _UNSPACED[0]
    return text.lower().split() if spaced else _parts().findall(text.lower())


@cache
def word_rules() -> WordRules:
    """The expressions behind :func:`tokenise`, for graphs that split texts in the same way.

    Returns
    -------
    WordRules

    Examples
    --------
    >>> from deepworth.datasets import word_rules
    >>> word_rules().replaced[0]
    ('<[bB][rR][ \\\\t\\\\r\\\\n]*/?>', ' ')
    """
    spaced, single, marks, emoji = [_ranges(codes) for codes in _characters()]
    removed = _members(_LOOKS) | _members(_APOSTROPHES)
    gone = _ranges(removed)
    one = f"[{single}][{marks}]*|{_FLAG * 2}|[{emoji}]|[{''.join(PUNCTUATION)}]"
    signs = "".join((*PUNCTUATION, *PUNCTUATION.values()))
    raw = (
        _BREAK,
        f"[:;=][{gone}]*-?[{gone}]*[()]",
        f"[{spaced}{marks}{gone}]+",
        f"[{single}][{marks}{gone}]*",
        f"{_FLAG}[{gone}]*{_FLAG}",
        f"[{emoji}]|[{signs}]",
    )
    return WordRules(
        *_DOTTED,
        replaced=(
            (_BREAK, " "),
            (f"[{gone}]", ""),
            *((f"[:;=]-?[{mouth}]", face) for mouth, face in _EMOTICONS.items()),
            *((f"[{others}]", sign) for sign, others in _SAME.items()),
        ),
        gap=f"[^{spaced}{single}{marks}{emoji}{''.join(PUNCTUATION)}]+",
        single=one,
        words=f"[{spaced}{marks}]+|{one}",
        raw_words="|".join(raw),
        removed=frozenset(map(chr, removed)),
        same=dict([_DOTTED, *((other, sign) for sign, others in _SAME.items() for other in others)]),
        emoticons={face: f"(?s)[:;=].*[{mouth}]" for mouth, face in _EMOTICONS.items()},
    )


@cache
def _characters() -> tuple[set[int], set[int], set[int], set[int]]:
    """Letters and digits of words, characters that are words, marks, and emoji."""
    kinds: dict[str, set[int]] = {}
    for code in range(_END):
        kinds.setdefault(unicodedata.category(chr(code)), set()).add(code)
    letters = set().union(*(codes for kind, codes in kinds.items() if kind[0] == "L"), kinds["Nl"])
    single = letters & _members(_UNSPACED)
    spaced = (letters | kinds["Nd"] | kinds["No"]) - single
    marks = (kinds["Mn"] | kinds["Mc"] | kinds["Me"]) - _members(_LOOKS)
    emoji = (kinds["So"] | _members(_EMOJI)) - spaced - letters - marks - _members(_LOOKS)
    return spaced, single, marks, emoji


def _members(blocks: str) -> set[int]:
    return {code for pair in blocks.split(" ") for code in range(ord(pair[0]), ord(pair[1]) + 1)}


def _ranges(codes: Iterable[int]) -> str:
    """Ranges of characters as inside the brackets of a regular expression; none of them is special there."""
    ranges: list[list[int]] = []
    for code in sorted(codes):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(chr(a) if a == b else f"{chr(a)}-{chr(b)}" for a, b in ranges)


@cache
def _any_script() -> tuple[Steps, re.Pattern[str]]:
    rules = word_rules()
    steps = [(re.compile(expression), new) for expression, new in rules.replaced]
    return steps, re.compile(rules.words)


@cache
def _ascii() -> tuple[Steps, re.Pattern[str]]:
    """The same for lower-case ASCII, eight times as fast: steps that can match, and words of such a text."""
    steps = [step for step in _any_script()[0] if step[0].search("<br>':):(")]
    return steps, re.compile("|".join(("[a-z0-9]+", f"[{''.join(PUNCTUATION)}]", *_EMOTICONS.values())))


@cache
def _parts() -> re.Pattern[str]:
    _, single, marks, _ = _characters()
    alone = _ranges(single | _members("\uac00\ud7af"))
    return re.compile(rf"[{alone}][{_ranges(marks)}]*|[^\s{alone}]+")
