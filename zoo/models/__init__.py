"""Keras architectures: one public file each, underscore files are machinery."""


def register_layers() -> None:
    """Import the machinery of this package, so that Keras knows its layers by name."""
    import pkgutil
    from importlib import import_module

    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            import_module(f"{__name__}.{module.name}")
