"""Words for times and sizes, and who gets which cores."""

import pytest
from threadpoolctl import threadpool_info

from deepworth import InputError
from deepworth.zoo import registry
from deepworth.zoo.preprocessing.runtime import held_to_cores, usable_cores
from deepworth.zoo.runs.limits import (
    Limits,
    _libraries,
    limited,
    make_limits,
    own_threads,
    parse_size,
    parse_time,
    threads_for,
)
from deepworth.zoo.runs.tasks import Task, longest_first
from deepworth.zoo.setup import Resources


@pytest.mark.parametrize(
    ("text", "seconds"), [(90, 90), ("90", 90), ("0.5s", 0.5), ("5m", 300), ("2 H", 7200), (None, None)]
)
def test_times(text, seconds):
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [(2 * 10**9, 2 * 10**9), ("2GB", 2 * 10**9), ("1.5 GiB", 1.5 * 2**30), ("800m", 8 * 10**8), (None, None)],
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "soon", "-3", "5 days", "0", 0])
def test_other_times_are_refused(text):
    with pytest.raises(InputError, match="time limit must be like 90"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "words"), [("lots", "must be like 2GB"), ("1MB", "at least 64MiB"), (5, "at")]
)
def test_other_sizes_are_refused(text, words):
    with pytest.raises(InputError, match=words):
        parse_size(text)


def test_a_limit_needs_a_process_that_can_be_killed():
    assert make_limits(Resources()).workers == 0
    assert make_limits(Resources(time_limit=5)).workers == 1
    assert make_limits(Resources(jobs=3, memory_limit="1GB")) == Limits(3, None, None, 10**9)
    with pytest.raises(InputError, match="need worker processes"):
        make_limits(Resources(jobs=0, time_limit=5))
    for wrong in ({"jobs": -1}, {"threads": 0}):
        with pytest.raises(InputError, match="must be at least"):
            make_limits(Resources(**wrong))


def test_a_cluster_has_its_own_number_of_workers():
    assert make_limits(Resources(cluster="tcp://here:1")).workers == 1
    with pytest.raises(InputError, match="jobs is for one machine"):
        make_limits(Resources(jobs=2, cluster="tcp://here:1"))


def test_workers_share_the_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = usable_cores()
    assert Limits(1).cores is None
    assert Limits(2).cores == max(1, cores // 2)
    assert Limits(100).cores == 1
    assert Limits(2, threads=3).cores == 3
    assert threads_for(100, Limits(threads=3)) == 3
    assert threads_for(10**6, Limits(100)) == 1
    with held_to_cores(1):
        assert usable_cores() == 1
    assert usable_cores() == cores


def test_threads_are_set_where_they_have_an_effect():
    forest = registry.create("random-forest", "binary", "tabular")
    assert own_threads(forest, 3)
    assert set(own_threads(forest, 3).values()) == {3}
    assert registry.takes_threads("random-forest")
    assert not registry.takes_threads("logistic-regression")  # it would warn


def test_a_fit_is_held_to_its_threads_and_the_libraries_are_found_once():
    def counts():
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    before = counts()
    with limited(1):
        assert set(counts()) == {1}
        assert _libraries.cache_info().currsize == 1
    with limited(1):
        pass
    assert _libraries.cache_info().hits
    assert counts() == before


def test_networks_come_after_the_others_and_the_longest_first():
    tasks = [Task((0,), "classical"), Task((1,), "deep"), Task((2,), "classical"), Task((3, 4), "deep")]
    assert [task.positions[0] for task in longest_first(tasks, [1.0, 5.0, 2.0, 9.0])] == [2, 0, 3, 1]
