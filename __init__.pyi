from . import datasets, zoo
from .datasets import InputError, list_datasets, load_dataset
from .zoo.artefact import load, save
from .zoo.workflows.capacity import capacity
from .zoo.workflows.compare import compare
from .zoo.workflows.explain import explain, explain_run
from .zoo.workflows.learning_curve import learning_curve
from .zoo.workflows.preview import preview
from .zoo.workflows.report import report
from .zoo.workflows.resume import resume
from .zoo.workflows.verdict import verdict

__version__: str

__all__ = [
    "__version__",
    "InputError",
    "capacity",
    "compare",
    "datasets",
    "explain",
    "explain_run",
    "learning_curve",
    "list_datasets",
    "load",
    "load_dataset",
    "preview",
    "report",
    "resume",
    "save",
    "verdict",
    "zoo",
]
