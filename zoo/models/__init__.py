"""Keras architectures: one public file each, underscore files are machinery."""


def register_layers() -> None:
    """Import the machinery of this package, so that Keras knows its layers by name."""
    import pkgutil
    from importlib import import_module

    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            import_module(f"{__name__}.{module.name}")


def table_features(inputs, embedding_dim=8):
    """Inputs of a table and one tensor (batch, features) of its numbers and embedded categories.

    For networks of your own: ``layers, x = table_features(inputs)``, then hidden layers, and
    ``keras.Model(layers, outputs)``.
    """
    from ._layers import table_features as features

    return features(inputs, embedding_dim)
