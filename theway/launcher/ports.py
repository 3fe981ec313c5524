"""Finding out about ports before anything is started on them."""

from __future__ import annotations

import socket
import time

# A previous launcher that was killed frees its ports within moments.
PATIENCE = 2.0


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen at `host`:`port` right now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def becomes_free(host: str, port: int, patience: float = PATIENCE) -> bool:
    """Like `is_free`, giving whoever is just ending up to `patience` seconds."""
    until = time.monotonic() + patience
    while not is_free(host, port):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def unused_port() -> int:
    """A port on the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
