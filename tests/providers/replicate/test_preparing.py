"""What is found out, uploaded and checked before a training is paid for."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
import responses

from providers import errors
from providers.catalog import (
    FLUX1_SCHNELL,
    FLUX2_KLEIN_9B,
    QWEN_IMAGE,
)
from providers.replicate.provider import Replicate
from providers.types import (
    Photo,
)
from tests.providers.replicate.samples import (
    API,
    DATASET,
    OSTRIS,
    change,
    changed_inputs,
    reply,
    training_request,
)
from tests.providers.samples import jpeg


def photo(number: int, caption: str = "", is_captioned: bool = False) -> Photo:
    data = jpeg()
    name = f"{number:03}.jpg"
    return Photo(
        name, "image/jpeg", caption or "photo of ann_k7", lambda: io.BytesIO(data), is_captioned
    )


def uploaded(provider: Replicate, *given: Photo) -> tuple[str, bytes]:
    seen = {}

    def receive(request):
        seen["body"] = request.body
        assert int(request.headers["Content-Length"]) == len(seen["body"])
        assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
        return 201, {}, json.dumps(reply("file"))

    with responses.RequestsMock() as mocked:
        mocked.add_callback(responses.POST, f"{API}/files", callback=receive)
        return provider.upload_dataset(given), seen["body"]


def zip_in(body: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(body[body.index(b"PK\x03\x04") :]))


def test_photos_travel_as_one_zip_in_one_form(replicate):
    own = photo(1, "ann_k7 in a\n red coat", is_captioned=True)
    dataset, body = uploaded(replicate, own, photo(2))
    assert dataset == DATASET
    assert body.index(b'name="metadata"') < body.index(b'name="content"; filename="photos.zip"')
    assert b'{"photos": 2, "captioned": 1}' in body
    assert b"Content-Type: application/zip" in body
    archive = zip_in(body)
    assert archive.namelist() == ["001.jpg", "001.txt", "002.jpg"]
    assert archive.read("001.txt") == b"ann_k7 in a red coat"


def test_trainer_that_describes_nothing_gets_a_caption_for_every_photo(fast):
    _dataset, body = uploaded(fast, photo(1), photo(2))
    assert zip_in(body).namelist() == ["001.jpg", "001.txt", "002.jpg", "002.txt"]


def test_photos_that_are_too_large_together_are_refused_before_they_are_sent(
    replicate, monkeypatch
):
    monkeypatch.setattr("providers.replicate.files.MAX_BYTES", 100)
    with responses.RequestsMock(), pytest.raises(errors.BadDatasetError, match="MB"):
        replicate.upload_dataset([photo(1)])


@responses.activate
@pytest.mark.parametrize("answer", [{}, {"urls": {}}, {"urls": {"get": ""}}, {"urls": {"get": 3}}])
def test_upload_without_an_address_is_unexpected(replicate, answer):
    responses.post(f"{API}/files", json=answer)
    with pytest.raises(errors.UnexpectedReplyError):
        replicate.upload_dataset([photo(1)])


def test_training_is_prepared_with_the_latest_version_and_a_destination(replicate, wire):
    prepared = replicate.prepare_training(training_request())
    assert prepared.target == {
        "version": OSTRIS,
        "destination": "acme/theway-loras",
        "input": {
            "input_images": DATASET,
            "trigger_word": "ann_k7",
            "learning_rate": 0.0002,
            "batch_size": 1,
            "resolution": "512,768,1024",
            "lora_rank": 32,
            "steps": 1000,
            "autocaption": True,
            "autocaption_prefix": "photo of ann_k7, ",
        },
    }
    assert {call.request.method for call in wire.calls} == {"GET"}


def test_training_call_is_the_documented_one(replicate, wire):
    prepared = replicate.prepare_training(
        training_request(webhook_url="https://us.example/h?job=t")
    )
    call = replicate.training_call(prepared)
    assert (call.method, call.path) == (
        "POST",
        f"/models/ostris/flux-dev-lora-trainer/versions/{OSTRIS}/trainings",
    )
    assert call.payload == {
        "destination": "acme/theway-loras",
        "input": prepared.target["input"],
        "webhook": "https://us.example/h?job=t",
        "webhook_events_filter": ["start", "completed"],
    }
    without = replicate.training_call(replicate.prepare_training(training_request()))
    assert set(without.payload) == {"destination", "input"}


def test_training_that_was_not_prepared_is_not_sent(replicate):
    with responses.RequestsMock(), pytest.raises(errors.UnsupportedFeatureError):
        replicate.start_training(training_request())


@pytest.mark.parametrize(
    ("resolution", "buckets"), [(512, "512"), (768, "512,768"), (1024, "512,768,1024")]
)
def test_photos_are_learned_up_to_the_resolution(replicate, wire, resolution, buckets):
    prepared = replicate.prepare_training(training_request(resolution=resolution))
    assert prepared.target["input"]["resolution"] == buckets


def test_nothing_is_described_where_every_photo_has_a_caption(replicate, wire):
    data = {**reply("file"), "metadata": {"photos": "12", "captioned": "12"}}
    wire.replace(responses.GET, f"{API}/files/ZmI4", json=data)
    given = replicate.prepare_training(training_request()).target["input"]
    assert given["autocaption"] is False
    assert "autocaption_prefix" not in given


def test_style_is_described_as_one(replicate, wire):
    request = training_request(subject="style", general_caption="picture in ann_k7 style")
    given = replicate.prepare_training(request).target["input"]
    assert given["autocaption_prefix"] == "picture in ann_k7 style, "


def test_fast_trainer_gets_its_type_and_the_number_of_steps_by_the_name_it_publishes(fast, wire):
    prepared = fast.prepare_training(training_request(subject="style"))
    assert prepared.target["input"] == {
        "input_images": DATASET,
        "trigger_word": "ann_k7",
        "training_steps": 1000,
        "lora_type": "style",
    }
    schema = {"input_images": {}, "trigger_word": {}, "lora_type": {}, "steps": {}}
    change(wire, "model_fast", **changed_inputs("model_fast", schema, []))
    given = fast.prepare_training(training_request()).target["input"]
    assert (given["steps"], given["lora_type"]) == (1000, "subject")


def test_qwen_trainer_gets_its_own_names(replicate, wire):
    prepared = replicate.prepare_training(training_request(base_model=QWEN_IMAGE, rank=64))
    assert prepared.target["input"] == {
        "dataset": DATASET,
        "default_caption": "photo of ann_k7",
        "steps": 1000,
        "learning_rate": 0.0002,
        "batch_size": 1,
        "lora_rank": 64,
    }


@pytest.mark.parametrize("base_model", [FLUX1_SCHNELL, FLUX2_KLEIN_9B])
def test_base_model_without_a_trainer_is_refused(replicate, base_model):
    with responses.RequestsMock(), pytest.raises(errors.UnsupportedFeatureError):
        replicate.prepare_training(training_request(base_model=base_model))


@pytest.mark.parametrize(
    ("properties", "required", "words"),
    [
        ({"zip": {}}, [], "“autocaption”"),
        ({"lora_rank": {"type": "integer", "maximum": 16}}, [], "“lora_rank”"),
        ({"resolution": {"type": "integer"}}, [], "“resolution”"),
        ({"trigger_word": {"enum": ["TOK"]}}, [], "“trigger_word”"),
        ({"consent": {"type": "boolean"}}, ["consent"], "“consent”"),
    ],
)
def test_input_that_the_trainer_would_refuse_is_named_before_anything_is_paid(
    replicate, wire, properties, required, words
):
    if "zip" not in properties:
        version = reply("model_ostris")["latest_version"]["openapi_schema"]["components"]["schemas"]
        properties = version["TrainingInput"]["properties"] | properties
    change(wire, "model_ostris", **changed_inputs("model_ostris", properties, required))
    with pytest.raises(errors.TrainerGoneError, match=words) as raised:
        replicate.prepare_training(training_request())
    assert raised.value.detail.startswith("ostris/flux-dev-lora-trainer: ")


def test_trainer_that_is_gone_or_cannot_be_trained_is_not_used(replicate, wire):
    path = f"{API}/models/ostris/flux-dev-lora-trainer"
    schemas = reply("model_flux_runner")["latest_version"]
    answers = [
        {"status": 404, "json": {"detail": "Not found.", "status": 404}},
        {"json": {**reply("model_ostris"), "latest_version": None}},
        {"json": {**reply("model_ostris"), "latest_version": schemas}},
    ]
    for answer in answers:
        wire.replace(responses.GET, path, **answer)
        with pytest.raises(errors.TrainerGoneError):
            replicate.prepare_training(training_request())


def test_version_that_publishes_nothing_is_used_as_we_know_it(replicate, wire):
    change(wire, "model_ostris", latest_version={"id": OSTRIS, "openapi_schema": None})
    assert replicate.prepare_training(training_request()).target["input"]["lora_rank"] == 32


def test_photos_that_are_gone_or_about_to_go_are_told_before_anything_is_paid(replicate, wire):
    soon = datetime.now(UTC).isoformat()
    for answer in (
        {"status": 404, "json": {"detail": "Not found."}},
        {"json": {**reply("file"), "expires_at": soon}},
    ):
        wire.replace(responses.GET, f"{API}/files/ZmI4", **answer)
        with pytest.raises(errors.InputExpiredError):
            replicate.prepare_training(training_request())
