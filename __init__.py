"""deepworth: is deep learning worth it on my data?"""

__version__ = "0.1.0"

# Public name -> module that defines it. Nothing is imported before it is touched: tensorflow alone
# takes seconds, and `deepworth --help` must not pay for it.
_PUBLIC = {
    "InputError": "deepworth.datasets",
    "load_dataset": "deepworth.datasets",
    "list_datasets": "deepworth.datasets",
    "capacity": "deepworth.zoo.comparison",
    "compare": "deepworth.zoo.comparison",
    "explain": "deepworth.zoo.comparison",
    "explain_run": "deepworth.zoo.comparison",
    "learning_curve": "deepworth.zoo.comparison",
    "load": "deepworth.zoo.artefact",
    "preview": "deepworth.zoo.comparison",
    "report": "deepworth.zoo.comparison",
    "resume": "deepworth.zoo.comparison",
    "save": "deepworth.zoo.artefact",
    "verdict": "deepworth.zoo.comparison",
}
__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'deepworth' has no attribute {name!r}; there are: {', '.join(__all__)}")
    from importlib import import_module

    return getattr(import_module(_PUBLIC[name]), name)


def __dir__():
    return sorted(__all__)
