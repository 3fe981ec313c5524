"""Receivers of webhooks, over the API."""

from __future__ import annotations

import pytest

from accounts.outgoing.rows import WebhookDelivery, WebhookEndpoint
from tests.api.conftest import problem, program_of

PATH = "/api/webhook-endpoints"
BODY = {"url": "https://example.org/hook", "events": ["model.ready"]}


@pytest.fixture
def made(program):
    return program.post(PATH, BODY).json()


def test_the_secret_is_told_once_and_signs_by_the_standard(program, made):
    assert made["secret"].startswith("whsec_")
    [listed] = program.get(PATH).json()["items"]
    assert (listed["id"], listed["url"], listed["events"]) == (
        made["id"],
        BODY["url"],
        ["model.ready"],
    )
    assert "secret" not in listed
    assert "secret" not in program.get(f"{PATH}/{made['id']}").json()


def test_a_key_makes_one_and_no_secret_is_kept_for_a_repetition(program):
    first = program.post(PATH, BODY, Idempotency_Key="one").json()
    problem(program.post(PATH, BODY, Idempotency_Key="one"), 409, "conflict")
    assert [str(one.pk) for one in WebhookEndpoint.objects.all()] == [first["id"]]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://user:pass@example.org/",
        "ftp://example.org/",
        "nonsense",
        "https://",
    ],
)
def test_an_address_inside_or_without_tls_is_refused(url, program):
    found = problem(program.post(PATH, {**BODY, "url": url}), 409, "address_refused")
    assert found["errors"][0]["field"] == "url"
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("events", [[], ["model.deleted"], "model.ready"])
def test_unknown_events_are_refused(events, program):
    problem(program.post(PATH, {**BODY, "events": events}), 422, "invalid")


def test_a_test_is_written_down_and_listed(program, made):
    sent = program.post(f"{PATH}/{made['id']}/test")
    assert (sent.status_code, sent.json()["event"]) == (202, "webhook.test")
    [listed] = program.get(f"{PATH}/{made['id']}/deliveries").json()["items"]
    assert (listed["id"], listed["state"]) == (sent.json()["id"], "waiting")
    assert WebhookDelivery.objects.count() == 1


def test_a_removed_receiver_is_gone_with_what_waits(program, made):
    program.post(f"{PATH}/{made['id']}/test")
    assert program.delete(f"{PATH}/{made['id']}").status_code == 204
    assert not WebhookDelivery.objects.exists()
    problem(program.get(f"{PATH}/{made['id']}"), 404, "not_found")


def test_they_are_nobody_elses(strange_program, nobody, made, owner):
    for path in (f"{PATH}/{made['id']}", f"{PATH}/{made['id']}/deliveries"):
        problem(strange_program.get(path), 404, "not_found")
        problem(nobody.get(path), 401, "unauthorized")
    problem(strange_program.delete(f"{PATH}/{made['id']}"), 404, "not_found")
    problem(strange_program.post(f"{PATH}/{made['id']}/test"), 404, "not_found")
    problem(program_of(owner, "read").post(PATH, BODY), 403, "scope_missing")
    assert strange_program.get(PATH).json() == {"items": []}
