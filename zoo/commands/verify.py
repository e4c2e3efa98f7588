"""`deepworth verify`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ._options import JSON, QUIET, STORE, options

_PROOFS = ("manifest.json", "proof.json")


@click.command()
@click.argument("target")
@options(STORE, JSON, QUIET)
def command(target: str, store: str | None, as_json: bool, quiet: bool) -> None:
    """Does a run repeat itself? Do exports still answer as the measured model did?

    TARGET is a run (its name, a start of it, `last`, or its folder), of which one job of each model is run
    again: bit-equal, within tolerance, or different. Or it is a folder with a manifest or a proof, of a
    saved or exported model. Exit code 1: an answer differs.
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
