"""Webhook signatures against published vectors, and as they are really sent."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from emulators.fal.signing import jwk, message, sign
from tests.emulators.fal.process import ACCOUNT, RUNNER, TRAINER, Fal, dataset
from tests.emulators.replicate.receiver import Received

SEED_A, SEED_B = bytes(range(32)), b"\x42" * 32
REQUEST_ID, USER = "764cabcf-b745-4b3e-ae38-1200304cf45b", "user_1"
OK = b'{"request_id":"764cabcf-b745-4b3e-ae38-1200304cf45b","status":"OK"}'
ERROR = (
    '{"request_id":"764cabcf-b745-4b3e-ae38-1200304cf45b","gateway_request_id":"9d1",'
    '"status":"ERROR","error":"Invalid status code: 422","payload":{"detail":[{"loc":'
    '["body","steps"],"msg":"größer","type":"greater_than_equal"}]}}'
).encode()
F1 = (
    "89ca9b3dc5032a9977f9219fd2768d386c4fcfe2ebf36447604683f38adc71bf"
    "27e3e25e2c0ab52bb938bda3d6080e6b10f0bca989892a2b750f7c01398f3a0e"
)
F2 = (
    "6d42fbbf2926a02ca34c503382c67ac18d21d4049595c7dac5d5b09e22c32538"
    "1487c58c07aba1f035b71aec1dd12d0d2123814e7371dfe133075c72868fb803"
)
F3 = (
    "7086c036045c4eee4fd51643f20b35d1276917e0c01d58dbd254ede4efb9a2dd"
    "4255de714b8377673ca48b1a30732386e254e66959b69ac27274845532e8200b"
)


@pytest.mark.parametrize(
    ("seed", "timestamp", "body", "signature"),
    [
        pytest.param(SEED_A, "1700000000", OK, F1, id="F1"),
        pytest.param(SEED_A, "1700000301", ERROR, F2, id="F2"),
        pytest.param(SEED_B, "1700000000", OK, F3, id="F3"),
    ],
)
def test_a_published_vector_is_signed_in_the_same_way(seed, timestamp, body, signature):
    assert sign(seed, REQUEST_ID, USER, timestamp, body) == signature


def test_the_bodies_of_the_vectors_are_those_that_were_published():
    assert len(ERROR) == 225
    assert hashlib.sha256(ERROR).hexdigest().startswith("05211f84bc7360a4")
    assert hashlib.sha256(OK).hexdigest().startswith("ce601c7c14e99a1d")


def test_public_keys_are_written_as_published():
    assert jwk(SEED_A)["x"] == "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
    assert jwk(SEED_B)["x"] == "IVL40Zt5HSRFMkLhXy6rbLfP-ntqXtMAl5YOBpiB2xI"


def accepts(keys: list[dict], delivery: Received) -> bool:
    """Verify a delivery as a client does: by any key of the set."""
    headers = delivery.headers
    signed = message(
        headers["x-fal-webhook-request-id"],
        headers["x-fal-webhook-user-id"],
        headers["x-fal-webhook-timestamp"],
        delivery.body,
    )
    signature = bytes.fromhex(headers["x-fal-webhook-signature"])
    for key in keys:
        public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(f"{key['x']}="))
        try:
            public.verify(signature, signed)
        except InvalidSignature:
            continue
        return True
    return False


def keys_of(fal: Fal) -> list[dict]:
    return fal.http.get("/.well-known/jwks.json").json()["keys"]


service = pytest.mark.service


@service
def test_the_end_of_a_training_is_told_with_a_signature_of_the_published_key(fal, receiver):
    submitted = fal.train(params={"fal_webhook": receiver.url})

    [delivery] = receiver.wait_for(1)

    body = json.loads(delivery.body)
    assert accepts(keys_of(fal), delivery)
    assert (body["request_id"], body["status"], body["error"]) == (
        submitted["request_id"],
        "OK",
        None,
    )
    assert body["payload"] == fal.result(submitted).json()
    assert delivery.headers["x-fal-webhook-user-id"] == ACCOUNT
    now = fal.http.get("/clock").json()["now"]
    assert abs(int(delivery.headers["x-fal-webhook-timestamp"]) - now) < 60


@service
def test_a_failure_is_told_with_what_the_result_says(fal, receiver):
    values = {"image_data_url": fal.upload(dataset(captions=False)), "steps": 100}
    fal.submit(TRAINER, values, params={"fal_webhook": receiver.url})

    [delivery] = receiver.wait_for(1)

    body = json.loads(delivery.body)
    assert (body["status"], body["error"]) == ("ERROR", "Invalid status code: 422")
    assert body["payload"]["detail"][0]["msg"].startswith("No caption for")


@service
def test_a_delivery_that_is_not_taken_comes_again_with_the_same_id(fal, receiver):
    receiver.statuses = [500, 503]
    fal.draw(params={"fal_webhook": receiver.url})
    receiver.wait_for(1)
    fal.pass_time(5)
    receiver.wait_for(2)
    fal.pass_time(5)

    first, second, third = receiver.wait_for(3)

    ids = {delivery.headers["x-fal-webhook-request-id"] for delivery in (first, second, third)}
    assert len(ids) == 1
    assert json.loads(first.body)["request_id"] == json.loads(third.body)["request_id"]


@service
def test_a_redirect_ends_the_tries(fal, receiver):
    receiver.statuses = [302]
    fal.draw(params={"fal_webhook": receiver.url})
    receiver.wait_for(1)
    fal.pass_time(3600)
    fal.draw(params={"fal_webhook": receiver.url})
    receiver.wait_for(2)

    ids = [delivery.headers["x-fal-webhook-request-id"] for delivery in receiver.received]
    assert len(set(ids)) == 2


@service
@pytest.mark.parametrize("is_kept", [True, False])
def test_keys_rotate_on_demand_and_old_ones_stay_or_go(own_fal, receiver, is_kept):
    fal = own_fal()
    old = keys_of(fal)

    fal.http.post("/signing-keys", json={"keep": is_kept}).raise_for_status()
    fal.draw(params={"fal_webhook": receiver.url})

    [delivery] = receiver.wait_for(1)
    new = keys_of(fal)
    assert accepts(new, delivery)
    assert not accepts(old, delivery)
    assert (old[0] in new) is is_kept


@service
@pytest.mark.parametrize("fault", ["forged", "cut_short"])
def test_a_wrong_delivery_has_a_signature_that_does_not_fit(fal, receiver, fault):
    fal.rules({"route": "webhook", "fault": fault})
    fal.draw(params={"fal_webhook": receiver.url})

    [delivery] = receiver.wait_for(1)

    assert not accepts(keys_of(fal), delivery)


@service
def test_a_webhook_comes_twice_or_with_megabytes_on_demand(fal, receiver):
    fal.rules({"route": "webhook", "fault": "twice"})
    fal.draw(params={"fal_webhook": receiver.url})
    first, second = receiver.wait_for(2)
    fal.rules({"route": "webhook", "fault": "large"})
    fal.draw(params={"fal_webhook": receiver.url})
    large = receiver.wait_for(3)[2]

    assert first.body == second.body
    assert len(large.body) > 1_000_000
    assert accepts(keys_of(fal), large)


@service
def test_a_webhook_that_was_due_survives_a_kill(own_fal, receiver):
    fal = own_fal()
    receiver.statuses = [503]
    submitted = fal.draw(params={"fal_webhook": receiver.url})
    receiver.wait_for(1)

    fal.process.kill()
    fal.process.start()

    deliveries = receiver.wait_for(2)
    assert json.loads(deliveries[1].body)["request_id"] == submitted["request_id"]
    assert fal.result(submitted).status_code == 200


@service
def test_a_webhook_to_plain_http_elsewhere_is_refused(fal):
    answer = fal.http.post(
        f"/{RUNNER}", json={"prompt": "a"}, params={"fal_webhook": "http://example.org/hook"}
    )

    assert answer.status_code == 400
