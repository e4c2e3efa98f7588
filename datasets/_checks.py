"""Checks of a dataset before any model is trained; their findings have stable codes.

``_codes.py`` lists all codes. The checks are grouped by what they examine: rows, columns, target and splits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ._base import Dataset, Finding
from ._checks_columns import check_columns, check_equal_columns
from ._checks_leaks import check_answers, check_text
from ._checks_rows import check_copies
from ._checks_spelling import check_class_spelling, check_spelling
from ._checks_target import check_classes, check_n_rows, check_order, check_splits

_SEVERITIES = ("error", "warning", "info")


def check_dataset(dataset: Dataset) -> list[Finding]:
    """Check a dataset: duplicates, leaks, rare classes, order, missing values and more.

    Parameters
    ----------
    dataset : Dataset
        The data, as :func:`load_dataset` returns them.

    Returns
    -------
    list of Finding
        Those of reading the data and those of the checks, most severe first, then by code. Row numbers
        count from 0, but from 1 in messages.

    Examples
    --------
    >>> from deepworth.datasets import check_dataset, load_dataset
    >>> for finding in check_dataset(load_dataset("wine")):
    ...     print(finding.code, finding.severity, finding.message[:33])
    DW011 info rows are sorted by the target; if
    DW016 info only 178 rows: expect wide interv
    """
    checks: list[Callable[[Dataset], Iterator[Finding]]] = [
        check_copies,
        check_n_rows,
        check_order,
        check_splits,
    ]
    if dataset.task != "regression":
        checks += [check_classes, check_class_spelling]
    if dataset.modality == "tabular":
        checks += [check_columns, check_equal_columns, check_spelling, check_answers]
    if dataset.modality == "text":
        checks.append(check_text)
    findings = [*dataset.findings, *(finding for check in checks for finding in check(dataset))]
    return sorted(findings, key=lambda f: (_SEVERITIES.index(f.severity), f.code))
