"""What no browser sends, at the real server: refused clearly, and the pages go on."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.matrix.routes import routes
from tests.theway.served import Served, serve
from tests.theway.wire import HOST, WEBSOCKET, answer_to, chunked, post, raw, statuses_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
KILOBYTES = b"x" * 100_000
NESTED = b"GET /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

REFUSED = {
    "http/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(50),
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300),
    "noise": bytes(range(256)) * 4,
    # --- the request's line
    "connect": raw(b"example.org:443", method=b"CONNECT", host=b"Host: example.org:443\r\n"),
    "connect here": raw(b"127.0.0.1:80", method=b"CONNECT"),
    "a target with a host": raw(b"http://evil.example/accounts/login/"),
    "a target with our host": raw(b"http://127.0.0.1/accounts/login/"),
    "a file as target": raw(b"file:///etc/passwd"),
    "half a host as target": raw(b"http://[/"),
    "all as target": raw(b"*", method=b"OPTIONS"),
    "no slash": raw(b"dashboard"),
    "no target": b"GET  HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the target": raw(b"/a b"),
    "another host's path": raw(b"//evil.example/dashboard"),
    "an unknown method": raw(method=b"FOO"),
    "a small method": raw(method=b"get"),
    "a method with NUL": raw(method=b"G\0T"),
    "a long method": raw(method=b"X" * 5000),
    "trace": raw(method=b"TRACE"),
    "propfind": raw(method=b"PROPFIND"),
    "put": raw(method=b"PUT"),
    "http/0.9": raw(version=b"HTTP/0.9", host=b""),
    "http/2.0": raw(version=b"HTTP/2.0"),
    "http/9.9": raw(version=b"HTTP/9.9"),
    "not http": raw(version=b"HTP/1.1"),
    # --- hosts
    "no host": raw(host=b""),
    "two hosts": raw(host=HOST + b"Host: evil.example\r\n"),
    "one host twice": raw(host=HOST + HOST),
    "a foreign host": raw(host=b"Host: evil.example\r\n"),
    "a host with a user": raw(host=b"Host: 127.0.0.1@evil.example\r\n"),
    "an empty host": raw(host=b"Host: \r\n"),
    "a host of bytes": raw(host=b"Host: \xff\r\n"),
    "half an address": raw(host=b"Host: [::1\r\n"),
    # --- headers
    "a header of 100 KB": raw(b"/", b"X: " + KILOBYTES),
    "a cookie of 100 KB": raw(b"/", b"Cookie: a=" + KILOBYTES),
    "a query of 100 KB": raw(b"/?" + KILOBYTES),
    "twenty thousand headers": raw(b"/", *[b"X: y"] * 20_000),
    "NUL in the path": raw(b"/\0"),
    "bytes in the path": raw(b"/\xff\xfe"),
    "NUL in the query": raw(b"/?a=\0"),
    "bytes in the query": raw(b"/?a=\xff"),
    "NUL in a cookie": raw(b"/", b"Cookie: a=\0"),
    "NUL in a header": raw(b"/", b"X: a\0b"),
    "a line feed in a header": raw(b"/", b"X: a\nY: b"),
    "a carriage return in a header": raw(b"/", b"X: a\rY: b"),
    "a space before the colon": raw(b"/", b"X : a"),
    "a folded header": raw(b"/", b"X: a", b" b"),
    "no colon": raw(b"/", b"Xa"),
    "no name": raw(b"/", b": a"),
    "line feeds alone": b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
    # --- where a body ends
    "one length twice": post(b"Content-Length: 5", b"Content-Length: 5", body=b"12345"),
    "two lengths": post(b"Content-Length: 5", b"Content-Length: 6", body=b"12345"),
    "a list of lengths": post(b"Content-Length: 5, 5", body=b"12345"),
    "a length with a sign": post(b"Content-Length: +5", body=b"12345"),
    "a hexadecimal length": post(b"Content-Length: 0x5", body=b"12345"),
    "a length and chunks": post(
        b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + NESTED
    ),
    "chunks and a length": post(
        b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n" + NESTED
    ),
    "an unknown coding": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "compressed chunks": post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "chunks that are not last": post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "a hidden coding": post(
        b"Transfer-Encoding: \x0bchunked", b"Content-Length: 3", body=b"0\r\n\r\n"
    ),
    "chunks in HTTP/1.0": post(
        b"Transfer-Encoding: chunked", body=b"0\r\n\r\n", version=b"HTTP/1.0"
    ),
    "a chunk of an odd size": chunked(b"zz\r\n12345\r\n0\r\n\r\n"),
    "a chunk of a negative size": chunked(b"-5\r\n12345"),
    "a chunk larger than all numbers": chunked(b"ffffffffffffffffff\r\n"),
    "an extension with a line feed": chunked(b"5;\n12345\r\n0\r\n\r\n"),
    "a length after the chunks": chunked(b"0\r\nContent-Length: 50\r\n\r\n"),
    "an endless trailer": chunked(b"0\r\nX: " + KILOBYTES * 3 + b"\r\n\r\n"),
    # A form without a token: the body is whole, and nothing more.
    "extensions of chunks": chunked(b'5;a=b;c="d"\r\n12345\r\n0\r\n\r\n'),
    "an extension of 100 KB": chunked(b"5;" + KILOBYTES + b"\r\n12345\r\n0\r\n\r\n"),
    "a body with an odd boundary": post(
        b"Content-Type: multipart/form-data; boundary=\xff", b"Content-Length: 5", body=b"12345"
    ),
    # --- ranges and paths to files
    "a range backwards": raw(b"/static/STYLE", b"Range: bytes=5-1"),
    "out of the folder": raw(b"/static/../../var/secret_key"),
    "out of the folder, encoded": raw(b"/static/%2e%2e/%2e%2e/var/secret_key"),
    "a folder": raw(b"/static/"),
    "a file with NUL": raw(b"/static/%00"),
    "a hidden folder": raw(b"/.git/config"),
    "a hidden file": raw(b"/.env"),
}
# Odd, but understood by all in the same way; answered as if the odd part were not there.
ANSWERED = {
    "http/1.0 without a host": raw(version=b"HTTP/1.0", host=b""),
    "an upgrade to http/2": raw(b"/", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"),
    "what a proxy would say": raw(
        b"/",
        b"X-Forwarded-Host: evil.example",
        b"Forwarded: for=1.2.3.4;host=evil.example;proto=https",
        b"X-Original-URL: /admin/",
        b"X-Rewrite-URL: /admin/",
        b"X-HTTP-Method-Override: DELETE",
    ),
    "addresses that are none": raw(
        b"/", b"X-Forwarded-For: \xff, , ,;;[::1", b"X-Forwarded-Proto: \xff"
    ),
    "many addresses": raw(b"/", b"X-Forwarded-For: " + b"1.2.3.4, " * 5000),
    "bytes in headers": raw(b"/", b"Accept-Language: \xff", b"User-Agent: \xff", b"Referer: \xff"),
    "bytes in a cookie": raw(b"/", b"Cookie: \xff\xfe=\xff"),
    "a long list of languages": raw(b"/", b"Accept-Language: " + b"en-" * 5000),
    "many ranges": raw(b"/static/STYLE", b"Range: bytes=" + b"0-1," * 5000 + b"0-1"),
    "a range without end": raw(b"/static/STYLE", b"Range: bytes=0-" + b"9" * 300),
    "a range of bytes": raw(b"/static/STYLE", b"Range: b\xffytes=a-b"),
    "a date that is none": raw(b"/static/STYLE", b"If-Modified-Since: Sun, 99 Zzz 99999 99:99 GMT"),
    "codings that are none": raw(b"/static/STYLE", b"Accept-Encoding: \xff;q=x,,gzip;q=9e999"),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    site = serve(tmp_path_factory.mktemp("wire"))
    yield site
    site.process.kill()


@pytest.fixture(scope="module")
def style(served) -> bytes:
    """The name of a static file."""
    page = answer_to(served, raw())
    return b"css/base" + page.split(b"/static/css/base")[1].split(b'"')[0]


@pytest.fixture(autouse=True)
def nothing_is_wrong_afterwards(served) -> Iterator[None]:
    """No test leaves a traceback in the log, or a site that does not answer."""
    yield
    assert "Traceback" not in (served.folder / "web.log").read_text()
    assert statuses_in(answer_to(served, raw(b"/accounts/login/"))) == [200]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_odd_is_refused_once(served, style, name):
    answer = answer_to(served, REFUSED[name].replace(b"STYLE", style))
    statuses = statuses_in(answer)
    assert len(statuses) <= 1, answer
    assert all(400 <= status < 500 for status in statuses), answer[:2000]


@pytest.mark.parametrize("name", ANSWERED)
def test_what_everybody_understands_alike_is_answered(served, style, name):
    answer = answer_to(served, ANSWERED[name].replace(b"STYLE", style))
    assert statuses_in(answer) in ([200], [206]), answer[:2000]
    assert b"evil.example" not in answer


def test_there_is_no_websocket_at_any_address(served):
    for route in routes():
        target = route.path(dict.fromkeys(route.parameters, "1")).encode()
        answer = answer_to(served, b"GET " + target + b" HTTP/1.1\r\n" + HOST + WEBSOCKET + b"\r\n")
        assert statuses_in(answer) == [400], (target, answer)
        assert b"Nothing was opened" in answer  # as a page, or as JSON at the API's addresses


def test_a_hundred_and_one_files_are_too_many_for_one_form(served):
    files = b"".join(
        b"--b\r\nContent-Disposition: form-data; name=photos; filename=%d.jpg\r\n\r\nx\r\n" % number
        for number in range(101)
    )
    body = files + b"--b--\r\n"
    lines = [
        b"Content-Type: multipart/form-data; boundary=b",
        b"Content-Length: %d" % len(body),
        b"Cookie: %s; %s=%s"
        % (served.owner_session.encode(), served.csrf_cookie.encode(), b"a" * 32),
        b"X-CSRFToken: " + b"a" * 32,
    ]
    request = raw(served.upload_path.encode(), *lines, method=b"POST", body=body)
    assert statuses_in(answer_to(served, request)) == [400]


@pytest.mark.parametrize("value", ['"\\000\\377aaaaaaaaaaaaaaaaaaaaaaaaaa"', "%00", "a" * 5000, ""])
def test_a_session_that_cannot_be_is_nobodys(served, value):
    name = served.owner_session.split("=")[0]
    answer = answer_to(served, raw(b"/dashboard/", f"Cookie: {name}={value}".encode()))
    assert statuses_in(answer) == [302], answer


def test_two_cookie_headers_sign_nobody_in(served):
    session = b"Cookie: " + served.owner_session.encode()
    answer = answer_to(served, raw(b"/dashboard/", session, b"Cookie: a=b"))
    assert statuses_in(answer) == [302], answer


def test_what_follows_a_refused_body_is_no_request(served):
    smuggled = post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + NESTED)
    keeping = smuggled.replace(b"Connection: close\r\n", b"")
    assert statuses_in(answer_to(served, keeping)) == [400]
