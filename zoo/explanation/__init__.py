"""Explanations of any model: importance, dependence, surrogates, gradients, units, probes."""

from importlib import import_module

_PUBLIC = {
    "associations": "._groups",
    "coefficients": "._coefficients",
    "column_groups": "._groups",
    "dependence": "._dependence",
    "integrated_gradients": "._gradients",
    "open_network": "._network",
    "permutation_importance": "._importance",
    "probes": "._probes",
    "rank_agreement": "._agreement",
    "surrogates": "._surrogates",
    "trace": "._trace",
    "unit_roles": "._units",
}
__all__ = sorted(_PUBLIC)
_OF_NETWORKS = ("._gradients", "._network", "._probes", "._trace", "._units")


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(__all__)}"
        )
    if _PUBLIC[name] in _OF_NETWORKS:  # before Keras, whose own import would write to stderr
        import_module("deepworth.zoo.preprocessing._tensorflow").import_tensorflow()
    return getattr(import_module(_PUBLIC[name], __name__), name)
