"""Uploads in parts at the real server: what is kept when a part is cut, or the server killed."""

from __future__ import annotations

import hashlib
import http.client
import io
import socket
import sqlite3
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlencode

import pytest
from PIL import Image

from tests.theway.served import Served, serve
from tests.theway.test_served import TOKEN
from theway.processes.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    site = serve(tmp_path_factory.mktemp("served"))
    yield site
    site.process.kill()


@pytest.fixture(scope="module")
def large() -> bytes:
    """A photo of 40 MB."""
    return forty_megabytes("teal")


def forty_megabytes(colour: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (4000, 3500), colour).save(target, "BMP")
    return target.getvalue()


class Sender:
    """The page's script, as far as the server hears it."""

    def __init__(self, served: Served, data: bytes) -> None:
        self.served, self.data = served, data
        fields = {"name": "large.bmp", "length": len(data), "chosen": uuid.uuid4().int >> 70}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        begin = served.upload_path.replace("upload", "parts")
        status, headers, _ = self.ask("POST", begin, urlencode(fields).encode(), kind)
        assert status == 201
        self.address = headers["Location"]

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        port = self.served.port
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
            connection.request(method, path, body, self.common | (headers or {}))
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    @property
    def common(self) -> dict[str, str]:
        cookie = f"{self.served.owner_session}; {self.served.csrf_cookie}={TOKEN}"
        return {"Accept": "application/json", "Cookie": cookie, "X-CSRFToken": TOKEN}

    @property
    def offset(self) -> int:
        return int(self.ask("HEAD", self.address)[1]["Upload-Offset"])

    def part(self, at: int) -> dict[str, str]:
        return {
            "Content-Type": "application/partial-upload",
            "Upload-Offset": str(at),
            "Upload-Complete": "?1",
        }

    def send(self, at: int, size: int | None = None) -> int:
        end = len(self.data) if size is None else at + size
        return self.ask("PATCH", self.address, self.data[at:end], self.part(at))[0]

    @contextmanager
    def sending(self, at: int, size: int) -> Iterator[None]:
        """Be in the middle of sending the rest, after `size` bytes; afterwards be gone."""
        headers = (self.common | self.part(at)).items()
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        request = f"PATCH {self.address} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}"
        request += f"Content-Length: {len(self.data) - at}\r\n\r\n"
        with closing(socket.create_connection(("127.0.0.1", self.served.port))) as connection:
            connection.sendall(request.encode() + self.data[at : at + size])
            yield

    @property
    def is_stored(self) -> bool:
        path = self.served.folder / "db.sqlite3"
        digest = hashlib.sha256(self.data).hexdigest()
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            query = "SELECT count(*) FROM models_app_trainingimage WHERE sha256 = ?"
            return db.execute(query, [digest]).fetchone()[0] == 1


def left_behind(served: Served) -> list[str]:
    return [path.name for path in (served.folder / "var/partial").rglob("*") if path.is_file()]


def test_what_has_arrived_of_a_part_that_is_cut_is_kept(served, large):
    sender = Sender(served, large)
    with sender.sending(0, 20 * MEBIBYTE):
        pass
    assert wait_until(lambda: sender.offset > 19 * MEBIBYTE, 30)
    assert sender.send(sender.offset) == 201
    assert sender.is_stored
    assert left_behind(served) == []


def test_a_killed_server_goes_on_with_what_it_had(tmp_path):
    served = serve(tmp_path)
    try:
        sender = Sender(served, forty_megabytes("navy"))
        assert sender.send(0, 16 * MEBIBYTE) == 204
        with sender.sending(16 * MEBIBYTE, 8 * MEBIBYTE):
            served.process.kill()
        served.process.start()
        assert sender.offset >= 16 * MEBIBYTE
        assert sender.send(sender.offset) == 201
        assert sender.is_stored
        assert left_behind(served) == []
    finally:
        served.process.kill()


def test_two_tabs_that_send_the_same_upload_at_once_store_one_whole_photo(served):
    sender = Sender(served, forty_megabytes("olive"))
    statuses: list[int] = []

    def send() -> None:
        while (at := sender.offset) < len(sender.data):
            sender.send(at, 3 * MEBIBYTE)
        statuses.append(sender.send(len(sender.data)))

    tabs = [threading.Thread(target=send) for _ in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert 201 in statuses
    assert sender.is_stored
    assert left_behind(served) == []
