"""What a proxy between us and a service says is not taken for the service's own word."""

from __future__ import annotations

import pytest
import responses

from providers.errors import (
    AuthenticationFailedError,
    OutcomeUnknownError,
    ProviderUnavailableError,
    RequestRejectedError,
    RunNotFoundError,
)
from providers.http import fetch
from providers.http.calls import Call, detail_of, reply_from
from providers.http.client import Client

BASE = "https://trainer.example.org/v1"
NGINX = "<html>\r\n<head><title>{title}</title></head>\r\n<body><hr>nginx</body></html>"
RUN = Call("GET", "/fine-tunes/ft-1", is_about_run=True)


@pytest.fixture
def client() -> Client:
    return Client("local", BASE, "a-long-secret-key")


def answer(mock, method: str, status: int, body: str, content_type: str = "text/html") -> None:
    mock.add(method, f"{BASE}/fine-tunes/ft-1", body=body, status=status, content_type=content_type)


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (
            404,
            "404 page not found\n",
            "text/plain; charset=utf-8",
        ),
        (404, NGINX.format(title="404 Not Found"), "text/html"),
        (403, NGINX.format(title="403 Forbidden"), "text/html"),
        (401, NGINX.format(title="401 Authorization Required"), "text/html"),
        (402, "Payment Required", "text/plain"),
        (502, NGINX.format(title="502 Bad Gateway"), "text/html"),
    ],
)
def test_a_page_of_a_proxy_proves_nothing_about_runs_and_keys(client, status, body, content_type):
    with responses.RequestsMock() as mock:
        answer(mock, "GET", status, body, content_type)
        with pytest.raises(ProviderUnavailableError) as raised:
            client.ask(RUN)
    assert f"HTTP {status} from a server in between" in raised.value.detail


@pytest.mark.parametrize(
    ("status", "kind"), [(404, RunNotFoundError), (401, AuthenticationFailedError)]
)
def test_what_the_service_itself_says_counts(client, status, kind):
    with responses.RequestsMock() as mock:
        answer(mock, "GET", status, '{"error": {"message": "no"}}', "application/json")
        with pytest.raises(kind, match="no"):
            client.ask(RUN)


def test_a_proxy_that_finds_the_photos_too_large_is_named(client):
    page = NGINX.format(title="413 Request Entity Too Large")
    with responses.RequestsMock() as mock:
        mock.add("POST", f"{BASE}/files/upload", body=page, status=413, content_type="text/html")
        with pytest.raises(RequestRejectedError) as raised:
            client.ask(Call("POST", "/files/upload"))
    assert raised.value.detail == (
        "HTTP 413 from a server in between: 413 Request Entity Too Large"
    )


def test_a_paid_call_that_a_proxy_answered_stays_unclear(client):
    with responses.RequestsMock() as mock:
        page = NGINX.format(title="504 Gateway Time-out")
        mock.add("POST", f"{BASE}/fine-tunes", body=page, status=504, content_type="text/html")
        with pytest.raises(OutcomeUnknownError):
            client.pay(Call("POST", "/fine-tunes"), headers={}, timeout=(1.0, 1.0))


@pytest.mark.parametrize(
    "page", ["<html><body><h1>Busy &amp; away</h1></body></html>", "Busy & away"]
)
def test_a_page_is_told_as_its_words(page):
    reply = reply_from(503, {"Content-Type": "text/html"}, page.encode())
    assert detail_of(reply) == "HTTP 503 from a server in between: Busy & away"


def test_a_proxys_page_does_not_mean_that_a_result_is_gone(client):
    with responses.RequestsMock() as mock:
        answer(mock, "GET", 404, "404 page not found\n", "text/plain; charset=utf-8")
        address = f"{BASE}/fine-tunes/ft-1"
        with pytest.raises(ProviderUnavailableError), fetch.open_url(client, address, max_bytes=9):
            pass
