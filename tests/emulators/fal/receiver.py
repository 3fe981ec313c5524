"""A server that takes webhooks and remembers them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.trainer.process import wait_until


class Delivery(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """What has come; `answers` are the statuses of the next answers, then 200."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hook?job=one%3Atwo"
        self.deliveries: list[Delivery] = []
        self.answers: list[int] = []

    def wait(self, count: int) -> list[Delivery]:
        """Return the deliveries once there are so many."""
        wait_until(lambda: len(self.deliveries) >= count)
        return self.deliveries


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on a free port until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.deliveries.append(Delivery(self.path, dict(self.headers), body))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()
