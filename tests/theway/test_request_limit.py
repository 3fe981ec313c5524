"""How many requests a person, or an address, may make in a minute."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import request_counts
from theway import request_limit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def within_one_minute(monkeypatch):
    """Counts of other tests are gone, and the minute does not end in between."""
    cache.clear()
    monkeypatch.setattr(request_counts, "_away_until", 0.0)
    now = timezone.now().timestamp() // 60 * 60 + 20
    monkeypatch.setattr(request_counts, "_now", lambda: now)
    yield
    cache.clear()


@pytest.fixture
def two_a_minute(settings):
    settings.LIMIT_REQUESTS_PER_MINUTE = 2


def statuses(client: Client, path: str, times: int, **extra) -> list[int]:
    return [client.get(path, **extra).status_code for _ in range(times)]


def test_one_request_too_many_gets_a_calm_page(owner_client, two_a_minute):
    assert statuses(owner_client, "/dashboard/models", 3) == [200, 200, 429]
    refused = owner_client.get("/dashboard/models")
    assert refused["Retry-After"] == "40"
    assert refused["Cache-Control"] == "private, no-store"
    assert "More than 2 requests came from you within a minute." in refused.text
    assert "<h1>That was a lot at once</h1>" in refused.text


def test_a_stranger_and_nobody_are_counted_on_their_own(
    owner_client, stranger_client, anonymous_client, two_a_minute
):
    assert statuses(owner_client, "/dashboard/models", 3)[-1] == 429
    assert statuses(stranger_client, "/dashboard/models", 2) == [200, 200]
    assert statuses(anonymous_client, "/accounts/login/", 5) == [200] * 5


def test_an_own_value_holds_for_its_person(owner, owner_client, stranger_client, two_a_minute):
    owner.limit_requests_per_minute = 4
    owner.save(update_fields=["limit_requests_per_minute"])
    assert statuses(owner_client, "/dashboard/models", 5) == [200] * 4 + [429]
    assert statuses(stranger_client, "/dashboard/models", 3) == [200, 200, 429]


def test_the_next_minute_begins_anew(owner_client, two_a_minute, monkeypatch):
    assert statuses(owner_client, "/dashboard/models", 3)[-1] == 429
    now = request_counts._now()
    monkeypatch.setattr(request_counts, "_now", lambda: now + 60)
    assert statuses(owner_client, "/dashboard/models", 1) == [200]


def test_without_a_limit_nobody_is_counted(owner_client, anonymous_client, monkeypatch):
    monkeypatch.setattr(request_counts, "count", lambda who: pytest.fail("it was counted"))
    assert statuses(owner_client, "/dashboard/models", 2) == [200, 200]
    assert statuses(anonymous_client, "/accounts/login/", 2) == [200, 200]


def test_an_address_has_a_limit_of_its_own(anonymous_client, two_a_minute, monkeypatch):
    monkeypatch.setattr(request_limit, "ADDRESS_REQUESTS", 3)
    first = {"REMOTE_ADDR": "192.0.2.1"}
    assert statuses(anonymous_client, "/accounts/login/", 4, **first) == [200] * 3 + [429]
    assert statuses(anonymous_client, "/accounts/login/", 1, REMOTE_ADDR="192.0.2.2") == [200]


def test_the_addresses_of_one_household_are_one(anonymous_client, two_a_minute, monkeypatch):
    monkeypatch.setattr(request_limit, "ADDRESS_REQUESTS", 1)
    for address, status in (
        ("2001:db8:1:2::1", 200),
        ("2001:db8:1:2:ffff::9", 429),
        ("2001:db8:1:3::1", 200),
        ("", 200),
    ):
        assert statuses(anonymous_client, "/accounts/login/", 1, REMOTE_ADDR=address) == [status]


def test_a_made_up_session_is_counted_by_its_address(settings, two_a_minute, monkeypatch):
    monkeypatch.setattr(request_limit, "ADDRESS_REQUESTS", 2)
    client = Client()
    found = []
    for number in range(3):
        client.cookies[settings.SESSION_COOKIE_NAME] = f"made-up-{number}"
        found.append(client.get("/accounts/login/").status_code)
    assert found == [200, 200, 429]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/texts.js"])
def test_probes_and_texts_are_not_counted(path, owner_client, settings):
    settings.LIMIT_REQUESTS_PER_MINUTE = 0
    assert owner_client.get(path).status_code != 429


async def test_a_stream_is_not_counted(settings):
    settings.LIMIT_REQUESTS_PER_MINUTE = 0
    assert (await AsyncClient().get("/dashboard/events")).status_code == 401


def test_what_does_not_exist_is_counted_too(owner_client, two_a_minute):
    assert statuses(owner_client, "/nothing/here", 3) == [404, 404, 429]


def test_nothing_is_changed_by_what_is_refused(owner, owner_client, settings):
    settings.LIMIT_REQUESTS_PER_MINUTE = 0
    reply = owner_client.post("/dashboard/models/new", {"name": "Ann", "go": "next"})
    assert reply.status_code == 429
    assert not owner.user_models.exists()


def test_the_api_answers_with_a_stable_code(owner_client, settings):
    settings.LIMIT_REQUESTS_PER_MINUTE = 0
    reply = owner_client.get("/api/models")
    assert reply.status_code == 429
    assert reply["Content-Type"] == "application/problem+json"
    assert reply.json()["code"] == "limit_reached"
    assert reply.json()["detail"].startswith("You may not use this site.")
    assert reply["Retry-After"] == "40"


def test_a_script_gets_the_sentence(owner_client, settings):
    settings.LIMIT_REQUESTS_PER_MINUTE = 0
    reply = owner_client.post("/dashboard/models/new", {}, headers={"accept": "application/json"})
    assert reply.json()["message"].startswith("You may not use this site.")


def test_a_part_of_a_page_gets_the_bare_sentence(owner_client, settings):
    settings.LIMIT_REQUESTS_PER_MINUTE = 0
    reply = owner_client.get("/dashboard/models", headers={"hx-request": "true"})
    assert reply.status_code == 429
    assert reply["Content-Type"].startswith("text/plain")


def test_counting_takes_no_query(owner_client, settings, django_assert_num_queries):
    with CaptureQueriesContext(connection) as uncounted:
        owner_client.get("/dashboard/models")
    settings.LIMIT_REQUESTS_PER_MINUTE = 2
    for _ in range(2):
        with django_assert_num_queries(len(uncounted)):
            assert owner_client.get("/dashboard/models").status_code == 200
    with django_assert_num_queries(2):  # session, user
        assert owner_client.get("/dashboard/models").status_code == 429


def test_while_the_cache_is_away_nobody_waits_or_is_refused(
    owner_client, two_a_minute, monkeypatch, caplog
):
    asked = []

    def away(key: str) -> int:
        asked.append(key)
        raise ConnectionError

    monkeypatch.setattr(request_counts, "_incremented", away)
    assert statuses(owner_client, "/dashboard/models", 5) == [200] * 5
    assert len(asked) == 1
    assert "Requests are not counted" in caplog.text
