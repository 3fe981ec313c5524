"""The history of sign-ins."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from accounts import history
from accounts.models import SignIn
from tests.factories import PASSWORD

LOGIN = reverse("account_login")


def attempt(client, email: str, password: str = PASSWORD):
    return client.post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR="192.0.2.8")


def test_attempts_that_succeeded_and_failed_are_shown(owner, client):
    attempt(client, owner.email, "not the password")
    attempt(client, owner.email)
    page = client.get(reverse("account")).content.decode()
    assert "Signed in" in page and "Failed" in page and "192.0.2.8" in page
    assert list(history.sign_ins_of(owner).values_list("succeeded", flat=True)) == [True, False]


def test_attempts_at_an_address_without_an_account_are_not_kept(owner, client):
    attempt(client, "nobody@example.org")
    assert not SignIn.objects.exists()


def test_nobody_sees_the_history_of_another(owner, stranger, client):
    attempt(client, owner.email, "not the password")
    attempt(client, stranger.email)
    assert "Failed" not in client.get(reverse("account")).content.decode()


def test_the_last_twenty_are_shown(owner):
    for _ in range(25):
        history.store_failure(owner.email, None, "")
    assert len(history.sign_ins_of(owner)) == 20


def test_they_are_kept_for_ninety_days(owner):
    old, young = (SignIn.objects.create(user=owner, succeeded=True) for _ in range(2))
    SignIn.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=91))
    history.prune()
    assert list(SignIn.objects.all()) == [young]
