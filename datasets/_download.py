"""Downloads of published files, verified by their published checksum and kept in a cache.

The standard library does the transfer: pooch has neither mirrors nor an offline switch, and the rest is
short.

Environment variables: ``DEEPWORTH_CACHE`` (folder of the cache; default: the user's cache folder),
``DEEPWORTH_OFFLINE=1`` (do not use the network), ``DEEPWORTH_MIRROR`` (an http address with the files under
the same names as in the cache, tried before the publisher). Files that Keras has in
``$KERAS_HOME/datasets`` are used from there.
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
SHOW_FROM = 2_000_000  # bytes; shorter transfers have no progress bar


@dataclass(frozen=True)
class RemoteFile:
    """A published file.

    Attributes
    ----------
    name : str
        Path in the cache, such as ``"mnist/mnist.npz"``.
    url : str
        The publisher's address.
    checksum : str
        ``"sha256:..."`` or ``"md5:..."`` as published; empty for API answers, which change.
    keras : str
        Path under ``$KERAS_HOME/datasets``, if Keras downloads the file too.

    Examples
    --------
    >>> from deepworth.datasets import RemoteFile
    >>> RemoteFile("wine/wine.csv", "https://example.org/wine.csv").checksum
    ''
    """

    name: str
    url: str
    checksum: str = ""
    keras: str = ""


class DownloadError(InputError):
    """The file could not be downloaded; `status` is the last HTTP status, 0 if there was none."""

    status = 0


class TransferError(Exception):
    """An attempt failed; `retry` says whether another may succeed."""

    def __init__(self, reason: str, retry: bool = True, status: int = 0) -> None:
        super().__init__(reason)
        self.retry, self.status = retry, status


def fetch(
    file: RemoteFile, *, cache_dir: str | os.PathLike[str] | None = None, offline: bool | None = None
) -> Path:
    """The path of a file in the cache, downloaded if it is not there yet.

    Parameters
    ----------
    file : RemoteFile
        What to download: its name in the cache, address and checksum.
    cache_dir : path, optional
        Folder to use instead of the default cache.
    offline : bool, optional
        Do not use the network; when None, ``DEEPWORTH_OFFLINE`` decides.

    Returns
    -------
    Path
        A complete file with the published checksum.

    Raises
    ------
    InputError
        The file is not in the cache and cannot be downloaded. The cache stays unchanged.

    Examples
    --------
    >>> import hashlib, tempfile
    >>> from pathlib import Path
    >>> from deepworth.datasets import RemoteFile, fetch
    >>> folder = Path(tempfile.mkdtemp())
    >>> size = (folder / "wine.csv").write_bytes(b"alcohol")
    >>> checksum = "sha256:" + hashlib.sha256(b"alcohol").hexdigest()
    >>> file = RemoteFile("wine.csv", "https://example.org/wine.csv", checksum)
    >>> fetch(file, cache_dir=folder, offline=True).name  # it is there already
    'wine.csv'
    """
    target = cache_folder(cache_dir) / file.name
    for path in (target, *_keras_path(file)):
        if path.is_file() and _digest(path, file.checksum) == file.checksum:
            return path
    if offline if offline is not None else _is_set("DEEPWORTH_OFFLINE"):
        state = "does not have the published checksum" if target.exists() else "is not in the cache"
        raise InputError(
            f"{file.name} {state}, and offline mode is on; allow the network once, or save {file.url} as "
            f"{target}"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"cannot make the cache folder {target.parent} ({reason}); set DEEPWORTH_CACHE to another folder"
        ) from None
    _download(file, target)
    return target


def cache_folder(cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """The folder of the cache."""
    folder = cache_dir or os.environ.get("DEEPWORTH_CACHE")
    if folder:
        return Path(folder).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("deepworth") / "datasets"


def _keras_path(file: RemoteFile) -> Iterator[Path]:
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
    """Try each address; only a complete file gets the final name."""
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
        raise InputError(
            f"expected an address that starts with http:// or https://, got {wrong}; correct DEEPWORTH_MIRROR"
        )
    return addresses


def _transfer(file: RemoteFile, address: str, part: Path) -> None:
    """Try an address a few times with growing pauses; a wrong checksum is not tried again."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _copy(address, part, file.name)
            checksum = _digest(part, file.checksum)
            if checksum == file.checksum:
                return
            raise TransferError(f"checksum {checksum}, expected {file.checksum}", retry=False)
        except TransferError as error:
            if attempt == ATTEMPTS or not error.retry:
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
        retry = error.code >= 500 or error.code == 429
        raise TransferError(f"HTTP {error.code}", retry, error.code) from None
    except (OSError, HTTPException) as error:  # URLError and timeouts are OSErrors
        raise TransferError(" ".join(str(getattr(error, "reason", error)).split())) from None
    if length and received != length:
        raise TransferError(f"the connection closed after {received} of {length} bytes")


def _copy_chunks(response: Any, out: Any, length: int, name: str) -> int:
    """Copy, with a progress bar on stderr for large files."""
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
