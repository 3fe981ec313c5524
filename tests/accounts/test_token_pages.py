"""The page about tokens, as its owner, a stranger and nobody see it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, Errand
from tests.conftest import client_of
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
PAGE = reverse("account_tokens")
AGAIN = reverse("account_reauthenticate")


@pytest.fixture
def sure_client(owner_client) -> Client:
    """The owner, whose password was entered a moment ago."""
    owner_client.post(AGAIN, {"password": PASSWORD})
    return owner_client


def form_of(client: Client, **changes: str) -> dict[str, str]:
    """Return what the page's form sends."""
    press = re.search(r'name="press" value="([\w-]+)"', client.get(PAGE).text)[1]
    return {"name": "a script", "scope": "write", "days": "90", "press": press, **changes}


def raw_on(page) -> str:
    return re.search(r'value="(tw_[\w-]{43})"', page.text)[1]


def of(user, **fields) -> ApiToken:
    token, _ = tokens.make(user, name="a script", scope="write", expires_in=timedelta(days=90))
    ApiToken.objects.filter(pk=token.pk).update(**fields or {"scope": "write"})
    return token


def revoke(client: Client, token: ApiToken):
    return client.post(reverse("account_revoke_token", args=[token.pk]))


# --- making ---------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_works(owner, sure_client, anonymous_client):
    page = sure_client.post(PAGE, form_of(sure_client))
    assert page.status_code == 200 and "no-store" in page["Cache-Control"]
    raw = raw_on(page)
    assert tokens.authenticate(raw, address="").user == owner
    assert raw not in sure_client.get(PAGE).text
    kept = str([session.get_decoded() for session in Session.objects.all()])
    kept += str(list(Errand.objects.values())) + str(list(ApiToken.objects.values()))
    assert raw[3:] not in kept
    answer = anonymous_client.get("/api/me", headers={"Authorization": f"Bearer {raw}"})
    assert answer.json()["email"] == owner.email


def test_a_page_that_is_sent_again_makes_no_second_token_and_shows_none(sure_client):
    form = form_of(sure_client)
    raw = raw_on(sure_client.post(PAGE, form))
    again = sure_client.post(PAGE, form, follow=True)
    assert ApiToken.objects.count() == 1
    assert raw not in again.text
    assert "That token was shown once" in again.text


@pytest.mark.parametrize(("days", "lasts"), [("30", 30), ("90", 90), ("365", 365), ("", None)])
def test_it_ends_when_its_owner_says(sure_client, days, lasts):
    before = timezone.now()
    sure_client.post(PAGE, form_of(sure_client, days=days))
    ends = ApiToken.objects.get().expires_at
    assert (ends - before).days == lasts if lasts else ends is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " \x00\x1b "),
        ("name", "a" * 61),
        ("scope", ""),
        ("scope", "all"),
        ("days", "36500"),
        ("press", "x"),
    ],
)
def test_what_the_form_does_not_offer_makes_none(sure_client, field, value):
    page = sure_client.post(PAGE, form_of(sure_client, **{field: value}))
    assert page.status_code == 422
    assert not ApiToken.objects.exists()


def test_a_name_is_one_line_without_controls(sure_client):
    sure_client.post(PAGE, form_of(sure_client, name=" my\t\x1b[31m  script\r\n"))
    assert ApiToken.objects.get().name == "my [31m script"


def test_the_last_token_that_one_may_have_is_said(sure_client, owner, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 1)
    of(owner)
    page = sure_client.post(PAGE, form_of(sure_client))
    assert page.status_code == 409
    assert "which is as many as you may" in page.text
    assert ApiToken.objects.count() == 1


def test_somebody_elses_press_makes_nothing_and_tells_nothing(sure_client, stranger):
    theirs, raw = tokens.make(stranger, name="secret plan", scope="read", expires_in=None)
    page = sure_client.post(PAGE, form_of(sure_client, press=str(theirs.pk)), follow=True)
    assert ApiToken.objects.count() == 1
    assert "secret plan" not in page.text and raw not in page.text


def test_its_owner_is_told_by_mail_without_it(sure_client, owner, settings, mailoutbox):
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    settings.SITE_ORIGIN = "https://theway.example.org"
    raw = raw_on(sure_client.post(PAGE, form_of(sure_client)))
    (mail,) = mailoutbox
    assert mail.to == [owner.email]
    assert "a script" in mail.body and "Read and change" in mail.body
    assert f"https://theway.example.org{PAGE}" in mail.body
    assert raw[3:] not in mail.body + mail.subject


# --- who ------------------------------------------------------------------------------------


def test_the_password_is_asked_for_again(owner_client):
    for answer in (owner_client.get(PAGE), owner_client.post(PAGE, {"name": "x"})):
        assert answer.status_code == 302
        assert answer["Location"].startswith(AGAIN)
    assert not ApiToken.objects.exists()


def test_nobody_gets_there_without_an_account(anonymous_client, owner):
    token = of(owner)
    for answer in (anonymous_client.get(PAGE), revoke(anonymous_client, token)):
        assert answer["Location"].startswith(reverse("account_login"))
    token.refresh_from_db()
    assert token.is_live


def test_a_stranger_sees_and_ends_nothing_of_the_owners(owner, stranger):
    token = of(owner)
    client = client_of(stranger)
    client.post(AGAIN, {"password": PASSWORD})
    assert "a script" not in client.get(PAGE).text
    assert revoke(client, token).status_code == 404
    token.refresh_from_db()
    assert token.is_live


def test_a_token_is_no_way_to_the_pages(owner, anonymous_client):
    _, raw = tokens.make(owner, name="x", scope="spend", expires_in=None)
    for path in (PAGE, reverse("account"), reverse("dashboard:home")):
        answer = anonymous_client.get(path, headers={"Authorization": f"Bearer {raw}"})
        assert answer["Location"].startswith(reverse("account_login"))


def test_what_a_token_may_do_are_three_named_choices_and_one_is_made(sure_client):
    page = sure_client.get(PAGE).text
    group = page[page.index("<legend>What it may do") : page.index("</fieldset>")]
    assert re.findall(r'type="radio" name="scope" value="(\w+)"', group) == [
        "read", "write", "spend",
    ]  # fmt: skip
    assert "Nothing that costs money." in group
    wrong = sure_client.post(PAGE, form_of(sure_client, scope="all")).text
    assert 'aria-describedby="id_scope_error"' in wrong and 'id="id_scope_error"' in wrong


# --- what the page says ---------------------------------------------------------------------


def test_without_tokens_it_says_so(sure_client):
    assert "None yet." in sure_client.get(PAGE).text


def test_it_says_what_each_may_do_and_when_and_from_where_it_was_used(sure_client, owner):
    now = timezone.now()
    token = of(owner, last_used_at=now, last_used_from="192.0.2.7")
    page = sure_client.get(PAGE).text
    for text in ("a script", f"…{token.hint}", "Read and change", "192.0.2.7", "ends on"):
        assert text in page
    assert "never used" not in page


def test_ended_and_revoked_ones_are_told_apart_and_have_no_button(sure_client, owner):
    long_ago = timezone.now() - timedelta(days=2)
    of(owner, expires_at=long_ago)
    of(owner, revoked_at=long_ago)
    page = sure_client.get(PAGE).text
    assert "Ended" in page and "ended on" in page
    assert "Revoked" in page and "2 days ago" in page
    assert "/revoke/" not in page


def test_revoking_is_one_click_and_is_said(sure_client, owner):
    token = of(owner)
    answer = revoke(sure_client, token)
    assert answer["Location"] == PAGE
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert "is revoked" in sure_client.get(PAGE).text


def test_the_account_page_leads_there_and_says_that_a_password_ends_none(owner_client, owner):
    of(owner)
    page = owner_client.get(reverse("account")).text
    assert f'href="{PAGE}"' in page
    assert "1 token lets a program act for you. A new password does not end it." in page


def test_the_page_takes_as_many_queries_for_many(sure_client, owner, django_assert_max_num_queries):
    for _ in range(20):
        of(owner)
    with django_assert_max_num_queries(8):
        sure_client.get(PAGE)
