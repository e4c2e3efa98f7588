"""Runs that were killed or interrupted go on, and end as if nothing had been."""

import json
import os
import signal
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from runs import install, numbers, rows, run, table, wait_until, workers

from deepworth import InputError, compare, resume, runs, verdict
from deepworth.cli import main
from deepworth.zoo.results.rows import FINISHED
from deepworth.zoo.runs.journal import VERSION, lock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="worker processes need Linux or macOS")
PROGRAM = [sys.executable, "-m", "deepworth.cli"]
MODELS = ["good", "also-good", "fleet"]
SLOW = {name: {"seconds": 0.25} for name in MODELS}


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch):
    return install(monkeypatch)


@pytest.fixture
def sick(tmp_path):
    data = table()
    path = tmp_path / "patients.csv"
    data.X.assign(sick=data.y).to_csv(path, index=False)
    return path


def command(data, store, *more):
    slow = [word for name in MODELS for word in ("--set", f"{name}.seconds=0.25")]
    words = ["compare", str(data), "-t", "sick", "-m", ",".join(MODELS), "--folds", "3", "-j", "1", *slow]
    return [*PROGRAM, *words, "--store", str(store), *more]


def begun(store, least=1):
    """The folder of the only run, when so many of its jobs have ended."""
    folders = [p for p in store.glob("[!.]*") if (p / "run.sqlite").exists()]
    try:
        return bool(folders) and sum(row["status"] == "ok" for row in rows(folders[0])) >= least
    except sqlite3.Error:
        return False


def folder_of(store):
    (found,) = store.iterdir()
    return found


def test_killed_and_resumed_equals_uninterrupted(sick, tmp_path):
    store = tmp_path / "runs"
    wanted = {"target": "sick", "models": MODELS, "folds": 3, "params": SLOW}
    uninterrupted = compare(str(sick), **wanted, jobs=0, store=tmp_path / "whole")
    process = subprocess.Popen(command(sick, store, "-q"), stdout=subprocess.DEVNULL)
    wait_until(lambda: begun(store, 4))
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not workers(process.pid), 5)
    folder = folder_of(store)
    before = {(r["model"], r["fold"]): r for r in rows(folder) if r["status"] == "ok"}
    assert 4 <= len(before) < 9
    (listed,) = runs(store=store)
    assert (listed.status, listed.jobs, listed.jobs_done) == ("unfinished", 9, len(before))
    shown = CliRunner().invoke(main, ["compare", "--resume", "last", "-q", "--store", str(store), "--json"])
    assert shown.exit_code == 0, shown.output
    assert numbers(json.loads(shown.stdout)) == numbers(uninterrupted.to_dict())
    kept = [pd.read_parquet(f / "predictions.parquet") for f in (folder, folder_of(tmp_path / "whole"))]
    assert kept[0].equals(kept[1])
    after = {(r["model"], r["fold"]): r for r in rows(folder)}
    assert {key: after[key] for key in before} == before  # nothing that had ended was touched
    assert sorted(p.name for p in folder.iterdir()) == ["predictions.parquet", "run.sqlite"]
    assert runs(store=store)[0].status == "ok"
    assert verdict("last", store=store).verdict == uninterrupted.verdict


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_a_job_that_never_would_and_says_how_to_go_on(sick, tmp_path, sent):
    store, hang = tmp_path / "runs", tmp_path / "hang"
    hang.write_text("any")
    words = command(sick, store, "-q", "--set", f"fleet.hang={hang}")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: begun(store, 6))  # those of the other two models
    process.send_signal(sent)
    shown, said = process.communicate(timeout=60)
    hang.unlink()
    assert process.returncode == 130
    assert "Interrupted; to resume" in shown
    assert all(name in shown for name in MODELS), "what was finished is shown"
    folder = folder_of(store)
    assert said.splitlines()[-1].endswith(f"deepworth compare --resume {folder}")
    assert not workers(process.pid)
    assert {row["status"] for row in rows(folder)} == {"ok", "interrupted"}
    assert runs(store=store)[0].status == "interrupted"
    before = [row for row in rows(folder) if row["status"] == "ok"]
    assert {r.model for r in runs("last", store=store).answer.leaderboard} == set(MODELS)
    result = resume(str(folder))
    assert result.exit_code == 0
    assert all(row in rows(folder) for row in before), "nothing that had ended ran again"
    again = compare(str(sick), target="sick", models=MODELS, folds=3, params=SLOW, jobs=0, store=False)
    assert numbers(result.to_dict()) == numbers(again.to_dict())


def interrupted(store, models=("good", "also-good"), after=3, **options):
    """A run in this process that Ctrl-C ends after so many jobs."""
    seen = []

    def watch(event):
        seen.append(event.kind)
        if seen.count("fold") == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="to resume: deepworth compare --resume"):
        run(list(models), store=store, jobs=0, progress=watch, **options)


def test_data_in_memory_are_handed_over_again(tmp_path):
    interrupted(tmp_path)
    with pytest.raises(InputError, match="had its data in memory"):
        resume("last", store=tmp_path)
    with pytest.raises(InputError, match="have changed"):
        resume("last", store=tmp_path, data=table(seed=1))
    assert runs(store=tmp_path)[0].status == "interrupted"  # and what it had is still there
    assert runs("last", store=tmp_path).answer.leaderboard
    result = resume("last", store=tmp_path, data=table(), jobs=0)
    whole = run(["good", "also-good"], jobs=0)
    assert numbers(result.to_dict()) == numbers(whole.to_dict())
    assert result.predictions().equals(whole.predictions())


def test_it_may_be_interrupted_again_and_again(tmp_path):
    interrupted(tmp_path, after=1)
    ended = [1]

    def once(event):
        if event.kind == "fold" and event.done == ended[0] + 1:
            ended[0] += 1
            raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            resume("last", store=tmp_path, data=table(), jobs=0, progress=once)
    result = resume("last", store=tmp_path, data=table())
    assert numbers(result.to_dict()) == numbers(run(["good", "also-good"]).to_dict())
    assert [row["attempts"] for row in rows(folder_of(tmp_path))] == [1] * 6


def test_what_failed_stays_failed(tmp_path):
    interrupted(tmp_path, models=["raises", "good"], after=4)
    result = resume("last", store=tmp_path, data=table())
    assert [row["attempts"] for row in rows(folder_of(tmp_path))][:3] == [1, 1, 1]
    assert result.leaderboard()["status"].tolist() == ["ok", "failed"]
    assert result.exit_code == 1


def killed(store, times, **options):
    """A run with a model whose worker is killed so often, and the file that says how often it still will."""
    left = store / "log.left"
    store.mkdir(exist_ok=True)
    left.write_text(str(times))
    params = {"killed": {"log": str(store / "log")}}
    options = {"folds": 2, "jobs": min(times, 1), **options}
    return run(["killed", "good"], store=store / "runs", params=params, **options), left


def test_a_worker_that_is_killed_from_outside_gets_another_try(tmp_path):
    said = []
    undisturbed, _ = killed(tmp_path / "undisturbed", 0)
    result, left = killed(tmp_path / "killed", 1, progress=said.append)
    assert left.read_text() == "0"
    assert result.exit_code == 0
    assert numbers(result.to_dict()) == numbers(undisturbed.to_dict())
    attempts = [r["attempts"] for r in rows(folder_of(tmp_path / "killed" / "runs")) if r["fold"] is not None]
    assert sorted(attempts)[-1] == 2
    assert [e.message for e in said if e.kind == "note"] == [
        "a worker process of killed was killed from outside; what it did is tried again once"
    ]


def test_what_failed_is_run_again_when_asked(tmp_path):
    undisturbed, _ = killed(tmp_path / "undisturbed", 0)
    result, left = killed(tmp_path / "killed", 100)
    assert result.leaderboard().set_index("model")["status"].to_dict() == {"killed": "crashed", "good": "ok"}
    store = tmp_path / "killed" / "runs"
    with pytest.raises(InputError, match="--retry failed tries what failed again"):
        resume("last", store=store, data=table())
    before = {(r["model"], r["fold"]): r for r in rows(folder_of(store)) if r["status"] == "ok"}
    left.write_text("0")
    again = resume("last", store=store, data=table(), retry="failed")
    assert numbers(again.to_dict()) == numbers(undisturbed.to_dict())
    after = {(r["model"], r["fold"]): r for r in rows(folder_of(store))}
    assert {key: after[key] for key in before} == before
    with pytest.raises(InputError, match="has ended") as refusal:
        resume("last", store=store, data=table(), retry="failed")
    assert "--retry" not in str(refusal.value)


@pytest.mark.parametrize("change", ["removed", "changed", "nothing"])
def test_data_that_change_during_a_run_are_noted(sick, change):
    said = []

    def act(event):
        said.append(event)
        if event.kind == "fold" and change == "removed":
            sick.unlink(missing_ok=True)
        elif event.kind == "fold" and change == "changed":
            sick.write_text("age\n1\n")

    result = compare(str(sick), target="sick", models=["good"], folds=2, jobs=0, store=False, progress=act)
    assert result.exit_code == 0
    notes = [e.message for e in said if e.kind == "note" and "during the run" in e.message]
    assert len(notes) == (change != "nothing")


def test_retry_goes_on_with_a_run(tmp_path):
    refused = CliRunner().invoke(main, ["compare", "iris", "--retry", "failed"])
    assert refused.exit_code == 2
    assert "--retry needs --resume" in refused.output


def test_a_run_that_ended_is_refused(tmp_path):
    run(["good"], store=tmp_path)
    with pytest.raises(InputError, match="has ended"):
        resume("last", store=tmp_path)


def test_a_second_process_is_refused(tmp_path):
    interrupted(tmp_path)
    held = lock(folder_of(tmp_path))
    try:
        with pytest.raises(InputError, match="another process works on the run"):
            resume("last", store=tmp_path, data=table())
    finally:
        os.close(held)


def test_predictions_that_were_lost_are_made_again(tmp_path):
    interrupted(tmp_path)
    folder = folder_of(tmp_path)
    (folder / "predictions.parquet").unlink()
    parts = sorted((folder / "parts").iterdir())
    parts[0].write_bytes(b"torn")
    result = resume("last", store=tmp_path, data=table(), jobs=0)
    assert numbers(result.to_dict()) == numbers(run(["good", "also-good"], jobs=0).to_dict())
    assert sorted(row["attempts"] for row in rows(folder)) == [1, 1, 1, 1, 1, 2]


def test_parameters_without_words_cannot_be_kept(tmp_path):
    interrupted(tmp_path, params={"good": {"seconds": np.float32(0)}})
    with pytest.raises(InputError, match="cannot be kept"):
        resume("last", store=tmp_path, data=table())


def test_a_run_of_another_version_is_listed_and_refused(tmp_path):
    run(["good"], store=tmp_path)
    folder = folder_of(tmp_path)
    with sqlite3.connect(folder / "run.sqlite") as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    assert [row.status for row in runs(store=tmp_path)] == ["unreadable"]
    for ask in (resume, verdict, runs):
        with pytest.raises(InputError, match="run of another version of deepworth"):
            ask("last", store=tmp_path)


def test_options_beside_resume_are_refused(sick, tmp_path):
    refused = CliRunner().invoke(main, ["compare", "--resume", "last", "--folds", "3"])
    assert refused.exit_code == 2
    assert "remove --folds" in refused.output


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
from deepworth.cli import main
main()
"""


def test_a_disk_that_fills_up_is_one_line_and_keeps_what_was_finished(sick, tmp_path):
    """No file may grow beyond a size: what a full disk looks like to a program."""
    store = tmp_path / "runs"
    fast = [word for name in MODELS for word in ("--set", f"{name}.seconds=0")]
    words = [*command(sick, store, "-q")[3:], "--folds", "15", *fast]
    done = subprocess.run(
        [sys.executable, "-c", FULL, "200000", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: cannot keep the run in ")
    finished = [row for row in rows(folder_of(store)) if row["status"] == "ok"]
    assert finished
    result = resume("last", store=store)
    assert result.exit_code == 0
    assert all(row["status"] in FINISHED and row["attempts"] <= 2 for row in rows(folder_of(store)))


def test_a_read_only_folder_is_one_line(sick, tmp_path):
    store = tmp_path / "runs"
    store.mkdir()
    store.chmod(0o555)
    if os.access(store, os.W_OK):  # the superuser may write everywhere
        store.rmdir()
        store.symlink_to("/proc/self")
    done = subprocess.run(command(sick, store, "-q"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: cannot keep the run in ")
