"""compare(): from data to verdict."""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, ParamSpec, TypeVar, Unpack

from ...datasets import DataLike, Dataset, InputError, as_dataset, check_dataset
from .. import registry
from ..artefact.inspecting import versions
from ..judging.judge import check_criteria, resolve
from ..option_types import checked_types
from ..own_models import joined
from ..results.facts import dataset_facts
from ..results.runs import Progress
from ..runs.estimate import plan_in_time
from ..runs.execute import executor_for, host
from ..runs.journal import RunStore
from ..runs.limits import Limits, make_limits
from ..runs.plan import Plan, check_design
from ..runs.store import store_folder
from ..setup import Setup, SetupOptions, option_defaults
from ._comparison import Comparison, Conduct

Store = str | os.PathLike[str] | Literal[False] | None
P = ParamSpec("P")
R = TypeVar("R")


def with_setup_signature(function: Callable[P, R]) -> Callable[P, R]:
    """Show the options of a setup, with their defaults, in the signature of ``**options``."""
    signature = inspect.signature(function)
    given = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    own = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in option_defaults().items()
        if name not in signature.parameters
    ]
    positional = [p for p in given if p.kind is not p.KEYWORD_ONLY]
    keywords = [p for p in given if p.kind is p.KEYWORD_ONLY]
    function.__signature__ = signature.replace(parameters=[*positional, *own, *keywords])  # type: ignore[attr-defined]
    return function


@with_setup_signature
@checked_types
def compare(
    data: DataLike = "sick-healthy",
    *,
    store: Store = None,
    progress: Progress | None = None,
    **options: Unpack[SetupOptions],
) -> Comparison:
    """Compare deep and classical models on the same data, and judge whether deep learning is worth it.

    Parameters
    ----------
    data : str, path, DataFrame or Dataset, default="sick-healthy"
        Anything that :func:`deepworth.load_dataset` takes.
    models : sequence of str, estimator or callable, optional
        Names of models, see :func:`deepworth.models`, and models of your own: scikit-learn estimators,
        functions that return one or that build a Keras network, or a file and a name in it as
        ``"my.py:make_model"``. By default all models of deepworth that suit the data.
    without : sequence of str, default=()
        Names of models to leave out.
    params : dict of dict, optional
        Parameters by model, ``{"deep-mlp": {"epochs": 50}}``.
    preset : {"quick", "standard", "thorough"}, default="quick"
        5-fold, 10-fold, or three times 10-fold cross-validation. Where the data have an official test set,
        models are scored on that instead. Unless ``models`` is given, "quick" takes about two minutes on two
        cores (five for images and texts) and "standard" ten times that: where data are large, folds, the
        dearest models, fits for costs and training rows are left out, in that order, and
        ``answer.plan.decisions`` says which.
    total_time : float or str, optional
        Seconds that the run should take, or as "10m", instead of what ``preset`` promises.
    folds, repeats : int, optional
        Number of folds, and how often the cross-validation is repeated; by default those of ``preset``. With
        an official test set, ``repeats`` is the number of trainings: one on all training rows, which is
        scored, and further ones on random halves of them, which show what other training rows and seeds
        change; by default 1, with "standard" 5, with "thorough" 10.
    holdout : float, optional
        Hold out this fraction of the rows ``repeats`` times instead of cross-validating; by default as many
        times as the preset has folds.
    train_rows : int, optional
        Train on at most so many rows of each fold, drawn at random; all its test rows are scored.
    calibrate : {"auto", "none", "temperature", "platt", "matrix", "isotonic"}, optional
        Calibrate the probabilities of every model inside its training rows, see
        :class:`deepworth.zoo.Calibrated`. By default they stay as they are.
    costs : bool, default=True
        Fit every model once more on all training rows, alone on the machine, to measure its costs.
    pretrained : bool, default=True
        Compare models on pretrained weights, too, where weights are found on this machine and no models are
        named; nothing is fetched.
    weights : path, optional
        A folder or file with pretrained weights, see :func:`deepworth.weights`; by default those that are
        found on this machine.
    tune : int or str, optional
        Tune every model that has a search space, see ``deepworth.models(name).space``, and compare it beside
        its defaults: so many candidates of a random search with successive halving, or CPU time of each
        family such as "10m". Candidates see the training rows of a fold only.
    metric : str, optional
        Primary metric, see ``deepworth.zoo.metrics.METRICS``; by default ROC AUC for two classes, log loss
        for more, RMSE for regression.
    margin : float, optional
        Differences up to this, in units of the metric, do not matter in practice; by default that of the
        metric.
    confidence_level : float, default=0.95
        Level of the intervals, and the probability that a verdict needs; from 0.5 to below 1.
    budget : sequence of str, default=()
        Limits such as ``["latency=5ms", "fit=10s", "size=1MB"]``; ``answer.budget`` names the best model
        within them.
    inference : {"rows", "corrected-t"}, default="rows"
        Whether uncertainty is estimated from every tested row, or from one score per fold by the corrected t
        test of Nadeau and Bengio (2003).
    jobs : int, optional
        Number of worker processes. A job that hangs, crashes or runs out of memory then costs its own
        row only. 0, the default without limits, runs all jobs in this process.
    threads : int, optional
        Number of threads of every fit; by default one for fewer than 20,000 rows, and networks share the
        cores.
    time_limit : float or str, optional
        Time limit of a job in seconds, or as "5m"; folds of a network that are trained together share the
        sum of theirs.
    memory_limit : int or str, optional
        Memory limit of a worker process in bytes, or as "2GB"; by default what is free when the run begins.
    cluster : str, optional
        Address of a running Dask scheduler, "tcp://host:8786": its workers run the jobs, each in a process
        of its own with the same limits. Only for machines that trust each other, see SECURITY.md.
    deterministic : bool, default=False
        Give bit-equal results on the same machine: worker processes, one thread a fit (unless ``threads``
        says otherwise), and deterministic kernels. Takes longer.
    seed : int, default=0
        The same seed gives the same numbers on the same machine.
    target, drop, categorical : optional
        Which columns are read, and as what; see :func:`deepworth.load_dataset`.
    numeric, dayfirst, decimal, thousands, missing, keep_na : optional
        How their cells are read, where the cells do not tell; see :func:`deepworth.load_dataset`.
    strict : bool, optional
        Refuse data with a row that has no target, instead of leaving such rows out.
    text, task : optional
        The only column to learn from, and what is predicted; see :func:`deepworth.load_dataset`.
    test, split_column, groups, time, group_duplicates : optional
        How the rows are split; see :func:`deepworth.load_dataset`.
    positive, rows, offline : optional
        The positive class, the size of a random sample, and whether the network is left unused; see
        :func:`deepworth.load_dataset`.
    store : path or False, optional
        Folder in which the run is kept; by default ``DEEPWORTH_HOME`` or the user's data folder. False keeps
        nothing.
    progress : callable, optional
        Called with an :class:`~deepworth.zoo.results.runs.Event` at every step.

    Returns
    -------
    Comparison
        The answer: leaderboard, verdict, costs, findings; and the predictions behind it.

    Raises
    ------
    InputError
        The data or an option cannot be used; the message says what to do.
    KeyboardInterrupt
        Raised again once all finished jobs have been judged and kept; :func:`deepworth.resume` continues.

    Examples
    --------
    >>> import deepworth
    >>> models = ["constant", "naive-bayes", "perceptron"]
    >>> few = {"perceptron": {"epochs": 5}}
    >>> result = deepworth.compare(
    ...     "iris", models=models, params=few, folds=2, metric="accuracy", costs=False, store=False
    ... )
    >>> result.leaderboard()["model"].tolist()
    ['naive-bayes', 'perceptron', 'constant']
    >>> result.verdict.outcome
    'classical'
    """
    return run_setup(Setup.of(data, **options), data, store=store, progress=progress)


def run_setup(
    setup: Setup, data: DataLike, *, store: Store = None, progress: Progress | None = None
) -> Comparison:
    """The comparison that a setup asks for; ``data`` is what it names, or what is in memory."""
    with joined(setup.own):
        return _run_setup(setup, data, store, progress)


def _run_setup(setup: Setup, data: DataLike, store: Store, progress: Progress | None) -> Comparison:
    started = time.perf_counter()
    limits = check_setup(setup)
    check_own_models(setup, limits)
    patient = setup.design.preset == "thorough"
    families = families_of(setup.design.models)
    cluster = setup.resources.cluster
    with executor_for(limits, families, patient=patient, cluster=cluster, progress=progress) as executor:
        folder = None if store is False else store_folder(store)
        setup, dataset, plan = planned(setup, data, limits, folder)
        findings = check_dataset(dataset)
        record = None
        if store is not False:
            record = RunStore(
                store_folder(store),
                dataset_facts(dataset),
                plan.facts(),
                plan.all_jobs,
                setup=setup,
                versions=versions(),
                host=host(executor),
                splits=plan.fingerprint(),
            )
        return Conduct(setup, dataset, plan, findings, record, progress, executor, started).run()


def check_setup(setup: Setup) -> Limits:
    """Refuse options that can be used with no data at all; the limits of those that can.

    Raises
    ------
    InputError
        An option is out of its range, or two do not go together.
    """
    with joined(setup.own):
        check_design(setup)
    check_criteria(setup.criteria)
    if setup.criteria.budget and not setup.design.costs:
        raise InputError("a budget needs measured costs: remove --no-costs")
    return make_limits(setup.resources)


def check_own_models(setup: Setup, limits: Limits) -> None:
    """Refuse a model of the user's own that cannot be sent to the processes that are to fit it."""
    if limits.workers or setup.resources.cluster is not None:
        for model in setup.own:
            model.check_travels()


def planned(setup: Setup, data: DataLike, limits: Limits, folder: Path | None) -> tuple[Setup, Dataset, Plan]:
    """The data and the jobs of a comparison, and the setup with what was left out to fit into its time.

    Criteria that cannot be used are refused here. Earlier runs in ``folder`` say how long models take.
    """
    dataset = as_dataset(data, seed=setup.seed, **setup.reading)
    resolve(setup.criteria, dataset_facts(dataset))
    setup, plan = plan_in_time(dataset, setup, limits, folder)
    return setup, dataset, plan


def families_of(models: Sequence[str] | None) -> list[str]:
    """Families of the models, without an error for a name that is unknown: the plan says that better."""
    families: list[str] = []
    for name in models or registry.entries():
        with suppress(Exception):
            families.append(registry.family(name))
    return list(dict.fromkeys(families))
