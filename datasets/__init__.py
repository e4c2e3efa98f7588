"""What there is to learn: one public file a named dataset, underscore files are machinery."""

if __name__ == "datasets":  # the checkout is on sys.path
    raise ImportError("this is deepworth.datasets; leave the checkout off sys.path")

from ._lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
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
    },
)
