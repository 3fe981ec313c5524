"""Signing in and out, with the email address."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user
from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse

from accounts.models import User
from tests.factories import PASSWORD, UserFactory
from theway import settings as configured

LOGIN = reverse("account_login")


@pytest.fixture
def limited(settings):
    """The limits on attempts, which are off in other tests."""
    settings.ACCOUNT_RATE_LIMITS = configured.ACCOUNT_RATE_LIMITS
    cache.clear()
    yield
    cache.clear()


def sign_in(client, email: str, password: str = PASSWORD, **headers):
    return client.post(LOGIN, {"login": email, "password": password}, **headers)


@pytest.mark.parametrize(
    "name", ["account_login", "account_signup", "account_reset_password", "account_logout"]
)
def test_account_pages_are_public(db, client, name):
    response = client.get(reverse(name))
    assert response.status_code == 200 or response.url == "/"


@pytest.mark.parametrize("name", ["account_change_password", "account", "account_change_address"])
def test_other_account_pages_ask_for_a_sign_in(db, client, name):
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response.url.startswith(LOGIN)


def test_a_page_of_ours_asks_for_a_sign_in_and_leads_back(owner, client):
    home = reverse("dashboard:home")
    response = client.get(home)
    assert response.url == f"{LOGIN}?next={home}"
    assert client.post(response.url, {"login": owner.email, "password": PASSWORD}).url == home


def test_signing_in_leads_home(owner, client):
    assert sign_in(client, owner.email).url == reverse("dashboard:home")
    assert get_user(client) == owner


def test_the_address_is_read_without_regard_to_case_and_spaces(client, db):
    owner = UserFactory(email="ann@example.org")
    sign_in(client, "  Ann@EXAMPLE.org ")
    assert get_user(client) == owner


@pytest.mark.parametrize("verification", ["none", "optional", "mandatory"])
def test_an_operator_made_in_the_terminal_signs_in(client, db, monkeypatch, settings, verification):
    """Also where addresses have to be confirmed: who has the terminal needs no mail for it."""
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", email="Root@Example.org", interactive=False, verbosity=0)
    sign_in(client, "root@example.org")
    assert get_user(client).is_superuser


def test_a_wrong_password_and_an_unknown_address_read_the_same(owner, client):
    wrong = sign_in(client, owner.email, "not the password")
    unknown = sign_in(client, "nobody@example.org", "not the password")
    assert wrong.context["form"].errors == unknown.context["form"].errors != {}
    assert get_user(client).is_anonymous


def test_a_disabled_account_does_not_get_in(client, db):
    sign_in(client, UserFactory(is_active=False).email)
    assert get_user(client).is_anonymous


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:x"])
def test_a_sign_in_never_leads_to_another_site(owner, client, target):
    response = client.post(LOGIN, {"login": owner.email, "password": PASSWORD, "next": target})
    assert response.url == reverse("dashboard:home")


def test_signing_out_needs_a_click(owner_client):
    owner_client.get(reverse("account_logout"))
    assert get_user(owner_client).is_authenticated
    owner_client.post(reverse("account_logout"))
    assert get_user(owner_client).is_anonymous


def test_guesses_at_one_account_are_limited(owner, client, limited):
    for number in range(5):
        sign_in(client, owner.email, f"guess {number}")
    refused = sign_in(client, owner.email, PASSWORD)
    assert "Too many failed" in str(refused.context["form"].errors)
    assert get_user(client).is_anonymous


def test_the_limit_on_one_account_does_not_depend_on_how_it_is_written(owner, client, limited):
    for number in range(5):
        written = owner.email.upper() if number % 2 else f" {owner.email} "
        sign_in(client, written, "guess")
    sign_in(client, owner.email, PASSWORD)
    assert get_user(client).is_anonymous


def test_who_guesses_elsewhere_does_not_keep_the_owner_out(owner, client, limited):
    for number in range(6):
        sign_in(client, owner.email, f"guess {number}", REMOTE_ADDR="10.0.0.1")
    sign_in(client, owner.email, REMOTE_ADDR="10.0.0.1")
    assert get_user(client).is_anonymous
    sign_in(client, owner.email, REMOTE_ADDR="10.0.0.2")
    assert get_user(client) == owner


def guess_from_everywhere(client, email: str) -> None:
    for number in range(50):
        sign_in(client, email, "guess", REMOTE_ADDR=f"10.0.{number}.1")


def test_guesses_from_many_networks_are_fifty_an_hour(owner, client, limited):
    guess_from_everywhere(client, owner.email)
    refused = sign_in(client, owner.email, REMOTE_ADDR="10.0.99.1")
    assert "Too many failed" in str(refused.context["form"].errors)


def test_not_even_they_keep_the_owner_out_at_home(owner, client, limited):
    home, roommate = "2001:db8:1:2::3", "2001:db8:1:2::4"
    sign_in(client, owner.email, REMOTE_ADDR=home)
    client.logout()
    guess_from_everywhere(client, owner.email)
    sign_in(client, owner.email, REMOTE_ADDR=roommate)
    assert get_user(client) == owner
    client.logout()
    for _ in range(5):
        sign_in(client, owner.email, "guess", REMOTE_ADDR=home)
    sign_in(client, owner.email, REMOTE_ADDR=home)
    assert get_user(client).is_anonymous


def test_a_limit_that_was_reached_is_in_the_security_log(owner, client, limited, caplog):
    caplog.set_level("INFO", "theway.security")
    for number in range(6):
        sign_in(client, owner.email, f"guess {number}")
    assert "limit reached at=sign-in from=127.0.0.1" in caplog.messages
    assert owner.email not in caplog.text


def test_guesses_at_one_account_do_not_lock_another(owner, stranger, client, limited):
    for number in range(6):
        sign_in(client, owner.email, f"guess {number}")
    sign_in(client, stranger.email, REMOTE_ADDR="10.0.0.99")
    assert get_user(client) == stranger


def test_one_address_does_not_try_many_accounts(db, client, limited):
    for number in range(10):
        sign_in(client, f"person{number}@example.org", "guess")
    refused = sign_in(client, UserFactory().email)
    assert "Too many failed" in str(refused.context["form"].errors)


def test_a_spoofed_forwarding_header_does_not_lift_the_limit(owner, client, limited):
    for number in range(11):
        sign_in(client, f"a{number}@example.org", "guess", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    sign_in(client, owner.email, HTTP_X_FORWARDED_FOR="10.0.0.99")
    assert get_user(client).is_anonymous


def test_signing_in_often_with_the_right_password_is_no_attack(owner, client, limited):
    for _ in range(8):
        sign_in(client, owner.email)
        assert get_user(client) == owner
        client.logout()


def test_the_operators_pages_use_the_same_limited_sign_in(operator, client):
    response = client.get(reverse("admin:index"), follow=True)
    assert response.redirect_chain[-1][0].startswith(LOGIN)
    attempt = client.post(
        reverse("admin:login"), {"username": operator.email, "password": PASSWORD}
    )
    assert attempt.url.startswith(LOGIN)
    assert get_user(client).is_anonymous


def test_the_operators_pages_are_not_for_everybody(owner_client):
    assert owner_client.get(reverse("admin:index"), follow=True).status_code == 403


def test_one_address_is_one_account_wherever_it_is_written(db):
    made = User.objects.create_user("  Ann@Example.ORG ", PASSWORD)
    assert made.email == "ann@example.org"
    assert User.objects.get_by_natural_key("ANN@example.org") == made
    made.email = "Bea@Example.org"
    made.full_clean(exclude=["password"])
    assert made.email == "bea@example.org"


def test_a_user_without_an_address_is_refused(db):
    with pytest.raises(ValueError, match="email"):
        User.objects.create_user("", PASSWORD)
