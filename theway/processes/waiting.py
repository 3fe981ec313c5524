"""Waiting for a condition, and the conditions that show that a server works."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import requests


def wait_until(condition: Callable[[], object], limit: float, interval: float = 0.05) -> bool:
    """Check every `interval` seconds; return whether it became true within `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True


def answers(url: str) -> bool:
    """Return whether a server answers there: also if it wants another host name, or HTTPS."""
    with requests.Session() as session:
        session.trust_env = False  # our own process on our own machine: never through a proxy
        try:
            return session.get(url, timeout=2, allow_redirects=False).status_code < 500
        except requests.RequestException:
            return False


def accepts_connections(port: int) -> bool:
    """Return whether a server listens on this port of the loopback interface."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
