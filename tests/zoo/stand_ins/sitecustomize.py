"""Python imports this by itself from PYTHONPATH: worker processes then know the stand-in models."""

import stand_ins

stand_ins.install()
