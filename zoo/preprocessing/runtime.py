"""What a process runs on: cores and memory, and TensorFlow, which is first imported here.

It is imported quietly, and as Keras's backend. This file is kept light: processes of classical models import
it, and TensorFlow would cost them seconds.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...datasets import InputError

_limits: list[int] = []  # of nested blocks, the innermost last


def usable_cores() -> int:
    """Cores that this process may use, fewer inside :func:`held_to_cores`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _limits[-1]) if _limits else cores


@contextmanager
def held_to_cores(most: int | None) -> Iterator[None]:
    """Train with at most so many threads; None sets no limit."""
    if most is None:
        yield
        return
    _limits.append(most)
    try:
        yield
    finally:
        _limits.pop()


def available_bytes() -> int:
    """Free memory, or half of all memory where the system does not report it."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return 4 * 2**30


def import_tensorflow() -> None:
    """Import TensorFlow and Keras; the start-up log is hidden unless ``TF_CPP_MIN_LOG_LEVEL`` is set.

    Raises
    ------
    InputError
        Keras is set to another backend.
    """
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise InputError(f"KERAS_BACKEND is {backend!r}; deepworth needs tensorflow: unset it")
    if "tensorflow" in sys.modules:
        return
    asked_for = "TF_CPP_MIN_LOG_LEVEL" in os.environ and os.environ["TF_CPP_MIN_LOG_LEVEL"] != "3"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if asked_for:
        import keras

        return
    with _hidden_stderr():
        import keras  # noqa: F401
        import tensorflow as tf

        with tf.device("CPU"):  # logs devices at the first tensor, the compiler at the first use
            tf.function(lambda: tf.constant(0), jit_compile=True)()
        tf.get_logger().setLevel("ERROR")


@contextmanager
def _hidden_stderr() -> Iterator[None]:
    """Redirect the file descriptor: TensorFlow's C++ part writes before any logging setting applies."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all: nothing to hide
        yield
        return
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            hidden.seek(0)
            os.write(2, hidden.read())  # why the import failed
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
