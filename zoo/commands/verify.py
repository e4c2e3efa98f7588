"""`deepworth verify`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ._group import Command
from ._options import JSON, QUIET, STORE, options

GROUP = "Train and use"

_PROOFS = ("manifest.json", "proof.json")


@click.command(cls=Command)
@click.argument("target")
@options(STORE, JSON, QUIET)
def command(target: str, store: str | None, as_json: bool, quiet: bool) -> None:
    """Verify that a run, or a saved model, gives equal results.

    TARGET is a run (its name, its first characters, `last`, or its folder): one job of each model is
    repeated, and its results are bit-equal, within tolerance, or different. Or TARGET is the folder of a
    saved or exported model: its predictions are compared with the stored ones. Exit code 1: a result
    differs.
    """
    if any((Path(target) / name).is_file() for name in _PROOFS):
        sys.exit(_verify_export(Path(target), as_json, quiet))
    from ..report import artefact, progress
    from ..workflows.verify import verify_run

    with progress.bar(enabled=not quiet) as watch:
        found = verify_run(target, store=store, progress=watch)
    artefact.show_repeated_run(found, as_json=as_json)
    sys.exit(0 if found["holds"] else 1)


def _verify_export(path: Path, as_json: bool, quiet: bool) -> int:
    from ..export._verify import verify
    from ..report import artefact, progress

    with progress.spinner("verifying", enabled=not quiet):
        found = verify(path)
    artefact.show_verified(found, as_json=as_json)
    return 0 if found["holds"] else 1
