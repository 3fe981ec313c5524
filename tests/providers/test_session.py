"""What cannot be seen through a faked HTTP layer: TLS, slow bodies, huge bodies."""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from providers.errors import OutcomeUnknownError, ProviderUnavailableError
from providers.http import client as client_module
from providers.http.calls import Call, retry_after
from providers.http.client import Client
from providers.http.send_once import steady_seconds
from providers.redaction import safe_excerpt
from tests.providers.raw_server import RawServer, answer, drop, json_answer
from tests.providers.samples import KEY

CALL = Call("POST", "/fine-tunes", {"model": "x"})


def client(url: str) -> Client:
    return Client("together", url, KEY)


def pay(client: Client, not_after: float | None = None) -> dict:
    reply = client.pay(CALL, headers={}, timeout=(2.0, 2.0), not_after=not_after)
    return reply.data or {}


PROXY = r"the proxy that the environment names \(ALL_PROXY, HTTPS_PROXY\) cannot be used"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "http:///nowhere"])
def test_a_proxy_that_cannot_be_used_is_named_and_nothing_counts_as_sent(proxy, monkeypatch):
    """Without a library for SOCKS nothing leaves this machine, so nothing is paid."""
    monkeypatch.setenv("ALL_PROXY", proxy)
    elsewhere = client("https://api.example.org")
    with pytest.raises(ProviderUnavailableError, match=PROXY):
        pay(elsewhere)
    with pytest.raises(ProviderUnavailableError, match=PROXY):
        elsewhere.ask(Call("GET", "/models"))


def test_certificates_that_are_missing_are_named_and_nothing_counts_as_sent(monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(ProviderUnavailableError, match="certificates that the environment names"):
        pay(client("https://api.example.org"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    return both


@pytest.fixture
def trusted(certificate, monkeypatch) -> Path:
    """Paid calls trust the certificate."""
    original = client_module.send_once_session

    def trusting(*args: object, **kwargs: object):
        session = original(*args, **kwargs)
        session.verify = str(certificate)
        return session

    monkeypatch.setattr(client_module, "send_once_session", trusting)
    return certificate


class TlsServer(RawServer):
    def __init__(self, behaviour, certificate: Path) -> None:
        super().__init__(behaviour)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._listener = context.wrap_socket(self._listener, server_side=True)

    @property
    def url(self) -> str:
        return super().url.replace("http:", "https:")


def test_paid_call_over_tls_is_sent_and_answered(trusted):
    with TlsServer(json_answer(b'{"id":"ft-1"}'), trusted) as server:
        assert pay(client(server.url)) == {"id": "ft-1"}
    assert len(server.requests) == 1


def test_lost_answer_over_tls_is_unknown_and_was_sent_once(trusted):
    with TlsServer(drop, trusted) as server, pytest.raises(OutcomeUnknownError):
        pay(client(server.url))
    assert len(server.requests) == 1


def test_late_call_over_tls_is_not_sent(trusted):
    with (
        TlsServer(json_answer(b"{}"), trusted) as server,
        pytest.raises(ProviderUnavailableError, match="too late"),
    ):
        pay(client(server.url), not_after=steady_seconds() - 1)
    assert server.requests == []


def test_broken_tls_handshake_surely_sent_nothing():
    # A plain server takes the start of the handshake for a request head that never ends.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(pay, client(url))
            connection, _ = listener.accept()
            connection.sendall(b"this is not TLS\r\n")
            connection.close()
            with pytest.raises(ProviderUnavailableError):
                call.result(timeout=10)


def test_reply_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(client_module, "MAX_REPLY_BYTES", 1000)
    endless = answer(b"HTTP/1.1 200 OK\r\n\r\n" + b'"' + b"x" * 5000)
    with (
        RawServer(endless) as server,
        pytest.raises(ProviderUnavailableError, match="BodyTooLargeError"),
    ):
        client(server.url).ask(Call("GET", "/"))


def test_reply_that_trickles_is_given_up(monkeypatch):
    monkeypatch.setattr(client_module, "BODY_SECONDS", 0.0)
    with (
        RawServer(json_answer(b'{"id":"x"}')) as server,
        pytest.raises(ProviderUnavailableError, match="BodyTooSlowError"),
    ):
        client(server.url).ask(Call("GET", "/"))


def test_paid_reply_that_trickles_leaves_the_outcome_unknown(monkeypatch):
    monkeypatch.setattr(client_module, "BODY_SECONDS", 0.0)
    with RawServer(json_answer(b'{"id":"x"}')) as server, pytest.raises(OutcomeUnknownError):
        pay(client(server.url))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "999999"}, 3600.0),
        ({"Retry-After": "Sun, 01 Nov 2026 10:00:30 GMT"}, 30.0),
        ({"Retry-After": "Sun, 01 Nov 2026 09:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"x-ratelimit-reset": "2"}, 2.0),
        ({"Retry-After": "7", "x-ratelimit-reset": "2"}, 7.0),
        ({}, None),
    ],
)
def test_wait_is_read_as_seconds_or_date(headers, expected):
    assert retry_after(headers, datetime(2026, 11, 1, 10, tzinfo=UTC)) == expected


@given(st.text(), st.text())
def test_redacted_text_never_holds_the_key(before, after):
    assert KEY not in safe_excerpt(f"{before}{KEY}{after}", KEY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Authorization: Bearer {KEY}", "Authorization: Bearer [hidden]"),
        ("see https://x.org/a?sig=abc&t=1 now", "see https://x.org/a?[hidden] now"),
        ("data:image/jpeg;base64,/9j/4AAQ", "data:[hidden]"),
        ("an ordinary sentence about local keys", "an ordinary sentence about local keys"),
        ("x" * 600, "x" * 500 + "…"),
    ],
)
def test_redacting_hides_secrets_and_keeps_the_rest(text, expected):
    assert safe_excerpt(text, KEY) == expected


def trickling(connection: socket.socket) -> None:
    """Send a header that never ends, a byte well within every read timeout."""
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            connection.sendall(b"x")
            connection.recv(1) if select.select([connection], [], [], 0.05)[0] else None


def test_an_answer_that_trickles_is_ended_as_a_whole():
    begun = time.monotonic()
    with RawServer(trickling) as server, pytest.raises(ProviderUnavailableError):
        client(server.url).ask(Call("GET", "/"), timeout=(2.0, 2.0), limit=0.4)
    assert time.monotonic() - begun < 5


def test_a_paid_call_whose_answer_trickles_is_unknown_in_bounded_time():
    with RawServer(trickling) as server, pytest.raises(OutcomeUnknownError):
        client(server.url).pay(CALL, headers={}, timeout=(0.2, 0.3))
    assert len(server.requests) == 1
