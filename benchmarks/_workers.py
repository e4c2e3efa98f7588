"""A fresh process for each model and split, so that no split finds the code of another compiled."""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from _fits import Cell, Row, attempt_row, failed, warm_up
from _process import fix_threads
from _rivals import create, versions


class Unavailable(Exception):
    """A model that cannot run here, and why."""


def ready(name: str, threads: int) -> str | None:
    """Prepare a worker for a model; why it cannot run here, or None."""
    import warnings

    fix_threads(threads)
    warnings.filterwarnings("ignore", message=".*(did not converge|hasn't converged|Maximum iterations)")
    try:
        warm_up(lambda task, seed: create(name, task, seed, threads))
    except (ImportError, TypeError, ValueError) as error:
        return str(error).splitlines()[0]
    return None


def attempt(name: str, cell: Cell, folder: str, threads: int) -> Row:
    """A fit in a worker."""

    def make(task: str, seed: int) -> Any:
        return create(name, task, seed, threads)

    return attempt_row(name, make, cell, folder, threads, versions(name))


def own_worker(name: str, cells: list[Cell], chosen: argparse.Namespace) -> Iterator[Row]:
    """Rows from a spawned process of this environment."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        reason = pool.submit(ready, name, chosen.threads).result()
        if reason is not None:
            raise Unavailable(reason)
        for cell in cells:
            try:
                yield pool.submit(attempt, name, cell, str(chosen.reference), chosen.threads).result()
            except BrokenProcessPool as error:
                yield failed(cell, error)
                return


def peer_worker(name: str, cells: list[Cell], chosen: argparse.Namespace) -> Iterator[Row]:
    """Rows from a process of pytabkit's environment."""
    if chosen.pytabkit is None:
        raise Unavailable("needs --pytabkit PYTHON, an environment with pytabkit")
    script = Path(__file__).with_name("_pytabkit.py")
    command = [chosen.pytabkit, script, name, "--reference", chosen.reference]
    command += ["--threads", str(chosen.threads), "--cells", json.dumps(cells)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield from (json.loads(line) for line in process.stdout)
    if process.returncode:
        yield failed(cells[-1], RuntimeError(f"{chosen.pytabkit} ended with {process.returncode}"))
