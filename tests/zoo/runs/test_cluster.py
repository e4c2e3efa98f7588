"""A real Dask scheduler and real workers: the same rows as on one machine, whatever dies on the way."""

import contextlib
import json
import os
import platform
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import venv
from pathlib import Path

import pytest
from runs import STAND_INS, install, numbers, results, rows, run, wait_until

from deepworth import InputError, compare, resume
from deepworth.zoo.artefact.inspecting import versions
from deepworth.zoo.runs.cluster import check_workers, unfit

distributed = pytest.importorskip("distributed", reason="needs pip install 'deepworth[cluster]'")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="worker processes need Linux or macOS"),
    pytest.mark.xdist_group("cluster"),
]
QUIET = {"DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "1h", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
PROGRAM = [sys.executable, "-m", "deepworth.cli"]


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch):
    return install(monkeypatch)


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """An interpreter that has every package of this one but deepworth."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False, symlinks=True)
    version = "python{}.{}".format(*sys.version_info)
    packages = folder / "lib" / version / "site-packages"
    for source in {p for p in map(Path, sys.path) if p.name == "site-packages"}:
        for entry in source.iterdir():
            own = packages / entry.name
            if "deepworth" not in entry.name and entry.suffix != ".pth" and not own.exists():
                own.symlink_to(entry)
    return folder / "bin" / "python"


class Cluster:
    """A scheduler and workers in processes of their own, as a user starts them."""

    def __init__(self, folder, python):
        self.folder, self._processes = folder, []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        words = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        self.scheduler = self.start(python, *words)

    def start(self, python, *words):
        with open(self.folder / f"log-{len(self._processes)}", "wb") as log:
            process = subprocess.Popen(
                [str(python), "-m", "dask", *words],
                env={**os.environ, **QUIET, "PYTHONPATH": str(STAND_INS)},
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def worker(self, *more, python=sys.executable):
        name = f"number{len(self._processes)}"
        words = ("worker", self.address, "--nthreads", "1", "--no-dashboard", "--name", name, *more)
        process = self.start(python, *words)
        with self.client() as client:  # by name: another one may be starting again
            wait_until(lambda: any(name in known for known in self.names(client)), 120)
        return process

    @staticmethod
    def names(client):
        return [str(worker["name"]) for worker in client.scheduler_info()["workers"].values()]

    def count(self):
        with self.client() as client:
            return len(client.nthreads())

    def wait_for(self, number):
        with self.client() as client:
            client.wait_for_workers(number, timeout=120)

    def client(self):
        return distributed.Client(self.address, timeout=30, set_as_default=False)

    def pids(self):
        """Process of each worker by its address."""
        with self.client() as client:
            return client.run(os.getpid)

    def children(self):
        """Ids of our processes below any Dask worker of this cluster."""
        shown = subprocess.run(["ps", "-axo", "pid=,pgid=,stat=,command="], capture_output=True, text=True)
        lines = [line.split(None, 3) for line in shown.stdout.splitlines()]
        parents = set(self.pids().values())
        return {
            int(pid)
            for pid, _, state, words in lines
            if not state.startswith("Z") and any(f'"parent": {p},' in words for p in parents)
        }

    def close(self):
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, bare_python):
    """Two workers that start again when they die; the scheduler has no deepworth and needs none."""
    found = Cluster(tmp_path_factory.mktemp("cluster"), bare_python)
    try:
        found.worker("--nworkers", "2")
        found.wait_for(2)
        yield found
    finally:
        found.close()


def on(cluster, models, **options):
    return run(models, jobs=None, cluster=cluster.address, **options)


def test_the_same_numbers_as_here_in_the_same_journal(cluster, tmp_path):
    models, few = ["good", "logistic-regression", "fleet"], {"good": {"seconds": 0.2}}
    there = on(cluster, models, store=tmp_path, params=few)
    here = run(models, jobs=0, params=few)
    assert numbers(there.to_dict()) == numbers(here.to_dict())
    assert there.predictions().equals(here.predictions())
    (folder,) = tmp_path.iterdir()
    kept = rows(folder)
    assert [(row["status"], row["attempts"]) for row in kept] == [("ok", 1)] * 9
    assert any(row["contended"] for row in kept if row["model"] == "good")  # two workers, one machine
    with contextlib.closing(sqlite3.connect(folder / "run.sqlite")) as db:
        host = json.loads(db.execute("SELECT host FROM run").fetchone()[0])
    assert host["cluster"]["address"] == cluster.address
    assert list(host["cluster"]["workers"].values()) == [1, 1]
    wait_until(lambda: not cluster.children())


def test_the_data_travel_once_to_each_worker(cluster):
    on(cluster, ["good", "also-good"], folds=10)

    def arrivals(dask_worker):
        return [entry[0] for entry in dask_worker.state.log if entry[1] == "put-in-memory"]

    with cluster.client() as client:
        found = client.run(arrivals)
    last = {[key for key in keys if key.startswith("bytes-")][-1] for keys in found.values()}
    assert len(last) == 1  # the key of this run's data
    counts = [keys.count(next(iter(last))) for keys in found.values()]
    assert all(1 <= count <= 2 for count in counts), counts  # Dask may drop them where nothing waits for them


def test_costs_are_measured_there_one_model_at_a_time(cluster):
    result = on(cluster, ["constant", "naive-bayes"], folds=2, costs=True)
    sheets = [row.costs for row in result.answer.leaderboard]
    assert [(sheet.status, sheet.contended, sheet.rows) for sheet in sheets] == [("ok", False, 90)] * 2


def test_bad_models_cost_their_own_rows_there_too(cluster):
    models = {"good": "ok", "raises": "failed", "segfaults": "crashed", "eats": "out_of_memory"}
    before = cluster.pids()
    result = on(cluster, [*models], folds=2, memory_limit="600MB")
    board = result.leaderboard().set_index("model")
    assert board["status"].to_dict() == models, board["reason"].to_dict()
    assert board["reason"]["segfaults"] == "ended by SIGSEGV"
    assert result.exit_code == 1
    hanging = on(cluster, ["good", "sleeps"], folds=2, time_limit=5).leaderboard().set_index("model")
    assert hanging["status"].to_dict() == {"good": "ok", "sleeps": "timeout"}
    assert cluster.pids() == before  # no Dask worker died of it


def in_background(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()

    def wait(seconds=60):
        thread.join(seconds)
        return found[0]

    return wait


def test_a_worker_killed_in_the_middle_is_replaced(cluster, tmp_path):
    log, slow = tmp_path / "log", {"good": {"seconds": 1.0, "log": str(tmp_path / "log")}}
    wait = in_background(lambda: on(cluster, ["good", "fleet"], store=tmp_path / "runs", params=slow))
    wait_until(log.exists)
    parent = ["ps", "-o", "ppid=", "-p", log.read_text().split()[3]]  # of the process that fits
    os.kill(int(subprocess.run(parent, capture_output=True, check=True).stdout), signal.SIGKILL)
    result = wait()
    here = run(["good", "fleet"], jobs=0)
    assert result.predictions().equals(here.predictions())
    assert result.exit_code == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert sum(row["attempts"] for row in rows(folder)) > len(rows(folder)) == 6  # what it ran, ran again
    cluster.wait_for(2)


def test_all_workers_killed_and_started_again(cluster, tmp_path):
    """Nobody has the data any more: they are sent again."""
    log = tmp_path / "log"
    wait = in_background(lambda: on(cluster, ["good"], params={"good": {"seconds": 1.0, "log": str(log)}}))
    wait_until(log.exists)
    for pid in cluster.pids().values():
        os.kill(pid, signal.SIGKILL)
    assert [row.status for row in results(wait())] == ["ok"] * 3
    cluster.wait_for(2)


def test_a_job_that_kills_its_worker_each_time_ends_as_crashed(cluster):
    result = on(cluster, ["good", "kills-parent"], folds=2)
    states = {name: [row.status for row in results(result, name)] for name in result.answer.plan.models}
    assert states == {"good": ["ok", "ok"], "kills-parent": ["crashed", "crashed"]}
    reason = result.leaderboard().set_index("model")["reason"]["kills-parent"]
    # both workers may go at a time, and the data with them
    assert re.match(
        r"(2|the) Dask workers died under it, (the last was tcp://127\.|those that had its)", reason
    )
    cluster.wait_for(2)


def test_a_worker_without_deepworth_is_refused(cluster, bare_python):
    worker = cluster.worker("--no-nanny", python=bare_python)
    try:
        with pytest.raises(
            InputError, match=r"tcp://.* has no deepworth; .*pip install 'deepworth\[cluster\]=="
        ):
            on(cluster, ["good"])
    finally:
        worker.kill()
        wait_until(lambda: cluster.count() == 2)


def test_a_worker_without_deepworth_that_comes_later_ends_the_run(cluster, bare_python, tmp_path):
    log, slow = tmp_path / "log", {"good": {"seconds": 0.5, "log": str(tmp_path / "log")}}

    def work():
        with pytest.raises(InputError, match=r"needs deepworth .*, it has none; on its machine: pip install"):
            on(cluster, ["good"], params=slow, folds=40)
        return True

    wait = in_background(work)
    wait_until(log.exists)
    worker = cluster.worker("--no-nanny", python=bare_python)
    try:
        assert wait()
    finally:
        worker.kill()
        wait_until(lambda: cluster.count() == 2)


def test_versions_that_do_not_fit():
    ours, python = versions()["deepworth"], platform.python_version()
    assert unfit(ours, python) == ""
    assert unfit("0.0.1", python).startswith(f"deepworth 0.0.1, this is {ours}; on its machine: pip install")
    assert unfit(ours, "3.9.2.final.0").startswith("Python 3.9, this is ")


def test_other_libraries_are_remarked():
    own = versions()
    python = platform.python_version()
    packages = {**own, "python": python, "numpy": "1.0"}

    class Client:
        def get_versions(self, packages):
            assert "deepworth" in packages
            return {
                "workers": {
                    "tcp://a:1": {"packages": found},
                    "tcp://b:1": {"packages": {**own, "python": python}},
                }
            }

    found = packages
    (remark,) = check_workers(Client(), "tcp://s:1")
    assert remark == f"numbers may differ: workers have numpy 1.0 instead of {own['numpy']}"
    found = {**packages, "deepworth": None}
    with pytest.raises(InputError, match="the Dask worker tcp://a:1 has no deepworth"):
        check_workers(Client(), "tcp://s:1")


def command(cluster, store, *more):
    slow = [word for name in ("good", "fleet") for word in ("--set", f"{name}.seconds=0.4")]
    words = ["compare", "-m", "good,fleet", "--rows", "300", "--folds", "4", *slow, "--store", str(store)]
    return [*PROGRAM, *words, "--cluster", cluster.address, *more]


def begun(store):
    folders = [p for p in store.glob("[!.]*") if (p / "run.sqlite").exists()]
    with contextlib.suppress(Exception):
        return bool(folders) and any(row["status"] == "ok" for row in rows(folders[0]))
    return False


def test_ctrl_c_cancels_jobs_that_would_never_end(cluster, tmp_path, tmp_path_factory):
    hang = tmp_path_factory.mktemp("hang") / "file"
    hang.write_text("any")
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command(cluster, tmp_path, "--set", f"fleet.hang={hang}"), **pipes)
    wait_until(lambda: begun(tmp_path), 60)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    hang.unlink()
    assert process.returncode == 130
    assert "deepworth compare --resume" in said.splitlines()[-1]
    assert "Traceback" not in said
    wait_until(lambda: not cluster.children(), 60)
    (folder,) = tmp_path.iterdir()
    before = [row for row in rows(folder) if row["status"] == "ok"]
    assert before
    result = resume("last", store=tmp_path, cluster=cluster.address)
    after = rows(folder)
    assert all(row in after for row in before)
    assert {row["status"] for row in after} == {"ok"}
    whole = compare(models=["good", "fleet"], rows=300, folds=4, jobs=0, store=False)
    assert result.predictions().equals(whole.predictions())


def test_a_killed_run_leaves_nothing_on_the_cluster(cluster, tmp_path):
    process = subprocess.Popen(
        command(cluster, tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: begun(tmp_path), 60)
    process.kill()
    process.wait()
    wait_until(lambda: not cluster.children(), 10)


def test_no_scheduler_is_one_line_within_a_minute():
    address = "tcp://127.0.0.1:9"
    words = [*PROGRAM, "compare", "--cluster", address]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: no Dask scheduler answers at {address}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("address", ["nonsense", "", "tcp://host", "http://host:8786/status"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(InputError, match="cluster is the address of a Dask scheduler, like tcp://host:8786"):
        run(["good"], jobs=None, cluster=address)


def test_a_scheduler_that_goes_keeps_what_had_ended(tmp_path):
    own = Cluster(tmp_path, sys.executable)
    try:
        nobody = subprocess.run(command(own, tmp_path / "runs"), capture_output=True, text=True)
        assert "has no workers; start some with `dask worker tcp://" in nobody.stderr
        assert nobody.returncode == 2
        own.worker("--no-nanny")
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command(own, tmp_path / "runs"), **pipes)
        wait_until(lambda: begun(tmp_path / "runs"), 60)
        own.scheduler.kill()
        _, said = process.communicate(timeout=60)
    finally:
        own.close()
    assert process.returncode == 2
    assert said.splitlines()[-1].startswith(f"Error: the scheduler at {own.address} has gone")
    assert "Traceback" not in said
    assert resume("last", store=tmp_path / "runs").exit_code == 0


def test_jobs_do_not_go_with_a_cluster():
    with pytest.raises(InputError, match="jobs is for one machine"):
        run(["good"], jobs=2, cluster="tcp://127.0.0.1:9")


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'deepworth\[cluster\]'"):
        run(["good"], jobs=None, cluster="tcp://127.0.0.1:9")
