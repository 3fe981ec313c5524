"""The configuration checks: each says what is wrong, and a good configuration is silent."""

from __future__ import annotations

import pytest

from theway import checks

LOCAL = {"base_url": "http://127.0.0.1:8100", "api_key": "local"}


def ids(messages) -> list[str]:
    return [message.id for message in messages]


@pytest.mark.parametrize("address", ["theway.example.org", "https://", "https://x.org/app"])
def test_a_public_url_that_is_no_origin_is_refused(settings, address):
    settings.PUBLIC_URL = address
    assert ids(checks.public_url_is_an_origin(None)) == ["theway.E001"]


@pytest.mark.parametrize("address", ["", "https://theway.example.org", "http://10.0.0.2:8000"])
def test_a_public_url_that_is_an_origin_is_fine(settings, address):
    settings.PUBLIC_URL = address
    assert checks.public_url_is_an_origin(None) == []


def test_hosts_beyond_this_machine_need_a_public_url(settings):
    settings.DEBUG, settings.PUBLIC_URL = False, ""
    settings.ALLOWED_HOSTS = ["localhost", "theway.example.org"]
    assert ids(checks.public_hosts_have_a_public_url(None)) == ["theway.E002"]
    settings.PUBLIC_URL = "https://theway.example.org"
    assert checks.public_hosts_have_a_public_url(None) == []


def test_this_machine_alone_needs_no_public_url(settings):
    settings.DEBUG, settings.PUBLIC_URL = False, ""
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert checks.public_hosts_have_a_public_url(None) == []


def test_a_provider_without_address_or_key_is_refused(settings):
    settings.PROVIDERS = {"local": {"base_url": "127.0.0.1:8100", "api_key": ""}}
    assert ids(checks.providers_are_configured_whole(None)) == ["theway.E003", "theway.E004"]
    settings.PROVIDERS = {"local": LOCAL}
    assert checks.providers_are_configured_whole(None) == []


def test_a_key_over_plain_http_to_another_machine_is_warned_about(settings):
    settings.PROVIDERS = {"local": LOCAL | {"base_url": "http://gpu.example.org:8100"}}
    assert ids(checks.keys_travel_encrypted(None)) == ["theway.W001"]
    settings.PROVIDERS = {"local": LOCAL}
    assert checks.keys_travel_encrypted(None) == []
