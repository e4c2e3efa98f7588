"""Plan, jobs, results, statistics, verdict."""

from importlib import import_module

_PUBLIC = {
    "Capacity": "._capacity_result",
    "Comparison": "._result",
    "Event": "._progress",
    "Interrupted": "._sweep",
    "LearningCurve": "._curve_result",
    "Verdict": "._verdict",
    "calibration": "._calibration",
    "capacity": "._capacity",
    "compare": "._compare",
    "cost": "._saved_costs",
    "evaluate": "._single",
    "explain": "._explain",
    "explain_run": "._explain_run",
    "is_artefact": "._explain",
    "learning_curve": "._learning_curve",
    "list_runs": "._store",
    "load_run": "._store",
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
