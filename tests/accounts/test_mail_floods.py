"""Mails that anybody can have sent to an address of somebody else: few, and enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

import theway.settings
from accounts.models import AddressChange
from tests.accounts.conftest import confirmed, link_to
from tests.conftest import client_of
from tests.factories import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("public", "limited")]
VICTIM = "victim@example.org"
PAUSE = timedelta(seconds=20)
SIGN_UP, RESET = reverse("account_signup"), reverse("account_reset_password")


@pytest.fixture
def limited(settings) -> Iterator[None]:
    """The limits of an installation, which other tests go without."""
    settings.ACCOUNT_RATE_LIMITS = theway.settings.ACCOUNT_RATE_LIMITS
    cache.clear()
    yield
    cache.clear()


def every_few_seconds(times: int) -> Iterator[str]:
    """Yield another network's address each time."""
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC), tick=False) as clock:
        for number in range(times):
            yield f"10.0.{number}.1"
            clock.shift(PAUSE)


def test_somebody_elses_mailbox_is_not_flooded_with_resets(mailoutbox):
    confirmed(email=VICTIM)
    for address in every_few_seconds(170):
        Client().post(RESET, {"email": VICTIM.upper()}, REMOTE_ADDR=address)
    assert len(mailoutbox) == 5


def test_while_no_reset_is_mailed_one_of_before_still_works(mailoutbox):
    confirmed(email=VICTIM)
    for address in every_few_seconds(170):
        Client().post(RESET, {"email": VICTIM}, REMOTE_ADDR=address)
        link = link_to(VICTIM, mailoutbox)
        assert not Client().get(link, follow=True).context.get("token_fail")


def test_a_flood_is_answered_as_if_there_were_no_account(mailoutbox):
    confirmed(email=VICTIM)
    for email in (VICTIM, "nobody@example.org"):
        answers = {Client().post(RESET, {"email": email}).url for _ in range(4)}
        assert answers == {reverse("account_reset_password_done")}
    assert len(mailoutbox) == 1


def test_somebody_elses_mailbox_is_not_flooded_with_confirmations(mailoutbox, settings):
    settings.SIGNUP_OPEN = True
    for address in every_few_seconds(170):
        Client().post(SIGN_UP, {"email": VICTIM, "password1": PASSWORD}, REMOTE_ADDR=address)
    assert len(mailoutbox) == 5


def test_one_person_asks_for_few_changes_of_their_address(mailoutbox):
    person = confirmed()
    form = reverse("account_change_address")
    answers = []
    for _ in every_few_seconds(20):
        asked = client_of(person).post(form, {"email": VICTIM, "password": PASSWORD})
        answers.append(asked.status_code)
    assert answers == [302] * 5 + [429] * 15
    assert len([mail for mail in mailoutbox if mail.to == [VICTIM]]) == 5
    # What was asked for last still waits for its links.
    assert AddressChange.objects.filter(user=person, new_email=VICTIM).exists()
