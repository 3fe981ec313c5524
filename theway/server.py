"""Serves the site: `python -m theway.server --host 127.0.0.1 --port 8000`."""

from __future__ import annotations

import argparse
import ctypes
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

import uvicorn
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from theway import in_use
from theway.addresses import AddressLimit
from theway.bodies.asgi import Application
from theway.connections import GuardedProtocol, connection_limit, raise_file_limit
from theway.output import survive_any_terminal

# Streams and uploads have this long to end when the site is stopped.
STOP_SECONDS = 3
# Options of mallopt(3) by their numbers in malloc.h; setting one keeps glibc from raising them.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_TRIM_ABOVE = 256 * 1024


def main() -> None:
    """Serve until SIGTERM or Ctrl-C. The exit code is 3 if it could not start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--trusted-proxies", default="127.0.0.1,::1", help="with commas")
    options = parser.parse_args()
    try:
        in_use.hold()
    except in_use.InUseError as error:
        sys.exit(str(error))
    survive_any_terminal()
    raise_file_limit()
    _share_memory()
    GuardedProtocol._limit = connection_limit()
    config = uvicorn.Config(
        _application(options.trusted_proxies),
        host=options.host,
        port=options.port,
        http=GuardedProtocol,
        proxy_headers=False,  # theway/forwarded.py
        ws="none",  # the site has no WebSockets
        log_level="warning",
        access_log=False,
        server_header=False,  # nobody needs to know what it runs on
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    with _open_database():
        server.run(_sockets(options.host, options.port))
    if not server.started:
        sys.exit(3)


def _application(trusted: str) -> Application:
    """Return the site, with what one address may have open: connections, and, behind a proxy
    that is trusted, requests."""
    # Reads the settings: not before files and memory are seen to.
    from theway.asgi import application
    from theway.bodies.addresses import RequestsPerAddress
    from theway.forwarded import ForwardedHeaders

    GuardedProtocol._per_address = AddressLimit(settings.CONNECTIONS_PER_ADDRESS, trusted)
    limit = AddressLimit(settings.CONNECTIONS_PER_ADDRESS, trusted)
    # Whose X-Forwarded-For and X-Forwarded-Proto are believed.
    return ForwardedHeaders(RequestsPerAddress(cast(Application, application), limit), trusted)


def _sockets(host: str, port: int) -> list[socket.socket] | None:
    """Return what uvicorn would not open itself: `::` with IPv4, as every address is meant."""
    if host != "::":
        return None
    try:
        return [socket.create_server((host, port), family=socket.AF_INET6, dualstack_ipv6=True)]
    except (OSError, ValueError) as error:
        sys.exit(f"Nothing can listen at port {port} of [::]: {error}.")


@contextmanager
def _open_database() -> Iterator[None]:
    """Keep one connection to an SQLite file open, and so the two files that lie beside it.

    They go with the last connection and are made anew for the next, even if it only reads
    (sqlite.org/walformat.html): on a disk that is full by then, no page could be shown.
    """
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    if connection.vendor == "sqlite":
        with suppress(OperationalError):  # whoever needs it says so
            connection.ensure_connection()
    try:
        yield
    finally:
        connection.close()


def _share_memory() -> None:
    """Let threads share two heaps, where glibc would give each of many threads its own.

    What a thread frees then serves the next, and goes back to the system (mallopt(3)).
    """
    with suppress(OSError, AttributeError):  # another C library
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_ARENA_MAX, 2)
        libc.mallopt(_M_TRIM_THRESHOLD, _TRIM_ABOVE)
        libc.mallopt(_M_MMAP_THRESHOLD, _TRIM_ABOVE)


if __name__ == "__main__":
    main()
