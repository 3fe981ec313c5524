"""Sessions: listed, ended one by one or all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from accounts import sessions, visitors
from accounts.models import BrowserSession
from accounts.session_store import SIGNED_IN_AT, SessionStore
from tests.accounts.conftest import confirmed
from tests.conftest import client_of
from tests.factories import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
END_OTHERS = reverse("account_end_other_sessions")


def sign_in(user, **headers) -> Client:
    """Sign in, and enter the password again as whoever changes something does."""
    client = Client(**headers)
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def row_of(client: Client) -> BrowserSession:
    return BrowserSession.objects.get(session_key=client.session.session_key)


def end(client: Client, row: BrowserSession):
    return client.post(reverse("account_end_session", args=[row.pk]))


def test_ending_all_others_is_offered_where_there_are_others(owner):
    client = sign_in(owner)
    assert END_OTHERS not in client.get(reverse("account")).content.decode()
    sign_in(owner)
    assert END_OTHERS in client.get(reverse("account")).content.decode()


def test_a_session_is_listed_with_browser_address_and_last_use(owner):
    client = sign_in(owner, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT=FIREFOX)
    page = client.get(reverse("account")).content.decode()
    assert "Firefox on Linux" in page and "192.0.2.7" in page and "last used" in page
    assert "This session" in page


def test_one_session_is_ended_and_the_others_stay(owner):
    here, lost, other = sign_in(owner), sign_in(owner), sign_in(owner)
    end(here, row_of(lost))
    assert get_user(lost).is_anonymous
    assert get_user(here) == get_user(other) == owner


def test_ending_this_session_signs_out(owner):
    here = sign_in(owner)
    end(here, row_of(here))
    assert get_user(here).is_anonymous


def test_all_others_are_ended_those_that_nobody_noted_too(db, public, mailoutbox):
    owner = confirmed()
    here, noted, unnoted = sign_in(owner), client_of(owner), client_of(owner)
    BrowserSession.objects.filter(pk=row_of(unnoted).pk).delete()
    here.post(END_OTHERS)
    assert get_user(here) == owner
    assert get_user(noted).is_anonymous and get_user(unnoted).is_anonymous
    assert row_of(here).user == owner
    assert [mail.to for mail in mailoutbox] == [[owner.email]]


def test_a_strangers_session_is_left_alone(owner, stranger):
    mine, theirs = sign_in(owner), sign_in(stranger)
    end(theirs, row_of(mine))
    theirs.post(END_OTHERS)
    assert get_user(mine) == owner
    assert BrowserSession.objects.filter(user=owner).count() == 1


def test_anonymous_visitors_end_nothing(owner, anonymous_client):
    mine = sign_in(owner)
    for answer in (end(anonymous_client, row_of(mine)), anonymous_client.post(END_OTHERS)):
        assert answer.url.startswith(reverse("account_login"))
    assert get_user(mine) == owner


def test_ending_sessions_asks_for_the_password_again_and_then_ends_them(owner):
    """Who has a stolen session cannot end its owner's others."""
    stolen, other = client_of(owner), sign_in(owner)
    for answer in (end(stolen, row_of(other)), stolen.post(END_OTHERS)):
        assert answer.url.startswith(reverse("account_reauthenticate"))
        assert get_user(other) == owner
    asked = end(stolen, row_of(other)).url
    stolen.post(asked, {"password": "not the one"})
    assert get_user(other) == owner
    stolen.post(asked, {"password": PASSWORD})
    assert get_user(other).is_anonymous


def days_later(days: float) -> None:
    """Let the sessions be as they are after so many days: all their times are earlier."""
    past = timedelta(days=days)
    for row in Session.objects.all():
        content = row.get_decoded()
        content[SIGNED_IN_AT] -= int(past.total_seconds())
        row.session_data = SessionStore().encode(content)
        row.expire_date -= past
        row.save()
    for browser in BrowserSession.objects.all():
        browser.started_at -= past
        browser.save()
    sessions._noted.clear()


def test_a_session_ends_two_weeks_after_its_last_use(owner):
    client = sign_in(owner)
    for _ in range(2):
        days_later(13)
        assert client.get(reverse("account")).status_code == 200
    days_later(3.9)
    assert get_user(client) == owner
    idle = sign_in(owner)
    days_later(14.1)
    assert get_user(idle).is_anonymous


@pytest.mark.parametrize("use", ["looking", "changing"])
def test_a_session_ends_a_month_after_the_sign_in_however_it_is_used(owner, use):
    client = sign_in(owner)
    for _ in range(3):
        days_later(9.9)
        client.get(reverse("account"))
        if use == "changing":  # the session itself is stored anew
            password = {"password": PASSWORD}
            assert client.post(reverse("account_reauthenticate"), password).status_code == 302
        assert get_user(client) == owner
    days_later(0.4)
    assert get_user(client).is_anonymous


def test_how_long_sessions_last_can_be_set(owner, settings):
    settings.SESSION_IDLE = timedelta(days=1)
    client = sign_in(owner)
    days_later(1.1)
    assert get_user(client).is_anonymous


@pytest.mark.parametrize("address", [END_OTHERS, reverse("account_end_session", args=[1])])
def test_a_link_ends_nothing(owner_client, address):
    assert owner_client.get(address).status_code == 405


def test_signing_out_drops_the_session_from_the_list(owner):
    client = sign_in(owner)
    client.post(reverse("account_logout"))
    assert not BrowserSession.objects.exists()


def test_expired_sessions_are_not_listed_and_pruned(owner):
    client = sign_in(owner)
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    assert sessions.sessions_of(owner) == []
    BrowserSession.objects.update(started_at=timezone.now() - timedelta(days=2))
    sessions.prune()
    assert not BrowserSession.objects.exists() and not Session.objects.exists()
    assert get_user(client).is_anonymous


def test_the_last_use_is_noted_every_few_minutes_after_the_answer(owner, put_off, monkeypatch):
    client = sign_in(owner)
    row = row_of(client)
    put_off.clear()
    client.get(reverse("account"))
    assert put_off == []
    monkeypatch.setitem(sessions._noted, row.pk, -sessions.NOTE_USE_EVERY)
    client.get(reverse("account"), REMOTE_ADDR="192.0.2.9")
    client.get(reverse("account"))
    ((work, *args),) = put_off
    work(*args)
    row.refresh_from_db()
    assert row.address == "192.0.2.9"


async def test_the_last_use_of_an_asynchronous_page_is_noted_too(put_off, monkeypatch):
    monkeypatch.setattr(sessions, "note_use", put_off.append)
    monkeypatch.setattr("accounts.middleware.note_use", put_off.append)
    await AsyncClient().get("/healthz")
    assert [request.path for request in put_off] == ["/healthz"]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) Version/17.5 Safari/604.1", "Safari on iOS"),
        ("curl/8.7.1", "Another program"),
        ("", "Another program"),
    ],
)
def test_a_browser_has_a_name_that_people_know(agent, name):
    assert visitors.name_of(agent) == name


def test_odd_headers_are_no_error(owner):
    client = sign_in(owner, HTTP_USER_AGENT="\x7f" + "x" * 5000, REMOTE_ADDR="not an address")
    assert get_user(client) == owner
    assert row_of(client).address is None


def test_sessions_of_before_an_operator_set_a_password_are_not_listed(owner):
    client = sign_in(owner)
    owner.set_password("set by the operator")
    owner.save()
    assert sessions.sessions_of(owner) == []
    assert get_user(client).is_anonymous


def test_an_operator_ends_all_sessions_of_a_person(owner, operator_client):
    client = sign_in(owner)
    data = {"action": "end_sessions", "_selected_action": [owner.pk], "index": 0}
    operator_client.post("/admin/accounts/user/", data)
    assert get_user(client).is_anonymous


def test_of_very_many_sessions_the_longest_unused_end(owner, monkeypatch):
    monkeypatch.setattr(sessions, "MOST", 3)
    first, second = sign_in(owner), sign_in(owner)
    BrowserSession.objects.filter(pk=row_of(first).pk).update(last_used_at=timezone.now())
    others = [sign_in(owner), sign_in(owner)]
    assert get_user(second).is_anonymous
    assert all(get_user(client) == owner for client in (first, *others))
    assert Session.objects.count() == BrowserSession.objects.count() == 3


def test_many_sessions_of_one_person_end_nobody_elses(owner, stranger, monkeypatch):
    monkeypatch.setattr(sessions, "MOST", 1)
    kept = sign_in(stranger)
    sign_in(owner), sign_in(owner)
    assert get_user(kept) == stranger
