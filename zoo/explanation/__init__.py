"""Explanations of models: importance, dependence, coefficients, surrogates, gradients, units and probes."""

import lazy_loader

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
_OF_NETWORKS = ("attributed", "integrated_gradients", "open_network", "probes", "trace", "unit_roles")


def __getattr__(name):
    if name in _OF_NETWORKS:  # TensorFlow first, quietly: Keras's own import of it writes to stderr
        from ..preprocessing.runtime import import_tensorflow

        import_tensorflow()
    return _load(name)
