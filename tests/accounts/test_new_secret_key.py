"""A new secret key, with the one before as a fallback: nobody notices."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.fernet import InvalidToken
from django.contrib.auth import get_user
from django.http import Http404
from django.urls import reverse

from accounts import sessions, tasks
from accounts.models import BrowserSession
from generation import links
from tests.accounts.conftest import confirmed
from tests.conftest import client_of
from tests.factories import UserModelFactory

OLD, NEW = "the key before " * 4, "another key now " * 4


@pytest.fixture
def person(settings, db):
    """Somebody with one-time codes and recovery codes, made with the old key."""
    settings.SECRET_KEY = OLD
    user = confirmed()
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    return user


def replace_key(settings, *fallbacks: str) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, list(fallbacks)
    sessions._noted.clear()


def codes_of(user) -> list[str]:
    row = Authenticator.objects.get(user=user, type="recovery_codes")
    return row.wrap().generate_codes()


def test_sessions_go_on_and_can_still_be_ended(person, settings):
    client = client_of(person)
    replace_key(settings, OLD)
    assert client.get(reverse("account")).status_code == 200
    (row,) = sessions.sessions_of(person)
    assert row.session_key == client.cookies[settings.SESSION_COOKIE_NAME].value
    sessions.end(person, BrowserSession.objects.get().pk)
    assert get_user(client).is_anonymous


def test_links_still_work(person, settings):
    model = UserModelFactory(owner=person, ready=True)
    token = links.signed_weights_path(model).split("/")[-1].removesuffix(".safetensors")
    replace_key(settings, OLD)
    assert links.model_from_signature(token) == model
    replace_key(settings)
    with pytest.raises(Http404):
        links.model_from_signature(token)


def test_codes_are_still_read_and_an_hour_later_without_the_old_key(person, settings):
    codes = codes_of(person)
    replace_key(settings, OLD)
    assert codes_of(person) == codes
    tasks.prune()
    replace_key(settings)
    assert codes_of(person) == codes


def test_without_the_old_key_codes_cannot_be_read(person, settings):
    replace_key(settings)
    tasks.prune()
    with pytest.raises(InvalidToken):
        codes_of(person)
    replace_key(settings, "a third key that says nothing " * 2)
    tasks.prune()  # what nobody can read stays as it is, and stops nothing


def test_which_code_was_used_stays_known(person, settings):
    row = Authenticator.objects.get(user=person, type="recovery_codes")
    used = row.wrap().get_unused_codes()[0]
    assert row.wrap().validate_code(used)
    replace_key(settings, OLD)
    tasks.prune()
    row.refresh_from_db()
    assert not row.wrap().validate_code(used)
