"""Connections that say little, or too much, before and after their request."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn

from theway import connections
from theway.addresses import AddressLimit
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


def a_file(size: int, chunk: int = 65_536):
    """Return an application that sends so many bytes, and what became of each request."""
    ends: list[str] = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        left = asyncio.ensure_future(_left(receive))
        for _ in range(size // chunk):
            if left.done():
                break
            await send({"type": "http.response.body", "body": bytes(chunk), "more_body": True})
        ends.append("cut" if left.done() else "whole")
        left.cancel()
        await send({"type": "http.response.body", "body": b""})

    return app, ends


async def _left(receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


async def slow_connection(port: int, address: str = "127.0.0.1") -> socket.socket:
    """Return a connection that has asked, and takes in little by itself."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    connection.bind((address, 0))
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, ("127.0.0.1", port))
    await loop.sock_sendall(connection, GET)
    return connection


async def eventually(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_client_that_takes_nothing_of_its_file_is_cut(monkeypatch):
    monkeypatch.setattr(connections, "SEND_SECONDS", 0.1)
    app, ends = a_file(50 * 2**20)
    async with serving(app) as port:
        connection = await slow_connection(port)
        await eventually(lambda: ends == ["cut"])
        connection.close()


async def test_an_answer_that_nobody_reads_is_not_kept_after_its_application_ended(monkeypatch):
    """It is written in one piece: only the connection waits, not the application."""
    monkeypatch.setattr(connections, "SEND_SECONDS", 0.1)
    kept: list[GuardedProtocol] = []
    made = GuardedProtocol.connection_made
    monkeypatch.setattr(
        GuardedProtocol,
        "connection_made",
        lambda self, transport: (kept.append(self), made(self, transport))[1],
    )
    app, ends = a_file(20 * 2**20, chunk=20 * 2**20)
    async with serving(app) as port:
        connection = await slow_connection(port)
        await eventually(lambda: ends)
        await eventually(lambda: kept[0] not in kept[0].connections)
        connection.close()


class Client:
    """Takes an answer at its own speed, by a clock of its own; it is the transport and the loop."""

    def __init__(self, size: int, speed: float, lump: int = 1) -> None:
        self.left, self.speed, self.lump = size, speed, lump
        self.now = self.owed = 0.0
        self.waiting = 0
        self.is_cut = False
        self.alarms: list[tuple[float, object]] = []
        self.protocol = GuardedProtocol.__new__(GuardedProtocol)
        self.protocol.loop = self.protocol.transport = self

    def call_later(self, seconds: float, callback) -> object:
        self.alarms.append((self.now + seconds, callback))
        return self.alarms

    def write(self, data: bytes) -> None:
        self.waiting += len(data)

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.is_cut = True

    def gets_it(self) -> bool:
        """Return whether it has everything in the end, and is not cut before."""
        while self.left and not self.is_cut:
            while self.waiting < 65_536 and self.left:  # the application waits above this
                size = min(self.left, 262_144)
                self.left -= size
                self.protocol.write(bytes(size))
            self._second()
        return not self.is_cut

    def _second(self) -> None:
        self.now += 1
        self.owed += self.speed
        taken = min(int(self.owed // self.lump * self.lump), self.waiting)
        self.owed -= taken
        self.waiting -= taken
        due = [callback for at, callback in self.alarms if at <= self.now]
        self.alarms = [(at, callback) for at, callback in self.alarms if at > self.now]
        for callback in due:
            callback()


@pytest.mark.parametrize("lump", [1, 65_536, 262_144])
def test_a_slow_phone_gets_200_megabytes_whole(lump):
    """At 20 KB/s, however coarse the steps in which the kernel reports what left."""
    assert Client(200 * 10**6, 20_000, lump).gets_it()


@pytest.mark.parametrize("speed", [0, 1, 500, 1900])
def test_a_client_that_hardly_takes_anything_is_cut(speed):
    client = Client(200 * 10**6, speed)
    assert not client.gets_it()
    assert client.now <= 3 * connections.SEND_SECONDS


async def test_a_stream_that_says_something_now_and_then_is_left_alone(monkeypatch):
    monkeypatch.setattr(connections, "SEND_SECONDS", 0.02)

    async def beating(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(20):
            await asyncio.sleep(0.02)
            await send({"type": "http.response.body", "body": b":\n", "more_body": True})
        await send({"type": "http.response.body", "body": b"end"})

    async with serving(beating) as port:
        assert b"end" in await exchange(port, GET)


async def is_let_in(port: int, address: str) -> bool:
    connection = await slow_connection(port, address)
    try:
        return bool(await asyncio.get_running_loop().sock_recv(connection, 100))
    except ConnectionResetError:
        return False
    finally:
        connection.close()


async def test_one_address_has_only_so_many_connections_and_others_theirs(monkeypatch):
    limit = AddressLimit(2)
    monkeypatch.setattr(GuardedProtocol, "_per_address", limit)
    async with serving(a_file(50 * 2**20)[0]) as port:
        open_ = [await slow_connection(port) for _ in range(2)]
        await eventually(lambda: limit.is_full("127.0.0.1"))
        assert not await is_let_in(port, "127.0.0.1")
        assert await is_let_in(port, "127.0.0.2")
        open_.pop().close()
        await eventually(lambda: not limit.is_full("127.0.0.1"))
        assert await is_let_in(port, "127.0.0.1")
        open_.pop().close()


async def test_the_connections_of_a_trusted_proxy_are_not_counted(monkeypatch):
    monkeypatch.setattr(GuardedProtocol, "_per_address", AddressLimit(1, "127.0.0.0/8"))
    async with serving(a_file(50 * 2**20)[0]) as port:
        open_ = [await slow_connection(port) for _ in range(3)]
        assert await is_let_in(port, "127.0.0.1")
        for connection in open_:
            connection.close()


ONCE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def idle(port: int, limit: float) -> bytes:
    """Ask once, then wait until the server closes. Raise TimeoutError where it does not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(ONCE)
        return await asyncio.wait_for(reader.read(), limit)
    finally:
        writer.close()


async def test_a_proxys_connection_stays_open_between_requests(hurried, monkeypatch):
    """Closing it just when the proxy sends the next request is a 502 to somebody."""
    monkeypatch.setattr(GuardedProtocol, "_per_address", AddressLimit(5, "127.0.0.1"))
    async with serving() as port:
        with pytest.raises(TimeoutError):
            await idle(port, 0.5)


async def test_anybody_elses_connection_is_closed_between_requests(hurried):
    async with serving() as port:
        assert (await idle(port, 20)).startswith(b"HTTP/1.1 413 ")


async def test_a_head_that_a_proxy_does_not_end_is_cut(hurried, monkeypatch):
    monkeypatch.setattr(GuardedProtocol, "_per_address", AddressLimit(5, "127.0.0.1"))
    async with serving() as port:
        assert (await exchange(port, ONCE, b"G")).count(b"HTTP/1.1 413 ") == 1
