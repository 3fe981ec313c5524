"""HTTP to an address that somebody named: real TLS, and servers that mean harm."""

from __future__ import annotations

import gzip
import io
import socket
import zlib

import pytest

from providers.http import public
from providers.http.public_errors import (
    AddressRefusedError,
    PublicCallError,
    TooLargeError,
    TooSlowError,
    UnreachableError,
    UntrustedError,
    UnwantedAnswerError,
)
from tests.providers.raw_server import RawServer, answer, json_answer
from tests.public_server import HERE, NAME, Internet

URL = f"https://{NAME}/photos.zip"


def fetch(
    url: str = URL, *, max_bytes: int = 10_000, seconds: float = 20.0, stall: float = 10.0
) -> bytes:
    target = io.BytesIO()
    size = public.get(url, target, max_bytes=max_bytes, seconds=seconds, stall=stall)
    assert size == len(target.getvalue())
    return target.getvalue()


def moved(to: str, status: str = "302 Found"):
    return answer(f"HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())


def test_a_file_is_read_from_the_name_with_nothing_of_ours(internet, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {NAME} login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    server = internet.serve(json_answer(b"PK", extra="Set-Cookie: a=b\r\n"))
    assert fetch() == b"PK"
    assert internet.asked == [NAME]
    (request,) = server.requests
    lines = request.lower().split(b"\r\n")
    assert lines[0] == b"get /photos.zip http/1.1"
    assert f"host: {NAME}".encode() in lines
    assert b"accept-encoding: identity" in lines
    assert not any(line.startswith((b"authorization", b"cookie", b"proxy")) for line in lines)


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example.com/a",
        "ftp://files.example.com/a",
        "file:///etc/passwd",
        "/etc/passwd",
        "",
        "https://",
        "https://user@files.example.com/",
        "https://user:password@files.example.com/",
        "https://files.example.com:22/",
        "https://files.example.com:80/",
        "https://files.example.com\\@other.example.com/",
        "https://files.example.com/a\r\nX: y",
        "https://bücher.example.com/",
        "https://127.0.0.2/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://10.0.0.1/",
        "https://100.100.100.200/",
        "https://169.254.169.254/latest/meta-data",
        "https://224.0.0.1/",
        "https://localhost/",
        "https://printer.local/",
        "https://printer/",
        "https://metadata.google.internal/",
        f"https://{NAME}/{'a' * 2000}",
    ],
)
def test_what_the_address_itself_says_is_refused_before_anything_is_resolved(internet, url):
    with pytest.raises(AddressRefusedError) as refusal:
        fetch(url)
    assert str(refusal.value).endswith(".") and refusal.value.code == "address_refused"
    assert internet.asked == []
    with pytest.raises(AddressRefusedError):
        public.post(url, b"{}", {}, seconds=5)


@pytest.mark.parametrize(
    "host", ["2130706434", "0x7f000002", "0177.0.0.2", "127.2", "inside.example.com", "0"]
)
def test_names_and_spellings_that_lead_inside_are_refused(internet, host):
    internet.names[host] = [("127.0.0.2", 443)]
    with pytest.raises(AddressRefusedError):
        fetch(f"https://{host}/")


def test_one_inner_address_among_public_ones_is_enough_to_refuse(internet):
    server = internet.serve(json_answer(b"PK"))
    internet.names[NAME].append(("10.0.0.5", 443))
    with pytest.raises(AddressRefusedError):
        fetch()
    assert server.connection_count == 0


def test_a_name_is_resolved_once_and_the_socket_goes_where_it_was_judged(internet, monkeypatch):
    server = internet.serve(json_answer(b"PK"))
    answers = [internet.lookup(NAME, 443)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: answers.pop())
    assert fetch() == b"PK"
    assert server.connection_count == 1


def test_a_name_that_leads_inside_the_next_time_is_refused_then(internet):
    with RawServer(json_answer(b"inside")) as inside:
        internet.serve(json_answer(b"PK"))
        assert fetch() == b"PK"
        internet.names[NAME] = [("127.0.0.2", int(inside.url.rpartition(":")[2]))]
        with pytest.raises(AddressRefusedError):
            fetch()
        assert inside.connection_count == 0


def test_the_next_address_is_tried_where_the_first_takes_nobody(internet):
    internet.serve(json_answer(b"PK"))
    with socket.create_server((HERE, 0)) as closed:
        port = closed.getsockname()[1]
    internet.names[NAME].insert(0, (HERE, port))
    assert fetch() == b"PK"


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:8100/v1/files",
        "http://files.example.com/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://inside.example.com/",
        "https://files.example.com:6379/",
        "https://somebody:secret@other.example.com/",
        "file:///etc/passwd",
        "//127.0.0.2/",
    ],
)
def test_a_redirect_is_judged_like_an_address(internet, target):
    internet.names["inside.example.com"] = [("10.0.0.5", 443)]
    server = internet.serve(moved(target))
    with pytest.raises(AddressRefusedError):
        fetch()
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Away", "308 Gone"])
def test_a_redirect_is_followed_without_a_cookie(internet, status):
    head = f"HTTP/1.1 {status}\r\nLocation: https://other.example.com/b\r\nSet-Cookie: a=b\r\n"
    internet.serve(answer(f"{head}Content-Length: 0\r\n\r\n".encode()))
    other = internet.serve(json_answer(b"PK"), "other.example.com")
    assert fetch() == b"PK"
    assert b"GET /b HTTP/1.1" in other.requests[0]
    assert b"ookie" not in other.requests[0]


def test_redirects_end_after_three(internet):
    server = internet.serve(moved(URL))
    with pytest.raises(AddressRefusedError, match="too often"):
        fetch()
    assert len(server.requests) == 4


def test_what_is_posted_goes_there_once_and_to_nowhere_else(internet):
    server = internet.serve(moved("https://other.example.com/", "307 Temporary Redirect"))
    other = internet.serve(json_answer(b""), "other.example.com")
    reply = public.post(URL, b'{"a":1}', {"Content-Type": "application/json"}, seconds=10)
    assert (reply.status, reply.is_success) == (307, False)
    assert server.requests[0].endswith(b'\r\n\r\n{"a":1}') and other.requests == []


def test_how_a_post_is_answered_is_told(internet):
    internet.serve(answer(b"HTTP/1.1 503 Busy\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n"))
    assert public.post(URL, b"", {}, seconds=10) == public.Answer(503, 30.0)


@pytest.mark.parametrize("status", ["204 None", "206 Part", "401 No", "404 Not here", "500 Oh"])
def test_anything_but_the_whole_file_is_no_file(internet, status):
    internet.serve(json_answer(b"no", status))
    with pytest.raises(UnwantedAnswerError, match=status[:3]):
        fetch()


# --- who it is ------------------------------------------------------------------------------


def test_a_certificate_for_another_name_is_refused(internet):
    internet.serve(json_answer(b"PK"), "third.example.com")
    with pytest.raises(UntrustedError):
        fetch("https://third.example.com/")


def test_a_certificate_of_an_unknown_authority_is_refused(internet, monkeypatch):
    import certifi

    server = internet.serve(json_answer(b"PK"))
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", certifi.where())
    with pytest.raises(UntrustedError):
        fetch()
    assert server.requests == []


def test_a_server_without_tls_is_no_https(internet):
    class Plain(RawServer):
        def _answer(self, connection: socket.socket) -> None:
            with connection:
                connection.sendall(b"HTTP/1.1 400 This is plain HTTP\r\n\r\n")
                connection.recv(65536)

    with Plain(json_answer(b"")) as plain:
        internet.names[NAME] = [(HERE, int(plain.url.rpartition(":")[2]))]
        with pytest.raises(UntrustedError):
            fetch()


def test_nobody_there_is_unreachable(internet):
    with pytest.raises(UnreachableError):
        fetch("https://nowhere.example.com/")
    with socket.create_server((HERE, 0)) as closed:
        port = closed.getsockname()[1]
    internet.names[NAME] = [(HERE, port)]
    with pytest.raises(UnreachableError) as refusal:
        fetch()
    assert NAME not in str(refusal.value)


# --- how much -------------------------------------------------------------------------------


def packed(body: bytes, name: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {name}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize(
    "reply",
    [
        packed(gzip.compress(bytes(50_000_000)), "gzip"),
        packed(zlib.compress(bytes(50_000_000)), "deflate"),
        packed(gzip.compress(gzip.compress(bytes(50_000_000))), "gzip, gzip"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 10001\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(20_000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4e20\r\n" + bytes(20_000),
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 9_000 + b"\r\n",
    ],
    ids=["gzip", "deflate", "twice", "announced", "unannounced", "chunked", "line", "short line"],
)
def test_too_much_is_cut_off_before_it_is_stored(internet, reply):
    if reply.endswith(b"a\r\n"):
        reply = reply + (b"X: " + b"a" * 9_000 + b"\r\n") * 20
    internet.serve(answer(reply))
    target = io.BytesIO()
    with pytest.raises(TooLargeError):
        public.get(URL, target, max_bytes=10_000, seconds=20, stall=10)
    assert len(target.getvalue()) <= 10_000


def test_heads_that_never_end_are_cut_off(internet):
    def again(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    internet.serve(again)
    with pytest.raises(TooLargeError):
        fetch()


# --- how long -------------------------------------------------------------------------------


def trickle(first: bytes, again: bytes):
    """Send `again` for ever, far more often than any timeout of a single read."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(first)
        connection.settimeout(0.05)
        while True:
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                connection.sendall(again)

    return behave


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"a"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\nConnection: close\r\n\r\n", b"a"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX:", b"a"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a"),
    ],
    ids=["silence", "head", "body", "closing", "extension", "trailer", "closing extension"],
)
def test_a_server_that_trickles_is_cut_off_after_the_whole_time(internet, first, again):
    internet.serve(trickle(first, again))
    with pytest.raises(TooSlowError):
        fetch(seconds=0.5)


def test_a_server_that_stands_still_is_not_waited_for_until_the_end(internet):
    internet.serve(trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", b""))
    with pytest.raises(TooSlowError):
        fetch(seconds=300, stall=0.2)


def test_a_handshake_that_never_comes_to_its_end_is_cut_off(internet):
    with RawServer(trickle(b"", b"")) as silent:
        internet.names[NAME] = [(HERE, int(silent.url.rpartition(":")[2]))]
        with pytest.raises(TooSlowError):
            fetch(seconds=0.5)


def test_a_receiver_that_says_nothing_ends_a_post(internet):
    internet.serve(trickle(b"", b""))
    with pytest.raises(TooSlowError):
        public.post(URL, b"{}", {}, seconds=0.3)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"nonsense\r\n\r\n",
        packed(b"no gzip", "gzip"),
        b"",
    ],
)
def test_an_answer_that_breaks_off_or_makes_no_sense_is_none(internet, reply):
    internet.serve(answer(reply))
    with pytest.raises(PublicCallError):
        fetch()


def test_what_the_target_raises_is_not_blamed_on_the_server(internet):
    class Full(io.BytesIO):
        def write(self, _data: object) -> int:
            raise OSError(28, "No space left on device")

    internet.serve(json_answer(b"PK"))
    with pytest.raises(OSError, match="No space"):
        public.get(URL, Full(), max_bytes=100, seconds=10, stall=5)


# --- what an operator allows ----------------------------------------------------------------


def test_only_what_the_operator_names_may_lie_inside(settings, internet: Internet):
    internet.names = {}
    with RawServer(json_answer(b"inside")) as inside, RawServer(json_answer(b"other")) as other:
        settings.INSIDE_ADDRESSES = (inside.url.removeprefix("http://"),)
        assert fetch(f"{inside.url}/a") == b"inside"
        assert public.post(f"{inside.url}/a", b"x", {}, seconds=5).status == 200
        with pytest.raises(AddressRefusedError):
            fetch(f"{other.url}/a")
        assert other.connection_count == 0
