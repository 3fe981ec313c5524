"""Coming in by invitation: once, until a date, and with the invited address only."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import invitations
from accounts.models import Invitation, SignUp, User
from accounts.tasks import prune
from tests.accounts.conftest import confirmed, ended, invite, link_to, without_tokens
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
EMAIL = "ann@example.org"
FORM = {"email": EMAIL, "password1": PASSWORD}
State = Invitation.State


@pytest.fixture(autouse=True)
def closed(settings) -> None:
    settings.SIGNUP_OPEN = False


def templates_of(page) -> list[str]:
    return [template.name for template in page.templates]


# --- the page -------------------------------------------------------------------------------


def test_the_link_shows_a_form_and_until_when_and_writes_nothing(client, settings):
    link, invitation = invite()
    with CaptureQueriesContext(connection) as queries:
        page = client.get(link)
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
    text = page.content.decode()
    assert page.status_code == 200
    assert settings.SITE_ORIGIN.partition("://")[2] in text
    assert f"{invitation.expires_at:%H:%M} UTC</time>" in text and "data-time=" in text
    assert client.get(link).status_code == 200  # opening it does not use it up


@pytest.mark.parametrize("closed_page", [True, False])
def test_the_closed_page_says_how_people_come_in(client, settings, closed_page):
    settings.SIGNUP_OPEN = not closed_page
    text = client.get(reverse("account_signup")).content.decode()
    assert ("Ask whoever runs this installation for a link" in text) == closed_page


def test_the_address_of_the_page_goes_into_no_referrer(client):
    link, _ = invite()
    for page in (client.get(link), client.post(link, FORM), client.get(link)):
        assert page["Referrer-Policy"] == "strict-origin"


def test_the_form_is_taken_where_the_browser_names_the_origin_only(settings):
    """As a browser sends it under this policy, over https."""
    settings.ALLOWED_HOSTS = ["theway.example.org"]
    link, _ = invite()
    client = Client(enforce_csrf_checks=True, headers={"host": "theway.example.org"})
    client.get(link, secure=True)
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    headers = {
        "origin": "https://theway.example.org",
        "referer": "https://theway.example.org/",
    }
    data = FORM | {"csrfmiddlewaretoken": token}
    assert client.post(link, data, secure=True, headers=headers).status_code == 302


def test_somebody_signed_in_is_told_so_whatever_the_link(owner_client):
    link, invitation = invite()
    pages = [
        method(address).content.decode()
        for method in (owner_client.get, owner_client.post)
        for address in (link, ended(State.USED), "/accounts/invitation/unknown/")
    ]
    assert len({without_tokens(page) for page in pages}) == 1
    assert "You are signed in as" in pages[0]
    invitation.refresh_from_db()
    assert invitation.state is State.OPEN


def test_guesses_are_limited_like_sign_ups(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    codes = {client.post("/accounts/invitation/guess/", FORM).status_code for _ in range(25)}
    assert codes == {404, 429}


# --- one account ----------------------------------------------------------------------------


def test_an_invited_person_gets_an_account_and_lands_where_sign_up_leads(client):
    link, invitation = invite()
    assert client.post(link, FORM).url == reverse("dashboard:home")
    user = User.objects.get()
    assert (user.email, user.is_staff, user.is_superuser) == (EMAIL, False, False)
    assert get_user(client) == user
    invitation.refresh_from_db()
    assert (invitation.state, invitation.used_by) == (State.USED, user)
    assert Client().post(link, FORM | {"email": "bea@example.org"}).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["short", "password", "1234567890", EMAIL])
def test_the_rules_for_passwords_are_those_of_sign_up(client, password):
    link, _ = invite()
    page = client.post(link, FORM | {"password1": password})
    assert page.context["form"].errors
    assert not User.objects.exists()
    assert Client().get(link).status_code == 200


def test_extra_fields_do_not_make_an_operator(client):
    link, _ = invite()
    client.post(link, FORM | {"is_staff": "1", "is_superuser": "1", "invitation": "x"})
    user = User.objects.get()
    assert not user.is_staff and not user.is_superuser


@pytest.mark.usefixtures("public")
def test_with_mail_the_invitation_is_used_by_confirming_not_by_asking(client, mailoutbox):
    link, invitation = invite()
    assert client.post(link, FORM).url == reverse("account_email_verification_sent")
    invitation.refresh_from_db()
    assert invitation.state is State.OPEN and not User.objects.exists()
    assert client.post(link_to(EMAIL, mailoutbox), {"password": PASSWORD}).status_code == 302
    invitation.refresh_from_db()
    assert (invitation.state, invitation.used_by.email) == (State.USED, EMAIL)
    assert get_user(client).email == EMAIL


@pytest.mark.usefixtures("public")
def test_of_two_people_who_ask_with_one_link_the_first_to_confirm_comes_in(mailoutbox):
    link, _ = invite()
    emails = [EMAIL, "bea@example.org"]
    for email in emails:
        Client().post(link, FORM | {"email": email})
    first, second = (link_to(email, mailoutbox) for email in emails)
    Client().post(second, {"password": PASSWORD})
    assert [user.email for user in User.objects.all()] == ["bea@example.org"]
    for method in (Client().get, Client().post):
        page = method(first, {"password": PASSWORD})
        assert page.status_code == 404 and "account/link_over.html" in templates_of(page)
    assert User.objects.count() == 1


@pytest.mark.usefixtures("public")
def test_a_withdrawn_invitation_confirms_nothing(operator, mailoutbox):
    link, invitation = invite()
    Client().post(link, FORM)
    assert invitations.withdraw(invitation, by=operator)
    assert Client().post(link_to(EMAIL, mailoutbox), {"password": PASSWORD}).status_code == 404
    assert not User.objects.filter(email=EMAIL).exists()


@pytest.mark.usefixtures("public")
def test_who_asked_in_time_may_confirm_for_the_day_the_mail_promises(mailoutbox):
    link, invitation = invite()
    with time_machine.travel(invitation.expires_at - timedelta(minutes=1)):
        Client().post(link, FORM)
    with time_machine.travel(invitation.expires_at + timedelta(hours=2)):
        assert Client().get(link).status_code == 404
        prune()
        Client().post(link_to(EMAIL, mailoutbox), {"password": PASSWORD})
    assert User.objects.filter(email=EMAIL).exists()


@pytest.mark.usefixtures("public")
def test_a_taken_address_is_told_by_mail_only_and_uses_nothing_up(client, mailoutbox):
    confirmed(email=EMAIL)
    link, invitation = invite()
    taken, free = (client.post(link, FORM | {"email": email}) for email in (EMAIL, "b@example.org"))
    assert (taken.status_code, taken.url) == (free.status_code, free.url)
    assert link_to(EMAIL, mailoutbox) == reverse("account_reset_password")
    invitation.refresh_from_db()
    assert invitation.state is State.OPEN and User.objects.count() == 1


def test_where_nothing_is_confirmed_a_taken_address_uses_nothing_up(client):
    UserFactory(email=EMAIL)
    link, _ = invite()
    assert client.post(link, FORM).context["form"].errors
    assert Client().get(link).status_code == 200


# --- one address ----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["here", "public", "lan"])
def test_only_the_named_address_can_be_used(mode, client, request):
    if mode != "here":
        request.getfixturevalue(mode)
    link, _ = invite(EMAIL)
    field = re.search(r"<input[^>]*name=\"email\"[^>]*>", client.get(link).content.decode())[0]
    assert "readonly" in field and f'value="{EMAIL}"' in field
    refused = client.post(link, FORM | {"email": "bea@example.org"})
    assert "for another address" in str(refused.context["form"].errors)
    assert not User.objects.exists() and not SignUp.objects.exists()
    assert client.post(link, FORM | {"email": "Ann@Example.org"}).status_code == 302


def test_another_address_than_the_named_one_is_not_looked_up(client, lan):
    UserFactory(email="bea@example.org")
    link, _ = invite(EMAIL)
    errors = [
        str(client.post(link, FORM | {"email": email}).context["form"].errors)
        for email in ("bea@example.org", "nobody@example.org")
    ]
    assert errors[0] == errors[1]


def test_without_mail_the_operator_vouches_and_the_account_is_usable_at_once(client, lan):
    link, _ = invite(EMAIL)
    client.post(link, FORM)
    assert get_user(client).email == EMAIL
    again = Client()
    again.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD})
    assert get_user(again).email == EMAIL


def test_without_mail_an_invitation_for_anybody_is_worth_nothing(client, lan):
    link, _ = invite()
    assert client.get(link).status_code == client.post(link, FORM).status_code == 404
    assert not User.objects.exists()
