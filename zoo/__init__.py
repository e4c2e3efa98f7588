"""What learns: networks, baselines, and estimators that add confidence to any of them.

Every network has classes of its own: ``DeepMLPClassifier`` and ``DeepMLPRegressor`` come from
``models/deep_mlp.py``.
"""

import lazy_loader

_get_static, _list_static, _ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name):
    """A name of the stub, or the class of a network, whether the stub has it already or not."""
    if name.startswith("_"):
        raise AttributeError(name)
    from importlib import import_module

    if name in _list_static():
        return _get_static(name)
    classes = import_module(".registry", __name__).estimator_classes()
    if name not in classes:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(classes)}"
        )
    return classes[name]()


def __dir__():
    from importlib import import_module

    classes = import_module(".registry", __name__).estimator_classes()
    return sorted({*globals(), *_list_static(), *classes})
