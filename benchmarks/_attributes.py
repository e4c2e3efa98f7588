"""Saved pipelines whose attributes were changed: what compiled code would follow out of its arrays."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
from _mutations import rehash

SCALARS: list[Any] = [
    *(None, True, 0, -1, 1, 2**31 - 1, 2**40, 1e308, float("nan"), -0.5),
    *("", "x", "/etc/passwd", "filename", "file", "precomputed", "(a+)+$", "(x+x+)+y", [], {}, ()),
]


def changed_attributes(folder: Path, rng: random.Random) -> str:
    """Change one or two attributes of a saved pipeline in place and say which."""
    import skops.io

    from deepworth.zoo.artefact.formats import load_skops

    path = folder / "model.skops"
    model = load_skops(path)
    said = [change_one(model, rng) for _ in range(rng.choice([1, 1, 1, 2]))]
    path.write_bytes(skops.io.dumps(model))
    rehash(folder)
    return ", ".join(said)


def change_one(model: Any, rng: random.Random) -> str:
    """Change one attribute of an object somewhere in a model; each class is as likely as another."""
    from deepworth.zoo.artefact.native import objects

    by_kind: dict[str, list[Any]] = {}
    for value in objects(model):
        if getattr(value, "__dict__", None) or type(value).__name__ == "Tree":
            by_kind.setdefault(type(value).__name__, []).append(value)
    kind = rng.choice(sorted(by_kind))
    owner = rng.choice(by_kind[kind])
    if kind == "Tree":
        return _change_tree(owner, rng)
    own = vars(owner)
    fitted = [name for name in sorted(own) if name.endswith("_") or name.startswith("_")]
    name = rng.choice(fitted if fitted and rng.random() < 0.7 else sorted(own))
    if rng.random() < 0.25:
        del own[name]
        return f"{kind}.{name} deleted"
    own[name] = odd(own[name], rng)
    return f"{kind}.{name} = {own[name]!r}"[:100]


def _change_tree(tree: Any, rng: random.Random) -> str:
    """Its arrays are views of its memory."""
    name = rng.choice(["children_left", "children_right", "feature", "threshold", "value"])
    array = getattr(tree, name)
    array[rng.randrange(len(array))] = rng.choice([-2, -1, 0, len(array), 2**31, 10**9])
    return f"Tree.{name}"


def odd(value: Any, rng: random.Random) -> Any:
    """Something else in the place of a value, often of its kind."""
    if isinstance(value, np.ndarray) and rng.random() < 0.85:
        return _odd_array(value, rng)
    if isinstance(value, (list, tuple)) and len(value) and rng.random() < 0.7:
        return _odd_list(value, rng)
    if isinstance(value, dict) and len(value) and rng.random() < 0.7:
        return _odd_dict(value, rng)
    if isinstance(value, (int, float, np.number)) and rng.random() < 0.4:
        return value * rng.choice([-1, 0, 2, 1000, 10**9])
    return rng.choice(SCALARS)


def _odd_array(value: np.ndarray, rng: random.Random) -> Any:
    ways = [
        lambda: value[:0],
        lambda: value[: len(value) // 2] if value.ndim else value.reshape(1),
        lambda: np.concatenate([value, value]) if value.ndim else value.reshape(1, 1),
        lambda: value[..., :-1] if value.ndim else value,
        lambda: value.ravel(),
        lambda: value[None],
        lambda: value.T.copy(),
        lambda: value.astype(rng.choice(["f4", "f8", "i4", "i8", "u1", "U5", "?"])),
        lambda: _filled(value, rng),
        lambda: _filled(value, rng),
    ]
    return rng.choice(ways)()


def _filled(value: np.ndarray, rng: random.Random) -> np.ndarray:
    """One of its elements, or all, with a number that is too large, negative or none."""
    found = np.array(value)
    new = rng.choice([-1, -(2**31), 2**31 - 1, 255, 10**6, float("nan"), float("inf"), 1e300])
    if found.dtype.kind in "iub":
        new = int(new) if abs(new) < 2**31 else -1
        new = new % 256 if found.dtype.itemsize == 1 or found.dtype.kind != "i" else new
    if found.dtype.names:
        field = rng.choice(found.dtype.names)
        found[field][rng.randrange(len(found))] = rng.choice([0, 1, 2, 255, 10**4, 2**31 - 1])
    elif found.size and rng.random() < 0.6:
        found.flat[rng.randrange(found.size)] = new
    else:
        found[...] = new
    return found


def _odd_list(value: Any, rng: random.Random) -> Any:
    items = list(value)
    ways = [
        lambda: items[:0],
        lambda: items[1:],
        lambda: items[:-1],
        lambda: items * 2,
        lambda: items[::-1],
        lambda: [odd(items[0], rng), *items[1:]],
        lambda: [*items[:-1], odd(items[-1], rng)],
    ]
    return type(value)(rng.choice(ways)())


def _odd_dict(value: dict[Any, Any], rng: random.Random) -> dict[Any, Any]:
    found = dict(value)
    key = rng.choice(list(found))
    if rng.random() < 0.3:
        del found[key]
    else:
        found[key] = odd(found[key], rng)
    return found
