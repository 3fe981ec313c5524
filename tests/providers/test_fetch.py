"""Downloads reach the provider's own origin or the public internet, and nothing else."""

from __future__ import annotations

import socket

import pytest
import responses

from providers.errors import (
    AuthenticationFailedError,
    ProviderUnavailableError,
    ResultHostError,
    RunNotFoundError,
    UnexpectedReplyError,
)
from providers.http import addresses, fetch
from providers.http.client import Client
from tests.providers.raw_server import Behaviour, RawServer, answer, closed_port_url, json_answer
from tests.providers.samples import KEY

OWN = "https://api.together.ai/v1"
PUBLIC_ADDRESS = "93.184.216.34"


def client(base_url: str = OWN) -> Client:
    return Client("together", base_url, KEY)


def read(url: str, *, base_url: str = OWN, max_bytes: int = 1000) -> bytes:
    with fetch.open_url(client(base_url), url, max_bytes=max_bytes) as download:
        return b"".join(download.chunks)


@pytest.fixture(autouse=True)
def resolver(monkeypatch) -> dict[str, str]:
    """Names to addresses; everything else is public. Nothing here asks a real resolver."""
    known = {"inside.example.com": "10.0.0.5"}

    def lookup(host: str, port: int, *args: object, **kwargs: object) -> list[tuple]:
        try:
            socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
            address = host
        except OSError:
            address = known.get(host, PUBLIC_ADDRESS)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return known


@responses.activate
@pytest.mark.parametrize("status", [429, 500, 503])
def test_another_host_that_is_away_is_told_apart_from_the_provider(status):
    responses.get(f"{OWN}/finetune/download", status=status)
    responses.get("https://files.example.com/1.jpg", status=status, headers={"Retry-After": "9"})
    with pytest.raises(ProviderUnavailableError) as own:
        read(f"{OWN}/finetune/download")
    assert not isinstance(own.value, ResultHostError)
    with pytest.raises(ResultHostError) as other:
        read("https://files.example.com/1.jpg")
    assert (other.value.status_code, other.value.retry_after) == (status, 9.0)


@responses.activate
def test_own_origin_gets_the_key():
    responses.get(f"{OWN}/finetune/download", body=b"weights")
    assert read(f"{OWN}/finetune/download?ft_id=ft-1") == b"weights"
    sent = responses.calls[0].request.headers
    assert sent["Authorization"] == f"Bearer {KEY}"
    assert sent["User-Agent"]


@responses.activate
@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example.com/a.jpg",
        "https://api.together.ai:8443/v1/a.jpg",
        "https://api.together.ai.example.com/v1/a.jpg",
    ],
)
def test_other_origins_get_no_key(url):
    responses.get(url, body=b"picture")
    assert read(url) == b"picture"
    assert "Authorization" not in responses.calls[0].request.headers


@responses.activate
def test_redirect_to_another_origin_takes_no_key_along():
    responses.get(f"{OWN}/a.jpg", status=302, headers={"Location": "https://cdn.example.com/a"})
    responses.get("https://cdn.example.com/a", body=b"picture")
    assert read(f"{OWN}/a.jpg") == b"picture"
    assert "Authorization" in responses.calls[0].request.headers
    assert "Authorization" not in responses.calls[1].request.headers


@responses.activate
def test_redirect_back_to_the_own_origin_does_not_bring_the_key_back():
    responses.get("https://cdn.example.com/a", status=302, headers={"Location": f"{OWN}/secret"})
    responses.get(f"{OWN}/secret", body=b"x")
    read("https://cdn.example.com/a")
    assert "Authorization" not in responses.calls[1].request.headers


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example.com/a.jpg",
        "https://inside.example.com/a.jpg",
        "https://127.0.0.1/a.jpg",
        "https://[::1]/a.jpg",
        "https://[::ffff:10.0.0.1]/a.jpg",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/a.jpg",
        "https://user:password@cdn.example.com/a.jpg",
        "https://cdn.example.com\\@api.together.ai/v1/a.jpg",
        "https://api.together.ai\\@cdn.example.com/a.jpg",
        "https://cdn.example.com/a\r\nX: y",
        "file:///etc/passwd",
        "ftp://cdn.example.com/a.jpg",
        "/etc/passwd",
        "",
    ],
)
def test_address_outside_the_rule_is_refused_without_http(url):
    with responses.RequestsMock(), pytest.raises(UnexpectedReplyError, match="refused"):
        read(url)


@responses.activate
@pytest.mark.parametrize("target", ["http://127.0.0.1:8100/v1/files", "https://10.1.2.3/"])
def test_redirect_into_the_private_network_is_refused(target):
    responses.get("https://cdn.example.com/a", status=302, headers={"Location": target})
    with pytest.raises(UnexpectedReplyError, match="refused"):
        read("https://cdn.example.com/a")
    assert len(responses.calls) == 1


def test_private_trainer_is_fetched_from_but_only_at_its_own_port(resolver):
    with RawServer(json_answer(b"own")) as own, RawServer(json_answer(b"other")) as other:
        assert read(f"{own.url}/v1/a.jpg", base_url=f"{own.url}/v1") == b"own"
        with pytest.raises(UnexpectedReplyError, match="refused"):
            read(f"{other.url}/v1/a.jpg", base_url=f"{own.url}/v1")
        assert other.connection_count == 0


def test_name_that_resolves_differently_the_second_time_gets_no_byte(monkeypatch):
    with RawServer(json_answer(b"inside")) as inside:
        port = int(inside.url.rpartition(":")[2])
        answers = [PUBLIC_ADDRESS, "127.0.0.1"]

        def lookup(host: str, *args: object, **kwargs: object) -> list[tuple]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        with pytest.raises(UnexpectedReplyError, match="refused"):
            read(f"https://rebinding.example.com:{port}/a.jpg")
        assert not answers
        assert inside.requests == []


@responses.activate
def test_redirects_without_end_are_refused():
    responses.get(f"{OWN}/a", status=302, headers={"Location": f"{OWN}/a"})
    with pytest.raises(UnexpectedReplyError, match="too many redirects"):
        read(f"{OWN}/a")
    assert len(responses.calls) == fetch.MAX_REDIRECTS + 1


@responses.activate
def test_relative_redirect_is_followed():
    responses.get(f"{OWN}/a", status=302, headers={"Location": "b"})
    responses.get(f"{OWN}/b", body=b"moved")
    assert read(f"{OWN}/a") == b"moved"


def test_announced_size_over_the_limit_is_refused_before_reading():
    with (
        RawServer(json_answer(b"x" * 2000)) as server,
        pytest.raises(UnexpectedReplyError, match="2000 bytes"),
    ):
        read(f"{server.url}/a", base_url=server.url)


def test_body_growing_over_the_limit_is_cut_off():
    endless = answer(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 2000)
    with RawServer(endless) as server, pytest.raises(UnexpectedReplyError, match="too large"):
        read(f"{server.url}/a", base_url=server.url)


def test_truncated_body_is_an_interruption_not_a_result():
    half = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf")
    with RawServer(half) as server, pytest.raises(ProviderUnavailableError):
        read(f"{server.url}/a", base_url=server.url)


BEGUN = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: "one"\r\n\r\n0123'


def in_turn(*answers: bytes) -> Behaviour:
    """Give one answer after the other, and cut each connection."""
    left = list(answers)
    return lambda connection: connection.sendall(left.pop(0))


def part(first: int, body: bytes, length: int) -> bytes:
    head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-9/10\r\n"
    return f"{head}Content-Length: {length}\r\n\r\n".encode() + body


def test_a_body_that_breaks_off_is_resumed_with_the_same_version():
    with RawServer(in_turn(BEGUN, part(4, b"45", 6), part(6, b"6789", 4))) as server:
        assert read(f"{server.url}/a", base_url=server.url) == b"0123456789"
    assert b"Range" not in server.requests[0]
    for request, first in zip(server.requests[1:], (b"4", b"6"), strict=True):
        assert b"Range: bytes=" + first + b"-\r\n" in request
        assert b'If-Range: "one"' in request
        assert KEY.encode() in request


@pytest.mark.parametrize(
    "second",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother",
        b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n",
        part(3, b"3456789", 7),
        part(4, b"", 6),
        b"",
    ],
)
def test_a_body_that_cannot_be_resumed_is_an_interruption(second):
    with (
        RawServer(in_turn(BEGUN, second)) as server,
        pytest.raises(ProviderUnavailableError),
    ):
        read(f"{server.url}/a", base_url=server.url)
    assert len(server.requests) == 2


def test_without_a_version_nothing_is_resumed():
    unnamed = BEGUN.replace(b'ETag: "one"\r\n', b"")
    for begun in (unnamed, BEGUN.replace(b'"one"', b'W/"one"')):
        with RawServer(in_turn(begun)) as server, pytest.raises(ProviderUnavailableError):
            read(f"{server.url}/a", base_url=server.url)
        assert len(server.requests) == 1


def test_a_body_that_goes_on_breaking_off_is_given_up():
    def one_more(connection: socket.socket) -> None:
        first = len(server.requests)
        connection.sendall(part(first, b"x", 100) if first > 1 else BEGUN[:-3])

    with RawServer(one_more) as server, pytest.raises(ProviderUnavailableError):
        read(f"{server.url}/a", base_url=server.url)
    assert len(server.requests) <= fetch.MOST_RESUMES + 1


def test_the_limit_counts_all_parts():
    endless = part(4, b"x" * 30, 40)
    with (
        RawServer(in_turn(BEGUN, endless)) as server,
        pytest.raises(UnexpectedReplyError, match="too large"),
    ):
        read(f"{server.url}/a", base_url=server.url, max_bytes=20)


def test_unreachable_trainer_is_unavailable():
    url = closed_port_url()
    with pytest.raises(ProviderUnavailableError):
        read(f"{url}/a", base_url=url)


@responses.activate
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthenticationFailedError),
        (404, RunNotFoundError),
        (410, RunNotFoundError),
        (500, ProviderUnavailableError),
        (204, UnexpectedReplyError),
        (304, UnexpectedReplyError),
    ],
)
def test_unsuccessful_status_means_the_right_error(status, kind):
    responses.get(f"{OWN}/a", status=status)
    with pytest.raises(kind):
        read(f"{OWN}/a")


def test_size_is_told_where_it_is_announced():
    with (
        RawServer(json_answer(b"12345")) as server,
        fetch.open_url(client(server.url), f"{server.url}/a", max_bytes=10) as download,
    ):
        assert download.size == 5


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (PUBLIC_ADDRESS, True),
        ("2606:2800:220:1::1", True),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
        ("224.0.0.1", False),
        ("ff02::1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("168.63.129.16", False),
        ("192.0.0.192", False),
        ("192.88.99.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("0.0.0.1", False),
        ("::", False),
        ("::93.184.216.34", False),
        ("::ffff:93.184.216.34", False),
        ("2002:5db8:d822::1", False),
        ("2001:0:5db8:d822::1", False),
        ("64:ff9b::5db8:d822", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::5db8:d822", False),
        ("fec0::1", False),
        ("fd00:ec2::254", False),
        ("2001:db8::1", False),
        ("3fff::1", False),
        ("5f00::1", False),
    ],
)
def test_public_addresses_are_told_from_all_others(address, expected):
    assert addresses.is_public(address) is expected
