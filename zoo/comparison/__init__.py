"""Plan, jobs, results, statistics, verdict."""

from ...datasets._lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "Capacity": ".curves._capacity_result",
        "Comparison": ".judging._result",
        "Event": ".running._progress",
        "Interrupted": ".curves._sweep",
        "LearningCurve": ".curves._learning_curve_result",
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
    },
)
