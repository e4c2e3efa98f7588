"""Connect to a Dask scheduler and look at its workers before anything is sent there."""

from __future__ import annotations

import logging
import re
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ....datasets._errors import InputError
from ...artefact._versions import versions

_CONNECT_SECONDS = 15  # a busy scheduler takes its time; where none is, the system says so at once
_ADDRESS = re.compile(r"(?:[a-z]+://)?[^\s/]+:\d{1,5}/?")
_LIBRARIES = ("keras", "tensorflow", "scikit-learn", "pandas", "numpy")


def connect(address: str) -> Any:
    """A client of the scheduler, within seconds or not at all."""
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("--cluster needs Dask: pip install 'deepworth[cluster]'") from error
    if not _ADDRESS.fullmatch(address):
        raise InputError(f"cluster is the address of a Dask scheduler, like tcp://host:8786; got {address!r}")
    try:
        _knock(address)
        with quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other versions; what matters is said below
            return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address} ({_first_line(error)}); "
            "start one with `dask scheduler` and give its address, like tcp://host:8786"
        ) from error


def _knock(address: str) -> None:
    """Raise at once where nobody listens: Dask would try until its time is over."""
    scheme, _, rest = address.rpartition("://")
    if scheme not in ("", "tcp", "tls"):
        return
    host, _, port = rest.rstrip("/").rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS).close()


@contextmanager
def quiet() -> Iterator[None]:
    """Dask logs what we say in one line, with tracebacks."""
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(previous)


def check_workers(client: Any, address: str) -> list[str]:
    """Refuse a cluster that cannot do the work; remarks about one that may give other numbers."""
    own = versions()
    with quiet():
        found = client.get_versions(packages=["deepworth", *_LIBRARIES])["workers"]
    if not found:
        raise InputError(
            f"the scheduler at {address} has no workers; start some with `dask worker {address} --nthreads 1`"
        )
    packages = {worker: facts["packages"] for worker, facts in sorted(found.items())}
    for worker, has in packages.items():
        if reason := unfit(has["deepworth"], str(has["python"])):
            raise InputError(f"the Dask worker {worker} has {reason}")
    others = {
        f"{name} {has[name]} instead of {own[name]}"
        for has in packages.values()
        for name in _LIBRARIES
        if has[name] != own[name]
    }
    return [f"numbers may differ: workers have {', '.join(sorted(others))}"] if others else []


def unfit(deepworth: str | None, python: str) -> str:
    """Why a worker with these versions cannot take part; "" if it can."""
    ours = versions()["deepworth"]
    here = "{}.{}".format(*sys.version_info)
    there = ".".join(python.split(".")[:2])
    if there != here:
        return f"Python {there}, this is {here}; both must be the same"
    if deepworth == ours:
        return ""
    what = "no deepworth" if deepworth is None else f"deepworth {deepworth}, this is {ours}"
    return f"{what}; on its machine: pip install 'deepworth[cluster]=={ours}'"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
