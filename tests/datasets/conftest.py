"""A publisher on loopback for the tests of remote data."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deepworth.datasets import _download


class Publisher:
    """Serves bytes by path. A path may hold a list of answers, given one after the other.

    An answer is bytes, an HTTP status (int), or (bytes, promised length) for a cut connection.
    """

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def _handler(self):
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                publisher.asked.append(self.path)
                answer = publisher.answers.get(self.path, 404)
                if isinstance(answer, list):
                    answer = answer.pop(0) if len(answer) > 1 else answer[0]
                if isinstance(answer, int):
                    self.send_error(answer)
                    return
                body, length = answer if isinstance(answer, tuple) else (answer, len(answer))
                self.send_response(200)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        return Handler

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def publisher(tmp_path, monkeypatch):
    """A running publisher, no waiting between attempts, and nothing of this user's caches or proxies."""
    for variable in (
        "DEEPWORTH_OFFLINE",
        "DEEPWORTH_MIRROR",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DEEPWORTH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(_download, "WAIT_SECONDS", 0.0)
    running = Publisher()
    yield running
    running.close()
