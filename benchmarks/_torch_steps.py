"""Rows a second of cnn and rnn as PyTorch has them; run by throughput.py in an environment with torch."""

from __future__ import annotations

import json
import os
import sys
import time

CASE = json.loads(sys.argv[1])
os.environ["OMP_NUM_THREADS"] = str(CASE["threads"])
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: CASE["threads"]])

import torch  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(CASE["threads"])
UNITS, SMALLEST, WIDEST = 10, 3, 4  # as in zoo/models/cnn.py


class Block(nn.Module):
    """Convolution, pooling, normalisation; then a second one with a shortcut."""

    def __init__(self, before: int, filters: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, filters, 3, padding=1, bias=False)
        self.second = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(filters), nn.BatchNorm2d(filters)])
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norms[0](self.pool(self.first(x))))
        return x + torch.relu(self.norms[1](self.second(x)))


class Convolutional(nn.Module):
    """The cnn of deepworth without augmentation."""

    def __init__(self, side: int, channels: int, width: int) -> None:
        super().__init__()
        filters = 2 * min(12, 9 * channels)
        self.whitening = nn.Conv2d(channels, filters, 3).requires_grad_(False)
        side, n_stages = side - 2, 1
        while side // 2 ** (n_stages + 1) >= SMALLEST:
            n_stages += 1
        blocks, before = [], filters
        for i in range(n_stages):
            after = width * min(2**i, WIDEST)
            blocks.append(Block(before, after))
            before = after
        self.blocks, self.output = nn.Sequential(*blocks), nn.Linear(before, UNITS)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.whitening(images.float() / 127.5 - 1.0))
        return self.output(self.blocks(x).amax(dim=(2, 3)))


class Attention(nn.Module):
    """Mean of the steps by weights that are learned."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.score = nn.Linear(features, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (torch.softmax(self.score(x), dim=1) * x).sum(dim=1)


class Recurrent(nn.Module):
    """The rnn of deepworth without dropout; no text is shorter than the others."""

    def __init__(self, words: int, features: int = 64, units: int = 64) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, features)
        self.reader = nn.LSTM(features, units, batch_first=True, bidirectional=True)
        self.attentions = nn.ModuleList([Attention(2 * units), Attention(features)])
        self.output = nn.Linear(6 * units + features, UNITS)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        words = self.embedding(tokens)
        states, _ = self.reader(words)
        pooled = [
            states.mean(dim=1),
            states.amax(dim=1),
            self.attentions[0](states),
            self.attentions[1](words),
        ]
        return self.output(torch.cat(pooled, dim=1))


def main() -> None:
    torch.manual_seed(0)
    if CASE["kind"] == "cnn":
        shape = (CASE["rows"], CASE["channels"], CASE["side"], CASE["side"])
        rows = torch.randint(0, 256, shape, dtype=torch.uint8).contiguous(memory_format=torch.channels_last)
        model: nn.Module = Convolutional(CASE["side"], CASE["channels"], CASE["width"])
        model = model.to(memory_format=torch.channels_last)  # the faster one on a CPU
    else:
        rows = torch.randint(1, CASE["words"], (CASE["rows"], CASE["length"]))
        model = Recurrent(CASE["words"])
    target, batch = torch.randint(0, UNITS, (CASE["rows"],)), CASE["batch"]
    optimiser = torch.optim.AdamW(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-3)
    ends = []
    for _ in range(CASE["epochs"]):
        for chosen in torch.randperm(CASE["rows"]).split(batch):
            optimiser.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(model(rows[chosen]), target[chosen]).backward()
            optimiser.step()
        ends.append(time.perf_counter())
    print((len(ends) - 1) * CASE["rows"] / (ends[-1] - ends[0]))


main()
