"""Receives webhooks, and answers them as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.trainer.process import wait_until


class Received(NamedTuple):
    """One request as it came; names of headers in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """What has come so far. `statuses` are the next answers; after them 200."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[Received] = []
        self.statuses: list[int] = []

    def wait_for(self, count: int) -> list[Received]:
        """Return everything once so many have come."""
        wait_until(lambda: len(self.received) >= count)
        return self.received


@contextmanager
def listening() -> Iterator[Receiver]:
    """Listen on a free port for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook?job=a%3Ab")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
