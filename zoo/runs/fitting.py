"""One job: fit a model on the training rows of a split, predict its test rows, keep what happened."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ...datasets import Dataset, InputError, take, unknown_name
from .. import registry
from ..calibration.calibrators import METHODS
from ..calibration.conformal import MisclassificationCosts, check_level, misclassification_costs
from ..calibration.estimators import Calibrated, ConformalRegressor, Method
from ..inner_splits import SplitFacts, fit_respecting
from ..pretrained.kept import unkept
from ..results.rows import Result, Tried
from ..results.runs import Pace
from ..tuning import SearchPace, chosen, watched_search
from .jobs import PlannedJob
from .limits import limited, own_threads

TIMED_ROWS = 1000


def run_job(
    job: PlannedJob,
    dataset: Dataset,
    seed: int,
    params: dict[str, Any],
    threads: int = 1,
    progress: Callable[[Pace], None] | None = None,
) -> Result:
    """The result of a job. Any exception of a model becomes its reason, and other jobs go on.

    ``progress`` is called with the pace of a search for parameters.
    """
    try:
        # printed, warnings would bury the result
        with warnings.catch_warnings(record=True) as caught, watched_search(pace_of_search(progress)):
            warnings.simplefilter("always")
            result = _fitted_and_scored(job, dataset, seed, params, threads)
    except (Exception, SystemExit) as error:  # a broken model costs its own row and nothing else
        return _failed(job, error)
    return replace(result, converged=not any(issubclass(w.category, ConvergenceWarning) for w in caught))


def run_fleet(
    jobs: Sequence[PlannedJob],
    dataset: Dataset,
    seed: int,
    params: dict[str, Any],
    threads: int = 1,
    progress: Callable[[Pace], None] | None = None,
    on_result: Callable[[int, Result], None] | None = None,
) -> Iterator[Result]:
    """The results of all jobs of a model whose estimators can be fitted together, in their order.

    Where no job of its own measures costs, the first is trained alone, and its time stands for all: the
    others share the machine, and wait while its predictions are timed. ``on_result`` is called with the
    number of each job and its result at once, from one training thread at a time. An interrupted fleet still
    gives the results of what was fitted before it raises.
    """
    results: dict[int, Result] = {}
    receiver_errors: list[BaseException] = []
    interrupted, meter = None, None

    def end(number: int, error: BaseException | None) -> None:
        alone = number == 0 and jobs[0].timed
        seconds = models[number].fit_seconds_ if alone and error is None else None
        result = _ended(jobs[number], models[number], dataset, threads, seconds, error)
        results[number] = replace(result, fleet_seconds=time.perf_counter() - started)
        if meter is not None:
            meter.end(number)
        if on_result is None:
            return
        try:
            on_result(number, results[number])
        except BaseException as failure:  # no model's fault: a full disk, or Ctrl-C
            receiver_errors.append(failure)
            raise

    models: list[Any] = []
    started = time.perf_counter()
    try:
        models += [unfitted(job, dataset, seed, params, threads) for job in jobs]
        started = time.perf_counter()
        if progress is not None:
            meter = PaceMeter([len(job.split.train) for job in jobs], dataset, models[0], progress)
        models[0].fit_many(
            models,
            dataset.X,
            dataset.y,
            [job.split.train for job in jobs],
            **facts_of(dataset).given(),
            progress=None if meter is None else meter.end_epoch,
            on_end=end,
            first_alone=jobs[0].timed,
        )
    except KeyboardInterrupt as error:
        interrupted = error
    except (Exception, SystemExit) as error:  # what is no single replica's fault
        if receiver_errors:
            raise
        for number in sorted(set(range(len(jobs))) - set(results)):
            results[number] = _failed(jobs[number], error)
            if on_result is not None:
                on_result(number, results[number])
    yield from (results[number] for number in sorted(results))
    if interrupted is not None:
        raise interrupted


_CALIBRATION_FOLDS = 5  # where a splitter makes them
_UNITS = {"image": "images", "text": "texts"}


class PaceMeter:
    """Turns the epochs of networks that are trained together into a pace.

    Parameters
    ----------
    rows : sequence of int
        Training rows of each estimator.
    dataset : Dataset
    estimator
        One of them: of an ensemble each has several networks.
    watch : callable
        Called with the :class:`Pace` after every epoch.
    """

    def __init__(
        self, rows: Sequence[int], dataset: Dataset, estimator: Any, watch: Callable[[Pace], None]
    ) -> None:
        self._members = _networks(estimator)
        self._rows = np.repeat(np.asarray(rows, float), self._members)
        self._unit, self._watch = _UNITS.get(dataset.modality, "rows"), watch
        self._done: dict[int, float] = {}  # share of its epochs that each network has done
        self._first: tuple[float, float] | None = None  # when the first epoch ended, and the rows until then

    def end_epoch(self, network: int, epoch: int, epochs: int, losses: object = None) -> None:
        """A network has ended an epoch."""
        network = min(network, len(self._rows) - 1)
        self._done[network] = epoch / epochs
        now, learned = time.perf_counter(), self._learned() * epochs
        if self._first is None:
            self._first = (now, learned)
        seconds, seen = now - self._first[0], learned - self._first[1]
        speed = seen / seconds if seconds > 0 and seen > 0 else None
        left = None if speed is None else (self._rows.sum() * epochs - learned) / speed
        self._watch(Pace(epoch, epochs, self._unit, speed, left))

    def end(self, number: int) -> None:
        """An estimator is fitted, maybe before its last epoch."""
        for network in range(number * self._members, (number + 1) * self._members):
            self._rows[network : network + 1] *= self._done.get(network, 0.0)
            self._done[network] = 1.0

    def _learned(self) -> float:
        """Rows of one epoch of each network, by the share that is done."""
        return float(sum(self._rows[network] * share for network, share in self._done.items()))


def _networks(estimator: Any) -> int:
    """Networks that a fit trains: those of an ensemble, and of the inner folds that calibrate."""
    if isinstance(estimator, (Calibrated, ConformalRegressor)):
        folds = estimator.cv if isinstance(estimator.cv, int) else _CALIBRATION_FOLDS
        return (1 + folds) * _networks(estimator.estimator)
    return int(estimator.ensemble_size) if getattr(estimator, "ensemble", False) else 1


def _ended(
    job: PlannedJob,
    model: Any,
    dataset: Dataset,
    threads: int,
    seconds: float | None,
    error: BaseException | None,
) -> Result:
    if error is not None:
        return _failed(job, error)
    try:
        return _scored(job, model, dataset, threads, seconds)
    except Exception as failure:
        return _failed(job, failure)


def _failed(job: PlannedJob, error: BaseException) -> Result:
    short = isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"  # TensorFlow's
    return job.ended("out_of_memory" if short else "failed", reason_of(error))


def can_fit_many(name: str, dataset: Dataset) -> bool:
    """Whether the estimators of a model offer to be fitted together; one that cannot be made has no offer."""
    try:
        model = registry.create(name, dataset.task, dataset.modality, random_state=0)
    except Exception:  # each of its jobs will say why
        return False
    return hasattr(model, "fit_many")


def unfitted(job: PlannedJob, dataset: Dataset, seed: int, params: dict[str, Any], threads: int) -> Any:
    """The unfitted estimator of a job; imports are never counted as training."""
    random_state = job.seed(seed)
    model = registry.create(job.model, dataset.task, dataset.modality, random_state=random_state, **params)
    if registry.takes_threads(job.model):
        model.set_params(**own_threads(model, threads))
    if job.calibrate is not None:
        options = ConfidenceOptions(job.calibrate)
        model = with_confidence(model, dataset, job.split.train, options)
    if hasattr(model, "warm_up"):
        model.warm_up()
    return model


def _fitted_and_scored(
    job: PlannedJob, dataset: Dataset, seed: int, params: dict[str, Any], threads: int
) -> Result:
    model = unfitted(job, dataset, seed, params, threads)
    X, y, facts = training_rows(dataset, job.split.train)
    with limited(threads):
        started = time.perf_counter()
        fit_respecting(model, X, y, facts)
        seconds = time.perf_counter() - started
    found = _scored(job, chosen(model), dataset, threads, seconds)
    return replace(found, trials=trials_of(model))


def pace_of_search(progress: Callable[[Pace], None] | None) -> Callable[[SearchPace], None] | None:
    """What a search is to be watched by so that whoever follows a training follows it."""
    if progress is None:
        return None

    def watch(pace: SearchPace) -> None:
        best = "no score yet" if pace.best is None else f"best {pace.metric} {pace.best:.4g}"
        progress(Pace(pace.fits, pace.planned, seconds_left=pace.seconds_left, search=best))

    return watch


def trials_of(model: Any) -> tuple[Tried, ...]:
    """What a search tried; nothing of other models."""
    return tuple(Tried(**vars(trial)) for trial in getattr(model, "trials_", ()))


def facts_of(dataset: Dataset, rows: Any = slice(None)) -> SplitFacts:
    """The groups (clusters of near copies among them) and times that the splits of these rows respect."""
    known = {name: getattr(dataset, name) for name in ("groups", "time")}
    own = {name: values[rows] for name, values in known.items() if values is not None}
    return SplitFacts.of(len(dataset.y[rows]), **own)


def training_rows(dataset: Dataset, rows: np.ndarray) -> tuple[Any, np.ndarray, SplitFacts]:
    """Raw rows, targets, and what their inner splits must respect."""
    return take(dataset.X, rows), dataset.y[rows], facts_of(dataset, rows)


def _scored(job: PlannedJob, model: Any, dataset: Dataset, threads: int, seconds: float | None) -> Result:
    """The result of a fitted model."""
    X_test = take(dataset.X, job.split.test)
    with limited(threads):
        prediction = predict(model, X_test, dataset)
        costs: dict[str, Any] = {}
        if job.timed and job.split.repeat == 0 and job.split.fold == 0:
            with unkept():
                costs = _costs(
                    model, model.predict if dataset.task == "regression" else model.predict_proba, X_test
                )
    return job.ended(fit_seconds=seconds, prediction=prediction, **costs)


def _costs(model: Any, call: Callable[[Any], Any], X: Any) -> dict[str, Any]:
    """Size, parameters and prediction time are measured once a model, on its first split."""
    from ..artefact.formats import count_parameters, model_bytes

    return {
        "predict_seconds": seconds_per_thousand(call, X),
        "size_bytes": model_bytes(model),
        "parameters": count_parameters(model),
    }


def predict(model: Any, X: Any, dataset: Dataset) -> np.ndarray:
    """Checked probabilities in the order of the dataset's classes, or values; float64."""
    if dataset.task == "regression":
        values = np.asarray(model.predict(X), dtype=np.float64)
        return _checked(values, (_n_rows(X),))
    probabilities = np.asarray(model.predict_proba(X), dtype=np.float64)
    _checked(probabilities, (_n_rows(X), len(model.classes_)))
    if not np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-3):
        raise ValueError("probabilities do not sum to one")
    columns = np.searchsorted(dataset.classes, np.asarray(model.classes_).astype(str))
    full = np.zeros((len(probabilities), len(dataset.classes)))
    full[:, columns] = probabilities  # a class that no training row had stays at zero
    return full


def _checked(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if values.shape != shape:
        raise ValueError(f"prediction has shape {values.shape}, expected {shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"{int(np.sum(~np.isfinite(values)))} predictions are not finite numbers")
    return values


def seconds_per_thousand(call: Callable[[Any], Any], X: Any, repeats: int = 3) -> float:
    """Median seconds to predict 1,000 rows in one call, after an untimed warm-up.

    Fewer test rows are repeated to make up the thousand, so that all datasets are measured alike.
    """
    rows = np.resize(np.arange(_n_rows(X)), TIMED_ROWS)
    X = take(X, rows)
    call(X)
    return float(np.median([_seconds(call, X) for _ in range(repeats)]))


def _seconds(call: Callable[[Any], Any], X: Any) -> float:
    started = time.perf_counter()
    call(X)
    return time.perf_counter() - started


def _n_rows(X: Any) -> int:
    return X.shape[0]


def reason_of(error: BaseException) -> str:
    """The first line of an error, with its kind."""
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"[:300]


FOLDS = 5


@dataclass(frozen=True)
class ConfidenceOptions:
    """Calibration, a confidence level, misclassification costs; without any the estimator stays as it is."""

    calibrate: str | None = None
    confidence_level: float | None = None
    cost_false_negative: float | None = None
    cost_false_positive: float | None = None

    @property
    def costs(self) -> MisclassificationCosts | None:
        """Both costs, or none."""
        return misclassification_costs(self.cost_false_negative, self.cost_false_positive)

    @property
    def method(self) -> Method:
        """A level or costs need calibrated probabilities; else those of the model stay as they are."""
        needed = self.confidence_level is not None or self.costs is not None
        return cast(Method, self.calibrate or ("auto" if needed else "none"))

    def check(self, dataset: Dataset) -> None:
        """Refuse what does not suit the task."""
        if self.calibrate is not None and self.calibrate not in METHODS:
            raise unknown_name("calibration method", self.calibrate, METHODS)
        if self.confidence_level is not None:
            check_level(self.confidence_level)
        if dataset.task == "regression" and self.calibrate not in (None, "auto", "none"):
            raise InputError(
                f"--calibrate {self.calibrate} is for classes, but the target is a number: remove --calibrate"
            )
        if self.costs is not None and dataset.task != "binary":
            raise InputError(f"misclassification costs need two classes, this is a {dataset.task} task")


def with_confidence(estimator: Any, dataset: Dataset, rows: np.ndarray, options: ConfidenceOptions) -> Any:
    """The estimator, wrapped where confidence is wanted; ``rows`` are those it will be fitted to."""
    options.check(dataset)
    level, method = options.confidence_level, options.method
    if dataset.task == "regression":
        if level is None:
            return estimator
        enough = int(np.ceil(level / (1 - level) - 1e-9))
        if len(rows) < enough:
            raise InputError(f"intervals at {level:g} need at least {enough} rows, got {len(rows)}")
        return ConformalRegressor(estimator, confidence_level=level, cv=FOLDS)
    if method == "none" and level is None and options.costs is None:
        return estimator
    return Calibrated(
        estimator,
        method,
        confidence_level=level,
        cost_false_negative=options.cost_false_negative,
        cost_false_positive=options.cost_false_positive,
        positive=dataset.positive,
        cv=FOLDS,
    )
