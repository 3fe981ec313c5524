"""A connection that breaks in the middle: a proxy on this machine that cuts what it forwards."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

_BLOCK = 64 * 1024
# Closing with no time to linger sends RST: what is under way is lost (socket(7), SO_LINGER).
_AT_ONCE = struct.pack("ii", 1, 0)


class CuttingProxy:
    """Forwards to `target`. `sent` counts the bytes on their way to it."""

    def __init__(self, target: int) -> None:
        self.sent = 0
        self.cuts = 0
        self._target = target
        self._left: int | None = None
        self._is_away = self._stays_away = False
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, size: int, *, stays_away: bool = False) -> None:
        """Cut every connection once so many more bytes went through, and perhaps take no other."""
        with self._lock:
            self._left, self._stays_away = size, stays_away

    def come_back(self) -> None:
        """Take connections again."""
        self._is_away = False

    def close(self) -> None:
        self._listener.close()
        self._cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                if self._is_away:
                    _reset(client)
                    continue
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    _reset(client)
                    continue
                self._open |= {client, server}
                for ends in ((client, server), (server, client)):
                    is_up = ends[0] is client
                    threading.Thread(target=self._copy, args=(*ends, is_up), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket, is_up: bool) -> None:
        with suppress(OSError):
            while block := source.recv(_BLOCK):
                if is_up and not self._may_pass(len(block)):
                    self._cut()
                    return
                target.sendall(block)
            target.shutdown(socket.SHUT_WR)

    def _may_pass(self, size: int) -> bool:
        with self._lock:
            self.sent += size
            if self._left is None:
                return True
            self._left -= size
            if self._left > 0:
                return True
            self._left, self._is_away = None, self._stays_away
            self.cuts += 1
            return False

    def _cut(self) -> None:
        for one in list(self._open):
            _reset(one)
        self._open.clear()


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        # Another thread waits in it: it hears of the end by this only.
        connection.shutdown(socket.SHUT_RD)
    connection.close()


@contextmanager
def cutting_proxy(target: int) -> Iterator[CuttingProxy]:
    """A proxy in front of a port, while it lasts."""
    with closing(CuttingProxy(target)) as proxy:
        yield proxy
