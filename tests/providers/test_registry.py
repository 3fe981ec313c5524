"""Which providers are on, one instance per thread, and what a wrong setting says."""

from __future__ import annotations

import threading

import pytest
from django.core.exceptions import ImproperlyConfigured

from providers import registry
from providers.checks import check_providers_settings
from providers.local.provider import Local
from providers.together.provider import Together
from tests.providers.samples import KEY

LOCAL = {"base_url": "http://127.0.0.1:8100", "api_key": "local"}
TOGETHER = {"base_url": "https://api.together.ai/v1", "api_key": KEY}


@pytest.fixture(autouse=True)
def both(settings) -> None:
    settings.PROVIDERS = {"local": LOCAL, "together": TOGETHER}


def test_configured_are_those_of_the_settings(settings):
    assert registry.configured() == ("local", "together")
    settings.PROVIDERS = {}
    assert registry.configured() == ()


def test_instance_is_built_from_the_settings():
    assert isinstance(registry.get("local"), Local)
    assert isinstance(registry.get("together"), Together)
    assert registry.get("together").client.base_url == "https://api.together.ai/v1"


@pytest.mark.parametrize(
    "address", ["http://t:1", "http://t:1/", "http://t:1/v1", "http://t:1/v1/"]
)
def test_trainer_address_may_carry_the_api_path_or_not(settings, address):
    settings.PROVIDERS = {"local": {**LOCAL, "base_url": address}}
    assert registry.get("local").client.base_url == "http://t:1/v1"


def test_instance_is_kept_within_a_thread_and_not_shared_with_another():
    others = []
    thread = threading.Thread(target=lambda: others.append(registry.get("local")))
    thread.start()
    thread.join()
    assert registry.get("local") is registry.get("local")
    assert others[0] is not registry.get("local")


def test_changed_settings_give_a_new_instance(settings):
    before = registry.get("together")
    settings.PROVIDERS = {"together": {**TOGETHER, "api_key": "another-key-0123456"}}
    assert registry.get("together") is not before


@pytest.mark.parametrize(
    ("providers", "words"),
    [
        ({"locla": LOCAL}, "'locla' is not a known provider"),
        ({"local": {**LOCAL, "api_kye": "x"}}, "unused option api_kye"),
        ({"local": {"base_url": "http://127.0.0.1:1"}}, "api_key is missing"),
        ({"local": {**LOCAL, "api_key": ""}}, "api_key is missing"),
    ],
)
def test_wrong_setting_is_named_at_use_and_by_the_check(settings, providers, words):
    settings.PROVIDERS = providers
    [key] = providers
    with pytest.raises(ImproperlyConfigured, match=words):
        registry.get(key)
    [message] = check_providers_settings()
    assert message.id == "theway.E011"
    assert words in message.msg


def test_provider_that_is_off_cannot_be_had(settings):
    settings.PROVIDERS = {}
    with pytest.raises(ImproperlyConfigured, match="not configured"):
        registry.get("together")


def test_good_settings_pass_the_check():
    assert check_providers_settings() == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({**TOGETHER, "base_url": "api.together.ai"}, "theway.E012"),
        ({**TOGETHER, "base_url": "ftp://api.together.ai"}, "theway.E012"),
        ({**TOGETHER, "base_url": "http://api.together.ai/v1"}, "theway.W011"),
        ({**TOGETHER, "api_key": f"{KEY}\n"}, "theway.E013"),
        ({**TOGETHER, "api_key": f"Bearer {KEY}"}, "theway.E013"),
    ],
)
def test_value_that_cannot_work_is_found_by_the_check(settings, options, expected):
    settings.PROVIDERS = {"together": options}
    [message] = check_providers_settings()
    assert message.id == expected
    assert KEY not in message.msg


def test_key_that_cannot_be_sent_is_refused_without_being_quoted(settings):
    settings.PROVIDERS = {"together": {**TOGETHER, "api_key": f"{KEY}\nX: y"}}
    with pytest.raises(ImproperlyConfigured) as raised:
        registry.get("together")
    assert KEY not in str(raised.value)


def test_plain_http_to_the_owners_own_trainer_is_fine(settings):
    own = {**LOCAL, "base_url": "http://trainer:8100", "api_key": "long-and-our-own"}
    settings.PROVIDERS = {"local": own}
    assert check_providers_settings() == []


def test_a_trainer_elsewhere_needs_a_key_that_not_everybody_knows(settings):
    settings.PROVIDERS = {"local": {"base_url": "https://gpu.example.org", "api_key": "local"}}
    assert [message.id for message in check_providers_settings()] == ["theway.W012"]
