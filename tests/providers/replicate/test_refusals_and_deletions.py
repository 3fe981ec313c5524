"""Refusals with their causes, results and what is deleted."""

from __future__ import annotations

import pytest
import responses

from providers import errors
from providers.types import (
    Run,
    RunRef,
    RunStatus,
)
from tests.providers.replicate.samples import (
    API,
    DATASET,
    HASH,
    picture_request,
    reply,
)
from tests.providers.samples import KEY


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"title": "Unauthenticated", "detail": "x"}, errors.AuthenticationFailedError),
        (402, {"title": "Insufficient credit", "detail": "x"}, errors.OutOfCreditError),
        (
            422,
            {"title": "Invalid version or not permitted", "detail": "x"},
            errors.TrainerGoneError,
        ),
        (404, {"detail": "Not found.", "status": 404}, errors.TrainerGoneError),
        (
            404,
            {"detail": "The specified training destination does not exist", "status": 404},
            errors.RequestRejectedError,
        ),
        (422, {"detail": "flagged as sensitive (E005)"}, errors.ModerationError),
        (422, {"detail": "input_images must be a zip file"}, errors.BadDatasetError),
        (422, {"detail": "steps must be less"}, errors.RequestRejectedError),
    ],
)
def test_refusal_of_a_paid_call_tells_its_cause(replicate, status, body, kind):
    responses.post(f"{API}/predictions", json=body, status=status)
    with pytest.raises(errors.ProviderError) as raised:
        replicate.generate(picture_request())
    assert type(raised.value) is kind
    assert raised.value.detail == body["detail"]


@responses.activate
def test_wait_is_read_from_the_sentence_where_no_header_tells_it(replicate):
    text = "Request was throttled. Your rate limit resets in ~30s."
    responses.post(f"{API}/predictions", json={"detail": text}, status=429)
    with pytest.raises(errors.RateLimitedError) as raised:
        replicate.generate(picture_request())
    assert raised.value.retry_after == 30.0


@responses.activate
def test_weights_come_from_the_delivery_host_with_the_key(replicate):
    responses.get("https://replicate.delivery/xezq/abc/trained_model.tar", body=b"archive")
    run = replicate.parse_training(reply("training_succeeded"))
    with replicate.download_weights(run) as download:
        assert b"".join(download.chunks) == b"archive"
    assert responses.calls[0].request.headers["Authorization"] == f"Bearer {KEY}"


@responses.activate
def test_weights_that_a_list_did_not_name_are_asked_for(replicate):
    responses.get(f"{API}/trainings/zz4ibb", json=reply("training_succeeded"))
    found = replicate.weights_url(Run("zz4ibb", RunStatus.SUCCEEDED))
    assert found == "https://replicate.delivery/xezq/abc/trained_model.tar"
    bare = {**reply("training_succeeded"), "output": None}
    responses.upsert("GET", f"{API}/trainings/zz4ibb", json=bare)
    with pytest.raises(errors.RunNotFoundError):
        replicate.weights_url(Run("zz4ibb", RunStatus.SUCCEEDED))


@responses.activate
def test_deleting_a_training_deletes_the_version_it_made(replicate):
    responses.get(f"{API}/trainings/zz4ibb", json=reply("training_succeeded"))
    path = f"{API}/models/acme/theway-loras/versions/{HASH}"
    deleted = responses.delete(path, body=b"", status=202)
    replicate.delete_run(RunRef("zz4ibb"))
    assert deleted.call_count == 1


@responses.activate
def test_training_without_a_version_leaves_nothing_to_delete(replicate):
    responses.get(f"{API}/trainings/zz4ibb", json=reply("training_failed"))
    replicate.delete_run(RunRef("zz4ibb"))
    responses.upsert("GET", f"{API}/trainings/zz4ibb", json={"detail": "Not found."}, status=404)
    replicate.delete_run(RunRef("zz4ibb"))
    assert {call.request.method for call in responses.calls} == {"GET"}


@responses.activate
def test_photos_are_deleted_by_their_address(replicate):
    deleted = responses.delete(DATASET, body=b"", status=204)
    replicate.delete_dataset(DATASET)
    assert deleted.call_count == 1


@responses.activate
def test_cancel_has_an_empty_body(replicate):
    over = reply("training_cancelled")
    responses.post(f"{API}/trainings/zz4ibb/cancel", json=over)
    replicate.cancel_run(RunRef("zz4ibb"))
    assert responses.calls[0].request.headers["Content-Length"] == "0"
