from . import datasets, zoo
from .datasets import InputError, describe_dataset, list_datasets, load_dataset
from .zoo.artefact import load, save
from .zoo.setup import Setup
from .zoo.workflows._compared_predictions import ComparedPredictions
from .zoo.workflows._comparison import Comparison
from .zoo.workflows.benchmark import benchmark
from .zoo.workflows.calibration import calibration
from .zoo.workflows.capacity import capacity
from .zoo.workflows.check import check
from .zoo.workflows.compare import compare
from .zoo.workflows.cost import cost
from .zoo.workflows.evaluate import evaluate
from .zoo.workflows.explain import explain, explain_run
from .zoo.workflows.export import export
from .zoo.workflows.inspect import inspect
from .zoo.workflows.learning_curve import learning_curve
from .zoo.workflows.models import models
from .zoo.workflows.predict import predict
from .zoo.workflows.preview import preview
from .zoo.workflows.report import report
from .zoo.workflows.resume import resume
from .zoo.workflows.runs import runs
from .zoo.workflows.save_best import save_best
from .zoo.workflows.train import train
from .zoo.workflows.verdict import verdict
from .zoo.workflows.verify import verify
from .zoo.workflows.weights import weights

__version__: str

__all__ = [
    "ComparedPredictions",
    "Comparison",
    "InputError",
    "Setup",
    "__version__",
    "benchmark",
    "calibration",
    "capacity",
    "check",
    "compare",
    "cost",
    "datasets",
    "describe_dataset",
    "evaluate",
    "explain",
    "explain_run",
    "export",
    "inspect",
    "learning_curve",
    "list_datasets",
    "load",
    "load_dataset",
    "models",
    "predict",
    "preview",
    "report",
    "resume",
    "runs",
    "save",
    "save_best",
    "train",
    "verdict",
    "verify",
    "weights",
    "zoo",
]
