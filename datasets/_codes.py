"""The codes of all findings: what each means and what to do about it.

Some come up while data is read (they tell what was left out or taken for missing), the others are checks
of the rows that are left. Codes are stable: none is ever renumbered or used again for something else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ._base import Finding, Severity

MOST_ROWS = 20  # row numbers that a finding names


@dataclass(frozen=True)
class Code:
    """One kind of finding: its name in a line, and advice for who meets it."""

    title: str
    advice: str


CODES = {
    "DW001": Code(
        "identifier column left out", "If its values do mean something, say --categorical or rename it."
    ),
    "DW002": Code("constant column", "Nothing; it cannot help. Check that the export is complete."),
    "DW003": Code("column without any value", "Check where the values went, or --drop it."),
    "DW004": Code("duplicate columns", "--drop all but one; importances are shared among copies."),
    "DW005": Code(
        "duplicate rows",
        "If a copy is the same case twice, remove it, or say --group-duplicates to keep copies on one side "
        "of every split. If different cases are merely equal, leave them.",
    ),
    "DW006": Code(
        "rows that stand in the training and in the test part",
        "Remove them from the training part: the score is too good where answers were seen.",
    ),
    "DW007": Code(
        "equal rows with different targets", "Mend the labels, or add the column that tells these rows apart."
    ),
    "DW008": Code(
        "column that gives the answer away",
        "If its value is known only after the target is, --drop it; else be glad.",
    ),
    "DW009": Code("too few cases of a class", "Add rows, merge the class with another, or remove it."),
    "DW010": Code(
        "imbalanced classes", "Judge by ROC AUC, average precision or balanced accuracy, not by accuracy."
    ),
    "DW011": Code(
        "rows sorted by target", "Nothing if the order means nothing; if it stands for time, see --time."
    ),
    "DW012": Code("category with very many levels", "Merge rare levels, or --drop the column."),
    "DW013": Code("many missing values", "Ask why they are missing; a model learns that too."),
    "DW014": Code(
        "the rows may have a time order",
        "If later rows are to be predicted from earlier ones, say --time COLUMN.",
    ),
    "DW015": Code(
        "numbers that may stand for missing", "Empty these cells in the file, if they stand for missing."
    ),
    "DW016": Code("few rows", "Collect more, or take intervals seriously and use --preset thorough."),
    "DW017": Code("target or task inferred", "Say --target or --task if the guess is wrong."),
    "DW018": Code(
        "column that may name groups", "If rows of one group belong together, say --groups COLUMN."
    ),
    "DW020": Code("nested values left out", "Unfold lists and objects into columns of their own."),
    "DW021": Code("numbers mixed with words", "Mend the cells, or say --categorical COLUMN."),
    "DW022": Code("infinite numbers taken for missing", "Mend the division by zero that made them."),
    "DW023": Code("empty texts", "Remove these rows, if an empty text means that it was lost."),
    "DW024": Code("columns left out by --text", "Leave --text out to learn from all columns."),
    "DW025": Code("broken files left out", "Replace or remove the files."),
    "DW026": Code("files left out or images reduced", "Nothing, if the files are no data."),
    "DW027": Code(
        "validation part counted as training rows", "Nothing: early stopping draws its own rows from them."
    ),
    "DW028": Code(
        "nearly equal rows",
        "Look at the pairs named. If they are the same case, remove one, or say --group-duplicates to keep "
        "them on one side of every split.",
    ),
    "DW029": Code(
        "rows of the test part that nearly equal training rows",
        "Look at the pairs named; remove them from the training part, or distrust the score.",
    ),
    "DW030": Code("no split possible", "The message says what stands in the way; no comparison can be made."),
    "DW031": Code(
        "scored in order of time", "Nothing: each period is predicted from the rows before it, as asked for."
    ),
}


def finding(
    code: str, severity: Severity, message: str, columns: Iterable[str] = (), rows: Iterable[int] = ()
) -> Finding:
    """A finding that names at most the first ``MOST_ROWS`` rows, counted from 0."""
    named = tuple(int(row) for _, row in zip(range(MOST_ROWS), rows, strict=False))
    return Finding(code, severity, message, tuple(map(str, columns)), named)


def list_codes() -> list[dict[str, str]]:
    """Every code with its title and advice."""
    return [{"code": code, "title": c.title, "advice": c.advice} for code, c in CODES.items()]
