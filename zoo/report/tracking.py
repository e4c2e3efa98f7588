"""Log a comparison to an MLflow server or database: one run, and one below it for each model."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from ...datasets import InputError
from ..results.answer import Answer, LeaderboardRow
from .output import as_csv, as_json
from .terminal import leaderboard_rows

_EXPERIMENT = "deepworth"
_COSTS = ("fit_seconds", "predict_seconds", "size_bytes", "parameters")
_PLAN = (
    "folds",
    "repeats",
    "preset",
    "seed",
    "holdout",
    "train_rows",
    "calibrate",
    "threads",
    "official_test",
    "in_time_order",
)
_DATA = ("name", "rows", "columns", "task", "modality", "target")
_VERDICT = ("p_deep", "p_equivalent", "p_classical", "gain", "gain_low", "gain_high")
_AT_ONCE = 100  # parameters and tags in one request
# Nothing is sent but to the server that was named, and one that is away is given up within half a minute.
_VARIABLES = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}


class Tracker:
    """An MLflow store that answers.

    Parameters
    ----------
    uri : ``http://host:5000``, ``sqlite:///mlflow.db``, or whatever MLflow takes; credentials come from
        MLflow's own variables. MLFLOW_EXPERIMENT_NAME chooses another experiment than "deepworth".

    Raises
    ------
    InputError
        MLflow is not installed, or there is no such store.
    """

    def __init__(self, uri: str) -> None:
        self.name = _without_password(uri)
        for variable, value in _VARIABLES.items():
            os.environ.setdefault(variable, value)
        try:
            from mlflow import MlflowClient
        except ImportError as error:
            raise InputError("--mlflow needs MLflow: pip install 'deepworth[mlflow]'") from error
        try:
            self._client = MlflowClient(tracking_uri=uri)
            self._experiment = self._find_experiment()
        except Exception as error:  # each kind of store has its own
            raise InputError(f"cannot use the MLflow store {self.name}: {_first_line(error)}") from error

    def log(self, answer: Answer) -> str:
        """Log the answer of a comparison; returns the id of the new MLflow run.

        Raises
        ------
        OSError
            The store did not take it; what it has of it is marked as failed.
        """
        started: list[str] = []
        try:
            parent = self._new_run(started, answer.run or answer.dataset.name, _tags(answer))
            self._log(parent, _params(answer), _metrics(answer))
            self._client.log_text(parent, as_csv(leaderboard_rows(answer)), "leaderboard.csv")
            self._client.log_text(parent, as_json(answer.to_dict()), "answer.json")
            for row in answer.leaderboard:
                self._log_model(started, parent, row, answer.plan.params.get(row.model, {}))
            self._client.set_terminated(parent, "FAILED" if answer.exit_code else "FINISHED")
        except Exception as error:
            for run in started:
                with suppress(Exception):
                    self._client.set_terminated(run, "FAILED")
            raise OSError(
                f"the MLflow store {self.name} did not take the results: {_first_line(error)}"
            ) from error
        return parent

    def _find_experiment(self) -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", _EXPERIMENT)
        experiment = self._client.get_experiment_by_name(name)
        return str(experiment.experiment_id if experiment else self._client.create_experiment(name))

    def _new_run(self, started: list[str], name: str, tags: Mapping[str, str]) -> str:
        started.append(self._client.create_run(self._experiment, run_name=name, tags=tags).info.run_id)
        return started[-1]

    def _log_model(
        self, started: list[str], parent: str, row: LeaderboardRow, params: Mapping[str, object]
    ) -> None:
        tags = {"mlflow.parentRunId": parent, "family": row.family, "status": row.status}
        tags |= {"reason": row.reason} if row.reason else {}
        run = self._new_run(started, row.model, tags)
        self._log(run, {"model": row.model, **params}, dict(_known_numbers(row)))
        self._client.set_terminated(run, "FINISHED" if row.status == "ok" else "FAILED")

    def _log(self, run: str, params: Mapping[str, object], metrics: Mapping[str, float]) -> None:
        from mlflow.entities import Metric, Param

        items = [Param(key, str(value)) for key, value in params.items()]
        for start in range(0, len(items), _AT_ONCE):
            self._client.log_batch(run, params=items[start : start + _AT_ONCE])
        self._client.log_batch(run, metrics=[Metric(key, value, 0, 0) for key, value in metrics.items()])


def _params(answer: Answer) -> dict[str, object]:
    data, plan, verdict = answer.dataset, answer.plan, answer.verdict
    of_models = {f"{m}.{name}": value for m, own in plan.params.items() for name, value in own.items()}
    return {
        **{f"data.{name}": getattr(data, name) for name in _DATA},
        **{name: getattr(plan, name) for name in _PLAN},
        **of_models,
        "models": ", ".join(plan.models),
        "metric": answer.metric.name,
        "margin": verdict.margin,
        "confidence_level": verdict.confidence_level,
    }


def _tags(answer: Answer) -> dict[str, str]:
    tags = {
        "verdict": answer.verdict.outcome,
        "fingerprint": answer.dataset.fingerprint,
        "run": answer.run,
        "mlflow.note.content": answer.verdict.sentence,
        **{f"version.{name}": value for name, value in answer.versions.items()},
    }
    return {name: str(value) for name, value in tags.items() if value}


def _metrics(answer: Answer) -> dict[str, float]:
    """The verdict in numbers, and the best model's."""
    figures = {name: getattr(answer.verdict, name) for name in _VERDICT}
    figures["wall_seconds"] = answer.wall_seconds
    best = dict(_known_numbers(answer.leaderboard[0])) if answer.leaderboard else {}
    return {name: value for name, value in figures.items() if value is not None} | best


def _known_numbers(row: LeaderboardRow) -> Iterator[tuple[str, float]]:
    """Each metric with the ends of its interval, and the costs."""
    for name, value in row.metrics.items():
        low, high = row.intervals[name]
        for key, number in ((name, value), (f"{name}_low", low), (f"{name}_high", high)):
            if number is not None:
                yield key, float(number)
    for name in _COSTS:
        cost = getattr(row, name)
        if cost is not None:
            yield name, float(cost)


def _first_line(error: BaseException) -> str:
    return _without_password((str(error).strip().splitlines() or [type(error).__name__])[0][:300])


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", text)
