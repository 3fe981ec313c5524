"""A bare TCP server that answers exactly the bytes a test wants, and counts what it got."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Self

Behaviour = Callable[[socket.socket], None]


def answer(data: bytes) -> Behaviour:
    """Send `data` and close."""
    return lambda connection: connection.sendall(data)


def json_answer(body: bytes, status: str = "200 OK", extra: str = "") -> Behaviour:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{extra}"
    return answer(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def drop(connection: socket.socket) -> None:
    """Close without an answer."""


def reset(connection: socket.socket) -> None:
    """Close with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silent(connection: socket.socket) -> None:
    """Say nothing until the client gives up."""
    with contextlib.suppress(OSError):
        connection.recv(1)


class RawServer:
    """Accepts on a free loopback port; one request per turn, `behaviour` answers it."""

    def __init__(self, behaviour: Behaviour, *, keeps_alive: bool = False) -> None:
        self.requests: list[bytes] = []
        self.connection_count = 0
        self._behaviour = behaviour
        self._keeps_alive = keeps_alive
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        # close() alone does not wake accept() on Linux; shutdown() does.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connection_count += 1
            worker = threading.Thread(target=self._answer, args=(connection,), daemon=True)
            worker.start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while request := _read_request(connection):
                self.requests.append(request)
                self._behaviour(connection)
                if not self._keeps_alive:
                    return


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def closed_port_url() -> str:
    """Return an address on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
