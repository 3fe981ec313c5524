"""The frame around every page, the account pages in it, and the pages for when it goes wrong."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client

from dashboard.icons import PATHS
from dashboard.templatetags import ui
from jobs.states import Status
from models_app.models import UserModel
from tests.factories import UserModelFactory

ANONYMOUS = [
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-abc-def/",
    "/accounts/confirm/",
    "/accounts/confirm/forged/",
]
SIGNED_IN = ["/account/", "/account/password/", "/accounts/logout/", "/account/again/"]


def stands_in_our_frame(page: str) -> bool:
    parts = ['<a class="skip-link"', '<main id="content"', "css/tokens.css", "htmx-config"]
    return all(part in page for part in parts)


@pytest.mark.parametrize("address", ANONYMOUS)
def test_anonymous_pages_stand_in_our_frame(db, anonymous_client, address):
    page = anonymous_client.get(address).content.decode()
    assert stands_in_our_frame(page)
    assert 'aria-label="Main"' not in page


@pytest.mark.parametrize("address", SIGNED_IN)
def test_account_pages_stand_in_our_frame(owner, owner_client, address):
    page = owner_client.get(address).content.decode()
    assert stands_in_our_frame(page)
    assert owner.email in page


def test_a_wrong_password_is_answered_in_the_form(owner, anonymous_client):
    sent = {"login": owner.email, "password": "wrong"}
    page = anonymous_client.post("/accounts/login/", sent).content.decode()
    assert 'role="alert"' in page
    assert owner.email in page


@pytest.mark.parametrize("address", ["/", "/accounts/login/"])
def test_a_closed_sign_up_is_not_linked(db, anonymous_client, settings, address):
    link = b'href="/accounts/signup/'
    assert link in anonymous_client.get(address).content
    settings.SIGNUP_OPEN = False
    assert link not in anonymous_client.get(address).content


def test_only_the_operator_is_shown_the_way_to_the_admin(owner_client, operator_client):
    assert b'href="/admin/"' not in owner_client.get("/dashboard/models/new").content
    assert b'href="/admin/"' in operator_client.get("/dashboard/models/new").content


def test_signing_out_needs_a_click(owner_client):
    page = owner_client.get("/dashboard/models/new").content
    assert b'<form method="post" action="/accounts/logout/">' in page


def test_the_header_marks_the_current_section(owner_client):
    page = owner_client.get("/dashboard/models/new").content.decode()
    assert '<a href="/dashboard/models" aria-current="true">' in page
    assert page.count("aria-current") == 2  # the header's and the stepper's


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_a_missing_page_shows_a_way_out(owner_client, anonymous_client, is_signed_in):
    client = owner_client if is_signed_in else anonymous_client
    page = client.get("/missing").content.decode()
    way_out = "/dashboard/models" if is_signed_in else "/"
    assert f'<a class="button" href="{way_out}">' in page


def test_a_forbidden_page_shows_a_way_out(owner_client):
    page = owner_client.get("/admin/", follow=True).content.decode()
    assert '<a class="button" href="/">' in page


def test_a_stale_form_asks_to_be_sent_again(owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post("/dashboard/models/new", {"name": "Ann"})
    assert response.status_code == 403
    assert b"Please send that again" in response.content


@pytest.mark.parametrize("name", ["400.html", "403_csrf.html", "500.html"])
def test_pages_for_broken_requests_depend_on_nothing(name):
    assert "<h1>" in render_to_string(name)


@pytest.mark.parametrize("status", list(Status))
def test_every_state_of_a_job_has_a_tone_and_a_label(status):
    assert ui.state_tag(status) == {
        "label": status.label,
        "tone": ui.JOB_TONES[status],
    }


@pytest.mark.parametrize(
    ("traits", "label"),
    [
        ({}, "Draft"),
        ({"training": True}, "Training"),
        ({"training": True, "status": UserModel.Status.PENDING}, "Waiting"),
        ({"failed": True}, "Failed"),
        ({"ready": True}, "Ready"),
    ],
)
def test_every_state_of_a_model_has_its_own_label(db, traits, label):
    assert ui.model_tag(UserModelFactory(**traits))["label"] == label


@pytest.mark.parametrize("name", sorted(PATHS))
def test_every_icon_is_decoration(name):
    assert 'aria-hidden="true"' in ui.icon(name)


def test_lists_without_marks_say_that_they_are_lists():
    """Safari takes the marks for what makes a list, and would name neither it nor its length."""
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        for tag in re.findall(r"<[uo]l [^>]*class=[^>]*>", path.read_text()):
            is_known = 'role="list"' in tag or 'class="tab-list"' in tag  # those become tabs
            assert is_known or "admin" in path.parts, (path, tag)
