"""Descriptions of the named figures of the benchmarks, for tables on the pages that users read."""

from __future__ import annotations

import re

LABELS = {
    # runner.py
    "orphans": "worker processes that outlived their run",
    "hostile": "failing models are reported with the right status, next to working ones",
    "hostile_seconds": "duration of that run, seconds",
    "kills": "runs that were killed and resumed",
    "corrupt": "damaged run files among them",
    "jobs_lost": "finished jobs that were lost",
    "jobs_repeated": "finished jobs that were fitted again",
    "unequal": "resumed runs whose results differ from an uninterrupted run",
    "finished_when_killed": "jobs that were finished when their run was killed",
    "full_disk": "a full disk gives an error of one line",
    "read_only": "a read-only folder gives an error of one line",
    "cluster_equal": "same scores and verdicts on four Dask workers",
    "cluster_jobs": "jobs in that comparison",
    "cluster_suite": "datasets in that comparison",
    "overhead": "overhead of worker processes and storage, relative to a plain loop",
    "bare_seconds": "plain loop, seconds",
    "runner_seconds": "worker processes and storage, seconds",
    "latency_repeat_error": "relative difference of two cost measurements: prediction of one row",
    "thousand_rows_repeat_error": "relative difference of two cost measurements: prediction of 1,000 rows",
    "fit_repeat_error": "relative difference of two cost measurements: training",
    "hostile_orphans": "worker processes left by failing models",
    "killed_orphans": "worker processes left by killed runs",
    # startup.py
    "pass_seconds": "`python -c pass`, seconds",
    "help_seconds": "`deepworth --help`, seconds",
    "help_over_pass": "ratio of the two",
    "compare_seconds": "`deepworth compare` without arguments, seconds",
    # report.py
    "render_seconds": "time to write the page, seconds",
    "page_bytes": "size of the page, bytes",
    "models": "models",
    "folds": "folds",
    # fleet.py and memory.py
    "small_ten_over_one_fit": "569 rows: ten networks as a fleet, relative to one `keras.Model.fit`",
    "small_ten_median_seconds": "569 rows: ten networks as a fleet, seconds",
    "small_one_median_seconds": "569 rows: one `keras.Model.fit`, seconds",
    "small_sklearn_median_seconds": "569 rows: one scikit-learn `MLPClassifier`, seconds",
    "large_ten_over_one_fit": "20,000 rows: ten networks as a fleet, relative to one `keras.Model.fit`",
    "large_ten_median_seconds": "20,000 rows: ten networks as a fleet, seconds",
    "large_one_median_seconds": "20,000 rows: one `keras.Model.fit`, seconds",
    "large_sklearn_median_seconds": "20,000 rows: one scikit-learn `MLPClassifier`, seconds",
    "first_fit_seconds": "first fit of `deep-mlp` in a process, 150 rows, seconds",
    "second_fit_seconds": "second fit in the same process, seconds",
    "peak_over_matrix": "peak memory relative to the size of the table, in a process that has trained before",
    "cold_peak_over_matrix": "peak memory relative to the size of the table, in a fresh process",
    "photographs": "photographs of a folder that a network was trained on",
    "photographs_pixels_mb": "their pixels, on disk where they are many, MB",
    "photographs_peak_mb": "peak memory of loading them and training, tensorflow included, MB",
    "cold_growth_over_matrix": "part of it that grows with the table",
    "cold_start_mb": "part of it that does not, for loading the compiler, MB",
    # verdict.py
    "false_alarm_rate": "false alarms, default margin",
    "false_alarm_rate_without_margin": "false alarms, no margin",
    "worst_cell": "false alarms in the worst of all cells, default margin",
    "interval_coverage": "coverage of 95 % intervals",
    "worst_cell_coverage": "coverage in the worst of all cells",
    "mean_width_over_oracle": "width of the interval relative to the true sampling distribution",
    "corrected_t_coverage": "coverage of the intervals of the corrected t",
    "corrected_t_width_over_oracle": "their width relative to the true sampling distribution",
    "grouped_false_alarm_rate": "false alarms with rows in groups, default margin",
    "grouped_coverage": "coverage with rows in groups",
    "official_test_coverage": "one test set: coverage of the difference of equal algorithms",
    "official_test_worst_cell_coverage": "one test set: coverage in the worst of all cells",
    "official_test_false_alarm_rate": "one test set: false alarms, default margin",
    "champion_bias_se": "bias of the best model's corrected score, in standard errors; worst of all",
    "champion_gain_bias_se": "bias of the gain between the families, in standard errors; worst of all",
    "naive_champion_bias_se": "bias of the best model's uncorrected score, in standard errors",
    "slices_found": "planted slices of rows that are found (10 % of the rows, 10 points)",
    "false_slices": "comparisons without a planted slice in which one is told",
    "false_slices_beside_planted": "slices told beside a planted one",
    "slice_gain": "true gain in planted slices",
    "conformal_coverage_error": "error of the coverage of prediction sets, percentage points",
    # crossover.py
    "interval_hit_rate": "intervals that contain a crossover inside the data",
    "interval_closed_share": "intervals that are closed at both ends",
    "interval_high_over_low": "ratio of upper to lower end of closed intervals, median",
    "interval_hit_rate_beyond": "intervals that contain a crossover at 2.5 times the data",
    "false_crossover_rate": "crossovers reported where there is none",
    # export.py
    "onnx_over_predict": "one row: time of `deep-mlp` as ONNX, relative to `keras.Model.predict`",
    "onnx_over_hist_gradient_boosting": "one row: time of `deep-mlp` as ONNX, relative to boosted trees",
    "predict_rows": "rows given to `deepworth predict`",
    "predict_rows_per_second": "rows per second",
    "pandas_read_rows_per_second": "rows per second of reading the file with pandas, without predicting",
    "predict_memory_growth": "growth of memory from the first to the last rows, bytes",
}
CELLS = {"roc_auc": "ROC AUC", "r2": "R²", "undecided": "cannot tell", "True": "yes", "False": "no"}


def readable(markdown: str) -> str:
    """A table with descriptions instead of the names of figures.

    Raises
    ------
    KeyError
        A figure has no description yet.
    """
    lines = [re.sub(r"^\| `(\w+)` \|", _figure, line) for line in markdown.splitlines()]
    return "\n".join(" | ".join(map(_cell, line.split(" | "))) for line in lines)


def _figure(match: re.Match[str]) -> str:
    name = match[1]
    if name not in LABELS and "_" in name:
        raise KeyError(f"{name} has no description in benchmarks/_labels.py")
    return f"| {LABELS.get(name, f'`{name}`')} |"


def _cell(text: str) -> str:
    bare = text.strip("| ")
    return text.replace(bare, CELLS[bare]) if bare in CELLS else text
