"""Free ports."""

from __future__ import annotations

import errno
import socket

from theway.processes.waiting import wait_until

# A previous launcher that was killed frees its ports within moments.
FREE_LIMIT = 2.0  # seconds


def obstacle(host: str, port: int) -> OSError | None:
    """Return why no server could listen at `host`:`port` right now, None where one could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        both = host == "::"  # as the site listens: theway/server.py
        with socket.create_server((host, port), family=family, dualstack_ipv6=both):
            return None
    except OSError as error:
        return error


def lasting_obstacle(host: str, port: int, limit: float = FREE_LIMIT) -> OSError | None:
    """Like `obstacle`, after up to `limit` seconds for a process that is just ending."""

    def is_settled() -> bool:
        found = obstacle(host, port)
        return found is None or not is_taken(found)

    wait_until(is_settled, limit)
    return obstacle(host, port)


def is_taken(error: OSError) -> bool:
    """Whether an obstacle is that another program has the port."""
    return error.errno == errno.EADDRINUSE


def unused_port() -> int:
    """Return a port on the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
