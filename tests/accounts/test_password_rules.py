"""Passwords may be anything that is not easy to guess, and are taken exactly as entered."""

from __future__ import annotations

import re

import pytest
from django.conf import global_settings
from django.contrib.auth import get_user
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.urls import reverse

from tests.factories import UserFactory
from tests.theway.test_walls import settings_of

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")


@pytest.mark.parametrize(
    "password",
    [
        "quietly walking otters",
        "ÜBERÄLL Straße 🦦 läuft",
        "8" * 40 + "otter lake",
        "otters walk " * 12,
    ],
)
def test_any_characters_and_long_ones_are_fine(password):
    validate_password(password)


@pytest.mark.parametrize("password", ["Otter7!", "the way", "TheWay2026", "theway!!"])
def test_short_ones_and_the_sites_own_name_are_not(password):
    with pytest.raises(ValidationError):
        validate_password(password)


def test_twenty_thousand_common_ones_are_refused():
    common = [word for word in CommonPasswordValidator().passwords if len(word) >= 8]
    assert len(common) > 3000
    for password in common[::97]:
        with pytest.raises(ValidationError):
            validate_password(password)


@pytest.mark.parametrize("entered", ["x" * 71, "X" * 72, "x" * 73])
def test_a_password_that_is_nearly_right_is_wrong(client, entered):
    user = UserFactory(password="x" * 72)
    client.post(LOGIN, {"login": user.email, "password": entered})
    assert get_user(client).is_anonymous
    client.post(LOGIN, {"login": user.email, "password": "x" * 72})
    assert get_user(client) == user


@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_change_password"])
def test_fields_hide_it_and_let_password_managers_fill_them(name, client, owner_client):
    browser = owner_client if "change" in name else client
    fields = re.findall(r"<input[^>]*password[^>]*>", browser.get(reverse(name)).content.decode())
    assert fields
    for field in fields:
        assert 'type="password"' in field and "autocomplete=" in field
        assert "onpaste" not in field and "maxlength" not in field


def test_they_are_stored_by_a_slow_hash(tmp_path):
    assert settings_of(tmp_path, "hasattr(s, 'PASSWORD_HASHERS')") == "False"  # Django's own
    assert global_settings.PASSWORD_HASHERS[0].endswith(".PBKDF2PasswordHasher")
    assert PBKDF2PasswordHasher.iterations >= 600_000


HELP = "At least 8 characters, best a few words that only you would put together."


@pytest.mark.parametrize("name", ["account_signup", "account_change_password"])
def test_one_line_says_what_a_password_should_be(name, client, owner_client):
    browser = owner_client if "change" in name else client
    page = browser.get(reverse(name)).content.decode()
    assert page.count(HELP) == 1
    assert "can’t be" not in page


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "Too short. Use at least 8 characters."),
        ("123", "Too short. Use at least 8 characters."),
        ("new@example.org", "Too much like your email address. Choose words that are not in it."),
        ("8402519637", "Digits alone are easy to guess. Add a few words."),
        ("P4ssword123!", "Too easy to guess. Put several words together that nobody expects."),
        ("", "Choose a password."),
    ],
)
def test_a_refused_password_says_in_one_line_what_to_do(client, password, sentence):
    sent = {"email": "new@example.org", "password1": password}
    page = client.post(reverse("account_signup"), sent).content.decode()
    assert page.count('<p class="error">') == 1
    assert f'<p class="error">{sentence}</p>' in page


def test_a_wrong_password_leads_to_the_reset_whether_there_is_an_account_or_not(client, owner):
    said = set()
    for email in (owner.email, "nobody@example.org"):
        page = client.post(LOGIN, {"login": email, "password": "wrong"}).content.decode()
        assert "choose “Forgot your password?” to set a new one" in page
        assert f'href="{reverse("account_reset_password")}"' in page
        said.add(re.search(r'<div class="message".*?</div>', page, re.DOTALL)[0])
    assert len(said) == 1
