"""Where pretrained weights lie on this machine: nothing is ever fetched here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ...datasets import InputError
from .known import KNOWN, Kind

VARIABLE = "DEEPWORTH_WEIGHTS"
_KERAS = ("mobilenet_v3_small", "mobilenet_v3_large", "efficientnetv2-b0")  # names of Keras's own files
_DEEPEST = 2  # folders below one that was named


@dataclass(frozen=True)
class Weights:
    """A file with weights, and the folder that says how they are used.

    Attributes
    ----------
    kind : {"sentence-encoder", "static-vectors", "image-encoder"}
    file : Path
    """

    kind: Kind
    file: Path

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return digest_of(self.file)


def digest_of(file: Path) -> str:
    """SHA-256 of a file, worked out once as long as it does not change."""
    facts = file.stat()
    return _digest(str(file), facts.st_mtime_ns, facts.st_size)


@cache
def _digest(path: str, _changed: int, _size: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_folder() -> Path:
    """Where ``deepworth weights`` puts what it fetches."""
    return cache_of("weights")


def cache_of(what: str) -> Path:
    """A folder beside that of datasets in the user's cache, or in ``DEEPWORTH_CACHE``."""
    folder = os.environ.get("DEEPWORTH_CACHE")
    if folder:
        return Path(folder).expanduser() / what
    from platformdirs import user_cache_path

    return user_cache_path("deepworth") / what


def find_weights(kind: Kind, path: str | os.PathLike[str] | None = None) -> Weights | None:
    """The first weights of a kind: at ``path`` if it is given, else in the usual places.

    The usual places are those of the variable ``DEEPWORTH_WEIGHTS``, then what ``deepworth weights`` fetched,
    then installed packages that carry weights.

    Raises
    ------
    InputError
        There is nothing at ``path``, or nothing of that kind.
    """
    if path is None or str(path) == "auto":
        return next((found for place in usual_places() for found in _below(kind, place)), None)
    named = Path(path).expanduser()
    if not named.exists():
        raise InputError(f"there is no {named}; name a folder or a file with weights")
    found = next(_below(kind, named), None)
    if found is None:
        raise InputError(f"{named} holds no weights for {kind}; expected {_EXPECTED[kind]}")
    return found


_EXPECTED: dict[Kind, str] = {
    "sentence-encoder": "config.json, tokenizer.json or vocab.txt, and model.safetensors of a BERT encoder",
    "static-vectors": "a .safetensors file with one matrix of token vectors, and tokenizer.json",
    "image-encoder": "EfficientNet-Lite0 as .pth or .safetensors, MobileNetV3 or EfficientNetV2-B0 as .h5",
}


def all_weights(path: str | None = None) -> list[Weights]:
    """Everything that is found in the usual places, or at a path."""
    places = [Path(path).expanduser()] if path else list(usual_places())
    kinds: tuple[Kind, ...] = ("sentence-encoder", "static-vectors", "image-encoder")
    found = {w.file.resolve(): w for place in places for kind in kinds for w in _below(kind, place)}
    return list(found.values())


def usual_places() -> Iterator[Path]:
    """Folders in which weights are looked for, the first ones first."""
    named = os.environ.get(VARIABLE, "")
    yield from (Path(part).expanduser() for part in named.split(os.pathsep) if part)
    yield weights_folder()
    yield Path.home() / ".keras" / "models"  # what keras.applications fetched
    for known in KNOWN:
        if known.package and (folder := package_folder(known.package)) is not None:
            yield folder


def package_folder(name: str) -> Path | None:
    """Where an installed package lies; it is not imported."""
    spec = find_spec(name)
    return (
        Path(next(iter(spec.submodule_search_locations)))
        if spec and spec.submodule_search_locations
        else None
    )


def _below(kind: Kind, place: Path) -> Iterator[Weights]:
    """Weights of a kind at a place: the file, or files of the folder and of folders in it."""
    if place.is_file():
        if _fits(kind, place):
            yield Weights(kind, place)
        return
    for folder in _folders(place, _DEEPEST):
        yield from (Weights(kind, f) for f in sorted(folder.iterdir()) if f.is_file() and _fits(kind, f))


def _folders(place: Path, depth: int) -> Iterator[Path]:
    if not place.is_dir():
        return
    yield place
    if depth:
        for folder in sorted(place.iterdir()):
            if folder.is_dir() and not folder.name.startswith((".", "__")):
                yield from _folders(folder, depth - 1)


def _fits(kind: Kind, file: Path) -> bool:
    """By names only: what is inside is checked when it is read."""
    if kind == "image-encoder":
        ours = file.suffix == ".h5" and any(name in file.name.lower() for name in _KERAS)
        lite = "efficientnet-lite0" in file.name.lower() and file.suffix == ".safetensors"
        return file.suffix == ".pth" or lite or (ours and _without_top(file.name))
    if file.suffix != ".safetensors":
        return False
    encoder = file.name == "model.safetensors" and _is_encoder(file.parent)
    return encoder if kind == "sentence-encoder" else not encoder and tokeniser_file(file) is not None


def _without_top(name: str) -> bool:
    """Keras's cache also has whole networks; files of other names are taken for what they are given as."""
    return "notop" in name or "no_top" in name or name.endswith(".weights.h5")


def _is_encoder(folder: Path) -> bool:
    """Whether the folder's ``config.json`` is that of a BERT; static vectors of model2vec have one too."""
    import json

    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and "num_hidden_layers" in config


def tokeniser_file(file: Path) -> Path | None:
    """The tokeniser of static vectors: beside them, or in WordLlama's folder ``tokenizers``."""
    beside = file.with_name("tokenizer.json")
    family = file.stem.rpartition("_")[0]
    ours = file.parent.parent / "tokenizers" / f"{family}_tokenizer_config.json"
    return next((f for f in (beside, ours) if f.is_file()), None)


def holds(path: str | os.PathLike[str], kind: Kind) -> bool:
    """Whether there are weights of a kind at a path; InputError where there is nothing at all."""
    named = Path(path).expanduser()
    if not named.exists():
        raise InputError(f"there is no {named}; name a folder or a file with weights")
    return next(_below(kind, named), None) is not None


def missing(kind: Kind, path: str | os.PathLike[str] | None = None) -> str | None:
    """Why a model cannot run here: how to get the weights, or None when they are there."""
    if find_weights(kind, path) is not None:
        return None
    known = next(k for k in KNOWN if k.kind == kind)
    return f"needs pretrained weights ({known.megabytes} MB): {known.how}; or --weights PATH"
