"""Measured times by model, written by `benchmarks/estimate.py --measure`; not changed by hand."""

MACHINE_SECONDS = 0.000939
START = 2.67
SPREAD = 3.0
SPREAD_KNOWN = 2.0
LAWS: dict[str, dict[str, tuple[float, float, float, float, float]]] = {
    "tabular": {
        "catboost": (0.149, 0.00434, 0.335, 1.26, 0.795),
        "constant": (0.0124, 0.00039, 3.45e-15, 0.663, 0.492),
        "deep-mlp": (1.67, 1.18e-05, 1.48, 1.03, 0.231),
        "hist-gradient-boosting": (0.0468, 1.82e-05, 0.895, 1.06, 1.04),
        "k-nearest-neighbours": (0.0225, 1.86e-06, 1.01, 0.9, 7.34e-15),
        "lightgbm": (0.024, 1.15e-05, 0.804, 1.36, 1.03),
        "linear-regression": (0.00978, 0.000198, 0.458, 0.749, 0.5),
        "linear-svm": (0.0211, 0.00246, 3.31e-23, 0.897, 0.38),
        "logistic-regression": (0.0198, 0.00168, 1.54e-13, 0.989, 8.29e-18),
        "naive-bayes": (0.0348, 0.000728, 2.7e-27, 1.29, 0.00132),
        "perceptron": (0.441, 0.000162, 0.716, 1.04, 0.491),
        "plain-mlp": (0.675, 7.45e-08, 1.85, 1.65, 0.101),
        "random-forest": (0.183, 1.15e-05, 1.1, 1.26, 7.41e-19),
        "rbf-svm": (0.0568, 1.18e-07, 1.73, 0.489, 0.238),
        "shallow-mlp": (0.353, 6.85e-07, 1.6, 1.15, 0.124),
        "tabm": (2.01, 1.07e-07, 2.01, 1.57, 0.309),
        "xgboost": (0.0406, 3.41e-07, 1.18, 1.9, 0.791),
    }
}
