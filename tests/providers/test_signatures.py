"""Who sent a webhook: vectors that several libraries agree on, and what is near to them."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings, strategies as st

from providers.errors import InvalidWebhookError, StaleWebhookError, WrongSignatureError
from providers.http.signatures import (
    ed25519_keys,
    verify_ed25519_webhook,
    verify_standard_webhook,
)

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OTHER_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY_A = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
KEY_B = "IVL40Zt5HSRFMkLhXy6rbLfP-ntqXtMAl5YOBpiB2xI"
PREFIX = "X-Fal-Webhook-"
REQUEST = "764cabcf-b745-4b3e-ae38-1200304cf45b"
STANDARD = {
    "ascii": (
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"id":"zz4ibbonubfz7carwiefibzgga","status":"succeeded"}',
        "v1,MTQxARUWlS+SzhgGPClGMhLmZaQc/stdrjiBUCOglws=",
    ),
    "not ascii": (
        "msg_2",
        1700000000,
        '{"id":"zz4ibb","logs":"31%|███▏      | 310/1000","status":"processing"}',
        "v1,ZY+aL0By+6PCeA++J784P5ppCJhh2pvW7Ul/rj4XqZA=",
    ),
}
DONE = f'{{"request_id":"{REQUEST}","status":"OK"}}'
FAILED = (
    f'{{"request_id":"{REQUEST}","gateway_request_id":"9d1","status":"ERROR",'
    '"error":"Invalid status code: 422","payload":{"detail":[{"loc":["body","steps"],'
    '"msg":"größer","type":"greater_than_equal"}]}}'
)
ED25519 = {
    "ascii": (
        1700000000,
        DONE,
        "89ca9b3dc5032a9977f9219fd2768d386c4fcfe2ebf36447604683f38adc71bf"
        "27e3e25e2c0ab52bb938bda3d6080e6b10f0bca989892a2b750f7c01398f3a0e",
    ),
    "not ascii": (
        1700000301,
        FAILED,
        "6d42fbbf2926a02ca34c503382c67ac18d21d4049595c7dac5d5b09e22c32538"
        "1487c58c07aba1f035b71aec1dd12d0d2123814e7371dfe133075c72868fb803",
    ),
    "second key": (
        1700000000,
        DONE,
        "7086c036045c4eee4fd51643f20b35d1276917e0c01d58dbd254ede4efb9a2dd"
        "4255de714b8377673ca48b1a30732386e254e66959b69ac27274845532e8200b",
    ),
}


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def standard(name="ascii", secrets=(SECRET,), after=0, body=None, **changes) -> str:
    message_id, sent_at, text, signature = STANDARD[name]
    headers = {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": str(sent_at),
        "Webhook-Signature": signature,
    } | {f"Webhook-{key.title()}": value for key, value in changes.items()}
    sent = text.encode() if body is None else body
    return verify_standard_webhook(headers, sent, secrets, at(sent_at + after))


def ed25519(name="ascii", keys=(KEY_A, KEY_B), after=0, body=None, **changes) -> str:
    sent_at, text, signature = ED25519[name]
    headers = {
        f"{PREFIX}Request-Id": REQUEST,
        f"{PREFIX}User-Id": "user_1",
        f"{PREFIX}Timestamp": str(sent_at),
        f"{PREFIX}Signature": signature,
    } | {f"{PREFIX}{key.title()}": value for key, value in changes.items()}
    sent = text.encode() if body is None else body
    return verify_ed25519_webhook(headers, sent, keys, at(sent_at + after), prefix=PREFIX)


@pytest.mark.parametrize("name", STANDARD)
def test_a_standard_webhook_is_known_by_its_signature(name):
    assert standard(name) == STANDARD[name][0]


@pytest.mark.parametrize("name", ED25519)
def test_an_ed25519_webhook_is_known_by_its_signature(name):
    assert ed25519(name) == REQUEST


def test_each_of_several_signatures_and_secrets_counts():
    fitting = STANDARD["ascii"][3]
    assert standard(signature=f"v1,Zm9yZ2Vk {fitting}")
    assert standard(secrets=(OTHER_SECRET, SECRET))
    assert standard(secrets=("whsec_", "whsec_é", "whsec_A", SECRET))


def test_a_key_that_is_not_in_the_set_signs_nothing():
    with pytest.raises(WrongSignatureError):
        ed25519("second key", keys=(KEY_A,))
    assert ed25519("second key", keys=("", "é", "AAAA", KEY_A, KEY_B))


@pytest.mark.parametrize("after", [-300, 300])
def test_five_minutes_of_difference_are_tolerated(after):
    assert standard(after=after)
    assert ed25519(after=after)


@pytest.mark.parametrize("after", [-301, 301, 86400])
@pytest.mark.parametrize("verify", [standard, ed25519])
def test_more_than_that_is_stale(verify, after):
    with pytest.raises(StaleWebhookError):
        verify(after=after)


FITTING = STANDARD["ascii"][3]
WRONG_STANDARD = {
    "a space more at the end of the body": {"body": STANDARD["ascii"][2].encode() + b" "},
    "a body that is cut off": {"body": STANDARD["ascii"][2].encode()[:-1]},
    "no body": {"body": b""},
    "another id": {"id": "msg_p5jXN8AQM9LWM0D4loKWxJel"},
    "another time": {"timestamp": "1614265331"},
    "another version": {"signature": FITTING.replace("v1,", "v1a,")},
    "an empty header": {"signature": ""},
    "no version": {"signature": FITTING.removeprefix("v1,")},
    "what is no base64": {"signature": "v1,é"},
    "a signature that is cut off": {"signature": FITTING[:-1]},
    "another secret": {"secrets": (OTHER_SECRET,)},
    "no secret": {"secrets": ()},
}


@pytest.mark.parametrize("name", WRONG_STANDARD)
def test_a_standard_webhook_that_differs_in_anything_is_refused(name):
    with pytest.raises(WrongSignatureError):
        standard(**WRONG_STANDARD[name])


@pytest.mark.parametrize(
    "change",
    [
        {"body": DONE.encode() + b" "},
        {"body": b""},
        {"request-id": REQUEST[:-1]},
        {"user-id": "user_2"},
        {"timestamp": "1700000001"},
        {"signature": "0" * 128},
        {"keys": ()},
    ],
)
def test_an_ed25519_webhook_that_differs_in_anything_is_refused(change):
    with pytest.raises(WrongSignatureError):
        ed25519(**change)


@pytest.mark.parametrize("moment", ["", "now", "-1", "01614265330", "1e9", "١٧", "9" * 40, "nan"])
def test_a_time_that_is_none_is_refused(moment):
    with pytest.raises(InvalidWebhookError):
        standard(timestamp=moment)
    with pytest.raises(InvalidWebhookError):
        ed25519(timestamp=moment)


def test_what_is_not_text_or_has_no_id_is_refused():
    for change in ({"body": b"\xff"}, {"id": ""}, {"id": "a.1700000000"}, {"id": "x" * 201}):
        with pytest.raises(InvalidWebhookError):
            standard(**change)
    for change in ({"request-id": "a\nb"}, {"signature": "89"}, {"signature": " " * 128}):
        with pytest.raises(InvalidWebhookError):
            ed25519(**change)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(
            [
                f"{start}{end}"
                for start in ("webhook-", PREFIX)
                for end in ("id", "request-id", "user-id", "timestamp", "signature")
            ]
        ),
        st.text(max_size=80) | st.sampled_from(["1614265330", "msg_1", FITTING, "a" * 128]),
    ),
    st.binary(max_size=80),
)
def test_anything_else_is_refused_as_a_webhook_and_never_breaks(headers, body):
    now = at(1614265330)
    with pytest.raises(InvalidWebhookError):
        verify_standard_webhook(headers, body, (SECRET,), now)
    with pytest.raises(InvalidWebhookError):
        verify_ed25519_webhook(headers, body, (KEY_A,), now, prefix=PREFIX)


def test_the_keys_of_a_set_are_those_of_its_curve():
    key_set = {
        "keys": [
            {"kty": "OKP", "crv": "Ed25519", "x": KEY_A},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
            {"kty": "OKP", "crv": "X25519", "x": "AAAA"},
            {"kty": "OKP", "crv": "Ed25519", "x": KEY_B, "kid": "second"},
        ]
    }
    assert ed25519_keys(key_set) == (KEY_A, KEY_B)


def test_a_webhook_that_was_just_signed_is_taken():
    private = Ed25519PrivateKey.generate()
    public = urlsafe_b64encode(private.public_key().public_bytes_raw()).decode().rstrip("=")
    now, body = datetime.now(UTC), b"{}"
    seconds = int(now.timestamp())
    message = f"r-1\n\n{seconds}\n{hashlib.sha256(body).hexdigest()}".encode()
    headers = {
        "x-hook-request-id": "r-1",
        "x-hook-user-id": "",
        "x-hook-timestamp": str(seconds),
        "x-hook-signature": private.sign(message).hex().upper(),
    }
    late = now + timedelta(seconds=299)
    assert verify_ed25519_webhook(headers, body, [public], late, prefix="X-Hook-") == "r-1"
