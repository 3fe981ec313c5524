"""Its webhooks: Standard Webhooks, signed with the account's secret."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import responses
from standardwebhooks import Webhook

from providers import errors
from tests.providers.replicate.samples import (
    API,
)

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = b'{"id":"zz4ibbonubfz7carwiefibzgga","status":"succeeded"}'
HEADERS = {
    "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "Webhook-Timestamp": "1614265330",
    "Webhook-Signature": "v1,MTQxARUWlS+SzhgGPClGMhLmZaQc/stdrjiBUCOglws=",
}
SENT = datetime.fromtimestamp(1614265330, UTC)


def test_published_example_of_a_webhook_is_believed(replicate):
    webhook = replicate.parse_webhook(HEADERS, BODY, (SECRET,), SENT)
    assert webhook.run_id == "zz4ibbonubfz7carwiefibzgga"
    assert webhook.delivery_id == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert webhook.correlation == ""


def test_webhook_with_other_letters_is_believed(replicate):
    body = '{"id":"zz4ibb","logs":"31%|███▏      | 310/1000","status":"processing"}'.encode()
    headers = {
        "webhook-id": "msg_2",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1,ZY+aL0By+6PCeA++J784P5ppCJhh2pvW7Ul/rj4XqZA=",
    }
    sent = datetime.fromtimestamp(1700000000, UTC)
    assert replicate.parse_webhook(headers, body, (SECRET,), sent).run_id == "zz4ibb"


@pytest.mark.parametrize(
    ("headers", "body", "now"),
    [
        (HEADERS, BODY + b" ", SENT),
        (HEADERS, BODY, NOW),
        ({**HEADERS, "Webhook-Id": "msg_other"}, BODY, SENT),
        ({}, BODY, SENT),
    ],
)
def test_webhook_that_is_not_theirs_or_stale_is_refused(replicate, headers, body, now):
    with pytest.raises(errors.InvalidWebhookError):
        replicate.parse_webhook(headers, body, (SECRET,), now)


@pytest.mark.parametrize("body", [b"[]", b"{}", b"no json", b'{"id": 3}'])
def test_signed_webhook_that_names_no_run_is_refused(replicate, body):
    signature = Webhook(SECRET).sign("msg_1", SENT, body.decode())
    headers = HEADERS | {"Webhook-Id": "msg_1", "Webhook-Signature": signature}
    with pytest.raises(errors.InvalidWebhookError):
        replicate.parse_webhook(headers, body, (SECRET,), SENT)


@responses.activate
def test_secret_of_the_webhooks_is_fetched(replicate):
    responses.get(f"{API}/webhooks/default/secret", json={"key": SECRET})
    assert replicate.webhook_keys() == (SECRET,)
