"""Train a few replicas side by side in one program: batches, schedules, early stopping, best epoch.

Rows and batches are the tensors of the program: all rows at once, or one piece of them after the other.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..preprocessing.base import ALIGNMENT, aligned_zeros, coarse
from .architecture import Architecture, Part, Replica, StreamedPart
from .packing import pack, unpack
from .program import Program, Recipe, Rows, State, Steps, program
from .settings import SCHEDULES, Settings, usable_batch

# One call does several epochs of so few steps: 3 x 128 at batch 32 takes 0.2 ms a step, a call 1 ms.
SHORT, MOST_AT_ONCE = 64, 5

# Called with the number of the replica, the epoch counted from 1, the number of epochs, and the losses.
Progress = Callable[[int, int, int, dict[str, float]], None]


@dataclass
class Trained:
    """A trained Keras model.

    Attributes
    ----------
    model : keras.Model
        The network with the weights of its best epoch.
    history : keras.callbacks.History
        Losses by epoch.
    best_epoch : int
        The epoch whose weights it has, counted from 0.
    seconds : float
        Wall time of its training, which other replicas of its fleet may have shared.

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
    >>> len(trained.history.history["val_loss"])
    2
    """

    model: keras.Model
    history: keras.callbacks.History
    best_epoch: int
    seconds: float


class Stopped(Exception):
    """Training was stopped from another thread."""


class Lane:
    """One replica in training: random numbers, history, best epoch, and whether it still trains."""

    def __init__(self, number: int, replica: Replica, batch_size: int, model: keras.Model) -> None:
        self.number, self.model = number, model
        self.n_rows = len(replica.train)
        self.steps = self.n_rows // batch_size
        self.batch_size = batch_size
        self.rng = np.random.default_rng(replica.seed)
        self.logs: list[dict[str, float]] = []
        self.best_loss, self.best_epoch = math.inf, 0
        self.moving = True

    def batches(self) -> np.ndarray:
        """Row numbers (steps, batch_size) of the next epoch."""
        drawn = self.rng.permutation(self.n_rows)[: self.steps * self.batch_size]
        return drawn.reshape(self.steps, self.batch_size).astype(np.int32)

    def end_epoch(self, logs: dict[str, float], patience: int | None) -> None:
        """Keep the losses of an epoch and decide whether to go on."""
        epoch = len(self.logs)
        if not all(math.isfinite(value) for value in logs.values()):
            raise ValueError(
                f"training diverged in epoch {epoch + 1}: the loss is not finite; use a smaller learning_rate"
            )
        self.logs.append(logs)
        watched = logs.get("val_loss")
        if watched is None or watched < self.best_loss:
            self.best_loss, self.best_epoch = math.inf if watched is None else watched, epoch
        elif patience is not None and epoch - self.best_epoch >= patience:
            self.moving = False

    def history(self, settings: Settings) -> keras.callbacks.History:
        """As ``keras.Model.fit`` returns it."""
        history = keras.callbacks.History()
        history.set_model(self.model)
        history.set_params({"epochs": settings.epochs, "steps": self.steps, "verbose": 0})
        history.epoch = list(range(len(self.logs)))
        history.history = {name: [logs[name] for logs in self.logs] for name in self.logs[0]}
        return history


def train_lanes(
    architecture: Architecture,
    numbered: Sequence[tuple[int, Replica]],
    settings: Settings,
    lanes: int,
    progress: Progress | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    stop: threading.Event | None = None,
    wait: Callable[[], Any] | None = None,
) -> list[Trained]:
    """Train up to ``lanes`` replicas of equal batch size in one program.

    A replica's rows, shuffling, dropout stream, schedule and early stopping are its own: its result does
    not depend on other replicas but for the rounding of sums. ``wait`` is called before the first epoch.
    """
    started = time.perf_counter()
    training = _LaneTraining(architecture, numbered, settings, lanes, callbacks)
    if wait is not None:
        wait()
    for epoch in range(0, settings.epochs, training.at_once):
        if stop is not None and stop.is_set():
            raise Stopped
        training.do_epochs(epoch, progress)
        if not any(lane.moving for lane in training.running):
            break
    training.finish()
    seconds = time.perf_counter() - started
    return [
        Trained(lane.model, lane.history(settings), lane.best_epoch, seconds) for lane in training.running
    ]


class _LaneTraining:
    """The networks of all lanes in training, and the program that trains them."""

    def __init__(
        self,
        architecture: Architecture,
        numbered: Sequence[tuple[int, Replica]],
        settings: Settings,
        lanes: int,
        callbacks: Sequence[keras.callbacks.Callback],
    ) -> None:
        self.settings, self.lanes = settings, lanes
        replicas = [replica for _, replica in numbered]
        batch_size = usable_batch(settings.batch_size, min(len(replica.train) for replica in replicas))
        self.running = [
            Lane(number, replica, batch_size, architecture.started(replica.seed, replica.train))
            for number, replica in numbered
        ]
        self.models = [lane.model for lane in self.running]
        self._prepare(architecture, replicas, batch_size, bool(callbacks))
        self.has_callbacks = bool(callbacks)
        self.callbacks = keras.callbacks.CallbackList(
            list(callbacks), model=self.models[0], epochs=settings.epochs
        )
        self.models[0].stop_training = False
        self.callbacks.on_train_begin()

    def _prepare(
        self, architecture: Architecture, replicas: list[Replica], batch_size: int, has_callbacks: bool
    ) -> None:
        """Rows and weights as tensors, and the compiled program."""
        spare = self.lanes - len(self.running)  # they hold a network that never trains
        self.watching = watched([replica.validation for replica in replicas + replicas[:1] * spare])
        n_steps = max(lane.steps for lane in self.running)
        parts = [replica.train for replica in replicas]
        streamed = streams(parts, self.lanes)
        self.at_once = 1 if has_callbacks or streamed else _epochs_at_once(self.settings, n_steps)
        recipe = _recipe(self.settings, batch_size, self.lanes, bool(self.watching), self.at_once, streamed)
        self.program = program(architecture, recipe)
        self.source = feed(parts, batch_size, self.program.room, streamed)
        for lane in self.running:
            lane.steps = self.source.usable_steps(lane.steps)
        self.state = _start(self.models + self.models[:1] * spare, self.settings.averaging)

    def do_epochs(self, epoch: int, progress: Progress | None) -> None:
        """As many epochs as one call does."""
        self.callbacks.on_epoch_begin(epoch)
        each = [_steps(self.running, self.settings, epoch + i, self.lanes) for i in range(self.at_once)]
        steps = Steps(*(x[0] if self.at_once == 1 else np.stack(x) for x in zip(*each, strict=True)))
        calls = self.source.calls(steps)
        self.state, losses, val_losses = _epoch(self.program, self.state, calls, self.watching)
        losses, val_losses = (x.reshape(self.at_once, self.lanes) for x in (losses, val_losses))
        for i in range(self.at_once):
            val_loss = val_losses[i] if self.watching else None
            _end_epoch(self.running, losses[i], val_loss, self.settings, progress)
        if self.has_callbacks:
            _set_weights(self.models[0], self.state.watched, self.state.other, 0)
            self.callbacks.on_epoch_end(epoch, dict(self.running[0].logs[-1]))
            self.running[0].moving &= not self.models[0].stop_training

    def finish(self) -> None:
        """Give every network the weights of its best epoch."""
        state = self.state
        best = (state.best_trainable, state.best_other) if self.watching else (state.watched, state.other)
        for i, model in enumerate(self.models):
            _set_weights(model, *best, i)
        self.callbacks.on_train_end()


def _epoch(
    compiled: Program, state: State, calls: Iterable[tuple[Rows, Steps]], watching: Sequence[Rows]
) -> tuple[State, np.ndarray, np.ndarray]:
    """State and losses after the calls of an epoch; they have equally many steps."""
    losses, val_losses = [], []
    for rows, steps in calls:
        state, loss, val_loss = compiled.epoch(state, rows, steps, *watching)
        losses.append(loss.numpy())
        val_losses.append(val_loss)
    return state, np.mean(losses, axis=0) if len(losses) > 1 else losses[0], val_losses[-1].numpy()


def _epochs_at_once(settings: Settings, n_steps: int) -> int:
    """How many epochs one call does: several of few steps where nothing can end the training early."""
    if not settings.jit or settings.patience is not None or n_steps > SHORT:
        return 1
    return max(n for n in range(1, MOST_AT_ONCE + 1) if settings.epochs % n == 0)


def _recipe(
    settings: Settings, batch_size: int, lanes: int, is_watched: bool, epochs: int, streamed: bool
) -> Recipe:
    return Recipe(
        batch_size,
        lanes,
        settings.jit,
        is_watched,
        settings.label_smoothing,
        settings.beta_2,
        settings.clip_norm,
        settings.averaging,
        settings.bias_rate,
        settings.weight_decay > 0,
        epochs,
        streamed,
    )


def _end_epoch(
    running: Sequence[Lane], loss: Any, val_loss: Any, settings: Settings, progress: Progress | None
) -> None:
    """Give every lane that still trains its losses of the epoch."""
    for i, lane in enumerate(running):
        if not lane.moving:
            continue
        logs = {"loss": float(loss[i])}
        if val_loss is not None:
            logs["val_loss"] = float(val_loss[i])
        lane.end_epoch(logs, settings.patience)
        if progress is not None:
            progress(lane.number, len(lane.logs), settings.epochs, logs)


def _start(models: Sequence[keras.Model], averaging: float = 0.0) -> State:
    """Fresh weights of all lanes, stacked, and the optimiser before its first step."""
    trainable = tf.constant(np.stack([pack(model) for model in models]))
    weights = ([v.numpy() for v in model.non_trainable_variables] for model in models)
    other = [tf.constant(np.stack(v)) for v in zip(*weights, strict=True)]
    zeros, lanes = tf.zeros_like(trainable), len(models)
    return State(
        trainable,
        trainable if averaging else tf.zeros((lanes, 0)),
        other,
        zeros,
        zeros,
        tf.zeros(lanes),
        trainable,
        other,
        tf.fill(lanes, math.inf),
    )


def _steps(running: Sequence[Lane], settings: Settings, epoch: int, lanes: int) -> Steps:
    """Batches, rates and decays of the next epoch; lanes that have ended do not move."""
    n_steps = max(lane.steps for lane in running)
    rows = np.zeros((n_steps, lanes, running[0].batch_size), np.int32)
    rate, decay = np.zeros((2, n_steps, lanes), np.float32)
    moves, ends = np.zeros((2, n_steps, lanes), bool)
    ends[-1] = True
    for i, lane in enumerate(running):
        if not lane.moving:
            continue
        steps = slice(lane.steps)
        progress = (epoch + np.arange(lane.steps) / lane.steps) / settings.epochs
        rows[steps, i] = lane.batches()
        rate[steps, i] = settings.learning_rate * SCHEDULES[settings.schedule](progress)
        decay[steps, i] = settings.weight_decay * SCHEDULES[settings.decay_schedule](progress)
        moves[steps, i] = True
    return Steps(rows, rate, decay, moves, ends)


def _set_weights(model: keras.Model, trainable: Any, other: Sequence[Any], lane: int) -> None:
    unpack(model, np.asarray(trainable)[lane])
    for variable, value in zip(model.non_trainable_variables, other, strict=True):
        variable.assign(value[lane])


PIECE = 16_384  # rows, at most


class Whole:
    """Rows of all lanes that stay where the program finds them."""

    def __init__(self, parts: Sequence[Part | StreamedPart], room: Callable[[int], int]) -> None:
        self._rows, self._offsets = stacked([_whole(part) for part in parts], room)

    def usable_steps(self, n_steps: int) -> int:
        """Of so many steps in an epoch, how many are done."""
        return n_steps

    def calls(self, steps: Steps) -> Iterator[tuple[Rows, Steps]]:
        """Rows and steps of each call of an epoch, or of several at once: a single call."""
        offsets = np.asarray(self._offsets + [0] * (steps.rows.shape[-2] - len(self._offsets)), np.int32)
        yield self._rows, _tensors(steps._replace(rows=steps.rows + offsets[:, None]))


class Pieces:
    """Rows of one lane, put into network form again in every epoch, a shuffled piece at a time.

    All pieces have the same number of steps, as XLA would compile again for another; the steps that remain
    (fewer than there are pieces) come first in another epoch.
    """

    def __init__(self, part: StreamedPart, batch_size: int) -> None:
        self._part = part
        self._n_pieces = -(-len(part) // max(PIECE, batch_size))

    def usable_steps(self, n_steps: int) -> int:
        """Of so many steps in an epoch, how many are done."""
        return self._n_pieces * (n_steps // self._n_pieces)

    def calls(self, steps: Steps) -> Iterator[tuple[Rows, Steps]]:
        """Rows and steps of each call of an epoch."""
        for arrays in zip(*(np.split(x, self._n_pieces) for x in steps), strict=True):
            piece = Steps(*arrays)
            rows, _ = stacked([self._part.piece(piece.rows.ravel())])
            numbers = np.arange(piece.rows.size, dtype=np.int32).reshape(piece.rows.shape)
            yield rows, _tensors(piece._replace(rows=numbers))


def feed(
    parts: Sequence[Part | StreamedPart], batch_size: int, room: Callable[[int], int], streamed: bool
) -> Whole | Pieces:
    """Rows for a program; ``streamed`` as :func:`streams` says."""
    if streamed and isinstance(parts[0], StreamedPart):
        return Pieces(parts[0], batch_size)
    return Whole(parts, room)


def streams(parts: Sequence[Part | StreamedPart], lanes: int) -> bool:
    """Whether a program is fed piece by piece: one lane, whose rows come so."""
    return lanes == 1 and isinstance(parts[0], StreamedPart)


def _whole(part: Part | StreamedPart) -> Part:
    return part.whole() if isinstance(part, StreamedPart) else part


def _tensors(steps: Steps) -> Any:
    return Steps(*(tf.constant(x) for x in steps))


LARGE = 50_000  # rows


def stacked(parts: Sequence[Part], room: Callable[[int], int] = coarse) -> tuple[Rows, list[int]]:
    """All rows concatenated, and where each part begins.

    The number of rows is rounded up (``room``), so that folds of nearly equal size share compiled code;
    the added rows are never drawn. Large parts stay as they are: a second of compiling matters less there
    than a second copy of the rows.
    """
    lengths = [len(part) for part in parts]
    total = sum(lengths) if sum(lengths) >= LARGE else room(sum(lengths))
    offsets = [sum(lengths[:i]) for i in range(len(parts))]

    def stack(arrays: Sequence[np.ndarray]) -> Any:
        if len(arrays) == 1 and len(arrays[0]) == total:
            return as_tensor(arrays[0])
        joined = aligned_zeros((total, *arrays[0].shape[1:]), arrays[0].dtype)
        for array, start in zip(arrays, offsets, strict=True):
            joined[start : start + len(array)] = array
        return as_tensor(joined)

    return _as_rows(parts, stack), offsets


def watched(parts: Sequence[Part | None]) -> tuple[Rows, ...]:
    """Validation rows of all lanes at equal length, padded with rows of weight zero; () without any."""
    known = [part for part in parts if part is not None]
    if not known:
        return ()
    longest = max(len(part) for part in known)
    length = longest if longest >= LARGE else coarse(longest)

    def stack(arrays: Sequence[np.ndarray]) -> Any:
        if len(arrays) == 1 and len(arrays[0]) == length:
            return as_tensor(arrays[0])
        joined = aligned_zeros((len(arrays), length, *arrays[0].shape[1:]), arrays[0].dtype)
        for block, array in zip(joined, arrays, strict=True):
            block[: len(array)] = array
        return as_tensor(joined.reshape(-1, *arrays[0].shape[1:]))

    return (_as_rows(known, stack),)


def _as_rows(parts: Sequence[Part], stack: Callable[[Sequence[np.ndarray]], Any]) -> Rows:
    inputs = {name: stack([part.arrays[name] for part in parts]) for name in parts[0].arrays}
    return Rows(inputs, stack([p.target for p in parts]), stack([p.weight for p in parts]))


def as_tensor(array: np.ndarray) -> Any:
    """The array as a tensor, without a copy where it is large and its memory is aligned."""
    shared = array.nbytes >= 2**20 and array.ctypes.data % ALIGNMENT == 0 and array.flags.c_contiguous
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__()) if shared else tf.constant(array)
