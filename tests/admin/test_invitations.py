"""Inviting people in the admin: as operator, as owner without the role, and as nobody."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import invitations
from accounts.models import Invitation
from tests.accounts.conftest import invite, links_in, public
from tests.conftest import client_of
from tests.factories import UserFactory

__all__ = ["public"]  # a fixture
pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/accounts/invitation/", "/admin/accounts/invitation/add/"
FORM = {"email": "", "days": "7", "note": ""}


def link_on(page) -> str:
    """Return the path of the link that a page shows."""
    return re.search(r"//[\w.:]+(/accounts/invitation/[\w-]+/)", page.content.decode())[1]


def withdraw(client, *chosen: Invitation):
    data = {"action": "withdraw", "_selected_action": [str(one.pk) for one in chosen], "index": 0}
    return client.post(LIST, data, follow=True)


def test_the_link_is_shown_once_and_kept_nowhere(operator, operator_client, anonymous_client):
    page = operator_client.post(ADD, FORM | {"note": "a colleague"})
    link = link_on(page)
    assert page.status_code == 200 and "no-store" in page["Cache-Control"]
    invitation = Invitation.objects.get()
    assert (invitation.created_by, invitation.note) == (operator, "a colleague")
    assert anonymous_client.get(link).status_code == 200
    token = link.split("/")[-2]
    for address in (LIST, f"{LIST}{invitation.pk}/change/", f"{LIST}{invitation.pk}/history/"):
        shown = operator_client.get(address)
        assert shown.status_code == 200
        assert token not in shown.content.decode() and invitation.token_hash not in str(shown)
    assert token not in str(LogEntry.objects.values()) + str(
        [session.get_decoded() for session in Session.objects.all()]
    )


def test_the_list_says_what_became_of_each(operator, operator_client, owner):
    for state in Invitation.State:
        _, invitation = invite(f"{state.value}@example.org")
        if state == Invitation.State.USED:
            invitations.use(invitation, owner)
        elif state == Invitation.State.WITHDRAWN:
            invitations.withdraw(invitation, by=operator)
        elif state == Invitation.State.EXPIRED:
            Invitation.objects.filter(pk=invitation.pk).update(expires_at=invitation.created_at)
    page = operator_client.get(LIST).content.decode()
    for state in Invitation.State:
        row = page.partition(f"{state.value}@example.org")[2].partition("</tr>")[0]
        assert f">{state.label}</td>" in row
    assert owner.email in page


def test_an_invitation_can_be_withdrawn_once_and_nothing_else(operator_client, anonymous_client):
    link, invitation = invite()
    assert "1 invitation withdrawn" in withdraw(operator_client, invitation).content.decode()
    assert "0 invitations withdrawn" in withdraw(operator_client, invitation).content.decode()
    assert anonymous_client.get(link).status_code == 404
    address = f"{LIST}{invitation.pk}/"
    assert operator_client.post(f"{address}change/", FORM).status_code == 403
    assert operator_client.post(f"{address}delete/", {"post": "yes"}).status_code == 403
    assert 'value="delete_selected"' not in operator_client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"email": "no address"}, "valid email"),
        ({"email": "Taken@example.org"}, "an account with this address already"),
        ({"days": "0"}, "greater than or equal to 1"),
        ({"days": "91"}, "less than or equal to 90"),
        ({"note": "x" * 201}, "at most 200"),
    ],
)
def test_what_cannot_be_is_refused(operator_client, form, said):
    UserFactory(email="taken@example.org")
    assert said in operator_client.post(ADD, FORM | form).content.decode()
    assert not Invitation.objects.exists()


def test_without_mail_a_public_site_asks_for_the_address(operator, settings, monkeypatch):
    settings.SITE_IS_PUBLIC = True
    monkeypatch.setattr("accounts.policy.has_second_step", lambda user: True)
    client = client_of(operator)
    assert "Name the address" in client.post(ADD, FORM).content.decode()
    assert link_on(client.post(ADD, FORM | {"email": "ann@example.org"}))


def test_with_mail_a_named_address_gets_the_link(
    operator, public, monkeypatch, mailoutbox, django_capture_on_commit_callbacks
):
    monkeypatch.setattr("accounts.policy.has_second_step", lambda user: True)
    client = client_of(operator)
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(ADD, FORM | {"email": "Ann@example.org"})
        client.post(ADD, FORM)  # for nobody in particular
    (mail,) = mailoutbox
    assert mail.to == ["ann@example.org"]
    assert links_in(mail) == [link_on(page)]
    words = re.sub(r"[\u2068\u2069]|</?bdi[^>]*>", "", page.content.decode())
    assert "also goes to ann@example.org by mail" in words


@pytest.mark.parametrize("address", [LIST, ADD])
def test_only_operators_invite(address, owner_client, anonymous_client):
    for client in (owner_client, anonymous_client):
        for answer in (client.get(address), client.post(address, FORM)):
            assert answer.status_code in {302, 403}
    assert not Invitation.objects.exists()


def test_who_may_only_see_invitations_makes_and_ends_none():
    staff = UserFactory(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_invitation"))
    client = client_of(staff)
    link, invitation = invite()
    assert client.get(LIST).status_code == 200
    assert client.post(ADD, FORM).status_code == 403
    withdraw(client, invitation)
    assert Client().get(link).status_code == 200
    assert Invitation.objects.count() == 1


def test_the_list_takes_as_many_queries_for_many(operator_client, django_assert_max_num_queries):
    for _ in range(20):
        invite()
    with django_assert_max_num_queries(8):
        operator_client.get(LIST)
