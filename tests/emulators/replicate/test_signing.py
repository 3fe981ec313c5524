"""Signatures, by the published vectors and with the official verifier."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from emulators.replicate.signing import headers, new_secret, signature

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@pytest.mark.parametrize(
    ("delivery_id", "timestamp", "body", "expected"),
    [
        (
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            '{"id":"zz4ibbonubfz7carwiefibzgga","status":"succeeded"}',
            "v1,MTQxARUWlS+SzhgGPClGMhLmZaQc/stdrjiBUCOglws=",
        ),
        (
            "msg_2",
            1700000000,
            '{"id":"zz4ibb","logs":"31%|███▏      | 310/1000","status":"processing"}',
            "v1,ZY+aL0By+6PCeA++J784P5ppCJhh2pvW7Ul/rj4XqZA=",
        ),
    ],
)
def test_a_signature_is_the_published_one(delivery_id, timestamp, body, expected):
    assert signature(SECRET, delivery_id, timestamp, body.encode()) == expected
    moment = datetime.fromtimestamp(timestamp, UTC)
    assert Webhook(SECRET).sign(delivery_id, moment, body) == expected


def test_the_standard_verifier_accepts_the_headers_of_a_new_secret():
    secret, body = new_secret(), '{"id": "größer"}'

    signed = headers(secret, "msg_1", int(time.time()), body.encode())

    assert Webhook(secret).verify(body, signed) == {"id": "größer"}
