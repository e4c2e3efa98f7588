"""What tuning gains: tuned models against their defaults, and whether the verdict is another one with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..results.answer import TunedModel, Tuning, Verdict
from ..results.rows import Result, Results
from .inference import Inference


def judge_tuning(
    results: Results, inference: Inference, margin: float, defaults: Verdict | None
) -> Tuning | None:
    """The gain of every tuned model over its defaults; None where nothing was tuned.

    Parameters
    ----------
    results : Results
    inference : Inference
        Of all models.
    margin : float
        In units of the metric.
    defaults : Verdict or None
        The verdict without tuned models.
    """
    tuned: Mapping[str, str] = dict(results.facts.plan.tuned)
    if not tuned:
        return None
    positions = {model.model: number for number, model in enumerate(inference.models)}
    by_model: dict[str, list[Result]] = {name: [] for name in tuned}
    for row in results.folds:
        if row.model in by_model:
            by_model[row.model].append(row)
    models = tuple(
        _model(name, base, by_model[name], inference, positions, margin) for name, base in tuned.items()
    )
    seconds: dict[str, float] = {}
    for rows in by_model.values():
        for row in rows:
            seconds[row.family] = seconds.get(row.family, 0.0) + sum(t.cpu_seconds for t in row.trials)
    return Tuning(models, seconds, defaults)


def _model(
    name: str,
    base: str,
    rows: Sequence[Result],
    inference: Inference,
    positions: Mapping[str, int],
    margin: float,
) -> TunedModel:
    known = [row for row in rows if row.trials]
    pair = None
    if name in positions and base in positions:
        pair = inference.paired(positions[name], positions[base], margin)
    return TunedModel(
        model=name,
        base=base,
        trials=sum(len(row.trials) for row in known) / len(known) if known else 0.0,
        failed=sum(trial.score is None for row in known for trial in row.trials),
        cpu_seconds=sum(trial.cpu_seconds for row in known for trial in row.trials),
        gain=None if pair is None else pair.posterior.mean,
        gain_low=None if pair is None else pair.posterior.low,
        gain_high=None if pair is None else pair.posterior.high,
        params=tuple(trial.params for row in known for trial in row.trials if trial.chosen),
    )
