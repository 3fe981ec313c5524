"""The address that a provider is given: only where it can reach us, and made by us only."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from jobs.webhook_links import correlation_of, webhook_url
from jobs.work import work_for
from providers import registry
from providers.local.provider import Local
from training.selectors import next_idempotency_key
from training.services import start

CORRELATION = "tw-" + "5" * 32


def token_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["job"][0]


def test_it_names_the_job_and_cannot_be_made_by_others(hooked):
    url = webhook_url("local", CORRELATION)
    assert url.startswith("https://theway.example.org/api/webhooks/local?job=tw-")
    assert correlation_of(token_in(url)) == CORRELATION
    for forged in (
        "",
        CORRELATION,
        f"{CORRELATION}:",
        token_in(url)[:-1],
        "tw-6" + token_in(url)[4:],
    ):
        assert correlation_of(forged) == ""


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://theway.example.org",
        "https://localhost",
        "https://theway.localhost:8443",
        "https://127.0.0.1",
        "https://[::1]:8443",
        "https://192.168.1.10",
    ],
)
def test_there_is_none_where_nobody_could_reach_it(hooked, settings, address):
    settings.PUBLIC_URL, settings.SITE_ORIGIN = address, address or "http://localhost:8000"
    assert webhook_url("local", CORRELATION) == ""


def test_there_is_none_for_providers_that_send_none(hooked):
    assert webhook_url("together", CORRELATION) == ""
    assert webhook_url("nobody", CORRELATION) == ""


@pytest.mark.parametrize("origin", ["http://localhost:8000", "http://127.0.0.1:8000"])
def test_a_stand_in_on_this_machine_reaches_us_here(hooked, settings, monkeypatch, origin):
    monkeypatch.setattr(Local, "runs_here", False)
    settings.PUBLIC_URL, settings.SITE_ORIGIN = "", origin
    assert webhook_url("local", CORRELATION).startswith(f"{origin}/api/webhooks/local?job=")


def test_it_outlives_a_new_secret_key_as_links_do(hooked, settings):
    token = token_in(webhook_url("local", CORRELATION))
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    assert correlation_of(token) == CORRELATION
    settings.SECRET_KEY_FALLBACKS = []
    assert correlation_of(token) == ""


@pytest.mark.django_db
def test_the_paid_call_carries_it(hooked, draft):
    job = start(draft, idempotency_key=next_idempotency_key(draft))
    request = work_for(job).prepare(job, registry.get("local"))
    assert request.webhook_url == webhook_url("local", job.correlation)
    assert token_in(request.webhook_url)
