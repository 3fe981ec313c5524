"""Waiting for a condition, and the conditions that show that a server works."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

# Our own processes on our own machine: never through a proxy.
_opener = build_opener(ProxyHandler({}))


def wait_until(condition: Callable[[], object], limit: float, interval: float = 0.05) -> bool:
    """Check every `interval` seconds; return whether it became true within `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True


def answers(url: str) -> bool:
    """Return whether a server answers there, whatever it thinks of the request."""
    try:
        with _opener.open(url, timeout=2):
            return True
    except HTTPError as error:
        error.close()
        return error.code < 500  # it works: it refuses this host name, or wants HTTPS
    except OSError:
        return False


def accepts_connections(port: int) -> bool:
    """Return whether a server listens on this port of the loopback interface."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
