"""OpenML datasets by number or name, through its JSON API (https://www.openml.org/apis, version 1).

Answers of the API and the ARFF file are cached; the file is verified by the MD5 sum of its description.
Columns that the description calls row identifier or ignored are left out; nominal columns become categories.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from ._base import Column, Dataset, Provenance, Schema
from ._download import DownloadError, RemoteFile, fetch
from ._errors import InputError

API = "https://www.openml.org/api/v1/json"


def load(
    identifier: str, *, target: str | None = None, offline: bool | None = None, cache_dir: Any = None
) -> Dataset:
    """An OpenML dataset.

    Parameters
    ----------
    identifier : str
        Its number, or its name (the oldest active version, as in scikit-learn's ``fetch_openml``).
    target : str, optional
        The target column; by default OpenML's default target.
    offline, cache_dir
        As in :func:`deepworth.datasets._download.fetch`.

    Raises
    ------
    InputError
        There is no such dataset, it has several default targets or a sparse file, or `fetch` fails.
    """
    from dataclasses import replace

    from ._table import TableOptions, dataset_from_frame

    where = {"offline": offline, "cache_dir": cache_dir}
    number = identifier if identifier.isdigit() else _number_of(identifier, where)
    file = f"openml/{number}/description.json"
    about = _answer(file, f"data/{number}", "data_set_description", identifier, where)
    frame = _table(number, about, where)
    target = target or _default_target(number, about)
    ignored = [n for n in _ignored(about) if n in frame.columns and n != target]
    name = str(about.get("name", f"openml-{number}"))
    provenance = Provenance(
        "openml", f"https://www.openml.org/d/{number}", str(about.get("licence") or ""), _citation(about)
    )
    dataset = dataset_from_frame(
        frame.drop(columns=ignored), TableOptions(target=target), name=name, provenance=provenance
    )
    dropped = tuple(Column(n, "dropped", "OpenML calls it an identifier or ignores it") for n in ignored)
    return replace(dataset, schema=Schema(dataset.schema.columns + dropped))


def _number_of(name: str, where: dict[str, Any]) -> str:
    if not name:
        raise InputError("expected openml: with a number or a name, such as openml:61 or openml:iris")
    quoted = quote(name, safe="")
    path = f"data/list/data_name/{quoted}/limit/2/status/active/"
    datasets = _answer(f"openml/names/{quoted}.json", path, "data", name, where)["dataset"]
    return str(datasets[0]["did"])


def _answer(name: str, path: str, key: str, wanted: str, where: dict[str, Any]) -> dict[str, Any]:
    """The value of `key` in a JSON answer of the API, from the cache if it is there."""
    try:
        file = fetch(RemoteFile(name, f"{API}/{path}"), **where)
    except DownloadError as error:
        if error.status != 412:  # OpenML's status for an unknown dataset
            raise
        message = f"OpenML has no active dataset {wanted!r}; search for it on www.openml.org"
        raise InputError(message) from None
    try:
        return json.loads(file.read_text("utf-8"))[key]
    except (ValueError, KeyError, TypeError):
        file.unlink()
        raise InputError(f"{API}/{path} returned no JSON with {key!r}; try again later") from None


def _table(number: str, about: dict[str, Any], where: dict[str, Any]):
    from ._arff import read_arff
    from ._files import checked

    if str(about.get("format", "")).lower() != "arff":
        raise InputError(
            f"openml:{number} has the format {about.get('format')}, but only dense ARFF is supported; "
            f"convert it to CSV first"
        )
    md5 = str(about.get("md5_checksum") or "")
    file = RemoteFile(f"openml/{number}/data.arff", str(about["url"]), f"md5:{md5}" if md5 else "")
    path = fetch(file, **where)
    return checked(read_arff(path.read_bytes(), path.name), f"openml:{number}")


def _default_target(number: str, about: dict[str, Any]) -> str | None:
    """The default target; several targets, which OpenML separates by commas, are not supported."""
    targets = _names(about.get("default_target_attribute"))
    if len(targets) > 1:
        raise InputError(
            f"openml:{number} has {len(targets)} targets; choose one with --target: {', '.join(targets)}"
        )
    return targets[0] if targets else None


def _ignored(about: dict[str, Any]) -> list[str]:
    return _names(about.get("row_id_attribute")) + _names(about.get("ignore_attribute"))


def _names(value: Any) -> list[str]:
    """Names from a single name, a comma list or a list, as the API gives them."""
    parts = value if isinstance(value, list) else str(value or "").split(",")
    return [str(p).strip().strip("\"'") for p in parts if str(p).strip()]


def _citation(about: dict[str, Any]) -> str:
    return " ".join(str(about.get("citation") or "").split())[:300]
