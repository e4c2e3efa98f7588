"""Models that behave badly, and good ones that note every fit, for processes that PYTHONPATH brings here."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar


def hang():
    """Never end, in C, holding Python's lock."""
    ctypes.PyDLL(None).sleep(100_000)


class Good:
    """Learns a line by least squares.

    ``seconds`` is how long a fit takes. Every fit writes to the ``log``, and waits until as many processes as
    ``meet`` says have done so.
    """

    def __init__(self, random_state=0, seconds=0.0, log=None, meet=0):
        self.random_state, self.seconds, self.log, self.meet = random_state, seconds, log, meet

    def get_params(self, deep=True):
        return {name: getattr(self, name) for name in ("random_state", "seconds", "log", "meet")}

    def set_params(self, **params):
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def _note(self, word):
        if self.log:
            with open(self.log, "a") as file:
                file.write(f"{word} {type(self).__name__} {self.random_state} {os.getpid()}\n")

    def _wait_for_others(self):
        while self.meet and len(self._processes()) < self.meet:
            time.sleep(0.01)

    def _processes(self):
        return {line.split()[3] for line in Path(self.log).read_text().splitlines()}

    def fit(self, X, y):
        import numpy as np

        self._note("fit")
        self._wait_for_others()
        time.sleep(self.seconds)
        noise = np.random.default_rng(self.random_state).normal(size=len(y))
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.weights = np.linalg.lstsq(self._numbers(X), codes + 0.1 * noise, rcond=None)[0]
        return self

    @staticmethod
    def _numbers(X):
        import numpy as np

        numbers = X.select_dtypes("number").to_numpy(dtype=float)
        return np.column_stack([np.ones(len(X)), np.nan_to_num(numbers)])

    def predict_proba(self, X):
        import numpy as np

        positive = np.clip(self._numbers(X) @ self.weights, 0.01, 0.99)
        return np.stack([1 - positive, positive], axis=1)


class AlsoGood(Good):
    """Another row of the leaderboard."""


class Sleeps(Good):
    """Hangs in C and holds Python's lock: no signal handler and no thread of the process runs."""

    def fit(self, X, y):
        self._note("fit")
        hang()


class Eats(Good):
    """50 GB, bit by bit."""

    def fit(self, X, y):
        import numpy as np

        self._note("fit")
        kept = []
        for _ in range(500):
            kept.append(np.ones(100_000_000, dtype=np.uint8))
            time.sleep(0.02)
        return super().fit(X, y)


class EatsInAChild(Good):
    """1 GB in a process that leaves the group of its parent."""

    def fit(self, X, y):
        code = "import time; kept = bytearray(b'1' * 1_000_000_000); time.sleep(60)"
        child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
        with open(self.log, "a") as file:
            file.write(f"child {child.pid}\n")
        child.wait()


class Hoards(Good):
    """Good, but it never gives back what it took."""

    kept: ClassVar[list] = []

    def fit(self, X, y):
        import numpy as np

        self.kept.append(np.ones(180_000_000, dtype=np.uint8))
        return super().fit(X, y)


class Raises(Good):
    """An error in two lines."""

    def fit(self, X, y):
        raise RuntimeError("no luck\ntoday")


class Prints(Good):
    """Garbage to both streams, beside Python as well; its answers are good."""

    def fit(self, X, y):
        for _ in range(200):
            print("\x00\xff{}[]" * 50)
            sys.stderr.write("garbage" * 50)
            os.write(1, b"\x80\x03garbage" * 50)
            os.write(2, b"\x80\x03garbage" * 50)
        return super().fit(X, y)


class Segfaults(Good):
    """Reads from address 0."""

    def fit(self, X, y):
        ctypes.string_at(0)


class Exits(Good):
    """Without a word."""

    def fit(self, X, y):
        os._exit(7)


class KillsParent(Good):
    """Takes along the Dask worker that started its process."""

    def fit(self, X, y):
        parent = os.getppid()
        shown = subprocess.run(["ps", "-o", "command=", "-p", str(parent)], capture_output=True, text=True)
        if "dask" in shown.stdout or "multiprocessing" in shown.stdout:  # a Dask worker, and nobody else
            os.kill(parent, 9)
        time.sleep(60)


class Killed(Good):
    """Ended from outside as often as the file beside its log says, then good."""

    def fit(self, X, y):
        left = Path(self.log + ".left")
        if times := int(left.read_text()):
            left.write_text(str(times - 1))
            os.kill(os.getpid(), 9)
        return super().fit(X, y)


class NotANumber(Good):
    """Probabilities that are none."""

    def predict_proba(self, X):
        return super().predict_proba(X) * float("nan")


class WrongShape(Good):
    """One row short."""

    def predict_proba(self, X):
        return super().predict_proba(X)[1:]


class Fleet(Good):
    """Fitted together: notes each fold.

    ``crash`` and ``hang`` name a file with the random state, or "any", whose fit takes the process along or
    never ends.
    """

    def __init__(self, random_state=0, seconds=0.0, log=None, crash=None, hang=None):
        super().__init__(random_state, seconds, log)
        self.crash, self.hang = crash, hang

    def get_params(self, deep=True):
        return {**super().get_params(), "crash": self.crash, "hang": self.hang}

    def fit(self, X, y):
        super().fit(X, y)
        if self._is_named_in(self.crash):
            os.kill(os.getpid(), 11)
        if self._is_named_in(self.hang):
            hang()
        self.fit_seconds_ = self.seconds
        return self

    def _is_named_in(self, file):
        return (
            file is not None
            and Path(file).exists()
            and Path(file).read_text() in ("any", str(self.random_state))
        )

    def fit_many(self, models, X, y, rows, progress=None, on_end=None, first_alone=False):
        for number, (model, own) in enumerate(zip(models, rows, strict=True)):
            model.fit(X.iloc[own], y[own])
            progress(number, 1, 1, {})
            on_end(number, None)


MODELS = {
    "good": Good,
    "also-good": AlsoGood,
    "sleeps": Sleeps,
    "eats": Eats,
    "hoards": Hoards,
    "raises": Raises,
    "prints": Prints,
    "segfaults": Segfaults,
    "exits": Exits,
    "not-a-number": NotANumber,
    "wrong-shape": WrongShape,
    "fleet": Fleet,
}
# For tests that ask for them.
APART = {"kills-parent": KillsParent, "eats-in-a-child": EatsInAChild, "killed": Killed}


def install(patch=setattr):
    """Add the models to the registry; ``patch`` may be one that is undone after a test."""
    from deepworth.datasets._catalogue import Entry
    from deepworth.zoo import registry

    entries, offers = registry.entries, registry.offers_fleets

    def more(family=None):
        found = entries(family)
        if family != "deep":
            found = {
                **found,
                **{name: Entry(name, _module(cls), "build") for name, cls in (MODELS | APART).items()},
            }
        return found

    patch(registry, "entries", more)
    patch(registry, "offers_fleets", lambda name, task: name == "fleet" or offers(name, task))


def _module(cls):
    if cls is Fleet:

        def build(task, modality, *, random_state=0, seconds=0.0, log=None, crash=None, hang=None):
            return cls(random_state, seconds, log, crash, hang)
    else:

        def build(task, modality, *, random_state=0, seconds=0.0, log=None, meet=0):
            return cls(random_state, seconds, log, meet)

    return SimpleNamespace(
        __name__="stand_ins", __doc__=cls.__doc__, TASKS=("binary",), MODALITIES=("tabular",), build=build
    )
