"""The keys that webhooks are verified with: read now and then, and promptly where none fits."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from jobs.engine import webhook_keys
from jobs.models import WebhookKeys
from jobs.tasks import dispatching
from providers.errors import ProviderUnavailableError
from providers.local.provider import Local
from tests.factories import JobFactory
from tests.webhooks.hooked import OTHER_SECRET, SECRET

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("machine_clock")]


@pytest.fixture
def asked(hooked, monkeypatch) -> list[str]:
    """What the trainer answers from now on; the first is now in force."""
    answers = [SECRET]
    monkeypatch.setattr(Local, "fetch_webhook_keys", lambda self: (answers.pop(0),))
    return answers


def later(**how: float):
    return time_machine.travel(timezone.now() + timedelta(**how), tick=False)


def test_they_are_read_before_any_webhook_comes(hooked):
    assert webhook_keys.due() == ["local"]
    assert "webhook_keys" in dispatching()
    webhook_keys.refresh("local")
    assert (webhook_keys.known("local"), webhook_keys.due()) == ((SECRET,), [])


@pytest.mark.parametrize("address", ["", "http://theway.example.org", "https://localhost"])
def test_they_are_not_read_where_no_webhook_can_come(hooked, settings, address):
    settings.PUBLIC_URL = settings.SITE_ORIGIN = address
    assert webhook_keys.due() == []


def test_they_are_read_again_within_a_day_and_not_trusted_for_longer(asked):
    webhook_keys.refresh("local")
    with later(hours=22):
        assert webhook_keys.due() == []
    with later(hours=23, minutes=1):
        assert (webhook_keys.due(), webhook_keys.known("local")) == (["local"], (SECRET,))
    with later(hours=24, minutes=1):
        assert webhook_keys.known("local") == ()


def test_where_no_key_fits_they_are_read_again_at_most_once_a_minute(asked, send):
    asked[:] = [OTHER_SECRET]
    job = JobFactory(unknown=True)
    with later(minutes=2):
        for _ in range(3):
            assert send(job, secret=OTHER_SECRET).status_code == 401
        assert webhook_keys.due() == ["local"]
        webhook_keys.refresh("local")
        webhook_keys.refresh("local")
        assert (asked, webhook_keys.due()) == ([], [])
        assert send(job, secret=OTHER_SECRET).status_code == 204
        assert send(job, secret=SECRET).status_code == 401
        assert webhook_keys.due() == []
    with later(minutes=4):
        assert webhook_keys.due() == ["local"]


def test_a_replay_or_an_odd_one_has_nothing_read(send):
    job = JobFactory(unknown=True)
    send(job, at=timezone.now() - timedelta(minutes=10))
    send(job, body=b"{}")
    send(token="forged", secret=OTHER_SECRET)
    with later(minutes=2):
        assert webhook_keys.due() == []


def test_a_provider_that_does_not_answer_leaves_the_keys_of_before(send, monkeypatch):
    def away(self):
        raise ProviderUnavailableError("local", "timed out")

    monkeypatch.setattr(Local, "fetch_webhook_keys", away)
    with later(hours=23, minutes=5):
        webhook_keys.refresh("local")
        assert webhook_keys.known("local") == (SECRET,)
        assert webhook_keys.due() == []
    with later(hours=23, minutes=7):
        assert webhook_keys.due() == ["local"]


def test_they_are_encrypted_and_lost_with_the_secret_key(send, settings):
    assert SECRET not in WebhookKeys.objects.get().sealed
    before = settings.SECRET_KEY
    settings.SECRET_KEY = "another" * 10
    assert webhook_keys.known("local") == ()
    settings.SECRET_KEY_FALLBACKS = [before]
    assert webhook_keys.known("local") == (SECRET,)


def test_a_clock_that_is_set_back_does_not_stop_it(send):
    WebhookKeys.objects.update(
        tried_at=timezone.now() + timedelta(days=30), wanted_at=timezone.now() + timedelta(days=30)
    )
    assert webhook_keys.due() == ["local"]
