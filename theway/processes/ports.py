"""Free ports."""

from __future__ import annotations

import socket

from theway.processes.waiting import wait_until

# A previous launcher that was killed frees its ports within moments.
FREE_LIMIT = 2.0  # seconds


def is_free(host: str, port: int) -> bool:
    """Return whether a server could listen at `host`:`port` right now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return True
    except OSError:
        return False


def becomes_free(host: str, port: int, limit: float = FREE_LIMIT) -> bool:
    """Like `is_free`, after up to `limit` seconds for a process that is just ending."""
    return wait_until(lambda: is_free(host, port), limit)


def unused_port() -> int:
    """Return a port on the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
