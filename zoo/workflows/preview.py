"""preview(): the plan of a comparison and how long it will take, without running it."""

from __future__ import annotations

from typing import Unpack

from ...datasets import DataLike
from ..option_types import checked_types
from ..own_models import joined
from ..results.facts import dataset_facts
from ..results.runs import Preview, PreviewedJob, StartEstimate
from ..runs.estimate import estimate
from ..runs.jobs import PlannedJob
from ..runs.store import store_folder
from ..setup import Setup, SetupOptions
from .compare import Store, check_setup, planned, with_setup_signature


@with_setup_signature
@checked_types
def preview(
    data: DataLike = "sick-healthy", *, store: Store = None, **options: Unpack[SetupOptions]
) -> Preview:
    """Plan what :func:`deepworth.compare` would run with the same options, and estimate the time.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset, default="sick-healthy"
        Anything that :func:`deepworth.load_dataset` takes.
    store : path or False, optional
        Folder in which runs are kept; earlier runs there make the estimate better.
    **options
        The options of :func:`deepworth.compare`.

    Returns
    -------
    Preview
        The plan, and the estimated seconds of each model and each job.

    Raises
    ------
    InputError
        The data or an option cannot be used; the message says what to do.

    Examples
    --------
    >>> import deepworth
    >>> found = deepworth.preview("iris", models=["logistic-regression"], folds=3, costs=False)
    >>> [job.training_rows for job in found.jobs]
    [100, 100, 100]
    """
    return preview_setup(Setup.of(data, **options), data, store=store)


def preview_setup(setup: Setup, data: DataLike, *, store: Store = None) -> Preview:
    """The preview of a setup."""
    with joined(setup.own):
        return _preview(setup, data, store)


def _preview(setup: Setup, data: DataLike, store: Store) -> Preview:
    folder = None if store is False else store_folder(store)
    _, dataset, plan = planned(setup, data, check_setup(setup), folder)
    expected = estimate(dataset, plan, folder)
    return Preview(
        dataset=dataset_facts(dataset),
        plan=plan.facts(),
        estimate=StartEstimate(expected.seconds, expected.low, expected.high, expected.start_seconds),
        models=tuple(expected.models),
        jobs=tuple(_row(job, own) for job, own in zip(plan.all_jobs, expected.jobs, strict=True)),
    )


def _row(job: PlannedJob, seconds: float | None) -> PreviewedJob:
    split, is_fold = job.split, job.kind == "fold"
    return PreviewedJob(
        model=job.model,
        family=job.family,
        kind=job.kind,
        status=job.status,
        reason=job.reason,
        repeat=split.repeat if is_fold else None,
        fold=split.fold if is_fold else None,
        training_rows=len(split.train),
        test_rows=len(split.test),
        estimated_seconds=seconds,
    )
