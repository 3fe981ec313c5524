"""How often programs may call, and what they are told about it."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import request_counts, tokens
from tests.api.conftest import Program, problem, program_of


@pytest.fixture(autouse=True)
def within_one_minute(monkeypatch):
    """Counts of other tests are gone, and the minute does not end in between."""
    cache.clear()
    monkeypatch.setattr(request_counts, "_away_until", 0.0)
    now = timezone.now().timestamp() // 60 * 60 + 20
    monkeypatch.setattr(request_counts, "_now", lambda: now)
    yield
    cache.clear()


def told(response) -> tuple[str, str, str]:
    return tuple(response[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset"))


def test_a_program_is_told_what_is_left(owner, settings):
    settings.LIMIT_REQUESTS_PER_TOKEN = 2
    program = program_of(owner)
    assert told(program.get("/api/me")) == ("2", "1", "40")
    assert told(program.get("/api/me")) == ("2", "0", "40")
    refused = program.get("/api/me")
    problem(refused, 429, "limit_reached")
    assert refused["Retry-After"] == "40"
    assert told(refused) == ("2", "0", "40")


def test_each_token_has_a_limit_of_its_own(owner, settings):
    settings.LIMIT_REQUESTS_PER_TOKEN = 1
    one, other = program_of(owner), program_of(owner)
    assert [one.get("/api/me").status_code for _ in range(2)] == [200, 429]
    assert other.get("/api/me").status_code == 200


def test_the_same_token_written_otherwise_is_not_another(owner, settings):
    settings.LIMIT_REQUESTS_PER_TOKEN = 1
    _, raw = tokens.make(owner, name="x", scope="read", expires_in=None)
    found = [
        Client().get("/api/me", headers={"Authorization": header}).status_code
        for header in (f"Bearer {raw}", f"bearer {raw}", f"BEARER   {raw}")
    ]
    assert found == [200, 429, 429]


def test_what_is_too_much_for_one_token_is_refused_without_a_query(
    owner, settings, django_assert_num_queries
):
    settings.LIMIT_REQUESTS_PER_TOKEN = 0
    program = program_of(owner)
    with django_assert_num_queries(0):
        problem(program.get("/api/me"), 429, "limit_reached")


def test_all_programs_of_a_person_have_together_what_the_person_may(owner, stranger, settings):
    settings.LIMIT_REQUESTS_PER_MINUTE = 2
    programs = [program_of(owner) for _ in range(3)]
    first = programs[0].get("/api/me")
    assert told(first) == ("2", "1", "40")
    assert programs[1].get("/api/me").status_code == 200
    refused = programs[2].get("/api/me")
    assert "More than 2 requests" in problem(refused, 429, "limit_reached")["detail"]
    assert refused["Retry-After"] == "40"
    assert program_of(stranger).get("/api/me").status_code == 200


def test_a_busy_program_does_not_lock_its_owner_out_of_the_pages(owner, owner_client, settings):
    settings.LIMIT_REQUESTS_PER_MINUTE = 1
    program = program_of(owner)
    assert [program.get("/api/me").status_code for _ in range(2)] == [200, 429]
    assert owner_client.get("/dashboard/models").status_code == 200


def test_a_persons_own_limit_holds_for_their_programs(owner, settings):
    owner.limit_requests_per_minute = 0
    owner.save(update_fields=["limit_requests_per_minute"])
    problem(program_of(owner).get("/api/me"), 429, "limit_reached")


def test_who_keeps_on_with_wrong_tokens_is_told_to_wait_and_others_go_on(owner, settings):
    settings.LIMIT_REQUESTS_PER_TOKEN = 2
    wrong = [Program("tw_" + letter * 43) for letter in "abcd"]
    assert [one.get("/api/me").status_code for one in wrong[:3]] == [401, 401, 429]
    refused = wrong[3].get("/api/me")
    problem(refused, 429, "too_many_requests")
    assert refused["Retry-After"] == "40"
    assert program_of(owner).get("/api/me").status_code == 200


def test_without_limits_nothing_is_told(owner, program):
    assert "RateLimit-Limit" not in program.get("/api/me")
