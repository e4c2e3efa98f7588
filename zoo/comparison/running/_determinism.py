"""What makes a run repeat itself bit for bit, and which level a run reached by its settings.

Every job has a seed of its own and every fit a fixed number of threads, always ("seeded"). What remains is
the order of floating-point sums among threads, kernels that add atomically, and code chosen by the library:
``--deterministic`` sets one thread for each fit, TensorFlow's deterministic kernels (TF_DETERMINISTIC_OPS is
the variable behind ``tf.config.experimental.enable_op_determinism``; keras.utils.set_random_seed is not
needed where all random numbers are stateless or seeded), no oneDNN (whose kernels depend on the shape of the
machine), a fixed workspace for cuBLAS, MKL's compatible code path and a fixed hash seed. They must be in the
environment before the libraries are loaded, so they belong to worker processes.
"""

from __future__ import annotations

from typing import Any

from ._limits import Limits

VARIABLES = {
    "PYTHONHASHSEED": "0",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "MKL_CBWR": "COMPATIBLE",
    "OMP_DYNAMIC": "FALSE",
}


def level_of(limits: Limits, threads: int) -> dict[str, Any]:
    """The level that a run reached by its settings, in the words of its record.

    ``level`` is "bit-equal by setting" (deterministic kernels, one thread), "deterministic kernels" (the user
    asked for more threads, whose sums may round otherwise) or "seeded".
    """
    if not limits.deterministic:
        level = "seeded"
    else:
        level = "bit-equal by setting" if threads == 1 else "deterministic kernels"
    return {"level": level, "threads": threads, "variables": VARIABLES if limits.deterministic else {}}
