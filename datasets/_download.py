"""Published files, fetched once, checked against their published checksum and kept in a cache.

The standard library does the transfer. pooch would do the same, but it knows neither mirrors nor an
offline switch, and what is left of the work is short.

Settings from the environment: ``DEEPWORTH_CACHE`` (folder of the cache, else the user's cache folder),
``DEEPWORTH_OFFLINE=1`` (never touch the network), ``DEEPWORTH_MIRROR`` (an http address that holds the files
by the names of the cache, asked before the publisher). Files that Keras already keeps in
``$KERAS_HOME/datasets`` are used where they are.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._errors import InputError

ATTEMPTS = 3  # for each address
WAIT_SECONDS = 1.0  # before the second attempt; doubled before the third
TIMEOUT_SECONDS = 30
CHUNK = 1 << 20
SHOW_FROM = 2_000_000  # bytes; shorter transfers need no progress bar


@dataclass(frozen=True)
class RemoteFile:
    """A published file.

    Attributes
    ----------
    name : str
        Place in the cache, such as ``"mnist/mnist.npz"``.
    url : str
        Where its publisher keeps it.
    checksum : str
        ``"sha256:..."`` or ``"md5:..."`` as published; empty for answers that change.
    keras : str
        Its place under ``$KERAS_HOME/datasets``, if Keras keeps it too.
    """

    name: str
    url: str
    checksum: str = ""
    keras: str = ""


class DownloadError(InputError):
    """No address gave the file; `status` is the HTTP status of the last one, 0 if there was none."""

    status = 0


class TransferError(Exception):
    """One attempt failed; `again` says whether another can help."""

    def __init__(self, reason: str, again: bool = True, status: int = 0) -> None:
        super().__init__(reason)
        self.again, self.status = again, status


def fetch(file: RemoteFile, *, cache_dir: Any = None, offline: bool | None = None) -> Path:
    """The file on this machine, downloaded if it is not there yet.

    Parameters
    ----------
    file : RemoteFile
    cache_dir : path, optional
        Instead of the usual cache.
    offline : bool, optional
        Never touch the network; ``DEEPWORTH_OFFLINE`` decides when None.

    Returns
    -------
    Path
        A complete file whose checksum is right.

    Raises
    ------
    InputError
        Offline and not in the cache, or no address gives the right file. The cache stays as it was.
    """
    target = cache_folder(cache_dir) / file.name
    for place in (target, *_keras_place(file)):
        if place.is_file() and _digest(place, file.checksum) == file.checksum:
            return place
    if offline if offline is not None else _is_set("DEEPWORTH_OFFLINE"):
        state = "has another checksum than published" if target.exists() else "is not in the cache"
        raise InputError(
            f"{file.name} {state} and the network is off; go online once, or save {file.url} as {target}"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"cannot make the cache folder {target.parent} ({reason}); see --cache-dir"
        ) from None
    _download(file, target)
    return target


def cache_folder(cache_dir: Any = None) -> Path:
    """Where remote data is kept."""
    given = cache_dir or os.environ.get("DEEPWORTH_CACHE")
    if given:
        return Path(given).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("deepworth") / "datasets"


def _keras_place(file: RemoteFile) -> Iterator[Path]:
    if file.keras:
        home = Path(os.environ.get("KERAS_HOME") or Path("~/.keras").expanduser())
        yield home / "datasets" / file.keras


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() in ("1", "true", "yes", "on")


def _digest(path: Path, checksum: str) -> str:
    """The checksum of a file, by the algorithm of `checksum`."""
    hasher = _hasher(checksum)
    if hasher is None:
        return ""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            hasher.update(chunk)
    return f"{hasher.name}:{hasher.hexdigest()}"


def _hasher(checksum: str) -> Any:
    algorithm = checksum.partition(":")[0]
    return hashlib.new(algorithm, usedforsecurity=False) if algorithm else None


def _download(file: RemoteFile, target: Path) -> None:
    """From the first address that gives the right file; a part never gets the final name."""
    reasons, status = [], 0
    for address in _addresses(file):
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        try:
            _transfer(file, address, part)
            os.replace(part, target)
            return
        except TransferError as error:
            reasons.append(f"{address} ({error})")
            status = error.status
        finally:
            part.unlink(missing_ok=True)
    failure = DownloadError(
        f"{file.name} cannot be downloaded: {'; '.join(reasons)}; try again, or save the file as {target}"
    )
    failure.status = status
    raise failure


def _addresses(file: RemoteFile) -> list[str]:
    mirror = os.environ.get("DEEPWORTH_MIRROR", "").rstrip("/")
    addresses = [f"{mirror}/{file.name}", file.url] if mirror else [file.url]
    wrong = next((a for a in addresses if not a.startswith(("http://", "https://"))), None)
    if wrong:
        raise InputError(f"expected an address that starts with http:// or https://, got {wrong}")
    return addresses


def _transfer(file: RemoteFile, address: str, part: Path) -> None:
    """Try an address a few times, longer apart each time; another file than published is no accident."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _copy(address, part, file.name)
            found = _digest(part, file.checksum)
            if found == file.checksum:
                return
            raise TransferError(f"checksum {found}, published is {file.checksum}", again=False)
        except TransferError as error:
            if attempt == ATTEMPTS or not error.again:
                raise
            time.sleep(WAIT_SECONDS * 2 ** (attempt - 1))


def _copy(address: str, part: Path, name: str) -> None:
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    request = Request(address, headers={"User-Agent": "deepworth"})
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as response, part.open("wb") as out:
            length = int(response.headers.get("Content-Length") or 0)
            received = _copy_chunks(response, out, length, name)
    except HTTPError as error:
        again = error.code >= 500 or error.code == 429
        raise TransferError(f"HTTP {error.code}", again, error.code) from None
    except (OSError, HTTPException) as error:  # URLError and timeouts are OSErrors
        raise TransferError(" ".join(str(getattr(error, "reason", error)).split())) from None
    if length and received != length:
        raise TransferError(f"the connection closed after {received} of {length} bytes")


def _copy_chunks(response: Any, out: Any, length: int, name: str) -> int:
    """Copy, with a progress bar on stderr for what takes long."""
    import sys

    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), DownloadColumn(), TimeRemainingColumn())
    hidden = length < SHOW_FROM or not sys.stderr.isatty()
    received = 0
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=hidden) as progress:
        task = progress.add_task(name, total=length or None)
        while chunk := response.read(CHUNK):
            out.write(chunk)
            received += len(chunk)
            progress.update(task, completed=received)
    return received
