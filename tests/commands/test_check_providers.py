"""`manage.py check_providers`, against the real trainer."""

from __future__ import annotations

from io import StringIO

import pytest
import requests
import responses
from django.core.management import CommandError, call_command

from jobs.webhook_check import webhook_lines
from theway.processes.ports import unused_port


def check() -> str:
    out = StringIO()
    call_command("check_providers", stdout=out)
    return out.getvalue()


@pytest.mark.service
def test_a_working_provider_is_shown_with_its_engine(settings, trainer):
    settings.PROVIDERS = {"local": {"base_url": trainer.url, "api_key": "local"}}
    output = check()
    assert "Trainer on this machine" in output
    assert "valid" in output
    assert "simulated" in output
    assert "Together AI" in output  # not set up, and shown so


@pytest.mark.service
def test_a_refused_key_fails(settings, trainer):
    settings.PROVIDERS = {"local": {"base_url": trainer.url, "api_key": "wrong"}}
    with pytest.raises(CommandError, match="refuses the API key") as failed:
        check()
    assert failed.value.returncode == 1


def test_a_provider_that_is_away_fails_in_a_sentence(settings):
    away = f"http://127.0.0.1:{unused_port()}"
    settings.PROVIDERS = {"local": {"base_url": away, "api_key": "local"}}
    with pytest.raises(CommandError, match="does not work: local: unavailable"):
        check()


# --- webhooks ----------------------------------------------------------------------------------


@pytest.fixture
def public(settings):
    settings.PROVIDERS = {"fal": {"base_url": "https://queue.fal.run", "api_key": "id:secret"}}
    settings.PUBLIC_URL = settings.SITE_ORIGIN = "https://way.example.org"
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.get("https://rest.fal.ai/.well-known/jwks.json", json=KEYS)
        yield wire


KEYS = {
    "keys": [{"kty": "OKP", "crv": "Ed25519", "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}]
}
HOOK = "https://way.example.org/api/webhooks/fal"


def test_webhooks_that_work_are_said_to(public):
    public.post(HOOK, status=403)
    assert webhook_lines("fal") == [
        "The keys of its webhooks are readable.",
        f"{HOOK} answers.",
    ]


def test_a_proxy_that_refuses_webhooks_is_named(public):
    public.post(HOOK, status=401)
    assert "answers with 401" in webhook_lines("fal")[1]


def test_a_public_address_that_does_not_answer_is_said(public):
    public.post(HOOK, body=requests.ConnectionError("no"))
    assert "does not answer from here" in webhook_lines("fal")[1]


def test_keys_that_cannot_be_read_are_said(public):
    public.replace(responses.GET, "https://rest.fal.ai/.well-known/jwks.json", status=500)
    public.post(HOOK, status=403)
    assert "cannot be read" in webhook_lines("fal")[0]


def test_without_a_public_address_it_is_said_that_polling_suffices(public, settings):
    settings.PUBLIC_URL, settings.SITE_ORIGIN = "", "http://localhost:8000"
    assert "polled only" in webhook_lines("fal")[0]
    assert len(public.calls) == 0


def test_a_provider_without_webhooks_has_nothing_said_of_them():
    assert webhook_lines("together") == []
