"""What invitations tell, and what is kept of them: no token, and no person who is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from accounts import invitations
from accounts.deletion import delete_account_row
from accounts.models import Invitation, SignUp, User
from accounts.tasks import prune
from tests.accounts.conftest import confirmed, ended, invite, without_tokens
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
EMAIL = "ann@example.org"
FORM = {"email": EMAIL, "password1": PASSWORD}
State = Invitation.State


@pytest.fixture(autouse=True)
def closed(settings) -> None:
    settings.SIGNUP_OPEN = False


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
