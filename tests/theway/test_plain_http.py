"""Where the site has https, a browser is led there and a program is told."""

from __future__ import annotations

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def with_https(settings):
    settings.SECURE_SSL_REDIRECT = True


def test_a_program_is_refused_and_told_why(owner_client):
    answer = owner_client.get(reverse("api:list_models"))
    assert (answer.status_code, answer.json()["code"]) == (403, "https_required")
    assert "sign out" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/models", "/api/no-such", "/api/"])
def test_whoever_asks_and_for_whatever(path, anonymous_client):
    assert anonymous_client.get(path).status_code == 403


def test_with_https_it_answers(owner_client):
    assert owner_client.get(reverse("api:list_models"), secure=True).status_code == 200


def test_a_browser_is_led_to_https(owner_client):
    answer = owner_client.get(reverse("dashboard:home"))
    assert (answer.status_code, answer.url) == (301, "https://testserver/dashboard/")


def test_without_https_it_answers_too(owner_client, settings):
    settings.SECURE_SSL_REDIRECT = False
    assert owner_client.get(reverse("api:list_models")).status_code == 200
