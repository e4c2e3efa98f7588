"""One model of pytabkit on the tables of tabular.py, in an environment that need not have deepworth.

    python benchmarks/tabular.py --pytabkit /path/to/python --models RealMLP_TD,TabM_D

calls this file by that interpreter. It prints one JSON object a fit, which tabular.py writes to its results.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import sys
import tempfile
import warnings
from importlib.metadata import version
from typing import Any

from _fits import attempt_row, warm_up
from _process import fix_threads

MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "RealMLP_TD": ("RealMLP_TD", {}),
    # what pytabkit advises for AUC and log loss; a regression has neither option
    "RealMLP_TD_ce": ("RealMLP_TD", {"val_metric_name": "cross_entropy", "use_ls": False}),
    "RealMLP_TD_ce_cv5": ("RealMLP_TD", {"val_metric_name": "cross_entropy", "use_ls": False, "n_cv": 5}),
    "TabM_D": ("TabM_D", {}),
}


def create(name: str, task: str, seed: int, threads: int) -> Any:
    """A new model on the CPU behind the imputation that pytabkit leaves to its caller."""
    from pytabkit.models.sklearn import sklearn_interfaces
    from sklearn.pipeline import make_pipeline

    base, params = MODELS[name]
    if task == "regression":
        params = {k: v for k, v in params.items() if k == "n_cv"}
    kind = getattr(sklearn_interfaces, f"{base}_{'Regressor' if task == 'regression' else 'Classifier'}")
    folder = tempfile.gettempdir()
    model = kind(device="cpu", random_state=seed, n_threads=threads, tmp_folder=folder, **params)
    return make_pipeline(complete(), model)


def complete() -> Any:
    """Numbers without gaps: pytabkit refuses NaN in numeric columns of RealMLP and of TabM.

    Medians of the training rows, and one more column that marks the gaps of each column that had some.
    Categories stay as they are: both models have a level of their own for a missing one.
    """
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer

    imputer = SimpleImputer(strategy="median", add_indicator=True)
    numbers = (imputer, make_column_selector(dtype_include="number"))
    columns = make_column_transformer(numbers, remainder="passthrough", verbose_feature_names_out=False)
    return columns.set_output(transform="pandas")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model", choices=list(MODELS))
    options.add_argument("--reference", required=True, help="folder of tabular_data.py")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--cells", type=json.loads, required=True, help="JSON list of [table, split]")
    chosen = options.parse_args()
    fix_threads(chosen.threads)
    warnings.simplefilter("ignore")
    answers = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):  # pytabkit and lightning print
        import pytorch_lightning
        import torch

        logging.getLogger(pytorch_lightning.__name__).setLevel(logging.ERROR)
        torch.set_num_threads(chosen.threads)
        torch.set_num_interop_threads(chosen.threads)

        def make(task: str, seed: int) -> Any:
            return create(chosen.model, task, seed, chosen.threads)

        warm_up(make)
        about = f"pytabkit {version('pytabkit')}; torch {version('torch')}"
        for table, split in chosen.cells:
            row = attempt_row(chosen.model, make, (table, split), chosen.reference, chosen.threads, about)
            print(json.dumps(row), file=answers, flush=True)


if __name__ == "__main__":
    main()
