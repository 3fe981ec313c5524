"""Many at once with one invitation, and one of them gets an account."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from accounts import invitations
from accounts.models import Invitation, SignUp, User
from tests.accounts.conftest import confirmed, invite, link_to
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 6
EMAILS = [f"person{number}@example.org" for number in range(MANY)]
SAME = ["ann@example.org"] * MANY


def all_at_once(act: Callable[[int], int]) -> list[int]:
    """Return what each of many threads got, all begun in the same moment."""
    ready = Barrier(MANY)

    def start(number: int) -> int:
        ready.wait()
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(start, range(MANY)))


def post(address: str, data: dict[str, str]) -> int:
    return Client(raise_request_exception=False).post(address, data).status_code


@pytest.mark.parametrize("emails", [EMAILS, SAME])
def test_one_link_in_many_tabs_is_one_account(emails):
    link, invitation = invite()
    codes = all_at_once(lambda n: post(link, {"email": emails[n], "password1": PASSWORD}))
    assert max(codes) < 500
    invitation.refresh_from_db()
    assert [invitation.used_by] == list(User.objects.all())


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("emails", [EMAILS, SAME])
def test_many_confirmations_of_one_invitation_are_one_account(emails, mailoutbox):
    link, invitation = invite()
    links = []
    for email in emails:
        post(link, {"email": email, "password1": PASSWORD})
        links.append(link_to(email, mailoutbox))
    codes = all_at_once(lambda n: post(links[n], {"password": PASSWORD}))
    assert sorted(codes) == [302] + [404] * (MANY - 1)
    invitation.refresh_from_db()
    assert [invitation.used_by] == list(User.objects.all())
    assert not SignUp.objects.filter(email=invitation.used_by.email).exists()


def test_whoever_withdraws_while_it_is_used_learns_who_was_first():
    operator = confirmed()
    link, invitation = invite()

    def act(number: int) -> int:
        if number % 2:
            return int(invitations.withdraw(invitation, by=operator))
        data = {"email": EMAILS[number], "password1": PASSWORD}
        return -(Client(raise_request_exception=False).post(link, data).status_code)

    results = all_at_once(act)
    invitation.refresh_from_db()
    was_withdrawn = invitation.state is Invitation.State.WITHDRAWN
    assert results.count(1) == int(was_withdrawn)
    assert User.objects.exclude(pk=operator.pk).count() == int(not was_withdrawn)
