"""Uploads and slow senders at the real server."""

from __future__ import annotations

import http.client
import json
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import pytest

from tests.factories import jpeg
from tests.models_app import hostile, photographs as photo
from tests.theway.served import Served, serve
from theway.processes.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
MEBIBYTE = 1024 * 1024
TOKEN = "a" * 32
BOUNDARY = "photo-boundary"
FORM_TYPE = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    site = serve(tmp_path_factory.mktemp("served"))
    yield site
    site.process.kill()


def head_for(served: Served, session: str, length: str) -> bytes:
    """Return the head of an upload by the page's script."""
    return (
        f"POST {served.upload_path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        f"Cookie: {session or 'none='}; {served.csrf_cookie}={TOKEN}\r\nX-CSRFToken: {TOKEN}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n{length}\r\n\r\n"
    ).encode()


def form(data: bytes) -> bytes:
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=photos; filename=a.jpg\r\n"
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


def connected(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=60)


def answer(connection: socket.socket) -> tuple[int, bytes]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def exchange(served: Served, request: bytes) -> tuple[int, bytes]:
    with closing(connected(served)) as connection:
        connection.sendall(request)
        return answer(connection)


def upload(served: Served, session: str, data: bytes) -> tuple[int, dict]:
    body = form(data)
    head = head_for(served, session, f"Content-Length: {len(body)}")
    status, reply = exchange(served, head + body)
    return status, json.loads(reply) if reply.startswith(b"{") else {}


def page_status(served: Served) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)) as client:
        client.request("GET", "/accounts/login/")
        return client.getresponse().status


def test_no_answer_says_what_it_comes_from(served):
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)) as client:
        for path in ("/accounts/login/", "/healthz", "/nothing", "/static/nothing.css"):
            client.request("GET", path)
            response = client.getresponse()
            response.read()
            assert response.headers["Server"] is None


def large_photo(seed: int = 1) -> bytes:
    """Return a photo of more than a form may have."""
    return photo.encoded(hostile.noise(1400 + seed, 1400), "PNG").getvalue()


def test_the_owner_uploads_a_large_photo(served):
    status, reply = upload(served, served.owner_session, large_photo())
    assert (status, "card" in reply) == (201, True)


def test_a_photo_waits_below_the_data_folder_and_is_gone_afterwards(served):
    size = 6 * MEBIBYTE
    with closing(connected(served)) as connection:
        head = head_for(served, served.owner_session, f"Content-Length: {size}")
        connection.sendall(head + bytes(size - 1))
        assert wait_until(lambda: served.waiting_files, 20)
        assert all(str(served.folder / "var/uploads") in name for name in served.waiting_files)
    assert wait_until(lambda: not served.waiting_files, 20)
    assert list((served.folder / "var/uploads").iterdir()) == []


@pytest.mark.parametrize("length", ["Content-Length: 6291456", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("who", ["nobody", "stranger"])
def test_nobody_else_uploads_anything_and_nothing_reaches_the_disk(served, who, length):
    session = served.stranger_session if who == "stranger" else "nobody"
    part = bytes(64 * 1024)
    sent = b"10000\r\n" + part + b"\r\n" if "chunked" in length else part
    with closing(connected(served)) as connection:
        connection.sendall(head_for(served, session, length) + sent * 15)
        assert page_status(served) == 200
        assert served.waiting_files == []
        connection.sendall(sent * 80)
        status, reply = answer(connection)
    assert status == 401
    assert json.loads(reply)["address"] == "/accounts/login/"


@pytest.mark.parametrize("path", ["/accounts/login/", "/dashboard/models/new", "/nowhere"])
def test_elsewhere_a_megabyte_is_the_most(served, path):
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {2 * MEBIBYTE}\r\n\r\n"
    status, page = exchange(served, head.encode() + bytes(2 * MEBIBYTE))
    assert status == 413
    assert b"<h1>This is too much at once</h1>" in page


@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: -5",
        "Content-Length: 5\r\nContent-Length: 50",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 99999999999999999999999",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    ],
)
def test_a_length_that_lies_is_a_bad_request(served, lines):
    head = f"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n\r\n12345"
    assert exchange(served, head.encode())[0] == 400


def test_what_is_sent_beyond_the_announced_length_is_no_body(served):
    head = "POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n"
    # What follows is no request either: the connection ends, if need be while it is still sent.
    with closing(connected(served)) as connection, suppress(ConnectionError):
        connection.sendall(head.encode() + bytes(3 * MEBIBYTE))
        assert answer(connection)[0] in {400, 403}
    assert served.waiting_files == []
    assert page_status(served) == 200


def test_slow_senders_by_the_hundred_leave_the_pages_alive(served):
    slow_body = head_for(served, "nobody", "Content-Length: 1000000") + bytes(1000)
    slow_upload = head_for(served, served.owner_session, "Content-Length: 9000000") + bytes(1000)
    with ExitStack() as stack:
        for start in [b"GET / HTTP/1.1\r\nHo", slow_body] * 150 + [slow_upload] * 20:
            connection = stack.enter_context(closing(connected(served)))
            connection.sendall(start)
        assert page_status(served) == 200
        assert upload(served, served.stranger_session, jpeg())[0] == 404
        # The owner has six uploads under way already: one more is told to wait.
        assert upload(served, served.owner_session, large_photo(2))[0] == 429
    assert wait_until(lambda: upload(served, served.owner_session, jpeg())[0] != 429, 20)


def test_hostile_files_leave_the_site_as_it_was(served):
    for name in ("jpeg-scans-5000", "png-notes-20mb", "png-pieces-30000", "webp-canvas-2-24"):
        status, reply = upload(served, served.owner_session, hostile.REFUSED[name][1]())
        assert (status, reply["code"]) == (422, hostile.REFUSED[name][0])
    assert page_status(served) == 200
    assert served.waiting_files == []


def chunked(data: bytes, size: int) -> bytes:
    """Return a body as senders that do not know its length send it (RFC 9112, 7.1)."""
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [1000, 64 * 1024, 10 * MEBIBYTE])
def test_the_owner_uploads_a_photo_without_saying_how_long_it_is(served, size):
    head = head_for(served, served.owner_session, "Transfer-Encoding: chunked")
    body = chunked(form(large_photo(10 + size % 7)), size)
    status, reply = exchange(served, head + body)
    assert (status, "card" in json.loads(reply)) == (201, True)


def test_a_form_without_a_length_is_read_like_any_other(served):
    fields = b"csrfmiddlewaretoken=" + TOKEN.encode() + b"&login=ann%40example.org&password=x"
    head = (
        "POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
        f"Cookie: {served.csrf_cookie}={TOKEN}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    status, page = exchange(served, head.encode() + chunked(fields, 20))
    assert status == 200
    assert b"ann@example.org" in page


def test_an_endless_body_without_a_length_is_refused_at_its_limit(served):
    head = "POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, page = exchange(served, head.encode() + chunked(bytes(2 * MEBIBYTE), 64 * 1024))
    assert status == 413
    assert b"This is too much at once" in page


@pytest.mark.parametrize("charset", ["utf-7", "hex", "idna", "utf-16", '"unicode_escape"', "no"])
@pytest.mark.parametrize("path", ["/accounts/login/?next=%C3%A9", "/api/models?before=%C3%A9"])
def test_forms_and_queries_are_utf_8_whatever_they_say(served, path, charset):
    kinds = [f"multipart/form-data; charset={charset}; boundary={BOUNDARY}"]
    kinds += [f"{kind}; Charset = {charset}" for kind in ("application/json", FORM_TYPE)]
    for kind in kinds:
        body = form(b"") if "boundary" in kind else b"login=%C3%A9"
        for method in ("GET", "POST"):
            head = (
                f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(body)}\r\nCookie: {served.owner_session}\r\n\r\n"
            )
            assert exchange(served, head.encode() + body)[0] < 500
