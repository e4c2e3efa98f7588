"""Plan, jobs, results, statistics, verdict."""

from importlib import import_module

_PUBLIC = {
    "Comparison": "._result",
    "Event": "._progress",
    "Verdict": "._verdict",
    "compare": "._compare",
    "evaluate": "._single",
    "list_runs": "._store",
    "load_run": "._store",
    "predict": "._single",
    "train": "._single",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(__all__)}"
        )
    return getattr(import_module(_PUBLIC[name], __name__), name)
