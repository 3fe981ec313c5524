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
from django.utils import timezone
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from accounts import invitations
from accounts.deletion import delete_account_row
from accounts.models import Invitation, SignUp, User
from accounts.tasks import prune
from tests.accounts.conftest import confirmed, invite, link_to
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
EMAIL = "ann@example.org"
FORM = {"email": EMAIL, "password1": PASSWORD}
State = Invitation.State


@pytest.fixture(autouse=True)
def closed(settings) -> None:
    settings.SIGNUP_OPEN = False


@pytest.fixture
def lan(settings) -> None:
    """A site that others reach and that cannot send mail."""
    settings.SITE_IS_PUBLIC = True


def templates_of(page) -> list[str]:
    return [template.name for template in page.templates]


def ended(state: State) -> str:
    """Return the link of an invitation that is over."""
    link, invitation = invite()
    now = timezone.now()
    changes = {
        State.USED: {"used_at": now},
        State.WITHDRAWN: {"withdrawn_at": now},
        State.EXPIRED: {"expires_at": now},
    }
    Invitation.objects.filter(pk=invitation.pk).update(**changes[state])
    invitation.refresh_from_db()
    assert invitation.state == state
    return link


# --- the page -------------------------------------------------------------------------------


def test_the_link_shows_a_form_and_until_when_and_writes_nothing(client, settings):
    link, invitation = invite()
    with CaptureQueriesContext(connection) as queries:
        page = client.get(link)
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
    text = page.content.decode()
    assert page.status_code == 200
    assert settings.SITE_ORIGIN.partition("://")[2] in text
    assert f"{invitation.expires_at:%H:%M} UTC" in text
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


# --- what the pages tell --------------------------------------------------------------------


def without_tokens(page: str) -> str:
    """Return a page without what is each answer's own."""
    return re.sub(r"[A-Za-z0-9]{64}|nonce=\S+", "", page)


def told(address: str, method: str) -> tuple:
    client = Client()
    page = getattr(client, method)(address, FORM if method == "post" else {})
    headers = {name: value for name, value in page.headers.items() if name != "Expires"}
    headers.pop("Last-Modified", None)
    return page.status_code, headers, sorted(client.cookies), without_tokens(page.content.decode())


@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    state=st.sampled_from([State.USED, State.WITHDRAWN, State.EXPIRED]),
    method=st.sampled_from(["get", "post"]),
    unknown=st.text("abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_", min_size=1, max_size=60),
)
@pytest.mark.parametrize("site", ["here", "public", "lan"])
def test_no_page_tells_whether_there_was_an_invitation(site, state, method, unknown, request):
    if site != "here":
        request.getfixturevalue(site)
    was, never = told(ended(state), method), told(f"/accounts/invitation/{unknown}/", method)
    assert was == never
    assert was[0] == 404 and "Ask whoever invited you for a new one" in was[-1]


@pytest.mark.parametrize("site", ["here", "public", "lan"])
def test_known_and_unknown_links_cost_the_same_queries(site, request, client):
    if site != "here":
        request.getfixturevalue(site)
    costs = []
    for address in (ended(State.USED), "/accounts/invitation/unknown/"):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        costs.append(len(queries))
    assert costs == [1, 1]


# --- what is kept ---------------------------------------------------------------------------


def test_the_token_is_long_and_only_its_hash_is_stored():
    link, invitation = invite(EMAIL)
    token = link.split("/")[-2]
    assert len(token) >= 43  # 32 bytes
    row = Invitation.objects.filter(pk=invitation.pk).values().get()
    assert token not in str(row)


def test_links_begin_with_the_sites_own_address(settings):
    settings.SITE_ORIGIN = "https://theway.example.org"
    link = invitations.issue(Invitation())
    assert link.startswith("https://theway.example.org/accounts/invitation/")


def test_an_invitation_works_for_a_week_and_is_deleted_a_month_later():
    link, invitation = invite()
    with time_machine.travel(invitation.created_at + timedelta(days=7, minutes=-1)):
        assert Client().get(link).status_code == 200
    with time_machine.travel(invitation.created_at + timedelta(days=7)):
        assert Client().get(link).status_code == 404
        prune()
        assert Invitation.objects.exists()
    with time_machine.travel(invitation.expires_at + timedelta(days=31)):
        prune()
    assert not Invitation.objects.exists()


def test_an_invitation_outlives_who_made_it(operator, client):
    link, invitation = invite(by=operator)
    delete_account_row(operator)
    assert client.post(link, FORM).status_code == 302
    invitation.refresh_from_db()
    assert invitation.created_by is None and invitation.state is State.USED


@pytest.mark.parametrize("named", [EMAIL, ""])
def test_an_invitation_goes_with_the_account_it_led_to(client, named):
    link, _ = invite(named)
    client.post(link, FORM)
    user = User.objects.get()
    user.email = "moved@example.org"
    user.save()
    delete_account_row(user)
    assert not Invitation.objects.exists()


@pytest.mark.usefixtures("public")
def test_what_names_a_persons_address_goes_with_the_account(operator):
    person = confirmed(email=EMAIL)
    invite(EMAIL)
    others, _ = invite("bea@example.org")
    Client().post(others, FORM | {"email": "bea@example.org"})
    SignUp.objects.create(email=EMAIL, password="x")
    delete_account_row(person)
    assert [one.email for one in Invitation.objects.all()] == ["bea@example.org"]
    assert [one.email for one in SignUp.objects.all()] == ["bea@example.org"]


def test_the_security_log_names_invitations_and_never_tokens(operator, client, caplog):
    caplog.set_level("INFO", "theway.security")
    link, used = invite(EMAIL, by=operator)
    _, ended_early = invite()
    invitations.withdraw(ended_early, by=operator)
    client.post(link, FORM)
    said = [record.getMessage() for record in caplog.records if record.name == "theway.security"]
    assert f"invitation made id={used.pk} by={operator.pk}" in said
    assert f"invitation made id={ended_early.pk} by=terminal" in said
    assert f"invitation withdrawn id={ended_early.pk} by={operator.pk}" in said
    user = User.objects.get(email=EMAIL)
    assert f"invitation used id={used.pk} account={user.pk}" in said
    assert link.split("/")[-2] not in caplog.text and EMAIL not in caplog.text
