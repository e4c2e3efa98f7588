"""deepworth: is deep learning worth it on my data?"""

import lazy_loader

__version__ = "0.1.0"

# The public names are in __init__.pyi. Nothing is imported before it is touched: tensorflow alone takes
# seconds, and `deepworth --help` must not pay for it.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
