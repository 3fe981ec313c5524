"""fal as documented, and what it does not document."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from providers import errors
from providers.catalog import (
    FLUX1_DEV,
    FLUX2_DEV,
    FLUX2_KLEIN_4B,
    FLUX3_KLEIN,
    KREA_2,
    ZIMAGE_TURBO,
)
from providers.fal import documents, history, inputs, offers, replies, uploads
from providers.fal.provider import Fal
from providers.types import EVER, Lora, RunRef, RunStatus, WorkKind
from tests.providers.contract import ProviderContract
from tests.providers.samples import KEY, generation_request, photos, training_request

QUEUE = "https://queue.fal.run"
PLATFORM = "https://api.fal.ai/v1"
RUN = RunRef("764cab", base_model=FLUX2_DEV)
STATUS = f"{QUEUE}/fal-ai/flux-2-trainer/requests/764cab/status"
RESULT = f"{QUEUE}/fal-ai/flux-2-trainer/requests/764cab"
FOLDER = Path(__file__).parent / "replies" / "fal"


def reply(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text())


@pytest.fixture
def fal() -> Fal:
    return Fal(api_key=KEY, base_url=QUEUE)


@pytest.fixture
def wire():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{PLATFORM}/models/billing-events", status=403)
        yield mock


class TestFalContract(ProviderContract):
    provider_class = Fal
    base_url = QUEUE
    lists_prove_absence = False
    entries = "items"


# --- a run's end -----------------------------------------------------------------------------


def test_completed_training_with_a_file_has_succeeded(fal, wire):
    wire.get(STATUS, json=reply("training_succeeded"))
    wire.get(RESULT, json=reply("result_training"), headers={"x-fal-billable-units": "100"})
    run = fal.get_run(RUN)
    assert run.status is RunStatus.SUCCEEDED
    assert fal.weights_url(run).endswith("x_pytorch_lora_weights.safetensors")
    assert (run.billed, run.cost_usd) == ("100 units", None)


def test_the_bill_is_read_where_the_key_may(fal, wire):
    wire.replace(
        responses.GET,
        f"{PLATFORM}/models/billing-events",
        json={"billing_events": [{"request_id": "764cab", "cost_total": 2.5}]},
    )
    wire.get(STATUS, json=reply("training_succeeded"))
    wire.get(RESULT, json=reply("result_training"))
    assert fal.get_run(RUN).cost_usd == 2.5


def test_either_name_of_the_trained_file_is_understood():
    for name in ("result_training", "result_training_lora_file"):
        assert replies.training_result(reply(name), "r").remote_ref.endswith(".safetensors")


def test_completed_with_an_error_has_failed(fal, wire):
    wire.get(STATUS, json=reply("training_failed_runner"))
    run = fal.get_run(RUN)
    assert (run.status, run.error) == (RunStatus.FAILED, "Runner disconnected")


def test_completed_with_a_refused_result_has_failed_for_its_reason(fal, wire):
    wire.get(STATUS, json=reply("training_succeeded"))
    wire.get(RESULT, json=reply("result_refused"), status=422)
    run = fal.get_run(RUN)
    assert (run.status, run.error_code) == (RunStatus.FAILED, "input_expired")
    assert run.error == "image_data_url: Could not download the file"


def test_completed_without_a_file_has_failed(fal, wire):
    wire.get(STATUS, json=reply("training_succeeded"))
    wire.get(RESULT, json={"seed": 1})
    assert fal.get_run(RUN).status is RunStatus.FAILED


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503])
def test_trouble_on_the_way_to_a_result_is_no_failed_training(status, fal, wire):
    wire.get(STATUS, json=reply("training_succeeded"))
    wire.get(RESULT, body="<html>gateway</html>", status=status)
    with pytest.raises(errors.ProviderUnavailableError):
        fal.get_run(RUN)


def test_a_model_of_its_own_that_crashed_is_a_failed_training(fal, wire):
    wire.get(STATUS, json=reply("training_succeeded"))
    detail = {"detail": "CUDA out of memory", "error_type": "internal_error"}
    wire.get(RESULT, json=detail, status=500)
    assert fal.get_run(RUN).error_code == "out_of_memory"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("content_policy_violation", "moderation"),
        ("file_download_error", "input_expired"),
        ("image_too_small", "bad_dataset"),
        ("generation_timeout", "timed_out"),
        ("a_new_one", "run_failed"),
    ],
)
def test_known_causes_have_codes_of_their_own(kind, code):
    assert replies.failure_code([kind], "") == code


def test_a_client_that_cancelled_ends_cancelled(fal, wire):
    wire.get(STATUS, json=reply("training_cancelled"))
    assert fal.get_run(RUN).status is RunStatus.CANCELLED


def test_pictures_that_its_safety_check_blocked_are_left_out(fal, wire):
    ref = RunRef("8c1f02", WorkKind.GENERATION, FLUX2_DEV)
    base = f"{QUEUE}/fal-ai/flux-2/requests/8c1f02"
    wire.get(f"{base}/status", json={"status": "COMPLETED", "request_id": "8c1f02"})
    wire.get(base, json=reply("result_generation"))
    assert [output.url[-7:] for output in fal.get_run(ref).outputs] == ["out.png"]


def test_pictures_that_are_all_blocked_failed_by_moderation():
    data = {"images": [{"url": "https://v3b.fal.media/x.png"}], "has_nsfw_concepts": [True]}
    run = replies.generation_result(data, "r")
    assert (run.status, run.error_code) == (RunStatus.FAILED, "moderation")


# --- what is sent ----------------------------------------------------------------------------


def test_requests_of_a_path_lose_all_but_two_segments(fal):
    ref = RunRef("r1", base_model=FLUX3_KLEIN)
    assert fal.run_call(ref).path == "/blackforestlabs/flux-3/requests/r1/status"


def test_every_trainer_gets_its_own_field_names_and_always_steps():
    for key, offer in offers.TRAINING.items():
        sent = inputs.training(offer, training_request(base_model=key, steps=700))
        assert sent[offer.zip_field] == "file-3f0c"
        assert sent["steps"] == 700
        assert ("learning_rate" in sent) == offer.has_learning_rate
    assert "images_data_url" in inputs.training(
        offers.TRAINING[FLUX1_DEV], training_request(base_model=FLUX1_DEV)
    )


def test_the_trigger_word_is_sent_where_the_trainer_has_a_field_for_it():
    sent = inputs.training(offers.TRAINING[KREA_2], training_request())
    assert sent["trigger_phrase"] == "ann_k7"
    assert (
        "ann_k7" not in inputs.training(offers.TRAINING[ZIMAGE_TURBO], training_request()).values()
    )


def test_a_style_is_trained_as_one():
    sent = inputs.training(offers.TRAINING[FLUX1_DEV], training_request(subject="style"))
    assert (sent["is_style"], sent["create_masks"]) == (True, False)


def test_a_training_is_never_hidden_from_the_history(fal):
    call = fal.training_call(training_request(webhook_url="https://me.example.org/hook?job=a:b"))
    assert "X-Fal-Store-IO" not in call.headers
    assert json.loads(call.headers["X-Fal-Object-Lifecycle-Preference"]) == {
        "expiration_duration_seconds": 14 * 24 * 3600
    }
    assert call.params == {"fal_webhook": "https://me.example.org/hook?job=a:b"}


def test_pictures_are_asked_for_with_the_weights_that_were_uploaded(fal):
    request = generation_request(lora=Lora("https://v3.fal.media/files/b/lora.safetensors", 0.8))
    call = fal.generation_call(request)
    assert call.path == "/fal-ai/flux-2/lora"
    assert call.payload["loras"] == [
        {"path": "https://v3.fal.media/files/b/lora.safetensors", "scale": 0.8}
    ]
    assert call.payload["image_size"] == {"width": 1024, "height": 768}


# --- the photos ------------------------------------------------------------------------------


def storage(wire, base_url: str = "https://v3.fal.media") -> None:
    wire.post(
        "https://rest.fal.ai/storage/auth/token",
        json={
            "token": "cdn-token",
            "token_type": "Bearer",
            "base_url": base_url,
            "expires_at": "2026-11-01T11:00:00+00:00",
        },
    )
    wire.post(f"{base_url}/files/upload", json={"access_url": f"{base_url}/files/b/0a1/photos.zip"})


def test_photos_go_to_its_storage_with_an_expiry_and_without_the_key(fal, wire):
    storage(wire)
    assert fal.upload_dataset(photos(4)) == "https://v3.fal.media/files/b/0a1/photos.zip"
    sent = wire.calls[-1].request
    assert sent.headers["Authorization"] == "Bearer cdn-token"
    assert json.loads(sent.headers["X-Fal-Object-Lifecycle"]) == {
        "expiration_duration_seconds": 2 * 24 * 3600
    }


def test_photos_go_nowhere_but_to_its_own_storage(fal, wire):
    for place in ("https://evil.example.com", "http://v3.fal.media", "https://fal.media.evil.org"):
        wire.reset()
        storage(wire, place)
        with pytest.raises(errors.UnexpectedReplyError):
            fal.upload_dataset(photos(4))
        assert len(wire.calls) == 0 or "/files/upload" not in wire.calls[-1].request.url


def test_a_token_that_runs_out_amid_a_large_file_is_renewed(fal, wire, monkeypatch):
    monkeypatch.setattr(uploads, "IN_ONE_PIECE", 100)
    monkeypatch.setattr(uploads, "PART_BYTES", 1000)
    storage(wire)
    address = "https://v3.fal.media/files/b/0a1/photos.zip"
    begun = {"access_url": address, "uploadId": "u1"}
    wire.post("https://v3.fal.media/files/upload/multipart", json=begun)
    part = f"{address}/multipart/u1"
    wire.put(f"{part}/1", headers={"ETag": "e1"})
    wire.put(f"{part}/2", json={"detail": "The token has expired"}, status=401)
    wire.put(f"{part}/2", headers={"ETag": "e2"})
    wire.put(re.compile(rf"{part}/\d+$"), headers={"ETag": "e"})
    wire.post(f"{part}/complete")
    assert fal.upload_dataset(photos(4)) == address
    whole = [call.request for call in wire.calls if call.request.url == f"{part}/2"]
    assert [len(request.body) for request in whole] == [1000, 1000]


def test_the_dataset_is_a_flat_zip_in_which_every_photo_has_its_caption(fal, wire):
    storage(wire)
    kept = []
    wire.remove(responses.POST, "https://v3.fal.media/files/upload")
    wire.add_callback(
        responses.POST,
        "https://v3.fal.media/files/upload",
        callback=lambda request: (
            kept.append(request.body) or (200, {}, '{"access_url": "https://v3.fal.media/a"}')
        ),
    )
    fal.upload_dataset(photos(2))
    with zipfile.ZipFile(io.BytesIO(kept[0])) as archive:
        assert archive.namelist() == ["001.jpg", "001.txt", "002.jpg", "002.txt"]
        assert b"ann_k7" in archive.read("001.txt")


# --- finding a lost run ------------------------------------------------------------------------


def test_the_history_is_asked_since_the_call_with_what_was_sent(fal, wire):
    wire.get(f"{PLATFORM}/models/requests/by-endpoint", json=reply("list_training"))
    since = datetime.now(UTC) - timedelta(days=3)
    run = fal.find_run("file-3f0c", WorkKind.TRAINING, since)
    query = parse_qs(urlsplit(wire.calls[0].request.url).query)
    assert query["expand"] == ["payloads"]
    assert query["start"] == [since.isoformat()]
    assert (run.id, run.status) == ("764cab", RunStatus.SUCCEEDED)


def test_what_the_history_lacks_is_not_known_to_be_absent(fal, wire):
    wire.get(f"{PLATFORM}/models/requests/by-endpoint", json={"items": [], "has_more": False})
    with pytest.raises(errors.OutcomeUnknownError):
        fal.find_run("https://v3.fal.media/files/b/mine.zip", WorkKind.TRAINING, EVER)


def test_every_page_of_the_history_is_read(fal, wire):
    page = reply("list_training")
    wire.get(
        f"{PLATFORM}/models/requests/by-endpoint",
        json={"items": [], "has_more": True, "next_cursor": "c2"},
    )
    wire.get(f"{PLATFORM}/models/requests/by-endpoint", json=page)
    assert fal.find_run("file-3f0c", WorkKind.TRAINING) is not None
    assert "cursor=c2" in wire.calls[1].request.url


def test_an_entry_that_has_not_ended_is_running():
    listed = history.page(reply("list_training"), WorkKind.TRAINING)
    assert [run.status for run in listed.runs] == [
        RunStatus.SUCCEEDED,
        RunStatus.RUNNING,
        RunStatus.FAILED,
    ]


# --- refusals ----------------------------------------------------------------------------------


def test_an_exhausted_balance_is_no_bad_key(fal, wire):
    detail = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard."
    wire.post(f"{QUEUE}/fal-ai/flux-2-trainer", json={"detail": detail}, status=403)
    with pytest.raises(errors.OutOfCreditError):
        fal.start_training(training_request())


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Admin lock. Please contact support@fal.ai", errors.AccountLockedError),
        ("TOP_UP.", errors.OutOfCreditError),
    ],
)
def test_a_locked_account_is_not_told_to_add_credit_unless_that_helps(reason, kind, fal, wire):
    detail = f"User is locked. Reason: {reason}"
    wire.post(f"{QUEUE}/fal-ai/flux-2-trainer", json={"detail": detail}, status=403)
    with pytest.raises(errors.OutOfCreditError) as raised:
        fal.start_training(training_request())
    assert type(raised.value) is kind


def test_a_trainer_that_is_gone_is_named_as_such(fal, wire):
    wire.post(f"{QUEUE}/fal-ai/flux-2-trainer", json={"detail": "Not Found"}, status=404)
    with pytest.raises(errors.TrainerGoneError):
        fal.start_training(training_request())


def schema(properties: dict, required: list[str]) -> dict:
    return {
        "paths": {
            "/fal-ai/flux-2-trainer": {
                "post": {
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/In"}}
                        }
                    }
                }
            }
        },
        "components": {"schemas": {"In": {"properties": properties, "required": required}}},
    }


GOOD = {
    "image_data_url": {"type": "string"},
    "steps": {"type": "integer", "minimum": 1, "maximum": 10_000},
    "learning_rate": {"type": "number"},
    "output_lora_format": {"type": "string", "enum": ["fal", "comfy"]},
}


def published(wire, document: dict | None) -> None:
    wire.get(f"{PLATFORM}/models", json={"models": []})
    page = "https://fal.ai/api/openapi/queue/openapi.json"
    if document is None:
        wire.get(page, json={"detail": "Not found"}, status=404)
    else:
        wire.get(page, json=document)


def test_a_trainer_that_takes_what_we_send_is_asked_for_nothing_else(fal, wire):
    published(wire, schema(GOOD, ["image_data_url"]))
    request = training_request()
    prepared = fal.prepare_training(request)
    assert fal.training_call(prepared) == fal.training_call(request)
    page = next(call.request for call in wire.calls if "openapi.json" in call.request.url)
    assert "Authorization" not in page.headers


def test_a_value_is_sent_in_the_type_that_the_trainer_publishes(fal, wire):
    size = {"type": "string", "enum": ["512", "768", "1024"]}
    published(wire, schema({**GOOD, "learning_rate": size}, []))
    prepared = fal.prepare_training(training_request(learning_rate=768))
    assert fal.training_call(prepared).payload["learning_rate"] == "768"


@pytest.mark.parametrize(
    ("properties", "required", "words"),
    [
        ({k: v for k, v in GOOD.items() if k != "steps"}, [], "no longer takes “steps”"),
        ({**GOOD, "face": {"type": "string"}}, ["face"], "now wants “face”"),
        ({**GOOD, "steps": {"type": "integer", "maximum": 100, "minimum": 1}}, [], "1 … 100"),
        ({**GOOD, "output_lora_format": {"enum": ["comfy"]}}, [], "comfy"),
    ],
)
def test_a_trainer_that_has_changed_is_refused_before_paying(
    properties, required, words, fal, wire
):
    published(wire, schema(properties, required))
    with pytest.raises(errors.TrainerGoneError, match=words):
        fal.prepare_training(training_request())


def test_a_trainer_without_a_schema_is_not_offered(fal, wire):
    published(wire, None)
    with pytest.raises(errors.TrainerGoneError, match="no longer there"):
        fal.prepare_training(training_request())
    wire.get(f"{PLATFORM}/models/requests/by-endpoint", json={"items": []})
    wire.get(f"{PLATFORM}/models/pricing", status=500)
    described = fal.describe()
    assert (described.key_is_valid, described.can_train) == (True, ())
    assert "FLUX.2 klein base 4B" in described.notes[0]


def test_a_deprecated_trainer_is_not_offered(fal, wire):
    endpoint = offers.TRAINING[FLUX2_KLEIN_4B].remote_model
    wire.get(
        f"{PLATFORM}/models",
        json={"models": [{"endpoint_id": endpoint, "metadata": {"status": "deprecated"}}]},
    )
    with pytest.raises(errors.TrainerGoneError):
        fal.prepare_training(training_request(base_model=FLUX2_KLEIN_4B))


REFUSED = {"error": {"type": "authorization_error", "message": "Invalid API key"}}


def test_a_refused_key_is_an_answer(fal, wire):
    wire.get(f"{PLATFORM}/models/requests/by-endpoint", json=REFUSED, status=401)
    wire.post("https://rest.fal.ai/storage/auth/token", json={"detail": "No user"}, status=401)
    assert fal.describe().key_is_valid is False


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_may_not_read_the_history_is_no_refused_key(status, fal, wire):
    wire.get(f"{PLATFORM}/models/requests/by-endpoint", json=REFUSED, status=status)
    storage(wire)
    published(wire, schema(GOOD, ["image_data_url"]))
    wire.get(f"{PLATFORM}/models/pricing", json=REFUSED, status=status)
    described = fal.describe()
    assert (described.key_is_valid, FLUX2_DEV in described.can_train) == (True, True)
    assert "history" in described.notes[0]


def test_a_price_has_its_unit_and_one_of_nothing_is_none():
    listed = {
        "prices": [
            {"endpoint_id": "fal-ai/a", "unit_price": 1, "unit": "units", "currency": "USD"},
            {"endpoint_id": "fal-ai/b", "unit_price": 0, "unit": "steps", "currency": "USD"},
        ]
    }
    assert documents.unit_prices(listed) == {"fal-ai/a per USD units": 1.0}


# --- logs --------------------------------------------------------------------------------------


def test_the_log_tells_step_and_loss(fal, wire):
    wire.get(STATUS, json=reply("training_running"))
    log = fal.run_log(RUN)
    assert (log.step, log.total_steps) == (121, 1000)
    assert log.losses == ((121, 0.39),)
    assert [line.level for line in log.lines] == ["info", "error"]
    assert "logs=1" in wire.calls[0].request.url


def test_a_bar_of_something_larger_is_not_taken_for_the_training(fal, wire):
    lines = ["Fetching 2000 files: 100%|█████| 2000/2000", " 2%|▏ | 20/1000 loss: 0.4"]
    logs = [{"message": line} for line in lines]
    wire.get(STATUS, json={"status": "IN_PROGRESS", "request_id": "764cab", "logs": logs})
    log = fal.run_log(replace(RUN, steps=1000))
    assert (log.step, log.total_steps, log.losses) == (20, 1000, ((20, 0.4),))


@pytest.mark.live
@pytest.mark.skipif(not os.environ.get("FAL_KEY"), reason="needs FAL_KEY")
def test_live_description():
    described = Fal(api_key=os.environ["FAL_KEY"], base_url=QUEUE).describe()
    assert described.key_is_valid
    assert described.can_train
