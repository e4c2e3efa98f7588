"""Runs that the tests of reports share: small, kept on disk, made once."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from deepworth.zoo.results.explanation import (
    ExplainedData,
    ExplainedModel,
    Importance,
    ImportantPart,
    RunExplanation,
)
from deepworth.zoo.runs import plan as runs_plan
from deepworth.zoo.workflows.compare import compare
from deepworth.zoo.workflows.report import report_sheet

SCRIPT = "<script>alert(1)</script>"
CLASSES = ("<img src=x onerror=alert(2)>", '"></table>$\\frac{')
NAMES = (SCRIPT, "a|b`c`", "$x_{", "{{ 7 * 7 }}")
STAND_INS = ("naive-bayes", "linear-svm")  # take the part of networks, which would take seconds to import


def frame(n=240):
    """Columns, classes and a file name that want to be more than text."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=list(NAMES))
    positive = X[NAMES[0]] + X[NAMES[1]] + rng.normal(0, 1, n) > 0.2
    return X.assign(target=np.where(positive, *CLASSES))


def as_deep(job):
    """A classical model's job under the other family's name."""
    return replace(job, family="deep") if job.model in STAND_INS else job


def run_explanation(answer, names, part):
    """What `deepworth explain` says of two models that depend on one part only."""
    importance = Importance(90, "share", 0.1, 0.95, (ImportantPart(part, (part,), 0.4, 0.3, 0.5),))
    nothing = (None,) * 7
    models = tuple(
        ExplainedModel(name, family, importance, *nothing, agreement_between_seeds=0.9)
        for name, family in zip(names, ("deep", "classical"), strict=True)
    )
    data = ExplainedData("d", 180, "binary", "tabular", ("no", "yes"))
    return RunExplanation(answer.run, data, answer.metric, 90, 90, 3, (), models, None, None)


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """A store with one run of classes (with a failed model), one of numbers, one on a test part with costs,
    and one of data whose true probabilities are known."""
    folder = tmp_path_factory.mktemp("reports")
    store, file = folder / "runs", folder / f"x&y <b>{CLASSES[0][:4]}.csv"
    frame().to_csv(file, index=False)
    usual = runs_plan.plan_job
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs_plan, "plan_job", lambda *args, **options: as_deep(usual(*args, **options)))
        models = ["constant", "logistic-regression", "naive-bayes", "k-nearest-neighbours"]
        broken = {"hist-gradient-boosting": {"learning_rate": -1.0}}
        options = {"store": store, "folds": 4, "costs": False}
        asked = {"models": [*models, *broken], "params": broken, "target": "target"}
        made = {
            "classes": compare(str(file), **asked, **options),
            "numbers": compare("diabetes", models=["constant", "linear-regression", "linear-svm"], **options),
            "held": compare("iris", models=models, store=store, holdout=0.3, repeats=3),
            "known": compare("sick-healthy", rows=300, models=models, **options),
        }
    sheets = {f"{name}_sheet": report_sheet(result.run, store=store) for name, result in made.items()}
    return SimpleNamespace(store=store, file=file, **made, **sheets)
