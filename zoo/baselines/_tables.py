"""Parts that several tabular baselines share."""

from __future__ import annotations

from typing import Any


def table_pipeline(model: Any, kind: str = "scaled", **options: Any) -> Any:
    """Encode a raw table, then the model."""
    from sklearn.pipeline import make_pipeline

    from ..preprocessing.columns import TableEncoder

    return make_pipeline(TableEncoder(kind, **options), model)  # type: ignore[arg-type]


def standardised_target(regressor: Any) -> Any:
    """The regressor on a target with mean 0 and standard deviation 1, answers in its own units."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import StandardScaler

    return TransformedTargetRegressor(regressor, transformer=StandardScaler())
