"""deepworth weights: a list of what is known and found, checks by digest, and fetching what is named."""

from __future__ import annotations

import hashlib
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

import deepworth
from deepworth.cli import main
from deepworth.zoo.pretrained.found import File, KnownWeights


@pytest.fixture
def server(tmp_path):
    """An address that serves a folder."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{httpd.server_port}/"
        httpd.shutdown()


@pytest.fixture
def known(tiny, server, monkeypatch, tmp_path):
    """Tiny vectors under a name, served, and a cache of its own."""
    folder, address = server
    tiny.static_vectors(folder / "v")
    files = tuple(
        File(name, hashlib.sha256((folder / "v" / name).read_bytes()).hexdigest(), f"{address}v/{name}")
        for name in ("vectors.safetensors", "tokenizer.json")
    )
    made = KnownWeights("tiny", "static-vectors", "small vectors", "CC0", "nowhere", "", 1, files)
    for module in ("deepworth.zoo.workflows.weights", "deepworth.zoo.pretrained.found"):
        monkeypatch.setattr(f"{module}.KNOWN", (made,))
    monkeypatch.setenv("DEEPWORTH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DEEPWORTH_WEIGHTS", raising=False)
    monkeypatch.delenv("DEEPWORTH_OFFLINE", raising=False)
    return folder


def test_only_what_is_named_is_fetched(known):
    (before,) = deepworth.weights()
    assert (before.state, before.path) == ("not here", None)
    assert "deepworth weights --fetch tiny" in before.how
    (after,) = deepworth.weights(fetch="tiny")
    assert (after.state, after.how, after.licence) == ("found", None, "CC0")
    assert deepworth.weights()[0].path == after.path


def test_a_file_that_is_not_the_published_one_is_not_kept(known):
    (known / "v" / "vectors.safetensors").write_bytes(b"something else")
    with pytest.raises(deepworth.InputError, match="checksum"):
        deepworth.weights(fetch="tiny")
    assert deepworth.weights()[0].state == "not here"


def test_offline_never_fetches(known):
    with pytest.raises(deepworth.InputError, match="offline"):
        deepworth.weights(fetch="tiny", offline=True)


def test_a_changed_file_is_told(known):
    (found,) = deepworth.weights(fetch="tiny")
    with open(found.path, "ab") as file:
        file.write(b"x")
    assert deepworth.weights()[0].state == "changed"


def test_an_unknown_name_is_refused(known):
    with pytest.raises(deepworth.InputError, match="tiny"):
        deepworth.weights(fetch="tini")


def test_the_command_lists_what_lies_at_a_path(tiny_folder):
    result = CliRunner().invoke(main, ["weights", str(tiny_folder), "--json"])
    assert result.exit_code == 0
    found = [each for each in json.loads(result.stdout) if each["state"] == "found"]
    assert {each["model"] for each in found} == {"sentence-encoder", "static-vectors", "image-encoder"}
