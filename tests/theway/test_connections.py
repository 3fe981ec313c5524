"""Connections that say little, or too much, before and after their request."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn

from theway import connections
from theway.connections import GuardedProtocol


async def refuse_unread(scope, receive, send):
    """Answer without reading the body."""
    await send({"type": "http.response.start", "status": 413, "headers": []})
    await send({"type": "http.response.body", "body": b"too much"})


@asynccontextmanager
async def serving(app=refuse_unread) -> AsyncIterator[int]:
    """Serve `app` with real sockets; yield the port."""
    config = uvicorn.Config(
        app, http=GuardedProtocol, ws="none", lifespan="off", log_level="critical"
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        task = asyncio.create_task(server.serve([listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            await task


async def exchange(port: int, *parts: bytes) -> bytes:
    """Send `parts`, then return everything until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.1)


@pytest.mark.parametrize("head", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX"])
async def test_a_head_that_does_not_end_is_told_so_and_cut(hurried, head):
    async with serving() as port:
        assert (await exchange(port, head)).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_that_asks_for_nothing_is_closed(hurried):
    async with serving() as port:
        assert await exchange(port) == b""


async def test_empty_lines_between_requests_keep_no_connection_open(hurried):
    async with serving() as port:
        answer = await exchange(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n\r\n")
        assert answer.count(b"HTTP/1.1 413 ") == 1


async def test_a_head_without_end_is_refused():
    async with serving() as port:
        endless = b"GET / HTTP/1.1\r\nX: " + b"x" * (2 * connections.HEAD_BYTES)
        assert (await exchange(port, endless)).startswith(b"HTTP/1.1 431 ")


async def test_a_large_part_of_a_body_does_not_count_as_head():
    async with serving() as port:
        size = 3 * connections.HEAD_BYTES
        head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        answer = await exchange(port, head % size + b"x" * size)
        assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "length", [b"Content-Length: 100000000", b"Transfer-Encoding: chunked"], ids=["long", "chunked"]
)
async def test_the_answer_is_read_although_the_body_is_not(hurried, length):
    """Without waiting, unread data would reset the connection before the answer is read."""
    async with serving() as port:
        head = b"POST / HTTP/1.1\r\nHost: a\r\n" + length + b"\r\n\r\n"
        part = b"10000\r\n" + b"x" * 0x10000 + b"\r\n" if b"chunked" in length else b"x" * 65_536
        answer = await exchange(port, head, *[part] * 40)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert answer.endswith(b"too much") or answer.endswith(b"0\r\n\r\n")


async def test_a_client_that_sends_the_rest_may_ask_again():
    async with serving() as port:
        request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" + b"x" * 100
        last = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        assert (await exchange(port, request, last)).count(b"HTTP/1.1 413 ") == 2


async def test_there_are_only_so_many_connections(monkeypatch):
    monkeypatch.setattr(GuardedProtocol, "_limit", 1)
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        try:
            refused = await exchange(port)
        except ConnectionResetError:
            refused = b""
        assert refused == b""
        writer.close()
