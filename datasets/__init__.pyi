from ._base import Column, Dataset, Features, Finding, Modality, Provenance, Role, Schema, Task, take
from ._catalogue import Entry, catalogue, find_entry
from ._checks import check_dataset
from ._codes import list_codes
from ._dates import parse_date
from ._describe import DataCheck, DatasetDescription, check_data, describe_dataset
from ._download import RemoteFile, fetch
from ._errors import InputError, unknown_name
from ._interchange import ArrowTable, as_pandas
from ._load import DataLike, DatasetInfo, ReadOptions, TaskOption, as_dataset, list_datasets, load_dataset
from ._marks import check_reader
from ._numbers import NumberFormat, parse_number
from ._reader import MISSING_MARKS, ColumnReader, ReadCells, level_of, unread_cells
from ._schema import infer_role, inspect_column, reader_of
from ._splits import Split, make_splits
from ._stored_images import forget_pages
from ._stream import open_rows
from ._text import as_texts, mended
from ._unlabelled import picture_parts
from ._words import WordRules, tokenise, word_rules

__all__ = [
    "MISSING_MARKS",
    "ArrowTable",
    "Column",
    "ColumnReader",
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
    "NumberFormat",
    "Provenance",
    "ReadCells",
    "ReadOptions",
    "RemoteFile",
    "Role",
    "Schema",
    "Split",
    "Task",
    "TaskOption",
    "WordRules",
    "as_dataset",
    "as_pandas",
    "as_texts",
    "catalogue",
    "check_data",
    "check_dataset",
    "check_reader",
    "describe_dataset",
    "fetch",
    "find_entry",
    "forget_pages",
    "infer_role",
    "inspect_column",
    "level_of",
    "list_codes",
    "list_datasets",
    "load_dataset",
    "make_splits",
    "mended",
    "open_rows",
    "parse_date",
    "parse_number",
    "picture_parts",
    "reader_of",
    "take",
    "tokenise",
    "unknown_name",
    "unread_cells",
    "word_rules",
]
