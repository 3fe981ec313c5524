"""Bodies of requests keep to their rule, or are answered with why not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from asgiref.testing import ApplicationCommunicator
from django.utils import timezone

from accounts.allowances import Allowance, Limit, Usage
from accounts.limits import LimitReachedError
from theway.bodies import limit
from theway.bodies.limit import BodyLimit
from theway.bodies.rules import Rule

RULE = Rule(max_bytes=10, seconds=60, window_seconds=60, window_bytes=1)
SLOW = replace(RULE, max_bytes=1000, window_seconds=0.05, window_bytes=10)


async def echo(scope, receive, send):
    """Answer with the number of bytes that arrived; answer nothing to a client that is gone."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


def limited(rule: Rule = RULE, app=echo) -> BodyLimit:
    async def rule_for(_scope):
        return rule

    return BodyLimit(app, rule_for)


def request(app: BodyLimit, *, announced: int | None = None, accept: str = "text/html"):
    headers = [(b"accept", accept.encode())]
    if announced is not None:
        headers.append((b"content-length", str(announced).encode()))
    return ApplicationCommunicator(app, {"type": "http", "headers": headers})


async def answer(client: ApplicationCommunicator, *parts: bytes, is_whole: bool = True):
    for number, part in enumerate(parts, start=1):
        more = number < len(parts) or not is_whole
        await client.send_input({"type": "http.request", "body": part, "more_body": more})
    start = await client.receive_output()
    body = await client.receive_output()
    return start["status"], body["body"], dict(start["headers"])


async def test_a_body_within_the_limit_passes():
    client = request(limited(), announced=10)
    assert (await answer(client, b"12345", b"67890"))[:2] == (200, b"10")


@pytest.mark.parametrize("announced", [None, 0])
async def test_an_empty_body_passes(announced):
    assert (await answer(request(limited(), announced=announced), b""))[:2] == (200, b"0")


async def test_a_body_announced_too_large_is_refused_before_it_is_read():
    async def never(*_):
        pytest.fail("it was passed on")

    status, body, headers = await answer(request(limited(app=never), announced=11))
    assert status == 413
    assert "Send fewer or smaller files" in body.decode()
    assert headers[b"content-length"] == str(len(body)).encode()


async def test_the_start_of_a_body_that_is_cut_reaches_the_app_where_it_is_of_use():
    client = request(limited(replace(RULE, keeps_start=True)), announced=10)
    await client.send_input({"type": "http.request", "body": b"12345", "more_body": True})
    await client.send_input({"type": "http.disconnect"})
    await client.receive_output()
    assert (await client.receive_output())["body"] == b"5"


async def test_the_start_of_a_body_that_is_too_slow_does_too_and_the_client_is_told():
    kept: list[int] = []

    async def keep(scope, receive, send):
        await echo(scope, receive, lambda message: kept.append(message) or send(message))

    client = request(limited(replace(SLOW, keeps_start=True), keep))
    assert (await answer(client, b"12345", is_whole=False))[0] == 408
    await client.wait()
    assert kept[-1]["body"] == b"5"


async def test_a_body_larger_than_announced_is_answered_and_the_client_is_gone_for_the_app():
    client = request(limited(), announced=5)
    assert (await answer(client, b"123456", b"789012", is_whole=False))[0] == 413
    await client.wait()


async def test_a_script_gets_the_reason_as_a_script_reads_it():
    client = request(limited(), announced=11, accept="application/json")
    status, body, _ = await answer(client)
    assert status == 413
    assert json.loads(body)["message"].endswith(".")


async def test_whoever_is_signed_out_and_uploads_is_told_to_sign_in():
    rule = replace(RULE, is_upload=True)
    client = request(limited(rule), announced=11, accept="application/json")
    status, body, _ = await answer(client)
    assert (status, json.loads(body)["address"]) == (401, "/accounts/login/")
    assert b"/accounts/login/" in (await answer(request(limited(rule), announced=11)))[1]


@pytest.mark.parametrize("parts", [[], [b"1"], [b"123456789"]])
async def test_a_body_that_stalls_is_cut(parts):
    status, body, headers = await answer(request(limited(SLOW)), *parts, is_whole=False)
    assert status == 408
    assert headers[b"connection"] == b"close"
    assert "nothing was stored" in body.decode()


async def test_a_body_that_keeps_its_pace_is_cut_when_its_time_is_over():
    client = request(limited(replace(SLOW, seconds=0.2, window_bytes=0)))
    assert (await answer(client, b"1234567890", is_whole=False))[0] == 408


async def test_the_application_may_take_its_time_after_the_body():
    async def patient(scope, receive, send):
        message = await receive()
        waiting = receive()  # Django listens for the client's end while it works
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": message["body"]})
        assert (await waiting)["type"] == "http.disconnect"

    client = request(limited(SLOW, app=patient))
    assert (await answer(client, b"whole"))[:2] == (200, b"whole")
    await client.send_input({"type": "http.disconnect"})
    await client.wait()


async def test_one_account_uploads_a_few_files_at_a_time(monkeypatch):
    monkeypatch.setattr(limit, "UPLOADS_AT_ONCE", 1)
    rules = [replace(RULE, sender=1), replace(RULE, sender=1), replace(RULE, sender=2)]

    async def rule_for(_scope):
        return rules.pop(0)

    app = BodyLimit(echo, rule_for)
    first = request(app)
    await first.send_input({"type": "http.request", "body": b"1", "more_body": True})
    assert await first.receive_nothing()
    assert (await answer(request(app), b"1"))[0] == 429
    assert (await answer(request(app), b"1"))[0] == 200
    assert (await answer(first, b"2"))[:2] == (200, b"2")
    rules.append(replace(RULE, sender=1))
    assert (await answer(request(app), b"1"))[0] == 200


async def test_strangers_share_the_memory_their_bodies_wait_in(monkeypatch):
    monkeypatch.setattr(limit, "FREE_BYTES", 2)
    monkeypatch.setattr(limit, "SHARED_BYTES", 5)
    app = limited()
    first = request(app)
    await first.send_input({"type": "http.request", "body": b"123456", "more_body": True})
    assert await first.receive_nothing()
    assert (await answer(request(app), b"123456"))[0] == 503
    assert (await answer(request(app), b"12"))[0] == 200
    assert (await answer(first, b""))[:2] == (200, b"6")
    assert (await answer(request(app), b"123456"))[0] == 200


async def test_an_upload_waits_on_the_disk_and_takes_none_of_it(monkeypatch):
    monkeypatch.setattr(limit, "FREE_BYTES", 0)
    monkeypatch.setattr(limit, "SHARED_BYTES", 0)
    assert (await answer(request(limited(replace(RULE, sender=1))), b"123456"))[0] == 200


async def test_what_a_limit_forbids_is_answered_unread_with_a_code_and_when_there_is_room():
    made = timezone.now() - timedelta(hours=23)
    reached = LimitReachedError(Allowance(Limit.PHOTOS, 1, Usage.of_day([(made, 1)])))
    client = request(
        limited(replace(RULE, reached=reached)), announced=5, accept="application/json"
    )
    status, body, headers = await answer(client, b"12345")
    assert (status, json.loads(body)["code"]) == (429, "limit_reached")
    assert json.loads(body)["message"] == str(reached)
    assert 3500 < int(headers[b"retry-after"]) <= 3600


async def test_where_waiting_does_not_help_no_time_is_named():
    reached = LimitReachedError(Allowance(Limit.STORAGE, 1, Usage(1)))
    status, body, headers = await answer(request(limited(replace(RULE, reached=reached))), b"1")
    assert status == 429
    assert b"Delete photos, pictures or models" in body
    assert b"retry-after" not in headers
