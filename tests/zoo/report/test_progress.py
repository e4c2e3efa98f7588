"""What people and logs see of a training that takes its time."""

import pytest

from deepworth.zoo.report import progress
from deepworth.zoo.results.runs import Event, Pace


def epoch(n, **more):
    pace = Pace(n, 40, "images", 5120.4, 12.0)
    return Event("epoch", "cnn", 3, 10, message=f"epoch {n}", pace=pace, **more)


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_a_pace_in_words():
    assert progress.pace_line(Pace(1, 40)) == "epoch 1 of 40"
    assert progress.pace_line(Pace(3, 40, "texts", 5120.4, 12.0)) == (
        "epoch 3 of 40, 5,120 texts/s, at most 12.0 s left"
    )


def test_a_log_gets_a_line_of_a_long_fit_every_ten_seconds(clock, capsys):
    with progress.bar() as watch:
        watch(Event("model", "cnn", 3, 10))
        for second in range(25):
            clock[0] = float(second)
            watch(epoch(second + 1))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "[3/10] cnn",
        "  cnn: epoch 12 of 40, 5,120 images/s, at most 12.0 s left",
        "  cnn: epoch 23 of 40, 5,120 images/s, at most 12.0 s left",
    ]


def test_the_training_of_one_model_is_told_too(clock, capsys):
    with progress.training("cnn") as watch:
        clock[0] = 11.0
        watch(epoch(7))
    with progress.training("cnn", enabled=False) as watch:
        clock[0] = 99.0
        watch(epoch(9))
    assert capsys.readouterr().err.count("cnn: epoch") == 1
