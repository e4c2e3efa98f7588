"""Saved models changed at random: what a careless disk, and what an attacker would do to them."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**18), 1e308, 1.5, 10**9, 10**6),
    *(
        "",
        "x",
        "../../owned",
        "/etc/passwd",
        "os",
        "system",
        "builtins",
        "eval",
        "\x00",
        "\ud83d",
        "9" * 5000,
    ),
    *("9" * 5000, [], {}, [[]], {"": {}}, ["a"] * 50, {"class_name": "Lambda", "config": {}}, [None] * 3),
]


def commands(canary: Path) -> list[Any]:
    """What would make a file if it were run."""
    touch = f"touch {canary}/owned"
    named = [
        ("os", "system", {"command": touch}),
        ("subprocess", "Popen", {"args": ["touch", f"{canary}/owned"]}),
        ("keras.layers", "Lambda", {"function": "print"}),
        ("keras.layers", "TFSMLayer", {"filepath": str(canary)}),
        ("keras.utils", "get_file", {"fname": "owned", "origin": f"file://{canary}"}),
        ("builtins", "eval", {"source": f"open('{canary}/owned', 'w')"}),
    ]
    keras = [{"module": m, "class_name": c, "config": v, "registered_name": None} for m, c, v in named]
    text = {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(touch),
    }
    skops = [
        {"__class__": c, "__module__": m, "__loader__": loader, "content": text, "__id__": 9 * 10**15}
        for m, c, _ in named
        for loader in ("ObjectNode", "FunctionNode", "TypeNode", "PartialNode", "MethodNode", "ReduceNode")
    ]
    return [*keras, *skops]


def mutate(folder: Path, rng: random.Random, canary: Path) -> str:
    """Change a saved model in place and say how; hashes are put right, so that the change is looked at."""
    kind = rng.choice(list(KINDS))
    try:
        KINDS[kind](folder, rng, canary)
        if rng.random() < 0.97 and kind != "manifest bytes":
            rehash(folder)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OverflowError):
        return f"{kind} (as it was)"  # there was nothing to change, or JSON cannot hold the change
    return kind


def rehash(folder: Path) -> None:
    """The manifest's hashes, as whoever changed the files would write them."""
    path = folder / "manifest.json"
    if path.is_symlink() or not path.is_file():
        return
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for name in manifest["files"]:
        # other names may be no names for a file at all: too long for the disk, or with a zero byte
        if name in ("model.keras", "model.skops", "card.md") and _is_plain(folder / name):
            manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    path.write_text(json.dumps(manifest), encoding="utf-8")


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _model(folder: Path) -> Path:
    return next(p for p in sorted(folder.iterdir()) if p.name in ("model.keras", "model.skops"))


def changed_json(value: Any, rng: random.Random, canary: Path, times: int) -> Any:
    """The same value with a few of its parts changed, dropped, copied or swapped."""
    for _ in range(times):
        places = _places(value)
        holder, key = rng.choice(places)
        other, theirs = rng.choice(places)
        way = rng.random()
        if way < 0.45:
            holder[key] = rng.choice(ODD)
        elif way < 0.6:
            holder[key] = rng.choice(commands(canary))
        elif way < 0.75:
            holder[key] = json.loads(json.dumps(other[theirs]))
        elif way < 0.85 and isinstance(holder, dict):
            holder[str(rng.choice(ODD))] = holder.pop(key)
        elif isinstance(holder[key], (int, float)):
            holder[key] = holder[key] * rng.choice([-1, 0, 2, 1000, 10**9])
        else:
            del holder[key]
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    found, waiting = [], [value]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])
    return found


def _manifest(folder: Path, rng: random.Random, canary: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    changed = changed_json(manifest, rng, canary, rng.randint(1, 3))
    path.write_text(json.dumps(changed), encoding="utf-8")


def _manifest_bytes(folder: Path, rng: random.Random, canary: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(changed_bytes(path.read_bytes(), rng))


def changed_bytes(data: bytes, rng: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        place = rng.randrange(max(1, len(found)))
        way = rng.random()
        if way < 0.5 and found:
            found[place] = rng.choice([0, 255, found[place] ^ (1 << rng.randrange(8)), rng.randrange(256)])
        elif way < 0.65:
            found[place : place + rng.randint(1, 64)] = b""
        elif way < 0.8:
            found[place:place] = rng.randbytes(rng.randint(1, 64))
        elif way < 0.9:
            found[place : place + 8] = rng.choice([b"\xff" * 8, b"\0" * 8, (2**40).to_bytes(8, "little")])
        else:
            del found[place:]
    return bytes(found)


def _archive_bytes(folder: Path, rng: random.Random, canary: Path) -> None:
    path = _model(folder)
    path.write_bytes(changed_bytes(path.read_bytes(), rng))


def _rewritten(
    folder: Path, change: Callable[[dict[str, bytes]], None], method: int = zipfile.ZIP_STORED
) -> None:
    path = _model(folder)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _description(folder: Path, rng: random.Random, canary: Path) -> None:
    """The JSON that says what is built."""

    def change(members: dict[str, bytes]) -> None:
        name = "config.json" if "config.json" in members else "schema.json"
        value = changed_json(json.loads(members[name]), rng, canary, rng.choice([1, 1, 1, 2, 5]))
        members[name] = json.dumps(value).encode()

    _rewritten(folder, change)


def _numbers(folder: Path, rng: random.Random, canary: Path) -> None:
    """Weights and arrays, in an archive that is sound otherwise."""

    def change(members: dict[str, bytes]) -> None:
        name = rng.choice([n for n in sorted(members) if not n.endswith(".json")])
        if rng.random() < 0.5:
            members[name] = changed_bytes(members[name], rng)
        else:  # the content alone, so that shapes still fit
            data, start = bytearray(members[name]), 128
            for _ in range(rng.randint(1, 200)):
                data[rng.randrange(start, len(data))] = rng.choice([0, 255, 127, rng.randrange(256)])
            members[name] = bytes(data)

    _rewritten(folder, change)


def _members(folder: Path, rng: random.Random, canary: Path) -> None:
    """Files too many, too few, packed, or under other names."""

    def change(members: dict[str, bytes]) -> None:
        name = rng.choice(sorted(members))
        way = rng.randrange(4)
        if way == 0:
            members[
                rng.choice(["../../owned", "/tmp/owned", "a/../../b", "x.pkl", "assets/v.txt", "C:\\o"])
            ] = b"x"
        elif way == 1:
            del members[name]
        elif way == 2:
            members[name] = b"\0" * 10**7
        else:
            members[name + "x"] = members.pop(name)

    _rewritten(folder, change, rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))


def _files(folder: Path, rng: random.Random, canary: Path) -> None:
    """Links and folders where files should be, files of the other family."""
    name = rng.choice(sorted(p.name for p in folder.iterdir()))
    way = rng.randrange(4)
    if way == 0:
        (folder / name).unlink()
        (folder / name).symlink_to(rng.choice(["/etc/passwd", str(canary), "/dev/zero", "manifest.json"]))
    elif way == 1:
        (folder / name).unlink()
        (folder / name).mkdir()
    elif way == 2:
        shutil.copy(folder / name, folder / rng.choice(["proof.json", "model.pkl", "extra"]))
    else:
        (folder / name).write_bytes(b"")


KINDS: dict[str, Callable[[Path, random.Random, Path], None]] = {
    "manifest": _manifest,
    "manifest bytes": _manifest_bytes,
    "archive bytes": _archive_bytes,
    "description": _description,
    "numbers": _numbers,
    "members": _members,
    "files": _files,
}
