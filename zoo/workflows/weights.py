"""weights(): pretrained weights on this machine, and those that are known by name."""

from __future__ import annotations

import os
from pathlib import Path

from ...datasets import InputError, RemoteFile, unknown_name
from ...datasets import fetch as fetch_file
from ..option_types import checked_types
from ..pretrained.found import (
    KNOWN,
    KnownWeights,
    Weights,
    all_weights,
    digest_of,
    package_folder,
    weights_folder,
)
from ..results.models import WeightsFacts


@checked_types
def weights(
    *,
    fetch: str | None = None,
    path: str | os.PathLike[str] | None = None,
    offline: bool | None = None,
) -> list[WeightsFacts]:
    """List pretrained weights: those that are known by name, and others that are found.

    Files of known weights are checked by their SHA-256. Nothing is fetched but what is named.

    Parameters
    ----------
    fetch : str, optional
        Name of known weights to fetch into the cache first.
    path : path, optional
        A folder or file in which to look, instead of the usual places.
    offline : bool, optional
        Never use the network. By default the environment variable ``DEEPWORTH_OFFLINE`` decides.

    Returns
    -------
    list of WeightsFacts
        Name, model, licence, size, state and place of each.

    Raises
    ------
    InputError
        No weights have that name, or they cannot be fetched; the message says how else to get them.

    Examples
    --------
    >>> import deepworth
    >>> [facts.name for facts in deepworth.weights()][:3]
    ['minilm', 'wordllama', 'efficientnet-lite0']
    """
    if fetch is not None:
        _fetch(_known(fetch), offline)
    found = all_weights(None if path is None else str(path))
    known = [_facts(each, found) for each in KNOWN]
    named = {facts.path for facts in known}
    others = [_unknown(each) for each in found if str(each.file) not in named]
    return [*known, *others]


def _known(name: str) -> KnownWeights:
    by_name = {known.name: known for known in KNOWN}
    if name not in by_name:
        raise unknown_name("weights", name, by_name)
    return by_name[name]


def _fetch(known: KnownWeights, offline: bool | None) -> None:
    """Every file, checked, into a folder of their own; the one with the weights comes last."""
    if not known.can_be_fetched:
        raise InputError(f"{known.name} is only carried by a package: {known.how}")
    for file in reversed(known.files):
        remote = RemoteFile(f"{known.name}/{file.path}", file.url, f"sha256:{file.sha256}")
        fetch_file(remote, cache_dir=weights_folder(), offline=offline)


def _facts(known: KnownWeights, found: list[Weights]) -> WeightsFacts:
    """Whether the weights are here, by their digest, or others in their place."""
    main = known.files[0]
    mine = [each for each in found if each.kind == known.kind and _is_place_of(known, each.file)]
    right = [each for each in found if each.kind == known.kind and each.digest == main.sha256]
    state = "found" if right else "changed" if mine else "not here"
    if right and not all(_is_right(right[0], main.path, file.path, file.sha256) for file in known.files[1:]):
        state = "changed"
    place = next(iter([*right, *mine]), None)
    return WeightsFacts(
        name=known.name,
        model=known.kind,
        state=state,
        path=None if place is None else str(place.file),
        megabytes=known.megabytes,
        licence=known.licence,
        sha256=main.sha256,
        title=known.title,
        source=known.source,
        how=None if state == "found" else known.how,
    )


def _is_place_of(known: KnownWeights, file: Path) -> bool:
    """Whether only these weights belong there: in the cache under their name, or in their package."""
    places = [weights_folder() / known.name, package_folder(known.package) if known.package else None]
    return any(place is not None and file.is_relative_to(place) for place in places)


def _is_right(weights: Weights, main: str, path: str, sha256: str) -> bool:
    """Whether another file of known weights is beside the first, and as it should be."""
    root = weights.file
    for _ in Path(main).parts:
        root = root.parent
    return (root / path).is_file() and digest_of(root / path) == sha256


def _unknown(found: Weights) -> WeightsFacts:
    size = found.file.stat().st_size
    return WeightsFacts(
        name=found.file.stem,
        model=found.kind,
        state="found",
        path=str(found.file),
        megabytes=round(size / 1e6, 1),
        licence="unknown",
        sha256=found.digest,
        title="not known by name",
        source="",
        how=None,
    )
