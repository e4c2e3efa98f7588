"""explain(): what a saved model, or the best models of a run, answer by."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from ...datasets import (
    DataLike,
    Dataset,
    InputError,
    ReadOptions,
    list_datasets,
    load_dataset,
    take,
    unknown_name,
)
from .. import registry
from ..artefact.loading import SavedModel, load
from ..explanation import (
    Answers,
    coefficients,
    dependence,
    permutation_importance,
    rank_agreement,
    surrogates,
)
from ..inner_splits import SplitFacts, fit_respecting
from ..results.explanation import (
    AttributedRow,
    Coefficient,
    Dependence,
    Explanation,
    Gradients,
    Importance,
    Occlusion,
    ReadableModel,
    RunExplanation,
    Surrogate,
)
from ..results.json import from_json, to_json
from ..results.network import Probe, Trace, Unit
from ..runs.fitting import ConfidenceOptions, facts_of, training_rows, with_confidence
from ..runs.jobs import fold_of
from ..runs.limits import limited, make_limits, threads_for
from ..runs.store import EXPLANATIONS, find_run, read_run
from ..setup import Resources
from ..tuning import chosen
from .evaluate import labelled_rows, rows_to_judge, seen_in_training
from .resume import same_data, same_plan

METHODS = (
    *("importance", "dependence", "coefficients", "surrogate", "gradients", "occlusion"),
    *("units", "probes"),
)
USUAL = ("importance", "dependence", "coefficients", "surrogate", "gradients")
_ROWS = 500  # whose gradients are averaged
_BACKGROUND = 5000  # whose mean is the baseline
SEEDS = 3
EXAMPLES = 3  # images or texts whose attributions are shown
_RUN_ROWS = 300  # whose gradients are averaged


@dataclass(frozen=True)
class ExplanationView(Explanation):
    """An explanation that shows itself in a notebook."""

    def _repr_html_(self) -> str:
        from ..report.explanation import as_html

        return as_html(self)


@dataclass(frozen=True)
class RunExplanationView(RunExplanation):
    """The explanation of a run that shows itself in a notebook."""

    def _repr_html_(self) -> str:
        from ..report.explanation import as_html

        return as_html(self)


def explain(
    artefact: str | os.PathLike[str],
    data: DataLike | None = None,
    *,
    methods: Sequence[str] = (),
    row: int | None = None,
    trace: bool = False,
    seed: int = 0,
    **reading: Unpack[ReadOptions],
) -> Explanation:
    """Explain a saved model on labelled rows.

    Parameters
    ----------
    artefact : path
        Folder of a saved model.
    data : str, path, DataFrame or Dataset, optional
        Labelled rows, preferably ones that the model was not trained on; by default the named dataset that
        it was trained on.
    methods : sequence of str, default=()
        Of "importance", "dependence", "coefficients", "surrogate", "gradients" (networks), "occlusion"
        (texts and images), "units" and "probes" (networks), or "all"; the first five by default, and for
        one row "gradients", or "occlusion" of models that have no gradients.
    row : int, optional
        Explain the answer for this row of the data, counted from 0.
    trace : bool, default=False
        Trace the forward pass of a plain network (of row 0 by default).
    seed : int, default=0
        Seed of permutations and samples.
    **reading
        How the data is read: the options of :func:`deepworth.load_dataset`.

    Returns
    -------
    Explanation
        What each method found; methods that the model does not have are None.

    Raises
    ------
    InputError
        The data do not suit the model, it has none of these methods, or there is no such row.

    Examples
    --------
    >>> import deepworth, tempfile
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> trained = deepworth.train("sick-healthy", model="logistic-regression", output=folder)
    >>> found = deepworth.explain(folder, methods=["importance"])
    >>> found.importance.parts[0].part
    'body_temperature_c'
    """
    wanted = _chosen(methods, row, trace)
    model = load(artefact)
    dataset = _data_of(model, data, seed, reading)
    own = dataset.take(rows_to_judge(dataset))
    if row is not None and not 0 <= row < len(own):
        raise InputError(f"there is no row {row}: {dataset.name} has rows 0 to {len(own) - 1}")
    found = {name: _METHODS[name](model, own, row, seed) for name in wanted}
    if row is not None and not methods and wanted and found["gradients"] is None:
        found["occlusion"] = _occlusion(model, own, row, seed)
    if trace:
        found["trace"] = _trace(model, own, row or 0)
    manifest = model.manifest
    if all(value is None for value in found.values()):
        why = "; of tables, single answers are explained of networks only" if row is not None else ""
        raise InputError(
            f"{manifest['model']} has no {', '.join(wanted)}{why}: "
            "remove --row and --method to see what it has"
        )
    return from_json(
        ExplanationView,
        to_json(
            {
                "path": str(artefact),
                **{key: manifest[key] for key in ("model", "family", "task", "modality")},
                "classes": list(own.classes),
                "dataset": dataset.name,
                "rows": len(own),
                "row": row,
                "seen_in_training": seen_in_training(model, dataset),
                **found,
            }
        ),
    )


def _chosen(methods: Sequence[str], row: int | None, trace: bool) -> tuple[str, ...]:
    for name in methods:
        if name not in (*METHODS, "all"):
            raise unknown_name("method", name, [*METHODS, "all"])
    if "all" in methods:
        return METHODS
    if methods:
        return tuple(name for name in METHODS if name in methods)
    return () if trace else ("gradients",) if row is not None else USUAL


def _data_of(model: SavedModel, data: DataLike | None, seed: int, reading: ReadOptions) -> Dataset:
    """The labelled rows, or the named dataset that the model learned from."""
    if data is not None:
        return labelled_rows(model, data, seed, reading)
    name = model.manifest["dataset"]["name"]
    if name not in {known["name"] for known in list_datasets()}:
        raise InputError(
            f"{name!r}, which the model learned from, is no named dataset: give labelled rows as DATA"
        )
    return load_dataset(name, seed=seed, **reading)


def _importance(model: Any, data: Dataset, row: int | None, seed: int) -> Importance:
    return permutation_importance(model, data.X, data.y, data.modality, data.classes, seed=seed)


def _dependence(model: Any, data: Dataset, row: int | None, seed: int) -> list[Dependence] | None:
    if data.modality != "tabular":
        return None
    return dependence(model, data.X, data.classes, positive=data.positive, seed=seed)


def _coefficients(model: Any, data: Dataset, row: int | None, seed: int) -> list[Coefficient] | None:
    return None if hasattr(model, "keras_model") else coefficients(model, data.classes)


def _surrogate(model: Any, data: Dataset, row: int | None, seed: int) -> Surrogate:
    """Of a single model the rows are dealt out in folds: only the surrogate has to be held to new rows."""
    if data.task == "regression":
        said = np.asarray(model.predict(data.X), dtype=np.float64)
    else:
        shares = np.asarray(model.predict_proba(data.X), dtype=np.float64)
        said = shares[:, [list(map(str, model.classes_)).index(c) for c in data.classes]]
    rows = np.arange(len(data))
    answers = {"model": Answers(rows, said, np.zeros(len(rows), dtype=int))}
    found = surrogates(data.X, data.modality, data.classes, answers, seed=seed, groups=data.groups)
    return found["model"]


def _opens(model: Any) -> bool:
    """Whether there are layers to look into: what a frozen encoder makes of a row has no parts to name."""
    manifest = getattr(model, "manifest", None)
    entry = getattr(getattr(model, "estimator_", model), "_entry", None)
    frozen = (
        manifest["family"] == "pretrained"
        if manifest
        else entry is not None and entry.constant("ENCODER", None)
    )
    return hasattr(model, "keras_model") and not frozen


def _gradients(model: Any, data: Dataset, row: int | None, seed: int) -> Gradients | None:
    if not _opens(model):
        return None
    from ..explanation import attributed

    rows = np.arange(len(data)) if row is None else np.array([row])
    most = _ROWS if data.modality == "tabular" else 20
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    usual = take(data.X, np.arange(min(len(data), _BACKGROUND))) if data.modality == "tabular" else None
    return attributed(model, take(data.X, rows), rows, shown=row is not None, background=usual)


def _occlusion(model: Any, data: Dataset, row: int | None, seed: int) -> Occlusion | None:
    if data.modality == "tabular":
        return None
    from ..explanation import occlusion

    rows = np.arange(min(len(data), EXAMPLES)) if row is None else np.array([row])
    return occlusion(model, take(data.X, rows), rows, data.modality, data.classes)


def _units(model: Any, data: Dataset, row: int | None, seed: int) -> list[Unit] | None:
    if not _opens(model):
        return None
    from ..explanation import open_network, unit_roles

    return unit_roles(open_network(model), data.X, data.y, seed=seed)


def _probes(model: Any, data: Dataset, row: int | None, seed: int) -> list[Probe] | None:
    if not _opens(model):
        return None
    from ..explanation import open_network, probes

    return probes(open_network(model), data.X, data.y, seed=seed, groups=data.groups, time=data.time)


def _trace(model: Any, data: Dataset, row: int) -> Trace:
    if not _opens(model):
        raise InputError(
            f"{model.manifest['model']} is no network, and only networks can be traced: "
            "deepworth train DATA -m perceptron -o net, then deepworth explain net DATA --row N --trace"
        )
    from ..explanation import open_network, trace

    traced = trace(open_network(model), take(data.X, [row]))
    return replace(traced, row=row, truth=data.y[row])


_METHODS: dict[str, Any] = {
    "importance": _importance,
    "dependence": _dependence,
    "coefficients": _coefficients,
    "surrogate": _surrogate,
    "gradients": _gradients,
    "occlusion": _occlusion,
    "units": _units,
    "probes": _probes,
}


def is_artefact(what: str | os.PathLike[str]) -> bool:
    """Whether this is the folder of a saved model, and not the name of a run."""
    folder = Path(what)
    if not folder.is_dir():  # the error about a missing path should name it as a path
        return os.sep in os.fspath(what)
    return not (folder / "run.sqlite").is_file()


def explain_run(
    run: str = "last",
    *,
    data: DataLike | None = None,
    seeds: int = SEEDS,
    store: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> RunExplanation:
    """Train the best models of both families on the first fold, with several seeds, and explain them.

    The answer is kept in the run's folder as ``explanations.json``, and shown with the run from then on.

    Parameters
    ----------
    run : str, default="last"
        Name of the run, an unambiguous beginning of it, "last" for the newest, or its folder.
    data : DataFrame or Dataset, optional
        The data of the run, if they were given in memory.
    seeds : int, default=3
        Number of trainings of each model, whose explanations are compared.
    store : path, optional
        Folder in which runs are kept; by default ``DEEPWORTH_HOME`` or the user's data folder.
    seed : int, default=0
        The first of the seeds.

    Returns
    -------
    RunExplanation
        Explanations of the best model of each family, and how far they agree.

    Raises
    ------
    InputError
        There is no such run, it did not end, or its data are not available any more.

    Examples
    --------
    >>> import deepworth
    >>> options = {"models": ["naive-bayes", "logistic-regression"], "folds": 2, "costs": False}
    >>> run = deepworth.compare("iris", **options).run
    >>> [model.model for model in deepworth.explain_run(run, seeds=2).models]
    ['naive-bayes']
    """
    kept = read_run(find_run(run, store))
    answer = kept.answer
    if answer is None or kept.setup is None:
        raise InputError(f"run {kept.id} did not end, or its parameters were not kept; start a new one")
    names = [n for n in (answer.verdict.deep_champion, answer.verdict.classical_champion) if n is not None]
    if not names:
        raise InputError(f"run {kept.id} has no model with all of its scores, so there is none to explain")
    dataset = same_data(kept, data)
    plan = same_plan(kept, dataset, make_limits(Resources(jobs=0, threads=kept.plan.threads)))
    split = next(job.split for job in plan.jobs if fold_of(job) == (0, 0))
    explained = [_explained(name, dataset, split, plan, range(seed, seed + seeds)) for name in names]
    trainings = [one.pop("importances") for one in explained]
    facts = {name: getattr(answer.dataset, name) for name in ("name", "rows", "task", "modality", "classes")}
    columns = [f.name for f in fields(ReadableModel)]
    explanation = from_json(
        RunExplanationView,
        to_json(
            {
                "run": kept.id,
                "dataset": facts,
                "metric": answer.metric,
                "rows_trained": len(split.train),
                "rows_held_out": len(split.test),
                "seeds": seeds,
                "leaderboard": [{c: getattr(row, c) for c in columns} for row in answer.leaderboard],
                "models": explained,
                "agreement_between_families": _between(*trainings) if len(trainings) == 2 else None,
                "same_most_important": _same_first(trainings),
            }
        ),
    )
    _keep(kept.folder, explanation)
    return explanation


def _keep(folder: Path, explanation: RunExplanation) -> None:
    """Whole or not at all; a run that cannot be written to is explained all the same."""
    draft = folder / f".{EXPLANATIONS}.part"
    try:
        draft.write_text(json.dumps(explanation.to_dict(), allow_nan=False) + "\n", encoding="utf-8")
        draft.replace(folder / EXPLANATIONS)
    except OSError:
        draft.unlink(missing_ok=True)


def _explained(name: str, dataset: Dataset, split: Any, plan: Any, seeds: range) -> dict[str, Any]:
    X, y = take(dataset.X, split.test), dataset.y[split.test]
    classes = dataset.classes
    importances: list[Importance] = []
    first: Any = None
    for seed in seeds:
        model = _fitted(name, dataset, split.train, plan, seed)
        importances.append(permutation_importance(model, X, y, dataset.modality, classes, seed=seeds[0]))
        first = model if first is None else first
    tabular = dataset.modality == "tabular"
    return {
        "model": name,
        "family": registry.family(name),
        "importance": importances[0],
        "dependence": dependence(first, X, classes, positive=dataset.positive) if tabular else None,
        "coefficients": None if hasattr(first, "keras_model") else coefficients(first, classes),
        "gradients": _gradients_of(first, X, dataset.modality),
        **_inside(first, X, y, facts_of(dataset, split.test)),
        "examples": _examples(first, X, dataset.modality),
        "training": training(first),
        "agreement_between_seeds": _mean([rank_agreement(a, b) for a, b in combinations(importances, 2)]),
        "importances": importances,
    }


def _fitted(name: str, dataset: Dataset, rows: np.ndarray, plan: Any, seed: int) -> Any:
    own = plan.params.get(name, {})
    model = registry.create(name, dataset.task, dataset.modality, random_state=seed, **own)
    if plan.calibrate is not None:
        model = with_confidence(model, dataset, rows, ConfidenceOptions(plan.calibrate))
    with limited(threads_for(len(rows))):
        return chosen(fit_respecting(model, *training_rows(dataset, rows)))


def training(model: Any) -> dict[str, Any] | None:
    """The loss of a fitted network and its parts by epoch; None for models without epochs.

    Returns
    -------
    dict
        ``loss`` (of the training rows, with dropout) and ``val_loss`` (of the rows that watch) by epoch,
        ``best_epoch`` (from 0), and ``regularisation``: ``weight_decay`` and ``half_squared_norm`` of the
        kept matrices. The decay is decoupled (AdamW, Loshchilov and Hutter 2019): it shrinks the weights
        beside the gradient and is no summand of the loss.
    """
    network = getattr(model, "estimator_", model)
    if not hasattr(network, "history_"):
        return None
    matrices = [w.numpy() for w in network.model_.trainable_variables if len(w.shape) > 1]
    return {
        **network.history_,
        "best_epoch": network.best_epoch_,
        "regularisation": {
            "weight_decay": network.weight_decay,
            "half_squared_norm": float(sum(np.sum(m.astype(np.float64) ** 2) for m in matrices) / 2),
        },
    }


def _gradients_of(model: Any, X: Any, modality: str) -> Gradients | None:
    if not _opens(model):
        return None
    from ..explanation import attributed

    rows = np.arange(min(len(X), _RUN_ROWS if modality == "tabular" else 20))
    usual = X if modality == "tabular" else None
    return attributed(model, take(X, rows), rows, shown=False, background=usual)


def _examples(model: Any, X: Any, modality: str) -> tuple[AttributedRow, ...] | None:
    """Attributions of a few pictures or texts: which pixels, which words."""
    if modality == "tabular" or not _opens(model):
        return None
    from ..explanation import attributed

    rows = np.arange(min(len(X), EXAMPLES))
    return attributed(model, take(X, rows), rows, shown=True).rows


def _inside(model: Any, X: Any, y: np.ndarray, facts: SplitFacts) -> dict[str, Any]:
    """Single units, and what can be read from each layer, of a network."""
    if not _opens(model):
        return {"units": None, "probes": None}
    from ..explanation import open_network, probes, unit_roles

    network = open_network(model)
    probed = probes(network, X, y, groups=facts.groups, time=facts.time)
    return {"units": unit_roles(network, X, y), "probes": probed}


def _between(first: list[Importance], second: list[Importance]) -> float | None:
    return _mean([rank_agreement(a, b) for a in first for b in second])


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def _same_first(trainings: list[list[Importance]]) -> bool | None:
    first = {importances[0].parts[0].part for importances in trainings if importances[0].parts}
    return len(first) == 1 if len(trainings) == 2 and first else None
