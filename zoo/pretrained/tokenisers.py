"""Tokenisers of pretrained models, read from ``tokenizer.json`` or ``vocab.txt``: pieces and their merges."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...datasets import InputError

Kind = Literal["wordpiece", "bpe"]
_CONTINUED, _SPACE = "##", "\u2581"


@dataclass(frozen=True)
class Tokeniser:
    """What splits a text into pieces.

    Attributes
    ----------
    kind : {"wordpiece", "bpe"}
        Longest pieces first (Wu et al. 2016), or byte-pair encoding (Sennrich, Haddow and Birch 2016) of
        whole texts with bytes for unknown characters, as SentencePiece has it.
    pieces : tuple of str
        Pieces by their number.
    merges : tuple of (int, int, int)
        Pairs that merge, the first ones first, and what they become; of "bpe".
    lower_case, strip_accents : bool
        What happens to letters before; of "wordpiece".
    first, last, unknown : int
        Numbers of the pieces around a text, -1 for none, and of unknown words.
    """

    kind: Kind
    pieces: tuple[str, ...]
    merges: tuple[tuple[int, int, int], ...] = ()
    lower_case: bool = True
    strip_accents: bool = True
    first: int = -1
    last: int = -1
    unknown: int = 0


def read_tokeniser(folder: Path, file: str = "tokenizer.json") -> Tokeniser:
    """The tokeniser of a folder: ``tokenizer.json`` where there is one, else ``vocab.txt``.

    Raises
    ------
    InputError
        There is none, it is damaged, or of a kind that is not known here.
    """
    path = folder / file
    try:
        if path.is_file():
            return _of_json(json.loads(path.read_text(encoding="utf-8")))
        if (folder / "vocab.txt").is_file():
            return _of_vocabulary(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"the tokeniser in {folder} cannot be read: {error}") from error
    raise InputError(f"{folder} has neither {file} nor vocab.txt: its tokeniser is missing")


def _of_json(content: dict[str, Any]) -> Tokeniser:
    model = content["model"]
    kind = model.get("type") or ("BPE" if "merges" in model else "WordPiece")
    if kind == "WordPiece":
        return _wordpiece(content)
    if kind == "BPE" and model.get("byte_fallback"):
        return _byte_pairs(content)
    raise ValueError(f"tokenisers of kind {kind} are not known here, only WordPiece and SentencePiece's BPE")


def _wordpiece(content: dict[str, Any]) -> Tokeniser:
    model, normalizer = content["model"], content.get("normalizer") or {}
    if normalizer.get("type") != "BertNormalizer" or model["continuing_subword_prefix"] != _CONTINUED:
        raise ValueError("it does not normalise texts as BERT does")
    pieces = _by_number(model["vocab"])
    lower = bool(normalizer["lowercase"])
    strip = normalizer.get("strip_accents")
    return _with_ends(pieces, lower, lower if strip is None else bool(strip), model["unk_token"])


def _of_vocabulary(folder: Path) -> Tokeniser:
    """The older layout: a piece a line, and what happens to letters in ``tokenizer_config.json``."""
    lines = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    pieces = tuple(lines[:-1] if lines[-1] == "" else lines)
    config = folder / "tokenizer_config.json"
    facts = json.loads(config.read_text(encoding="utf-8")) if config.is_file() else {}
    lower = bool(facts.get("do_lower_case", True))
    strip = facts.get("strip_accents")
    return _with_ends(pieces, lower, lower if strip is None else bool(strip), "[UNK]")


def _with_ends(pieces: tuple[str, ...], lower: bool, strip: bool, unknown: str) -> Tokeniser:
    numbers = {piece: i for i, piece in enumerate(pieces)}
    ends = {"first": numbers.get("[CLS]", -1), "last": numbers.get("[SEP]", -1)}
    return Tokeniser("wordpiece", pieces, (), lower, strip, unknown=numbers[unknown], **ends)


def _byte_pairs(content: dict[str, Any]) -> Tokeniser:
    """As Llama 2 has it: a sign for a space before every word, and no words before merging."""
    steps = (content.get("normalizer") or {}).get("normalizers", [])
    marked = [step.get("prepend") or step.get("content") for step in steps] == [_SPACE, _SPACE]
    if not marked or content.get("pre_tokenizer"):
        raise ValueError("it does not mark spaces as SentencePiece does")
    model = content["model"]
    numbers = model["vocab"]
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
    merges = tuple((numbers[a], numbers[b], numbers[a + b]) for a, b in pairs)
    return Tokeniser("bpe", _by_number(numbers), merges, False, False, unknown=numbers[model["unk_token"]])


def _by_number(numbers: dict[str, int]) -> tuple[str, ...]:
    pieces = sorted(numbers, key=numbers.__getitem__)
    if [numbers[piece] for piece in pieces] != list(range(len(pieces))):
        raise ValueError("the numbers of its pieces have gaps")
    return tuple(pieces)
