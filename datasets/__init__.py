"""What there is to learn: one public file a named dataset, underscore files are machinery."""

if __name__ == "datasets":  # the checkout is on sys.path
    raise ImportError("this is deepworth.datasets; leave the checkout off sys.path")

from importlib import import_module

_PUBLIC = {
    "Column": "._base",
    "Dataset": "._base",
    "Finding": "._base",
    "InputError": "._errors",
    "Provenance": "._base",
    "Schema": "._base",
    "check_data": "._describe",
    "check_dataset": "._checks",
    "describe_dataset": "._describe",
    "list_codes": "._codes",
    "list_datasets": "._load",
    "load_dataset": "._load",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        known = ", ".join(__all__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; there are: {known}")
    return getattr(import_module(_PUBLIC[name], __name__), name)


def __dir__():
    return __all__
