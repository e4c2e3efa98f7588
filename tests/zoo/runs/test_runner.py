"""Jobs in worker processes: bad ones cost their own rows, good ones give what they give alone."""

import contextlib
import io
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from runs import install, numbers, plan_of, results, run, table, workers

from deepworth.zoo.report import terminal
from deepworth.zoo.runs import workers as _workers
from deepworth.zoo.runs.worker import Family, descendants, resident_bytes
from deepworth.zoo.workflows.compare import compare

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="worker processes need Linux or macOS")

GOOD = ["good", "also-good", "prints", "fleet", "hoards"]


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch):
    return install(monkeypatch)


ONCE = {"folds": None, "holdout": 0.3, "repeats": 1}  # each bad model takes a worker along: once is enough


def scores(result, models):
    """Model, score and metrics of the rows that these models got."""
    board, _, _ = numbers(result.to_dict())
    return [{k: row[k] for k in ("model", "score", "metrics")} for row in board if row["model"] in models]


def test_every_bad_model_is_a_row_of_its_kind_and_good_ones_are_untouched(stand_ins):
    models = [name for name in stand_ins.MODELS if name != "sleeps"]
    result = run(models, **ONCE, memory_limit="600MB")
    board = result.leaderboard().set_index("model")
    assert board["status"].to_dict() == {
        **dict.fromkeys(GOOD, "ok"),
        **dict.fromkeys(["raises", "not-a-number", "wrong-shape"], "failed"),
        **dict.fromkeys(["segfaults", "exits"], "crashed"),
        "eats": "out_of_memory",
    }
    reasons = board["reason"]
    assert reasons["eats"] == "took more than the 0.6 GB of its memory limit"
    assert reasons["raises"] == "RuntimeError: no luck"
    assert reasons["segfaults"] == "ended by SIGSEGV"
    assert reasons["exits"] == "the process exited with code 7"
    assert result.exit_code == 1
    assert set(result.verdict.missing) == set(models) - set(GOOD)
    assert not workers(os.getpid())
    assert scores(result, GOOD) == scores(run(GOOD, **ONCE, jobs=0), GOOD)


def test_a_model_that_hangs_is_ended_and_the_others_are_untouched():
    """A good fit takes milliseconds, a hanging one never ends: the limit holds on any machine."""
    result = run(["good", "sleeps", "also-good"], **ONCE, time_limit=5)
    board = result.leaderboard().set_index("model")
    assert board["status"].to_dict() == {"good": "ok", "also-good": "ok", "sleeps": "timeout"}
    assert board["reason"]["sleeps"] == "ran longer than 5 s"
    assert result.exit_code == 1
    assert not workers(os.getpid())
    assert scores(result, GOOD) == scores(run(["good", "also-good"], **ONCE, jobs=0), GOOD)


def test_here_in_a_worker_and_in_several_the_numbers_are_equal():
    models = ["good", "logistic-regression", "random-forest", "fleet"]
    few = {"random-forest": {"n_estimators": 5}}
    answers = [run(models, params=few, jobs=jobs) for jobs in (0, 1, 3)]
    first = answers[0]
    for other in answers[1:]:
        assert numbers(other.to_dict()) == numbers(first.to_dict())
        assert other.predictions().equals(first.predictions())
    assert [a.to_dict()["plan"]["limits"]["workers"] for a in answers] == [0, 1, 3]


def shown(result):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        terminal.show(result.answer, as_json=False)
    return " ".join(said.getvalue().split())


def test_times_taken_beside_others_are_marked(tmp_path):
    models, meet = ["good", "also-good"], {"log": str(tmp_path / "log"), "meet": 2, "seconds": 0.1}
    alone = run(models, folds=2)
    assert not any(row.contended for row in results(alone))
    shared = run(models, params=dict.fromkeys(models, meet), folds=2, jobs=2)
    assert any(row.contended for row in results(shared))
    assert any(row.contended for row in shared.answer.leaderboard)
    assert not any(row.contended for row in alone.answer.leaderboard)
    assert "while other jobs were running (--jobs 2)" in shown(shared)
    assert "other jobs" not in shown(alone)


def test_a_crash_in_a_fleet_costs_the_fold_that_crashed(tmp_path):
    """What had ended stays, the others are tried again one by one."""
    plan = plan_of(table(), ["fleet"], folds=4)
    crash, log = tmp_path / "crash", tmp_path / "log"
    crash.write_text(str(plan.jobs[2].seed(0)))
    result = run(["fleet"], folds=4, params={"fleet": {"crash": str(crash), "log": str(log)}})
    assert [job.status for job in results(result)] == ["ok", "ok", "crashed", "ok"]
    assert results(result)[2].reason == "ended by SIGSEGV"
    fits = [line.split()[2] for line in log.read_text().splitlines()]
    assert [fits.count(str(job.seed(0))) for job in plan.jobs] == [1, 1, 2, 1]
    good = run(["fleet"], folds=4, jobs=0)
    for ours, theirs in zip(results(result), results(good), strict=True):
        if ours.status == "ok":
            np.testing.assert_array_equal(ours.prediction, theirs.prediction)


def test_a_fleet_that_hangs_keeps_what_it_finished_and_is_not_tried_again(tmp_path):
    plan = plan_of(table(), ["fleet"], folds=3)
    hang, log = tmp_path / "hang", tmp_path / "log"
    hang.write_text(str(plan.jobs[1].seed(0)))
    result = run(["fleet"], params={"fleet": {"hang": str(hang), "log": str(log)}}, time_limit=2)
    assert [job.status for job in results(result)] == ["ok", "timeout", "timeout"]
    assert results(result)[1].reason == "ran longer than 6 s for 3 fits together"
    assert len(log.read_text().splitlines()) == 2


def test_a_warm_worker_runs_many_jobs(tmp_path):
    log = tmp_path / "log"
    run(["good", "also-good"], params={name: {"log": str(log)} for name in ("good", "also-good")})
    processes = {line.split()[3] for line in log.read_text().splitlines()}
    assert len(processes) == 1


def test_what_a_job_leaves_in_memory_is_not_the_fault_of_the_next():
    """Four times 180 MB are more than the limit; each alone is not."""
    result = run(["hoards"], folds=4, memory_limit="600MB")
    assert [job.status for job in results(result)] == ["ok"] * 4


def test_a_model_that_leaves_by_sys_exit_fails_here_too(monkeypatch, stand_ins):
    monkeypatch.setattr(stand_ins.Raises, "fit", lambda self, X, y: sys.exit("bye"))
    result = run(["raises", "good"], jobs=0)
    assert result.leaderboard().set_index("model").loc["raises", "reason"] == "SystemExit: bye"


def test_a_worker_that_cannot_start_says_why(tmp_path, monkeypatch):
    (tmp_path / "pickle.py").write_text("raise ImportError('no pickle today')")
    monkeypatch.syspath_prepend(str(tmp_path))
    result = run(["good"], folds=2)
    (reason,) = {job.reason for job in results(result)}
    assert reason.startswith("a worker process could not start: ")
    assert "no pickle today" in reason
    assert result.exit_code == 1


def test_a_system_that_starts_no_process_says_why(monkeypatch):
    def full(*_):
        raise OSError("no more processes")

    monkeypatch.setattr(_workers, "WorkerProcess", full)
    result = run(["good"], folds=2)
    assert {job.reason for job in results(result)} == {"no worker process: no more processes"}


def test_a_fault_of_the_runner_ends_the_run(monkeypatch):
    monkeypatch.setattr(_workers.Workers, "_check_memory", lambda self: 1 / 0)
    with pytest.raises((ZeroDivisionError, RuntimeError)):
        run(["good"], folds=2)


def test_a_script_without_a_guard_and_from_a_pipe(tmp_path):
    """Nothing of the caller's main module is imported again."""
    code = (
        "import deepworth; r = deepworth.compare('iris', models='constant', folds=2, jobs=1, store=False); "
    )
    code += "print(r.leaderboard()['status'][0])"
    done = subprocess.run([sys.executable, "-"], input=code, capture_output=True, text=True, check=False)
    assert done.stdout == "ok\n", done.stderr


def test_it_works_in_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(run(["good"])))
    thread.start()
    thread.join(60)
    assert found[0].exit_code == 0


def test_a_network_gives_the_same_numbers_in_a_worker(monkeypatch):
    models, few = ["perceptron", "constant"], {"perceptron": {"epochs": 4}}
    here = compare(table(), models=models, params=few, folds=3, jobs=0, store=False)
    there = compare(table(), models=models, params=few, folds=3, jobs=1, store=False)
    assert here.predictions().equals(there.predictions())
    assert numbers(here.to_dict()) == numbers(there.to_dict())


def test_memory_of_a_process_is_measured():
    assert resident_bytes(os.getpid()) > 2**24
    assert resident_bytes(2**22 + 1) == 0


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="processes below a worker are seen on Linux only")
FORK = """
import os, sys, time
kept = bytearray(200_000_000)
for _ in range(3):
    if os.fork() == 0:
        time.sleep(60)
print("ready", flush=True)
time.sleep(60)
"""


@LINUX
def test_memory_of_forked_children_counts_once():
    process = subprocess.Popen([sys.executable, "-c", FORK], stdout=subprocess.PIPE, start_new_session=True)
    try:
        process.stdout.readline()
        family = Family(process.pid)
        assert len(descendants(process.pid)) == 3
        assert family.bytes() > 800_000_000
        assert 200_000_000 < family.bytes(most=500_000_000) < 300_000_000
    finally:
        os.killpg(process.pid, 9)
        process.communicate()


@LINUX
def test_memory_of_children_counts_and_none_outlives_its_worker(tmp_path):
    """Children in a session of their own: a kill of the worker's group would not reach them."""
    log = tmp_path / "log"
    result = run(
        ["eats-in-a-child"], folds=2, memory_limit="600MB", params={"eats-in-a-child": {"log": str(log)}}
    )
    (reason,) = {job.reason for job in results(result)}
    assert reason == "took more than the 0.6 GB of its memory limit"
    children = [int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("child")]
    assert len(children) == 2
    assert not any(resident_bytes(pid) for pid in children)
