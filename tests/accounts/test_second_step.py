"""Passkeys, one-time codes and recovery codes; and what operators need them for."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth import get_user
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import SignIn, User
from tests.accounts.conftest import confirmed
from tests.conftest import client_of
from tests.factories import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("public")]
ADD_CODES = reverse("mfa_activate_totp")
CODES = reverse("mfa_view_recovery_codes")
PERIOD = 30  # seconds that an app shows a code for
CHANGES = [
    ADD_CODES,
    reverse("mfa_add_webauthn"),
    reverse("mfa_generate_recovery_codes"),
]


def code_for(secret: str) -> str:
    """Return what an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD))


def sign_in_with(user: User, code: str) -> bool:
    """Sign in with the password and the code in a new browser; return whether that works."""
    browser = Client()
    browser.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    browser.post(reverse("mfa_authenticate"), {"code": code})
    return bool(get_user(browser).is_authenticated)


def password_again(client: Client) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


@pytest.fixture
def turn_codes_on(django_capture_on_commit_callbacks):
    """Turn one-time codes on through the pages and return the secret."""

    def turn_on(client: Client) -> str:
        password_again(client)
        secret = client.get(ADD_CODES).context["form"].secret
        with django_capture_on_commit_callbacks(execute=True):
            client.post(ADD_CODES, {"code": code_for(secret)})
        return secret

    return turn_on


@pytest.mark.parametrize("address", CHANGES)
def test_changes_ask_for_the_password_again(address):
    client = client_of(confirmed())
    for answer in (client.get(address), client.post(address, {})):
        assert answer.url.startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize("address", [*CHANGES, CODES, reverse("mfa_remove_webauthn", args=[1])])
def test_anonymous_visitors_change_nothing(address, anonymous_client):
    answer = anonymous_client.post(address, {})
    assert answer.status_code == 302 and answer.url.startswith("/account")
    assert not Authenticator.objects.exists()


def test_one_time_codes_are_asked_for_at_the_next_sign_in(mailoutbox, turn_codes_on):
    user = confirmed()
    secret = turn_codes_on(client_of(user))
    assert any("One-time codes are on" in mail.subject for mail in mailoutbox)
    client = Client()
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert answer.url == reverse("mfa_authenticate")
    assert get_user(client).is_anonymous
    assert client.get(answer.url).status_code == 200
    client.post(answer.url, {"code": "000000"})
    assert get_user(client).is_anonymous
    assert SignIn.objects.filter(user=user, succeeded=False).exists()
    cache.clear()  # the code that turned them on counts as used
    client.post(answer.url, {"code": code_for(secret)})
    assert get_user(client) == user


def test_a_code_works_once(turn_codes_on):
    user = confirmed()
    secret = turn_codes_on(client_of(user))
    cache.clear()  # the code that turned them on is a used one, too
    code = code_for(secret)
    browsers = Client(), Client()
    for browser in browsers:
        browser.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
        browser.post(reverse("mfa_authenticate"), {"code": code})
    assert [get_user(browser).is_authenticated for browser in browsers] == [True, False]


@pytest.mark.parametrize("seconds", [-PERIOD, PERIOD])
def test_a_phone_whose_clock_is_half_a_minute_off_shows_codes_that_work(turn_codes_on, seconds):
    user = confirmed()
    secret = turn_codes_on(client_of(user))
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
        code = code_for(secret)
    assert sign_in_with(user, code)


@pytest.mark.parametrize("seconds", [-3 * PERIOD, 3 * PERIOD])
def test_a_code_of_another_time_does_not_work(turn_codes_on, seconds):
    user = confirmed()
    secret = turn_codes_on(client_of(user))
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
        code = code_for(secret)
    assert not sign_in_with(user, code)


def test_a_code_works_once_for_as_long_as_it_is_taken(turn_codes_on):
    user = confirmed()
    now = timezone.now()
    with time_machine.travel(now, tick=False) as travelling:
        secret = turn_codes_on(client_of(user))
        travelling.shift(timedelta(minutes=5))
        ahead = format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD + 1))
        assert sign_in_with(user, ahead)
        travelling.shift(timedelta(seconds=PERIOD + 1))
        assert not sign_in_with(user, ahead)
        assert SignIn.objects.filter(user=user, succeeded=False).exists()


def test_recovery_codes_are_shown_once_and_by_a_click(mailoutbox, turn_codes_on):
    user = confirmed()
    client = client_of(user)
    turn_codes_on(client)
    assert "<code " not in client.get(CODES).content.decode()
    shown = re.findall(r"<code[^>]*>(\w+)</code>", client.post(CODES).content.decode())
    assert len(shown) == 10
    again = client.post(CODES).content.decode()
    assert not any(code in again for code in shown)
    stranger = Client()
    stranger.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    stranger.post(reverse("mfa_authenticate"), {"code": shown[0]})
    assert get_user(stranger) == user


def test_new_recovery_codes_replace_the_old_ones(
    turn_codes_on, mailoutbox, django_capture_on_commit_callbacks
):
    client = client_of(confirmed())
    turn_codes_on(client)
    first = re.findall(r"<code[^>]*>(\w+)</code>", client.post(CODES).content.decode())
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_generate_recovery_codes"))
    second = re.findall(r"<code[^>]*>(\w+)</code>", client.post(CODES).content.decode())
    assert second and not set(first) & set(second)
    assert any("New recovery codes" in mail.subject for mail in mailoutbox)


def test_turning_them_off_is_told_by_mail(mailoutbox, turn_codes_on):
    client = client_of(confirmed())
    turn_codes_on(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    assert any("One-time codes are off" in mail.subject for mail in mailoutbox)


def test_secrets_are_not_in_the_database(turn_codes_on):
    client = client_of(confirmed())
    secret = turn_codes_on(client)
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))


def test_nobody_removes_the_passkey_of_another():
    key = Authenticator.objects.create(
        user=confirmed(), type=Authenticator.Type.WEBAUTHN, data={"name": "Phone"}
    )
    client = client_of(confirmed())
    password_again(client)
    assert client.post(reverse("mfa_remove_webauthn", args=[key.pk])).status_code == 404
    assert Authenticator.objects.exists()


@pytest.mark.parametrize("sent", ["", "{}", "5", "[]", "null", '{"id": "x", "response": {}}', "\0"])
@pytest.mark.parametrize("name", ["mfa_login_webauthn", "mfa_reauthenticate_webauthn"])
def test_a_forged_passkey_is_no_error_and_lets_nobody_in(name, sent):
    user = confirmed()
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Phone", "credential": {}}
    )
    client = Client()
    client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})
    answer = client.post(reverse(name), {"credential": sent})
    assert answer.status_code == 422 if sent == "\0" else answer.status_code in {200, 302}
    assert get_user(client).is_anonymous


def test_the_passkey_of_the_site_is_bound_to_its_own_address(settings):
    settings.ALLOWED_HOSTS = ["*"]
    headers = {"accept": "application/json", "host": "evil.example"}
    options = Client().get(reverse("mfa_login_webauthn"), headers=headers).json()
    assert options["request_options"]["publicKey"]["rpId"] == "theway.example.org"


def test_an_operator_of_a_public_site_needs_one_for_the_admin(one_time_codes):
    operator = confirmed(operator=True)
    client = client_of(operator)
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("account")
    assert "Add a passkey or one-time codes first" in answer.content.decode()
    assert client.get("/admin/accounts/user/").status_code == 302
    one_time_codes(operator)
    assert client.get(reverse("admin:index")).status_code == 200


def test_on_this_machine_alone_an_operator_needs_none(settings, operator_client):
    settings.SITE_IS_PUBLIC = False
    assert operator_client.get(reverse("admin:index")).status_code == 200


def test_an_operator_removes_the_second_step_of_who_lost_it(one_time_codes, mailoutbox, settings):
    settings.SITE_IS_PUBLIC = False
    person = confirmed()
    one_time_codes(person)
    data = {"action": "remove_second_step", "_selected_action": [person.pk], "index": 0}
    client_of(confirmed(operator=True)).post("/admin/accounts/user/", data)
    assert not Authenticator.objects.exists()
    assert [mail.to for mail in mailoutbox] == [[person.email]]


@pytest.mark.parametrize("model", ["account/emailaddress", "mfa/authenticator"])
def test_the_admin_offers_no_second_address_and_no_secrets(model, settings):
    settings.SITE_IS_PUBLIC = False
    client = client_of(confirmed(operator=True))
    assert client.get(f"/admin/{model}/").status_code == 404
