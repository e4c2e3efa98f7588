"""Plan, jobs, results, statistics, verdict."""

from importlib import import_module

_PUBLIC = {
    "Capacity": ".curves._capacity_result",
    "Comparison": ".judging._result",
    "Event": ".running._progress",
    "Interrupted": ".curves._sweep",
    "LearningCurve": ".curves._result",
    "Verdict": ".judging._verdict",
    "calibration": "._calibration",
    "capacity": ".curves._capacity",
    "compare": "._compare",
    "cost": "._saved_costs",
    "evaluate": "._single",
    "explain": "._explain",
    "explain_run": "._explain_run",
    "is_artefact": "._explain",
    "learning_curve": ".curves._learning_curve",
    "list_runs": ".store._runs",
    "load_run": ".store._runs",
    "predict": "._single",
    "preview": "._preview",
    "report": "._report",
    "resume": "._resume",
    "preview_suite": "._suite",
    "run_suite": "._suite",
    "save_best": "._save_best",
    "train": "._single",
    "verdict": "._again",
    "verify_run": "._verify",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(__all__)}"
        )
    return getattr(import_module(_PUBLIC[name], __name__), name)
