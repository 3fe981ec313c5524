"""Slow downloads at the real server hold a connection and a file each, and nothing else."""

from __future__ import annotations

import http.client
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.theway.served import Served, manage, serve
from theway.processes.installation import installation_environment
from theway.processes.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
SIZE = 20_000_000
CLIENTS = 40
_READY = f"""
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from models_app.models import UserModel
name = default_storage.save("weights/w.safetensors", ContentFile(b"0123456789" * {SIZE // 10}))
UserModel.objects.update(weights=name)
print(UserModel.objects.get().pk)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    site = serve(tmp_path_factory.mktemp("served"))
    yield site
    site.process.kill()


@pytest.fixture(scope="module")
def weights(served) -> str:
    env = installation_environment(served.folder, port=served.port, trainer_port=8100)
    return f"/dashboard/models/{manage(env, 'shell', '-v0', '-c', _READY)}/weights"


def fetch(served: Served, path: str, session: str) -> tuple[int, bytes, http.client.HTTPMessage]:
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)) as client:
        client.request("GET", path, headers={"Cookie": session})
        reply = client.getresponse()
        return reply.status, reply.read(), reply.headers


def slow(served: Served, path: str) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    connection.settimeout(60)
    connection.connect(("127.0.0.1", served.port))
    cookie = served.owner_session
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n"
    connection.sendall(head.encode())
    return connection


def threads(served: Served) -> int:
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    return int(re.findall(r"^Threads:\s+(\d+)", status, re.MULTILINE)[0])


def open_files(served: Served) -> int:
    return len(list(Path(f"/proc/{served.process.pid}/fd").iterdir()))


def test_the_owner_gets_the_whole_file_with_its_length(served, weights):
    status, content, headers = fetch(served, weights, served.owner_session)
    assert (status, len(content), headers["Content-Length"]) == (200, SIZE, str(SIZE))
    assert content == b"0123456789" * (SIZE // 10)


def test_the_archive_is_whole_too(served, weights):
    status, content, _ = fetch(served, "/dashboard/data/export", served.owner_session)
    assert (status, content[:2], len(content) > SIZE) == (200, b"PK", True)


def test_a_stranger_and_nobody_get_nothing_of_it(served, weights):
    assert fetch(served, weights, served.stranger_session)[0] == 404
    assert fetch(served, weights, "")[0] == 302


@pytest.mark.parametrize("what", ["weights", "archive"])
def test_slow_downloads_hold_neither_threads_nor_databases(served, weights, what):
    path = weights if what == "weights" else "/dashboard/data/export"
    before = open_files(served)
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(slow(served, path))) for _ in range(CLIENTS)]
        assert [client.recv(1) for client in clients] == [b"H"] * CLIENTS
        assert wait_until(lambda: threads(served) < CLIENTS // 2, 30)
        assert wait_until(lambda: open_files(served) <= before + 3 * CLIENTS, 30)
        assert fetch(served, "/accounts/login/", "")[0] == 200
    assert wait_until(lambda: open_files(served) <= before + CLIENTS, 30)
