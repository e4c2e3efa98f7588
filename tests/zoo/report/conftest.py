"""Runs that the tests of reports share: small, kept on disk, made once."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from deepworth.zoo.runs import plan as _plan
from deepworth.zoo.workflows._sheet import sheet
from deepworth.zoo.workflows.compare import compare

SCRIPT = "<script>alert(1)</script>"
CLASSES = ("<img src=x onerror=alert(2)>", '"></table>$\\frac{')
NAMES = (SCRIPT, "a|b`c`", "$x_{", "{{ 7 * 7 }}")
STAND_INS = ("naive-bayes", "linear-svm")  # take the part of networks, which would take seconds to import


def frame(n=240):
    """Columns, classes and a file name that want to be more than text."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=list(NAMES))
    said = X[NAMES[0]] + X[NAMES[1]] + rng.normal(0, 1, n) > 0.2
    return X.assign(target=np.where(said, *CLASSES))


def as_deep(job):
    """A classical model's job under the other family's name."""
    return replace(job, family="deep") if job.model in STAND_INS else job


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """A store with one run of classes (with a failed model), one of numbers, one on a test part."""
    folder = tmp_path_factory.mktemp("reports")
    store, file = folder / "runs", folder / f"x&y <b>{CLASSES[0][:4]}.csv"
    frame().to_csv(file, index=False)
    usual = _plan._job
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_plan, "_job", lambda name, *rest: as_deep(usual(name, *rest)))
        models = ["constant", "logistic-regression", "naive-bayes", "k-nearest-neighbours"]
        broken = {"hist-gradient-boosting": {"learning_rate": -1.0}}
        options = {"store": store, "folds": 4, "costs": False}
        asked = {"models": [*models, *broken], "params": broken, "target": "target"}
        classes = compare(str(file), **asked, **options)
        numbers = compare("diabetes", models=["constant", "linear-regression", "linear-svm"], **options)
        held = compare("iris", models=models, store=store, holdout=0.3, repeats=3)
    return SimpleNamespace(
        store=store,
        file=file,
        classes=classes,
        numbers=numbers,
        held=held,
        **{
            f"{name}_sheet": sheet(result.run, store=store)
            for name, result in (("classes", classes), ("numbers", numbers), ("held", held))
        },
    )
