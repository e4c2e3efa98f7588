"""What a reader should know about the data before any score: findings with stable codes.

``_codes.py`` is the table of all codes; the checks themselves are grouped by what they look at: rows,
columns, the target, the plan of splits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ._base import Dataset, Finding
from ._checks_columns import check_answers, check_columns, check_equal_columns
from ._checks_rows import check_copies
from ._checks_target import check_classes, check_n_rows, check_order, check_splits

_SEVERITIES = ("error", "warning", "info")


def check_dataset(dataset: Dataset) -> list[Finding]:
    """The findings of reading the data, then those of checking its rows.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    list of Finding
        Most severe first, then by code. Row numbers count from 0, those in messages from 1.
    """
    checks: list[Callable[[Dataset], Iterator[Finding]]] = [
        check_copies,
        check_n_rows,
        check_order,
        check_splits,
    ]
    if dataset.task != "regression":
        checks.append(check_classes)
    if dataset.modality == "tabular":
        checks += [check_columns, check_equal_columns, check_answers]
    found = [*dataset.findings, *(finding for check in checks for finding in check(dataset))]
    return sorted(found, key=lambda f: (_SEVERITIES.index(f.severity), f.code))
