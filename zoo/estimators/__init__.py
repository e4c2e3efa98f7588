"""Keras networks as scikit-learn estimators over raw rows."""
