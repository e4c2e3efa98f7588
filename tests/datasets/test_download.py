"""fetch: cache, checksums, interrupted and failing transfers, mirrors and the offline switch."""

import hashlib

import pytest

from deepworth import InputError
from deepworth.datasets import _download
from deepworth.datasets._download import RemoteFile, cache_folder, fetch

BODY = b"0123456789" * 1000
SHA256 = "sha256:" + hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def file(publisher):
    publisher.answers["/data.bin"] = BODY
    return RemoteFile("set/data.bin", publisher.address + "/data.bin", SHA256, keras="data.bin")


def everything_in(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_file_is_fetched_once_and_kept(publisher, file, tmp_path):
    first, second = fetch(file), fetch(file)
    assert first == second == tmp_path / "cache" / "set" / "data.bin"
    assert first.read_bytes() == BODY
    assert publisher.asked == ["/data.bin"]
    assert everything_in(tmp_path / "cache") == ["set/data.bin"]


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_both_published_algorithms_are_checked(publisher, file, algorithm):
    digest = hashlib.new(algorithm, BODY).hexdigest()
    assert fetch(RemoteFile("a", file.url, f"{algorithm}:{digest}")).read_bytes() == BODY
    with pytest.raises(InputError, match="checksum"):
        fetch(RemoteFile("b", file.url, f"{algorithm}:{digest[::-1]}"))


def test_another_file_than_published_is_refused_and_never_kept(publisher, file, tmp_path):
    publisher.answers["/data.bin"] = b"tampered"
    with pytest.raises(InputError, match=r"checksum sha256:.* expected sha256:") as error:
        fetch(file)
    assert "\n" not in str(error.value)
    assert everything_in(tmp_path / "cache") == []
    assert publisher.asked == ["/data.bin"]  # asking again would give the same


def test_a_damaged_cache_is_mended(publisher, file):
    path = fetch(file)
    path.write_bytes(BODY[:-1])
    assert fetch(file).read_bytes() == BODY
    assert len(publisher.asked) == 2


def test_a_cut_connection_is_tried_again_and_leaves_nothing(publisher, file, tmp_path):
    publisher.answers["/data.bin"] = [(BODY[:4000], len(BODY)), BODY]
    assert fetch(file).read_bytes() == BODY
    publisher.answers["/data.bin"] = (BODY[:4000], len(BODY))
    with pytest.raises(InputError, match="closed after 4000 of 10000 bytes"):
        fetch(RemoteFile("cut.bin", file.url, SHA256))
    assert everything_in(tmp_path / "cache") == ["set/data.bin"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_busy_server_is_asked_again(publisher, file, status):
    publisher.answers["/data.bin"] = [status, status, BODY]
    assert fetch(file).read_bytes() == BODY
    assert len(publisher.asked) == 3


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (500, _download.ATTEMPTS)])
def test_a_server_that_keeps_failing_is_named(publisher, file, tmp_path, status, asked):
    publisher.answers["/data.bin"] = status
    with pytest.raises(InputError, match=rf"set/data.bin cannot be downloaded: {file.url} \(HTTP {status}\)"):
        fetch(file)
    assert len(publisher.asked) == asked
    assert everything_in(tmp_path) == []


def test_nobody_listening_is_one_line(publisher, file):
    closed = RemoteFile("x", "http://127.0.0.1:9/x", SHA256)
    with pytest.raises(InputError, match="refused") as error:
        fetch(closed)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_offline_uses_the_cache_and_says_how_to_fill_it(publisher, file, tmp_path, monkeypatch, by):
    offline = True if by == "argument" else None
    if by == "environment":
        monkeypatch.setenv("DEEPWORTH_OFFLINE", "1")
    with pytest.raises(InputError, match="offline mode is on") as error:
        fetch(file, offline=offline)
    assert file.url in str(error.value)
    assert str(tmp_path / "cache" / "set" / "data.bin") in str(error.value)
    assert publisher.asked == []
    fetch(file, offline=False)
    assert fetch(file, offline=offline).read_bytes() == BODY
    assert len(publisher.asked) == 1


def test_offline_does_not_trust_a_damaged_cache(publisher, file):
    fetch(file).write_bytes(b"short")
    with pytest.raises(InputError, match="does not have the published checksum"):
        fetch(file, offline=True)


def test_what_keras_keeps_already_is_used_if_it_is_right(publisher, file, tmp_path):
    kept = tmp_path / "keras" / "datasets" / "data.bin"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(BODY)
    assert fetch(file, offline=True) == kept
    kept.write_bytes(b"other")
    assert fetch(file) == tmp_path / "cache" / "set" / "data.bin"


def test_a_mirror_is_asked_first_and_the_publisher_when_it_fails(publisher, file, monkeypatch):
    monkeypatch.setenv("DEEPWORTH_MIRROR", publisher.address + "/mirror/")
    publisher.answers["/mirror/set/data.bin"] = b"stale"
    assert fetch(file).read_bytes() == BODY
    assert publisher.asked == ["/mirror/set/data.bin", "/data.bin"]


def test_only_web_addresses_are_opened(publisher, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    with pytest.raises(InputError, match="http"):
        fetch(RemoteFile("x", secret.as_uri()))


def test_the_cache_folder_follows_argument_environment_and_platform(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPWORTH_CACHE", str(tmp_path / "env"))
    assert cache_folder(tmp_path / "arg") == tmp_path / "arg"
    assert cache_folder() == tmp_path / "env"
    monkeypatch.delenv("DEEPWORTH_CACHE")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "user" / name)
    assert cache_folder() == tmp_path / "user" / "deepworth" / "datasets"


def test_a_cache_folder_that_cannot_be_made_is_one_line(publisher, file, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match="cannot make the cache folder"):
        fetch(file, cache_dir=tmp_path / "taken")
