"""Models answer tables of polars and pyarrow as they answer the same tables of pandas."""

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import deepworth
from deepworth.zoo import registry

N = 80
rng = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "age": rng.normal(50, 10, N).round(2),
        "ward": rng.choice(["a", "b", "c"], N),
        "day": pd.date_range("2024-01-01", periods=N).as_unit("us"),
    }
)
TABLE.loc[3, ["age", "ward", "day"]] = None
SICK = np.where(TABLE["age"].fillna(50) > 50, "yes", "no")
WORDS = ["fine", "great", "good", "bad", "awful", "poor"]
TEXTS = pd.Series([f"{WORDS[i % 6]} {WORDS[i % 5]} thing {i % 7}" for i in range(N)], name="note")


def of_polars(data):
    return pytest.importorskip("polars").from_pandas(data)


def of_pyarrow(data):
    if isinstance(data, pd.Series):
        return pa.chunked_array([data.tolist()])
    return pa.Table.from_pandas(data, preserve_index=False)


FORMS = {"polars": of_polars, "pyarrow": of_pyarrow}
MODELS = {
    "logistic-regression": ("binary", "tabular", {}),
    "random-forest": ("binary", "tabular", {"n_estimators": 5}),
    "hist-gradient-boosting": ("regression", "tabular", {}),
    "shallow-mlp": ("binary", "tabular", {"epochs": 1}),
    "constant": ("binary", "tabular", {}),
    "linear-regression": ("regression", "tabular", {}),
    "plain-mlp": ("regression", "tabular", {"epochs": 1}),
    "tfidf-logistic-regression": ("binary", "text", {}),
    "nb-svm": ("binary", "text", {}),
    "rnn": ("binary", "text", {"epochs": 1}),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("name", MODELS)
def test_an_estimator_answers_alike(name, form):
    task, modality, few = MODELS[name]
    X = TABLE if modality == "tabular" else TEXTS
    y = pd.Series(SICK, name="sick") if task == "binary" else TABLE["age"].fillna(50.0).rename("age_again")
    answers = []
    for convert in (lambda data: data, form):
        model = registry.create(name, task, modality, random_state=0, **few).fit(convert(X), convert(y))
        answers += [model.predict(X), model.predict(convert(X))]
    for answer in answers[1:]:
        np.testing.assert_array_equal(np.asarray(answer), np.asarray(answers[0]))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_saved_model_answers_alike_and_is_evaluated(form, tmp_path):
    whole = TABLE.assign(sick=SICK)
    place = tmp_path / "model"
    deepworth.train(form(whole), target="sick", model="logistic-regression", output=place)
    model = deepworth.load(place)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = model.predict_proba(form(TABLE))
    np.testing.assert_array_equal(found, model.predict_proba(TABLE))
    assert deepworth.evaluate(place, form(whole), target="sick", n_samples=5).rows == N


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_comparison_takes_them(form):
    answer = deepworth.compare(
        form(TABLE.assign(sick=SICK)), target="sick", models=["constant", "logistic-regression"], costs=False
    )
    assert answer is not None


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_model_of_the_user_is_saved_with_their_rows(form, tmp_path):
    model = registry.create("logistic-regression", "binary", "tabular").fit(TABLE, SICK)
    place = deepworth.save(model, tmp_path / "model", X=form(TABLE), y=form(pd.Series(SICK)))
    assert deepworth.load(place).predict(TABLE).tolist() == model.predict(TABLE).tolist()
