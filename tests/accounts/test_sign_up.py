"""Creating an account, and installations where sign-up is closed."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user
from django.core.cache import cache
from django.urls import reverse

from accounts.forms import SignUpForm
from accounts.models import User
from tests.factories import PASSWORD, UserFactory

SIGN_UP = reverse("account_signup")


def sign_up(client, email: str, password: str = PASSWORD, **headers):
    return client.post(SIGN_UP, {"email": email, "password1": password}, **headers)


def test_signing_up_makes_an_account_and_leads_home(db, client):
    response = sign_up(client, "Ann@Example.org")
    assert response.url == reverse("dashboard:home")
    user = User.objects.get()
    assert (user.email, user.is_staff, user.is_superuser) == ("ann@example.org", False, False)
    assert get_user(client) == user


def test_extra_fields_do_not_make_an_operator(db, client):
    data = {"email": "a@example.org", "password1": PASSWORD, "is_staff": "1", "is_superuser": "1"}
    client.post(SIGN_UP, data)
    user = User.objects.get()
    assert not user.is_staff and not user.is_superuser


@pytest.mark.parametrize("password", ["short", "password", "1234567890", "ann@example.org"])
def test_a_weak_password_is_refused(db, client, password):
    response = sign_up(client, "ann@example.org", password)
    assert response.context["form"].errors
    assert not User.objects.exists()


def test_an_address_is_taken_once_however_it_is_written(client, db):
    UserFactory(email="ann@example.org")
    response = sign_up(client, "ANN@example.org")
    assert "an account with this address already" in str(response.context["form"].errors)
    assert User.objects.count() == 1


def test_where_addresses_are_confirmed_a_taken_one_is_not_given_away(
    client, public, db, mailoutbox
):
    UserFactory(email="ann@example.org")
    taken, free = sign_up(client, "ann@example.org"), sign_up(client, "bea@example.org")
    assert (taken.status_code, taken.url) == (free.status_code, free.url)
    assert User.objects.count() == 1
    # Both owners of the mailboxes are told, each something else.
    assert sorted(mail.to[0] for mail in mailoutbox) == ["ann@example.org", "bea@example.org"]


def test_a_closed_installation_shows_so_and_makes_no_account(db, client, settings):
    settings.SIGNUP_OPEN = False
    page = client.get(SIGN_UP)
    assert page.status_code == 200
    assert "account/signup_closed.html" in [template.name for template in page.templates]
    refused = sign_up(client, "ann@example.org")
    assert "account/signup_closed.html" in [template.name for template in refused.templates]
    assert not User.objects.exists()


def test_a_closed_installation_still_lets_its_users_sign_in(owner, client, settings):
    settings.SIGNUP_OPEN = False
    client.post(reverse("account_login"), {"login": owner.email, "password": PASSWORD})
    assert get_user(client) == owner


def test_sign_ups_are_limited(db, client, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    cache.clear()
    codes = [sign_up(client, "not an address").status_code for _ in range(21)]
    cache.clear()
    assert codes[:20] == [200] * 20
    assert codes[20] == 429


def test_the_same_address_twice_at_once_is_no_error(db, client, monkeypatch):
    UserFactory(email="ann@example.org")
    monkeypatch.setattr(SignUpForm, "validate_unique_email", lambda self, value: value)
    assert sign_up(client, "ann@example.org").url == SIGN_UP
    assert User.objects.count() == 1


@pytest.mark.usefixtures("public")
def test_an_address_longer_than_is_stored_is_refused(db, client):
    label = "x" * 60
    response = sign_up(client, f"a@{'.'.join([label] * 4)}.example.org")
    assert "too long" in str(response.context["form"].errors)
