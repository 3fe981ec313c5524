"""`python -m bench.tcp_proxy PORT TARGET`: forwards connections on this machine.

SIGUSR1 makes it a partition: packets vanish, so nothing is refused, closed or acknowledged.
SIGUSR2 ends that.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import signal
import socket
import sys
from typing import Any

HOST = "127.0.0.1"
BLOCK_BYTES = 64 * 1024
# Linux, asm-generic/socket.h. A filter runs before TCP sees a packet, and needs no rights.
_ATTACH_FILTER, _DETACH_FILTER = 26, 27


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jt", ctypes.c_ubyte),
        ("jf", ctypes.c_ubyte),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


_RETURN_NOTHING = (_Instruction * 1)(_Instruction(0x06, 0, 0, 0))
_DROP_ALL = bytes(_Program(1, _RETURN_NOTHING))


class Proxy:
    """All sockets of one proxy, and whether packets pass."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._sockets: set[Any] = set()  # also asyncio's own wrappers
        self._passes = asyncio.Event()
        self._passes.set()

    async def serve(self, port: int) -> None:
        """Forward every connection to `port`, for ever."""
        listener = socket.create_server((HOST, port))
        self._sockets.add(listener)
        server = await asyncio.start_server(self._accept, sock=listener)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._drop)
        loop.add_signal_handler(signal.SIGUSR2, self._pass)
        await server.serve_forever()

    def _drop(self) -> None:
        self._passes.clear()
        for one in self._sockets:
            one.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, _DROP_ALL)

    def _pass(self) -> None:
        for one in self._sockets if not self._passes.is_set() else ():
            one.setsockopt(socket.SOL_SOCKET, _DETACH_FILTER, 0)
        self._passes.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(HOST, self._target)
        except OSError:
            writer.close()
            return
        ends = {one.get_extra_info("socket") for one in (writer, there[1])}
        self._sockets |= ends
        await asyncio.gather(self._copy(reader, there[1]), self._copy(there[0], writer))
        self._sockets -= ends

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while block := await reader.read(BLOCK_BYTES):
                await self._passes.wait()
                writer.write(block)
                await writer.drain()
        writer.close()


if __name__ == "__main__":
    asyncio.run(Proxy(int(sys.argv[2])).serve(int(sys.argv[1])))
