"""Small random weights in the layouts of pretrained ones: what networks on them do needs no real ones."""

from __future__ import annotations

import json
import string
import struct
from pathlib import Path

import numpy as np

WORDS = ["good", "fine", "great", "bad", "poor", "dull", "the", "film", "was", "and", "book"]
WIDTH, INNER, HEADS, LAYERS, PLACES = 16, 32, 2, 2, 64


def write_safetensors(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """The format as its description has it."""
    header, start = {}, 0
    for name, array in arrays.items():
        kind = {"float32": "F32", "float16": "F16"}[array.dtype.name]
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [start, start + array.nbytes]}
        start += array.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(a.tobytes() for a in arrays.values()))


def pieces() -> list[str]:
    letters = [*string.ascii_lowercase, *string.digits, *".,!?-'"]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{c}" for c in letters), *WORDS]


def tokenizer() -> dict[str, object]:
    return {
        "normalizer": {"type": "BertNormalizer", "lowercase": True, "strip_accents": None},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "vocab": {piece: i for i, piece in enumerate(pieces())},
        },
    }


def sentence_encoder(folder: Path) -> Path:
    """A BERT of two layers."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.3, shape).astype(np.float32)

    arrays = {
        "embeddings.word_embeddings.weight": normal(len(pieces()), WIDTH) * 4,
        "embeddings.position_embeddings.weight": normal(PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": normal(2, WIDTH),
    }
    norms = ["embeddings.LayerNorm"]
    for i in range(LAYERS):
        start = f"encoder.layer.{i}."
        dense = {f"attention.self.{name}": (WIDTH, WIDTH) for name in ("query", "key", "value")}
        dense |= {"attention.output.dense": (WIDTH, WIDTH)}
        dense |= {"intermediate.dense": (INNER, WIDTH), "output.dense": (WIDTH, INNER)}
        for name, shape in dense.items():
            arrays |= {f"{start}{name}.weight": normal(*shape), f"{start}{name}.bias": normal(shape[0])}
        norms += [f"{start}attention.output.LayerNorm", f"{start}output.LayerNorm"]
    for name in norms:
        arrays |= {f"{name}.weight": 1 + normal(WIDTH), f"{name}.bias": normal(WIDTH)}
    write_safetensors(folder / "model.safetensors", arrays)
    config = {
        "hidden_size": WIDTH,
        "num_attention_heads": HEADS,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
    return folder


def static_vectors(folder: Path) -> Path:
    """A vector for each piece."""
    folder.mkdir(parents=True)
    matrix = np.random.default_rng(0).normal(size=(len(pieces()), 24)).astype(np.float16)
    write_safetensors(folder / "vectors.safetensors", {"embeddings": matrix})
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
    return folder


STAGES = ((1, 3, 1, 8), (2, 3, 6, 8), (2, 5, 6, 8), (3, 3, 6, 8), (3, 5, 6, 8), (4, 5, 6, 8), (1, 3, 6, 8))


def image_encoder(folder: Path) -> Path:
    """An EfficientNet-Lite0 with eight channels everywhere."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {}

    def convolution(name: str, norm: str, *shape: int) -> None:
        spread = np.sqrt(2.0 / np.prod(shape[1:]))
        arrays[f"{name}.weight"] = rng.normal(0, spread, shape).astype(np.float32)
        facts = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
        for fact, value in facts.items():
            arrays[f"{norm}.{fact}"] = np.full(shape[0], value, np.float32)

    convolution("_conv_stem", "_bn0", 8, 3, 3, 3)
    number = 0
    for repeats, kernel, expansion, filters in STAGES:
        for _ in range(repeats):
            start, wide = f"_blocks.{number}.", 8 * expansion
            if expansion > 1:
                convolution(f"{start}_expand_conv", f"{start}_bn0", wide, 8, 1, 1)
            convolution(f"{start}_depthwise_conv", f"{start}_bn1", wide, 1, kernel, kernel)
            convolution(f"{start}_project_conv", f"{start}_bn2", filters, wide, 1, 1)
            number += 1
    convolution("_conv_head", "_bn1", 16, 8, 1, 1)
    write_safetensors(folder / "efficientnet-lite0.safetensors", arrays)
    return folder


def all_of_them(folder: Path) -> Path:
    """A folder with each."""
    sentence_encoder(folder / "sentences")
    static_vectors(folder / "vectors")
    image_encoder(folder / "images")
    return folder
