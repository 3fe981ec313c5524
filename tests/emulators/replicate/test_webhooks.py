"""Webhooks: signed, only the last one repeated, and wrong on request."""

from __future__ import annotations

import json

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.emulators.replicate.process import Replicate
from tests.trainer.process import wait_until

pytestmark = pytest.mark.service


def verified(replicate: Replicate, webhook) -> dict:
    secret = replicate.get("/webhooks/default/secret")["key"]
    return Webhook(secret).verify(webhook.body, webhook.headers)


def test_the_wanted_events_come_signed_with_the_runs_own_answer(replicate: Replicate, receiver):
    run_id = replicate.train(webhook=receiver.url, webhook_events_filter=["start", "completed"])

    webhooks = receiver.wait_for(2)

    bodies = [verified(replicate, one) for one in webhooks]
    assert [body["status"] for body in bodies] == ["processing", "succeeded"]
    assert bodies[1] == replicate.training(run_id)
    assert {one.path for one in webhooks} == {"/hook?job=a%3Ab"}
    assert len({one.headers["webhook-id"] for one in webhooks}) == 2


def test_without_a_filter_every_event_comes(own_replicate, receiver):
    replicate: Replicate = own_replicate(training=1.5)
    run_id = replicate.train(webhook=receiver.url)

    replicate.finish(run_id)

    # start, logs (at most two a second), output, completed
    wait_until(lambda: b'"succeeded"' in receiver.received[-1].body)
    assert len(receiver.received) >= 4


def test_only_the_last_one_is_tried_again_with_the_same_id(own_replicate, receiver):
    replicate: Replicate = own_replicate()
    receiver.statuses = [500, 302, 200]
    replicate.draw(webhook=receiver.url, webhook_events_filter=["completed"])
    receiver.wait_for(1)

    replicate.pass_time(60)
    receiver.wait_for(2)
    replicate.pass_time(60)

    webhooks = receiver.wait_for(3)
    assert len({one.headers["webhook-id"] for one in webhooks}) == 1
    assert len({one.body for one in webhooks}) == 1


def test_a_webhook_that_was_not_received_survives_a_kill(own_replicate, receiver):
    replicate: Replicate = own_replicate()
    receiver.statuses = [503]
    replicate.draw(webhook=receiver.url, webhook_events_filter=["completed"])
    first = receiver.wait_for(1)[0]

    replicate.process.kill()
    replicate.process.start()

    second = receiver.wait_for(2)[1]
    assert second.headers["webhook-id"] == first.headers["webhook-id"]
    assert verified(replicate, second)["status"] == "succeeded"


def test_the_secret_is_the_same_after_a_restart(own_replicate):
    replicate: Replicate = own_replicate()
    secret = replicate.get("/webhooks/default/secret")

    replicate.process.kill()
    replicate.process.start()

    assert replicate.get("/webhooks/default/secret") == secret


def wrong(replicate: Replicate, receiver, fault: str, **rule):
    """Let a picture's webhook be wrong; return it."""
    replicate.rules({"route": "webhook", "fault": fault, **rule})
    replicate.draw(webhook=receiver.url, webhook_events_filter=["completed"])
    return receiver.wait_for(1)[0]


@pytest.mark.parametrize("fault", ["forged", "stale", "cut_short"])
def test_a_webhook_that_must_not_be_believed(replicate: Replicate, receiver, fault):
    webhook = wrong(replicate, receiver, fault)

    with pytest.raises(WebhookVerificationError):
        verified(replicate, webhook)


def test_a_webhook_comes_twice(replicate: Replicate, receiver):
    wrong(replicate, receiver, "twice")

    first, second = receiver.wait_for(2)

    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


def test_a_webhook_is_larger_than_a_megabyte(replicate: Replicate, receiver):
    webhook = wrong(replicate, receiver, "large")

    assert len(webhook.body) > 1_000_000
    assert verified(replicate, webhook)["status"] == "succeeded"


def test_a_webhook_claims_what_is_not_true(own_replicate, receiver):
    replicate: Replicate = own_replicate(training=60)
    replicate.rules({"route": "webhook", "fault": "wrong_status"})
    run_id = replicate.train(webhook=receiver.url, webhook_events_filter=["start"])

    claim = verified(replicate, receiver.wait_for(1)[0])

    assert claim["status"] == "succeeded"
    assert replicate.training(run_id)["status"] == "processing"


def test_a_late_webhook_comes_after_one_of_a_later_event(replicate: Replicate, receiver):
    replicate.rules({"route": "webhook", "fault": "late", "seconds": 1.0, "script": [True, False]})
    replicate.train(webhook=receiver.url, webhook_events_filter=["start", "completed"])

    statuses = [json.loads(one.body)["status"] for one in receiver.wait_for(2)]

    assert statuses == ["succeeded", "processing"]


def test_a_webhook_is_lost(replicate: Replicate, receiver):
    replicate.rules({"route": "webhook", "fault": "lost", "script": [True]})
    run_id = replicate.train(webhook=receiver.url, webhook_events_filter=["start", "completed"])

    [only] = receiver.wait_for(1)

    assert json.loads(only.body)["status"] == "succeeded"
    assert replicate.finish(run_id)["status"] == "succeeded"
