"""What browsers are told with every answer, and what scripts of ours do not do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.urls import reverse

from tests.factories import PASSWORD
from tests.theway.test_walls import settings_of
from theway.bodies.answers import TOO_LARGE, send_answer

pytestmark = pytest.mark.django_db
SCRIPTS = Path(__file__).resolve().parents[2] / "static/js"
PAGES = ["/", "/accounts/login/", "/dashboard/", "/api/models", "/no-such-page", "/healthz"]
YEAR = 365 * 24 * 3600


@pytest.fixture(params=PAGES)
def answer(request, owner_client):
    return owner_client.get(request.param)


def test_only_our_own_scripts_run_and_no_other_site_frames_us(answer):
    policy = answer["Content-Security-Policy"]
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'"):
        assert rule in policy
    assert "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
    assert "unsafe" not in policy


def test_browsers_guess_no_types_and_tell_no_addresses(answer):
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_texts_say_their_encoding(answer):
    kind = answer["Content-Type"]
    assert kind.startswith("application/json") or "charset=utf-8" in kind or kind == "text/plain"


@pytest.mark.parametrize("path", PAGES)
def test_no_other_origin_may_read_or_embed_anything(owner_client, path):
    answer = owner_client.get(path, headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("Access-Control-")]
    called_back = owner_client.get(path, {"callback": "steal", "jsonp": "steal"})
    assert b"steal" not in called_back.content


async def test_what_is_refused_before_a_page_sees_it_says_the_same():
    sent = []

    async def send(message):
        sent.append(message)

    await send_answer(TOO_LARGE, {"headers": []}, send)
    headers = dict(sent[0]["headers"])
    for rule in (b"default-src 'self'", b"object-src 'none'", b"base-uri 'none'"):
        assert rule in headers[b"content-security-policy"]
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"referrer-policy"] == b"same-origin"


def test_with_https_browsers_remember_it_for_a_year(client, settings):
    settings.SECURE_HSTS_SECONDS = YEAR
    assert f"max-age={YEAR}" in client.get("/", secure=True)["Strict-Transport-Security"]


def test_the_session_is_no_scripts_business_and_no_other_sites(owner, client):
    client.get(reverse("account_login"))
    client.post(reverse("account_login"), {"login": owner.email, "password": PASSWORD})
    session = client.cookies[configured.SESSION_COOKIE_NAME]
    assert session["httponly"] and session["samesite"] == "Lax" and not session["domain"]
    assert client.cookies[configured.CSRF_COOKIE_NAME]["samesite"] == "Lax"


def test_pages_for_developers_are_off_unless_asked_for(tmp_path):
    assert settings_of(tmp_path, "s.DEBUG") == "False"


# Chosen files that have not arrived, until they have or somebody else signs in; its messages go to
# other pages of this site. What was announced last, as numbers, until the tab is closed. A worker
# answers the page that has started it.
KEEPING = {
    "kept-files.js": {"indexedDB", "postMessage"},
    "announce.js": {"sessionStorage"},
    "preview-worker.js": {"postMessage"},
    "channel.js": {"postMessage"},  # of a channel that is none
}


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.js")), ids=lambda script: script.name)
def test_scripts_keep_nothing_in_the_browser_and_run_no_text(script):
    # The port of our own worker and a channel reach this origin only, unlike a window's messages.
    within = (
        r"\b(?:port\.|worker\.|channel\.)postMessage"
        r'|channelTo\("[\w-]+"\)\.postMessage'
    )
    text = re.sub(within, "", script.read_text())
    kept = r"\b(eval|document\.write|localStorage|sessionStorage|indexedDB|postMessage)\b"
    assert set(re.findall(kept, text)) == KEEPING.get(script.name, set())


def test_no_account_is_there_before_somebody_makes_one(django_user_model):
    assert not django_user_model.objects.exists()
