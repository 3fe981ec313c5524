"""Requests as bytes, and what comes back."""

from __future__ import annotations

import socket
from contextlib import closing, suppress

from tests.theway.served import Served

HOST = b"Host: 127.0.0.1\r\n"
LIMIT = 30.0  # seconds: more than any answer takes
WEBSOCKET = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def raw(
    target: bytes = b"/",
    *lines: bytes,
    method: bytes = b"GET",
    host: bytes = HOST,
    version: bytes = b"HTTP/1.1",
    body: bytes = b"",
) -> bytes:
    """Return a request with these header lines; the connection ends after it."""
    head = b"%s %s %s\r\n%s" % (method, target, version, host)
    return (
        head + b"".join(line + b"\r\n" for line in (*lines, b"Connection: close")) + b"\r\n" + body
    )


def post(*lines: bytes, body: bytes = b"", version: bytes = b"HTTP/1.1") -> bytes:
    """Return a form of nobody's."""
    return raw(b"/accounts/login/", *lines, method=b"POST", body=body, version=version)


def chunked(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked", body=body)


def answer_to(served: Served, request: bytes) -> bytes:
    """Return all that comes back until the server closes; what it closes on is sent in vain."""
    with closing(socket.create_connection(("127.0.0.1", served.port), timeout=LIMIT)) as one:
        with suppress(OSError):
            one.sendall(request)
        received = b""
        with suppress(ConnectionError):
            while part := one.recv(65_536):
                received += part
    return received


def statuses_in(answer: bytes) -> list[int]:
    """Return the status of each answer on the connection."""
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
