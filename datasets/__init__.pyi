from ._base import Column, Dataset, Features, Finding, Modality, Provenance, Role, Schema, Task, take
from ._catalogue import Entry, catalogue, find_entry
from ._checks import check_dataset
from ._codes import list_codes
from ._describe import DataCheck, DatasetDescription, check_data, describe_dataset
from ._errors import InputError, unknown_name
from ._load import DataLike, DatasetInfo, ReadOptions, TaskOption, as_dataset, list_datasets, load_dataset
from ._schema import MISSING_MARKS, infer_role, inspect_column, undecorated
from ._splits import Split, make_splits
from ._stream import open_rows
from ._text import as_texts, mended
from ._unlabelled import picture_parts

__all__ = [
    "MISSING_MARKS",
    "Column",
    "DataCheck",
    "DataLike",
    "Dataset",
    "DatasetDescription",
    "DatasetInfo",
    "Entry",
    "Features",
    "Finding",
    "InputError",
    "Modality",
    "Provenance",
    "ReadOptions",
    "Role",
    "Schema",
    "Split",
    "Task",
    "TaskOption",
    "as_dataset",
    "as_texts",
    "catalogue",
    "check_data",
    "check_dataset",
    "describe_dataset",
    "find_entry",
    "infer_role",
    "inspect_column",
    "list_codes",
    "list_datasets",
    "load_dataset",
    "make_splits",
    "mended",
    "open_rows",
    "picture_parts",
    "take",
    "undecorated",
    "unknown_name",
]
