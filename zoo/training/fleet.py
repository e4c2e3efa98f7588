"""Train a fleet: the folds of a cross-validation, or the members of an ensemble.

One program is compiled, and worker threads run it for several replicas at a time. TensorFlow holds no
Python lock while a program runs, so small networks, whose single steps cannot fill a machine, fill it
together. Measured on four cores (``benchmarks/fleet.py``; seconds for eight replicas, the program
compiled before; vectorised is ``lanes=8`` in one thread):

======================  ==========  =======  ==========
network, rows, batch    one by one  threads  vectorised
======================  ==========  =======  ==========
3 x 256, 700, 64              5.0      2.4         2.8
1 x 128, 5,000, 64            1.6      0.5         1.1
1 x 128, 700, 32              0.5      0.4         0.4
perceptron, 700, 32           0.2      0.3         0.1
======================  ==========  =======  ==========

Vectorising also costs 0.3 to 0.7 s more of compiling, makes a replica that has stopped early go on
until its neighbours have stopped too, and rounds sums in another order than a replica alone. So threads
are the rule, and ``Settings.lanes`` is there for a machine with one core.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import keras
import numpy as np

from ..preprocessing.base import InputSpec
from ..preprocessing.runtime import available_bytes, usable_cores
from .architecture import Architecture, Part, Replica, bytes_of_training
from .lanes import Progress, Stopped, Trained, train_lanes
from .program import outputs
from .settings import Settings, check_callbacks

Group = list[tuple[int, "Replica | Callable[[], Replica]"]]


def train(
    architecture: Architecture,
    replicas: Sequence[Replica | Callable[[], Replica]],
    settings: Settings,
    progress: Progress | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    on_end: Callable[[int, Trained | Exception], None] | None = None,
    first_alone: bool = False,
) -> list[Trained | Exception]:
    """Train one network for each replica, all by the same compiled program.

    A replica's result depends on its own rows and seed only, not on its neighbours: it is bit for bit
    the one that it would have alone (with ``lanes`` above 1: within the rounding of sums).

    Parameters
    ----------
    architecture : Architecture
        The network.
    replicas : sequence of Replica, or of functions that make one
        A function is called when its turn comes, so that only the rows in training are in memory.
    settings : Settings
        How it is trained.
    progress : callable, optional
        Called with (replica, epoch, epochs, losses) after every epoch, from one thread at a time.
    callbacks : sequence of keras.callbacks.Callback, default=()
        For a single replica only; called after each epoch with the current weights.
    on_end : callable, optional
        Called with the number of a replica and its result as soon as it is trained. With it a replica that
        fails does not end the others, and its result is the error.
    first_alone : bool, default=False
        Let the others wait until the first replica is done, so that its time is that of one training.

    Returns
    -------
    list of Trained or Exception
        In the order of the replicas.

    Raises
    ------
    ValueError
        A loss is not finite, or callbacks were given for several replicas or cannot be called.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo.models.perceptron import build
    >>> from deepworth.zoo.preprocessing.base import InputSpec
    >>> from deepworth.zoo.training import Architecture, Part, Replica, Settings, train
    >>> spec = InputSpec("tabular", (("numeric", (1,), "float32"),), numbers=1)
    >>> perceptron = Architecture(build, (), spec, 1, "binary")
    >>> x = np.linspace(-1, 1, 32, dtype="float32")[:, None]
    >>> rows = Part({"numeric": x}, (x[:, 0] > 0).astype("float32"), np.ones(32, "float32"))
    >>> [trained] = train(perceptron, [Replica(rows, rows, seed=0)], Settings(epochs=2, batch_size=8))
    >>> trained.best_epoch
    1
    """
    check_callbacks(callbacks, len(replicas))
    lanes = min(settings.lanes, len(replicas)) if settings.jit else 1
    numbered = list(enumerate(replicas))
    groups = [numbered[i : i + lanes] for i in range(0, len(numbered), lanes)]
    crew = _Crew(architecture, settings, lanes, progress, callbacks, on_end, first_alone)
    n_workers = _workers(architecture, settings, lanes, len(groups))
    results = crew.run(groups, n_workers) if n_workers > 1 else [crew.train(group) for group in groups]
    return [result for group in results for result in group]


def start_runtime() -> None:
    """Start TensorFlow's threads and compiler by a small training, so that a timed one need not."""
    spec = InputSpec("tabular", (("numeric", (1,), "float32"),), numbers=1)
    architecture = Architecture(_single_unit, (), spec, 1, "binary")
    x = np.linspace(-1, 1, 48, dtype=np.float32)[:, None]
    rows = Part({"numeric": x}, (x[:, 0] > 0).astype(np.float32), np.ones(48, np.float32))
    settings = Settings(epochs=1, batch_size=8, jit=False)
    [trained] = train(architecture, [Replica(rows, rows, 0)], settings)
    outputs(architecture, [trained.model], rows.arrays)  # type: ignore[union-attr]  # no on_end: it raises


def _single_unit(inputs: InputSpec, units: int) -> keras.Model:
    layers = inputs.layers()
    return keras.Model(layers, keras.layers.Dense(units)(layers["numeric"]))


def _workers(architecture: Architecture, settings: Settings, lanes: int, n_groups: int) -> int:
    """As many threads as were set, or as keep all cores busy; fewer where their networks would not fit."""
    most = min(n_groups, settings.workers or _busy(n_groups, usable_cores()))
    if most <= 1:
        return 1
    needed = lanes * bytes_of_training(architecture, settings.batch_size)
    return max(1, min(most, available_bytes() // (2 * needed)))


def _busy(n_groups: int, cores: int) -> int:
    """Threads that take equal turns, up to twice as many as cores, so that no core waits for a last replica.

    Five trainings on four cores take 1.25 times as long as one if all go on together, and twice as long if
    the fifth comes after the others. On one core threads save nothing.
    """
    return -(-n_groups // max(1, n_groups // cores)) if cores > 1 else 1


class _Crew:
    """Threads that train groups of replicas and end together."""

    def __init__(
        self,
        architecture: Architecture,
        settings: Settings,
        lanes: int,
        progress: Progress | None,
        callbacks: Sequence[keras.callbacks.Callback],
        on_end: Callable[[int, Trained | Exception], None] | None,
        first_alone: bool,
    ) -> None:
        self.architecture, self.settings, self.lanes = architecture, settings, lanes
        self.progress, self.callbacks, self.on_end = progress, callbacks, on_end
        self.first_alone = first_alone
        self.lock, self.stop, self.ready = threading.Lock(), threading.Event(), threading.Event()

    def run(self, groups: Sequence[Group], n_workers: int) -> list[list[Trained | Exception]]:
        """All groups; an error without ``on_end``, or Ctrl-C, ends the others after their epoch."""
        with ThreadPoolExecutor(n_workers, thread_name_prefix="fleet") as pool:
            futures = [pool.submit(self._train_in_turn, number, group) for number, group in enumerate(groups)]
            try:
                return [_result(futures, future) for future in futures]
            except BaseException:
                self.stop.set()
                self.ready.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _train_in_turn(self, number: int, group: Group) -> list[Trained | Exception]:
        """The first group compiles while the others prepare and wait: nothing is compiled twice."""
        if number > 0 and self.first_alone:
            self.ready.wait()
        try:
            return self.train(group, self.ready.wait if number > 0 else None)
        except BaseException:
            self.stop.set()
            raise
        finally:
            self.ready.set()

    def train(self, group: Group, wait: Callable[[], Any] | None = None) -> list[Trained | Exception]:
        """The trained networks of one group, or the error."""
        results: list[Trained | Exception]
        try:
            results = list(self._trained(group, wait))
        except Stopped:
            raise
        except Exception as error:
            if self.on_end is None:
                raise
            results = [error] * len(group)
        if self.on_end is not None:
            with self.lock:
                for (number, _), result in zip(group, results, strict=True):
                    self.on_end(number, result)
        return results

    def _trained(self, group: Group, wait: Callable[[], Any] | None) -> list[Trained]:
        replicas = [(number, each if isinstance(each, Replica) else each()) for number, each in group]
        return train_lanes(
            self.architecture,
            replicas,
            self.settings,
            self.lanes,
            self._end_epoch,
            self.callbacks,
            self.stop,
            wait,
        )

    def _end_epoch(self, number: int, epoch: int, epochs: int, logs: dict[str, float]) -> None:
        if not self.first_alone:
            self.ready.set()
        if self.progress is not None:
            with self.lock:
                self.progress(number, epoch, epochs, logs)


def _result(futures: Sequence[Future[Any]], future: Future[Any]) -> Any:
    """The result of one group, or the error that stopped it, even if that was another group's."""
    try:
        return future.result()
    except Stopped:
        errors = (f.exception() for f in futures)
        raise next(e for e in errors if e is not None and not isinstance(e, Stopped)) from None
