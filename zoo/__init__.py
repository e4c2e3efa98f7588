"""What learns, what compares, what is kept."""

_PUBLIC = {
    "Calibrated": "calibration",
    "ConformalRegressor": "calibration",
    "KerasClassifier": "estimators.classes",
    "KerasRegressor": "estimators.classes",
}


def __getattr__(name):
    """Lazy estimator classes: ``DeepMLPClassifier`` comes from ``models/deep_mlp.py``."""
    if name.startswith("_"):
        raise AttributeError(name)
    from importlib import import_module

    if name in _PUBLIC:
        return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
    classes = import_module(".registry", __name__).estimator_classes()
    if name not in classes:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(classes)}"
        )
    return classes[name]()


def __dir__():
    from importlib import import_module

    classes = import_module(".registry", __name__).estimator_classes()
    return sorted({*globals(), *_PUBLIC, *classes})
