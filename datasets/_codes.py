"""The codes of all findings: what each means and what to do about it.

Some findings come up while data is read (what was left out or read as missing), others from the checks of
the rows that are left. Codes are stable: none is renumbered or reused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ._base import Finding, Severity

MOST_ROWS = 20  # row numbers in a finding


@dataclass(frozen=True)
class Code:
    """One kind of finding: a title and advice."""

    title: str
    advice: str


CODES = {
    "DW001": Code(
        "identifier column left out", "If its values are informative, use --categorical or rename the column."
    ),
    "DW002": Code("constant column", "No action needed. Check that the data were exported completely."),
    "DW003": Code("column without values", "Check why the values are missing, or --drop the column."),
    "DW004": Code("duplicate columns", "--drop all but one: importances are divided among duplicates."),
    "DW005": Code(
        "duplicate rows",
        "If duplicates are the same case, remove them, or use --group-duplicates to keep them on one side of "
        "every split. If different cases happen to be equal, keep them.",
    ),
    "DW006": Code(
        "rows in both the training set and the test set",
        "Remove them from the training set: scores on rows seen in training are too high.",
    ),
    "DW007": Code(
        "equal rows with different targets",
        "Correct the labels, or add a column in which these rows differ.",
    ),
    "DW008": Code(
        "column that may leak the target",
        "If its value is only known once the target is, --drop it; otherwise keep it.",
    ),
    "DW009": Code("rare class", "Add rows, merge the class with another, or remove it."),
    "DW010": Code(
        "imbalanced classes", "Use ROC AUC, average precision or balanced accuracy instead of accuracy."
    ),
    "DW011": Code(
        "rows sorted by target", "If the order means time, use --time; otherwise no action is needed."
    ),
    "DW012": Code("category with many levels", "Merge rare levels, or --drop the column."),
    "DW013": Code("many missing values", "Find out why they are missing: models learn from that too."),
    "DW014": Code(
        "rows may be in order of time",
        "If later rows are to be predicted from earlier ones, use --time COLUMN.",
    ),
    "DW015": Code("values that may mean missing", "If they mean missing, empty these cells in the file."),
    "DW016": Code("few rows", "Collect more rows, or use --preset thorough and mind the intervals."),
    "DW017": Code("target or task inferred", "If the guess is wrong, use --target or --task."),
    "DW018": Code(
        "column that may define groups", "If rows of one group belong together, use --groups COLUMN."
    ),
    "DW020": Code("nested values left out", "Turn lists and objects into separate columns."),
    "DW021": Code(
        "cells that could not be read",
        "Correct the cells. If the column is not what it was read as, use --categorical or --numeric.",
    ),
    "DW022": Code("infinite numbers read as missing", "Find out what made them, such as a division by zero."),
    "DW023": Code("empty texts", "If an empty text means that it was lost, remove the row."),
    "DW024": Code("columns left out by --text", "To learn from all columns, remove --text."),
    "DW025": Code("broken files left out", "Replace or remove the files."),
    "DW026": Code("files left out or images reduced", "If the files are not data, no action is needed."),
    "DW027": Code(
        "validation set used for training",
        "No action needed: early stopping draws its own validation rows.",
    ),
    "DW028": Code(
        "near-duplicate rows",
        "Inspect the pairs. If they are the same case, remove one, or use --group-duplicates to keep them on "
        "one side of every split.",
    ),
    "DW029": Code(
        "near-duplicates across training and test set",
        "Inspect the pairs, and remove them from the training set: the scores may be too high.",
    ),
    "DW030": Code("no split possible", "The message says why. Correct it: no comparison is possible before."),
    "DW031": Code(
        "splits in order of time", "No action needed: --time predicts each period from the rows before it."
    ),
    "DW032": Code(
        "columns that together give the target",
        "If one of them is only known once the target is, --drop it; otherwise use the formula, not a model.",
    ),
    "DW033": Code(
        "text or code that contains the target",
        "If it was written once the target was known, --drop the column or remove these words.",
    ),
    "DW035": Code(
        "day and month may be exchanged", "Use --dayfirst or --monthfirst to say which stands first."
    ),
    "DW036": Code(
        "levels in the test set that training never saw",
        "Check that both sets spell levels alike; models treat an unseen level as unknown.",
    ),
    "DW037": Code(
        "rows without a target left out",
        "Find out why it is missing: the answer holds for cases like the rows that are left.",
    ),
    "DW038": Code("last row that may be a total", "If it sums up the other rows, remove it from the file."),
    "DW040": Code(
        "neighbouring rows with similar targets",
        "If the order of the rows means time, use --time row-order; if neighbours belong together, use "
        "--groups COLUMN.",
    ),
    "DW041": Code(
        "names that differ only in case, blanks or punctuation",
        "If they mean the same, spell them alike in the file.",
    ),
    "DW042": Code(
        "column names that suggest hindsight",
        "The data cannot show it: if a value is only known once the target is, --drop the column.",
    ),
    "DW043": Code(
        "missing mark that may be a level",
        "If it is a level, use --keep-na, or spell it otherwise in the file.",
    ),
}


def finding(
    code: str, severity: Severity, message: str, columns: Iterable[str] = (), rows: Iterable[int] = ()
) -> Finding:
    """A finding with at most the first ``MOST_ROWS`` of its rows, counted from 0."""
    named = tuple(int(row) for _, row in zip(range(MOST_ROWS), rows, strict=False))
    return Finding(code, severity, message, tuple(map(str, columns)), named)


def list_codes() -> list[dict[str, str]]:
    """List every code of a finding, with title and advice.

    Returns
    -------
    list of dict
        ``code``, ``title`` and ``advice`` of each.

    Examples
    --------
    >>> from deepworth.datasets import list_codes
    >>> list_codes()[4]["code"], list_codes()[4]["title"]
    ('DW005', 'duplicate rows')
    """
    return [{"code": code, "title": c.title, "advice": c.advice} for code, c in CODES.items()]
