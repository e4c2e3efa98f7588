"""A table with known truth and small networks that several tests share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepworth.zoo import registry

N = 400


@pytest.fixture(scope="session")
def mixed_table():
    """Numbers (some missing), a short and a long category, dates; the answers depend on ``a`` and ``c``."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": rng.normal(size=N),
            "b": np.where(rng.random(N) < 0.2, np.nan, rng.normal(size=N)),
            "c": rng.choice(list("xyz"), N),
            "d": rng.choice([f"k{i}" for i in range(15)], N),
            "day": pd.date_range("2020-01-01", periods=N),
        }
    )


@pytest.fixture(scope="session")
def answers_of(mixed_table):
    """By task."""
    score = mixed_table["a"] + (mixed_table["c"] == "x")
    return {
        "binary": np.where(score > 0.3, "yes", "no"),
        "multiclass": np.where(score > 1.2, "high", np.where(score > 0.2, "middle", "low")),
        "regression": (100 + 30 * mixed_table["a"] + 10 * (mixed_table["c"] == "x")).to_numpy(),
    }


@pytest.fixture(scope="session")
def networks(mixed_table, answers_of):
    """Trained networks of tables by (name, task); each is trained once."""
    made: dict[tuple[str, str], object] = {}

    def get(name: str, task: str = "binary", **params):
        key = (name, task, *sorted(params))
        if key not in made:
            model = registry.create(name, task, "tabular", random_state=0, epochs=8, **params)
            made[key] = model.fit(mixed_table, answers_of[task])
        return made[key]

    return get


@pytest.fixture(scope="session")
def digits_network():
    from deepworth import load_dataset

    data = load_dataset("digits").take(np.arange(400))
    model = registry.create("cnn", "multiclass", "image", random_state=0, epochs=4, width=8)
    return data, model.fit(data.X, data.y)


@pytest.fixture(scope="session")
def notes_network():
    from deepworth import load_dataset

    data = load_dataset("triage-notes").take(np.arange(300))
    model = registry.create(
        "rnn", "binary", "text", random_state=0, epochs=2, embedding_dim=8, recurrent_units=8, cell="gru"
    )
    return data, model.fit(data.X, data.y)
