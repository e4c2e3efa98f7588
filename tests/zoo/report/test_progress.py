"""What people and logs see of a training that takes its time."""

import pytest

from deepworth.zoo.report import progress
from deepworth.zoo.results.runs import Event, Pace, Standing


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


def test_a_log_gets_the_score_of_a_model_when_its_last_fold_has_ended(capsys):
    with progress.bar() as watch:
        for folds in (1, 2, 3):
            standing = Standing("classical", "ROC AUC", True, 0.9, folds, 3)
            watch(Event("fold", "naive-bayes", folds, 9, standing=standing))
    assert capsys.readouterr().err.splitlines() == ["  naive-bayes: ROC AUC 0.900 (3 folds)"]


@pytest.mark.parametrize("greater", [True, False])
def test_the_board_of_a_terminal_has_the_best_model_first(greater, capsys):
    from rich.console import Console

    scores = {"rnn": 0.7, "nb-svm": 0.8, "broken": None, "cnn": 0.6}
    standings = {name: Standing("deep", "a metric", greater, score, 2, 5) for name, score in scores.items()}
    Console(width=80).print(progress.standings_table(standings))
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    order = ["nb-svm", "rnn", "cnn"]
    assert [line[0] for line in shown[1:]] == (order if greater else order[::-1])
    assert shown[0] == ["so", "far", "a", "metric", "folds"]
    assert shown[1][2] == "2/5"


def test_the_training_of_one_model_is_told_too(clock, capsys):
    with progress.training("cnn") as watch:
        clock[0] = 11.0
        watch(epoch(7))
    with progress.training("cnn", enabled=False) as watch:
        clock[0] = 99.0
        watch(epoch(9))
    assert capsys.readouterr().err.count("cnn: epoch") == 1
