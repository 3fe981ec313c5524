"""A session that ends in the middle of the wizard loses no answer."""

from __future__ import annotations

import re
import uuid

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from models_app.models import UserModel
from tests.dashboard.wizard_drafts import ABOUT, address, draft
from tests.factories import PASSWORD, UserFactory

NEW = "/dashboard/models/new"


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def field_of(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def sign_in(browser: Client, email: str, address: str = "/accounts/login/"):
    page = browser.get(address).content.decode()
    sent = {
        "login": email,
        "password": PASSWORD,
        "csrfmiddlewaretoken": field_of(page, "csrfmiddlewaretoken"),
    }
    if 'name="next"' in page:
        sent["next"] = field_of(page, "next")
    return browser.post(address, sent)


def open_form(browser: Client, page_address: str) -> dict[str, str]:
    """Return the hidden fields of a wizard page as a browser would send them back."""
    page = browser.get(page_address).content.decode()
    return {name: field_of(page, name) for name in ("csrfmiddlewaretoken", "author")}


def lose_session() -> None:
    Session.objects.all().delete()


def test_answers_sent_after_the_session_ended_are_shown_after_signing_in(owner, browser):
    page_address = address(draft(owner), "about")
    sign_in(browser, owner.email)
    hidden = open_form(browser, page_address)
    lose_session()
    typed = ABOUT | {"description": "typed too late", "go": "next"}
    sent_away = browser.post(page_address, hidden | typed)
    assert sent_away["Location"] == f"/accounts/login/?next={page_address}"
    back = sign_in(browser, owner.email, sent_away["Location"])
    assert back["Location"] == page_address
    page = browser.get(page_address).content.decode()
    assert "typed too late" in page
    assert "You were signed out while typing" in page
    assert "data-unsaved" in page


def test_unsaved_answers_are_saved_by_the_next_click_and_then_discarded(owner, browser):
    model = draft(owner)
    page_address = address(model, "about")
    sign_in(browser, owner.email)
    hidden = open_form(browser, page_address)
    lose_session()
    browser.post(page_address, hidden | ABOUT | {"description": "typed too late"})
    sign_in(browser, owner.email)
    hidden = open_form(browser, page_address)
    browser.post(page_address, hidden | ABOUT | {"description": "typed too late"})
    model.refresh_from_db()
    assert model.description == "typed too late"
    assert "You were signed out" not in browser.get(page_address).content.decode()


def test_answers_of_a_new_draft_are_kept_too(owner, browser):
    sign_in(browser, owner.email)
    hidden = open_form(browser, NEW)
    lose_session()
    sent_away = browser.post(NEW, hidden | ABOUT)
    sign_in(browser, owner.email, sent_away["Location"])
    assert 'value="ann_k7"' in browser.get(NEW).content.decode()
    assert not UserModel.objects.exists()


def test_another_user_of_the_browser_sees_none_of_them(owner, browser):
    other = UserFactory()
    sign_in(browser, owner.email)
    hidden = open_form(browser, NEW)
    lose_session()
    browser.post(NEW, hidden | ABOUT | {"description": "private"})
    sign_in(browser, other.email)
    assert "private" not in browser.get(NEW).content.decode()


def test_captions_sent_after_the_session_ended_are_kept_too(owner, browser):
    model = draft(owner, photos=4)
    page_address = address(model, "photos")
    field = f"caption-{model.photos.first().pk}"
    sign_in(browser, owner.email)
    hidden = open_form(browser, page_address)
    lose_session()
    browser.post(page_address, hidden | {field: "in the garden"})
    sign_in(browser, owner.email)
    assert "in the garden" in browser.get(page_address).content.decode()
    browser.post(page_address, open_form(browser, page_address) | {field: "in the garden"})
    assert model.photos.first().caption == "in the garden"


def test_answers_stay_on_their_own_page(owner, browser):
    first, second = draft(owner), draft(owner)
    sign_in(browser, owner.email)
    hidden = open_form(browser, address(first, "about"))
    lose_session()
    browser.post(address(first, "about"), hidden | ABOUT | {"description": "of the first"})
    sign_in(browser, owner.email)
    assert "of the first" not in browser.get(address(second, "about")).content.decode()
    assert "of the first" in browser.get(address(first, "about")).content.decode()


@pytest.mark.parametrize("author", ["", "made-up", "1:made:up"])
def test_a_page_that_is_not_ours_fills_no_session(db, anonymous_client, author):
    anonymous_client.post(NEW, ABOUT | {"author": author})
    assert not Session.objects.exists()


def test_unsaved_answers_are_limited(owner, browser):
    models = [draft(owner) for _ in range(5)]
    sign_in(browser, owner.email)
    hidden = open_form(browser, NEW)
    lose_session()
    noise = uuid.uuid4().hex * 2000  # 64,000 characters
    for model in models:
        browser.post(address(model, "about"), hidden | ABOUT | {"description": noise})
    assert len(Session.objects.get().session_data) < 40_000
    kept = browser.session["unsaved_answers"]
    assert list(kept) == [address(model, "about") for model in models[-3:]]
