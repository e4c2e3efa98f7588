"""What there is to learn: one public file a named dataset, underscore files are machinery."""

if __name__ == "datasets":  # the checkout is on sys.path
    raise ImportError("this is deepworth.datasets; leave the checkout off sys.path")

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
