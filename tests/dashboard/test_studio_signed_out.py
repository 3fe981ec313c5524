"""A session that ends while somebody describes a picture loses no word."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import JobQueue
from models_app.models import UserModel
from tests.dashboard.rows import describe_local_trainer, stored_model
from tests.dashboard.test_wizard_signed_out import lose_session, open_form, sign_in
from tests.factories import UserFactory

TYPED = {"prompt": "at sea, in the rain", "ratio": "16:9", "count": "2", "strength": "0.8"}
BACK = "Your words are back"


@pytest.fixture
def browser() -> Client:
    return Client()


@pytest.fixture
def ready(owner) -> UserModel:
    describe_local_trainer()
    return stored_model(owner, name="Ann")


def sent_away(browser: Client, model: UserModel) -> str:
    """Send the form after the session has ended; return where that leads."""
    page = reverse("dashboard:model", args=[model.pk])
    sign_in(browser, model.owner.email)
    hidden = open_form(browser, page)
    lose_session()
    answer = browser.post(reverse("dashboard:generate", args=[model.pk]), hidden | TYPED)
    assert answer["Location"] == f"/accounts/login/?next={page}"
    return answer["Location"]


def test_what_was_wished_for_is_back_after_signing_in_and_nothing_was_made(ready, browser):
    page = sign_in(browser, ready.owner.email, sent_away(browser, ready))["Location"]
    shown = browser.get(page)
    assert BACK in shown.content.decode()
    form = shown.context["page"].form
    assert {name: str(form[name].value()) for name in TYPED} == TYPED
    assert not JobQueue.objects.filter(kind="generation").exists()


def test_it_is_no_longer_offered_once_it_is_made(ready, browser):
    page = sign_in(browser, ready.owner.email, sent_away(browser, ready))["Location"]
    key = {"idempotency_key": "a" * 32, "provider": "local"}
    made = browser.post(reverse("dashboard:generate", args=[ready.pk]), TYPED | key)
    assert made.status_code == 302
    assert JobQueue.objects.get(kind="generation").payload["typed_prompt"] == TYPED["prompt"]
    assert BACK not in browser.get(page).content.decode()


def test_another_person_of_the_browser_sees_none_of_it(ready, browser):
    other = UserFactory()
    away = sent_away(browser, ready)
    sign_in(browser, other.email, away)
    UserModel.objects.update(owner=other)  # so that the other person may see the same page
    page = browser.get(reverse("dashboard:model", args=[ready.pk])).content.decode()
    assert "Make pictures" in page
    assert TYPED["prompt"] not in page


def test_after_an_hour_it_is_no_longer_offered(ready, browser, monkeypatch):
    page = sign_in(browser, ready.owner.email, sent_away(browser, ready))["Location"]
    later = time.time() + 3601
    monkeypatch.setattr(time, "time", lambda: later)
    assert BACK not in browser.get(page).content.decode()


def test_whoever_asks_for_something_else_is_not_told_that_these_are_the_words(ready, browser):
    page = sign_in(browser, ready.owner.email, sent_away(browser, ready))["Location"]
    shown = browser.get(f"{page}?idea=0")
    assert BACK not in shown.content.decode()
    assert shown.context["page"].form["prompt"].value() != TYPED["prompt"]


@pytest.mark.parametrize(
    ("name", "words"), [("generate", "Make pictures"), ("account_delete", "Your data")]
)
def test_an_address_that_takes_forms_shows_their_page(ready, browser, name, words):
    """There a refused form is shown: to it leads signing in again, or a reload."""
    address = reverse(f"dashboard:{name}", args=[ready.pk] if name == "generate" else [])
    away = browser.get(address)["Location"]
    assert away == f"/accounts/login/?next={address}"
    assert sign_in(browser, ready.owner.email, away)["Location"] == address
    assert words in browser.get(address).content.decode()


def test_nothing_is_kept_without_the_token_of_a_page(ready, client):
    client.post(reverse("dashboard:generate", args=[ready.pk]), TYPED | {"author": "x"})
    assert not client.session.keys()
